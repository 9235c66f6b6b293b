//! Every key of the configuration: its name, form, default and bounds, and the
//! sentence that an operator sees about a wrong value.
//!
//! This is the one statement of them. The reader takes its rules from here,
//! and what BOSH checks at deploy time is printed from here (`schema`).

use super::rules::{Characters, Form, Item, Rule, Shape, Unset};

mod row;

use row::{boolean, certificates, duration, key, list, number, text, uaa_client};

/// The keys, in the order in which they are read.
pub(super) static KEYS: &[Rule] = &[
    text(
        "aiven.api_url",
        Unset::Means("https://api.aiven.io"),
        Shape::ApiUrl,
        API_URL,
        "write https:// and the server's host name",
    )
    // Whatever else is in such a text, it may be a password or a token.
    .secret(),
    text(
        "aiven.api_token",
        Unset::IsWrong,
        WORD,
        "an Aiven API token without white space",
        "create one for an application user in the Aiven console",
    )
    .secret(),
    certificates("aiven.ca_cert"),
    Rule {
        form: Form::List {
            item: Item {
                shape: Shape::Characters {
                    allowed: Characters::ProjectName,
                    length: 1..=63,
                },
                want: "a project name: up to 63 of a-z, 0-9 and -, a letter first",
                advice: "write it as the Aiven console shows it",
                once: Some("each project once"),
            },
            is_required: true,
        },
        ..key(
            "aiven.projects",
            "the name of at least one Aiven project, in a list",
            "write the names that the console shows, as in [\"my-project\"]",
        )
    },
    duration("aiven.poll_interval", "60s", ("100ms", "24h")),
    duration("aiven.request_timeout", "30s", ("100ms", "1h")),
    text(
        "aiven.http_proxy",
        Unset::Means(""),
        Shape::ProxyUrl,
        "the URL of an HTTP proxy (http:// or https://) that ends with host and port, or nothing",
        "write it as in \"http://proxy.example:3128\" or \"http://user:password@proxy.example:3128\"",
    )
    .secret(),
    list(
        "services.types",
        "a list of service types",
        Item {
            shape: LOWER_CASE_WORD,
            want: "a service type",
            advice: "write it as Aiven does, in lower case and without white space",
            once: Some("each service type once"),
        },
    ),
    list(
        "services.clouds",
        "a list of cloud names",
        Item {
            shape: LOWER_CASE_WORD,
            want: "a cloud name",
            advice: "write it as Aiven does, in lower case and without white space",
            once: Some("each cloud name once"),
        },
    ),
    Rule {
        form: Form::Tags,
        ..key(
            "services.tags",
            "an object of tag names and values",
            "write {\"name\": \"value\", …}",
        )
    },
    list(
        "services.exclude",
        "a list of service names and globs",
        Item {
            shape: Shape::Glob,
            want: "a service name or a glob such as \"test-*\"",
            advice: "close each [ and {, and write a range from its first character to its last",
            once: Some("each name or glob once"),
        },
    ),
    boolean("integration.create", true),
    text(
        "integration.endpoint_name",
        Unset::Means("aiven-metrics"),
        Shape::Characters {
            allowed: Characters::TrimmedLine,
            length: 1..=128,
        },
        "a name of 1 to 128 characters, without white space around it",
        "choose another, or leave the key out for \"aiven-metrics\"",
    ),
    text(
        "integration.endpoint_id",
        Unset::Means(""),
        Shape::Characters {
            allowed: Characters::Of(&[('a', 'z'), ('A', 'Z'), ('0', '9'), ('-', '-')]),
            length: 0..=64,
        },
        "the id of an integration endpoint: up to 64 letters, digits and -",
        "copy it from the project's integration endpoints",
    ),
    text(
        "integration.username",
        Unset::Depends,
        Shape::Characters {
            allowed: Characters::Of(&[('a', 'z'), ('0', '9'), ('-', '-'), ('@', '@'), ('_', '_')]),
            length: 5..=32,
        },
        "a user name of 5 to 32 of a-z, 0-9, -, @ and _",
        "choose another name",
    )
    // An operator who swaps the two keys has a password in this one.
    .secret(),
    text(
        "integration.password",
        Unset::Depends,
        Shape::Characters {
            allowed: Characters::Line,
            length: 8..=64,
        },
        "a password of 8 to 64 characters",
        "choose another password, without control characters and line breaks",
    )
    .secret(),
    number("integration.creates_per_minute", 30, 1..=1000),
    list(
        "dns.nameservers",
        "a list of name servers, each \"ip:port\"",
        Item {
            shape: Shape::Address {
                example: "10.0.0.2:53",
                is_loopback: false,
            },
            want: "an IP address and a port, such as \"10.0.0.2:53\"",
            advice: ADDRESS_ADVICE,
            once: None,
        },
    ),
    Rule {
        form: Form::Choice {
            default: "both",
            among: &["both", "ipv4", "ipv6"],
        },
        ..key("dns.families", "", "choose one of them, in lower case")
    },
    duration("dns.poll_interval", "30s", ("100ms", "1h")),
    duration("dns.timeout", "5s", ("100ms", "1m")),
    Rule {
        is_property: false,
        ..text(
            "state_dir",
            Unset::Means("/var/vcap/store/aiven-metrics"),
            Shape::Folder,
            "an absolute path",
            "write the whole path, from / on",
        )
    },
    text(
        "targets.path",
        Unset::Means("targets/targets.json"),
        Shape::TargetsFile,
        "the path of a .json file in a folder of its own",
        "write one as in \"targets/targets.json\", below /var/vcap/store/aiven-metrics, \
         of letters, digits, _, . and -",
    ),
    duration("targets.removal_grace", "2m", ("0s", "24h")),
    text(
        "scrape_proxy.listen",
        Unset::Means("127.0.0.1:9275"),
        Shape::Address {
            example: "127.0.0.1:9275",
            is_loopback: true,
        },
        "a loopback address, since the proxy adds the credentials to whatever reaches it",
        "write \"127.0.0.1:9275\"",
    ),
    duration("scrape_proxy.timeout", "30s", ("100ms", "1h")),
    certificates("scrape_proxy.ca_cert"),
    text(
        "web.listen",
        Unset::Means("127.0.0.1:9274"),
        Shape::Address {
            example: "127.0.0.1:9274",
            is_loopback: false,
        },
        "",
        ADDRESS_ADVICE,
    ),
    boolean("web.expose_status", false),
    certificates("web.tls.certificate"),
    text(
        "web.tls.private_key",
        Unset::Means(""),
        Shape::PrivateKey,
        "the private key of web.tls.certificate in PEM (-----BEGIN PRIVATE KEY-----)",
        "copy the key again, whole",
    )
    .secret(),
    certificates("web.tls.client_ca"),
    Rule {
        is_property: false,
        ..number("instance_index", 0, 0..=u32::MAX)
    },
    text(
        "cloud_foundry.api_url",
        Unset::Depends,
        Shape::Url,
        "the https:// URL (http:// only for a loopback address) of the Cloud Foundry API",
        "write it as in \"https://api.cf.example.com\"",
    )
    .secret(),
    uaa_client(
        "cloud_foundry.client_id",
        "the id of a UAA client without white space",
    ),
    uaa_client(
        "cloud_foundry.client_secret",
        "the secret of that UAA client without white space",
    ),
    certificates("cloud_foundry.ca_cert"),
    duration("cloud_foundry.poll_interval", "5m", ("100ms", "24h")),
    Rule {
        form: Form::Choice {
            default: "info",
            among: &["error", "warn", "info", "debug", "trace"],
        },
        ..key("log.level", "", "choose one of them, in lower case")
    },
];

/// What is wanted of Aiven's URL.
pub(super) const API_URL: &str = "an https:// URL (http:// only for a loopback address) of host, \
     port and base path, without the version /v1";

/// What to do about a version in Aiven's URL.
pub(super) const NO_VERSION: &str = "cut it off at /v1, which is added to every request";

/// What to do about the URL of Aiven's web page.
pub(super) const NO_CONSOLE: &str = "write the API's host, \"https://api.aiven.io\"";

/// What to do about a port where no TLS is spoken.
pub(super) const NO_SUCH_PORT: &str = "leave the port out, or write the one that speaks TLS";

/// What to do about a proxy's URL that goes on after host and port.
pub(super) const PROXY_ENDS_AT_PORT: &str = "cut it off after the port";

/// What is wanted of every other URL.
pub(super) const URL: &str =
    "an https:// URL (http:// only for a loopback address) of host, port and base path";

/// What is wanted of the names in `services.tags`, and what to do.
pub(super) const TAG_NAME: (&str, &str) = ("a tag name", "remove it or its white space");

/// Likewise of the values there.
pub(super) const TAG_VALUE: (&str, &str) = ("the tag's value", "write it as a string, in quotes");

/// What to do about a missing user name or password, while they are needed.
pub(super) const CREDENTIALS_ARE_NEEDED: &str = "nodes will ask for it; needed unless \
     integration.endpoint_id is given or integration.create is false";

/// Likewise while they are not needed, but one of the two is given.
pub(super) const CREDENTIALS_ARE_A_PAIR: &str =
    "give integration.username and integration.password both, or neither";

/// What is wanted of `integration.endpoint_id` with several projects, and what to do.
pub(super) const ENDPOINT_OF_ONE_PROJECT: (&str, &str) = (
    "it with one project, as an endpoint belongs to one",
    "leave it out, or run with one name in aiven.projects",
);

/// What is said of `scrape_proxy.listen` where both listeners have one port.
pub(super) const ONE_PORT_FOR_TWO: &str =
    "found the port of web.listen, want a port of its own; change one of the two";

/// What to do about one of `web.tls.*` that is missing while another is given.
pub(super) const TLS_IS_WHOLE: &str =
    "give web.tls.certificate, web.tls.private_key and web.tls.client_ca, or none of them";

/// What to do about one of these that is missing while another is given.
pub(super) const CLOUD_FOUNDRY_IS_WHOLE: &str = "give cloud_foundry.api_url, \
     cloud_foundry.client_id and cloud_foundry.client_secret, or none of them";

/// What is found where a private key is not the certificate's, and what to do.
pub(super) const KEY_OF_ANOTHER: &str = "the key of another certificate";

/// See [`KEY_OF_ANOTHER`].
pub(super) const KEY_OF_THE_CERTIFICATE: &str = "give both as they were made together";

/// What to do about an address that is none.
pub(super) const ADDRESS_ADVICE: &str = "host names are not looked up: write the IP address, IPv6 in \
     square brackets, and a port up to 65535";

/// What a name in `services.tags` has to look like.
pub(super) const TAG_NAME_SHAPE: Shape = WORD;

/// What a token, or the id or secret of a client, looks like.
const WORD: Shape = Shape::Characters {
    allowed: Characters::Word,
    length: 1..=usize::MAX,
};

const LOWER_CASE_WORD: Shape = Shape::Characters {
    allowed: Characters::LowerCaseWord,
    length: 1..=usize::MAX,
};

/// The rule for the key at the dotted `path`. Every parse reads every key, so
/// that one without a row fails each test of the configuration.
#[expect(
    clippy::panic,
    reason = "each path is a constant of this crate, and each parse reads all"
)]
pub(super) fn rule(path: &str) -> &'static Rule {
    KEYS.iter()
        .find(|rule| rule.path == path)
        .unwrap_or_else(|| panic!("{path} has no row in the table of keys"))
}
