//! The sections of the document, key by key: names, defaults, bounds, and the
//! rules between keys.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use tracing::level_filters::LevelFilter;

use super::integration::integration;
use super::reader::{Key, Section};
use super::report::Report;
use super::values::{
    base_url, blank, certificates, credential, globs, is_project_name, names, secret,
    socket_address,
};
use super::{Aiven, CloudFoundry, Config, Dns, Log, ScrapeProxy, Targets, Web};
use crate::model::selection::Selection;

const SHORTEST: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) fn config(report: &Report, top: &Section) -> Config {
    let aiven = aiven(&top.section("aiven"));
    let services = services(&top.section("services"));
    let integration = integration(&top.section("integration"), aiven.projects.len());
    let dns = dns(&top.section("dns"));
    let state_dir = state_dir(&top.key("state_dir"));
    let config = Config {
        aiven,
        services,
        integration,
        dns,
        targets: targets(&top.section("targets"), &state_dir),
        scrape_proxy: scrape_proxy(&top.section("scrape_proxy")),
        web: web(&top.section("web")),
        state_dir,
        instance_index: top.key("instance_index").whole_number(0, 0..=u32::MAX),
        cloud_foundry: cloud_foundry(&top.section("cloud_foundry")),
        log: log(&top.section("log")),
    };
    if config
        .scrape_proxy
        .listen
        .is_some_and(|proxy| collide(proxy, config.web.listen))
    {
        report.add(
            "scrape_proxy.listen",
            "found the port of web.listen, want a port of its own; change one of the two",
        );
    }
    config
}

fn aiven(section: &Section) -> Aiven {
    let token = section.secret("api_token");
    let advice = "create one for an application user in the Aiven console";
    Aiven {
        api_url: base_url(&section.key("api_url")).unwrap_or_else(aiven_api),
        api_token: secret(&token, "an Aiven API token", advice).unwrap_or_default(),
        ca_cert: certificates(&section.key("ca_cert").empty_is_absent()),
        projects: projects(&section.key("projects")),
        poll_interval: section
            .key("poll_interval")
            .duration(MINUTE, SHORTEST..=24 * HOUR),
        request_timeout: section
            .key("request_timeout")
            .duration(Duration::from_secs(30), SHORTEST..=HOUR),
    }
}

fn aiven_api() -> Url {
    Url::parse("https://api.aiven.io/").expect("a constant that the tests parse")
}

fn projects(key: &Key) -> Vec<String> {
    let want = "the name of at least one Aiven project, in a list";
    let advice = "write the names that the console shows, as in [\"my-project\"]";
    if !key.is_given() {
        key.missing(want, advice);
    }
    if key.is_empty() {
        key.wrong(want, advice);
    }
    let items = key.items(want);
    let want = "a project name: up to 63 of a-z, 0-9 and -, a letter first";
    let mut projects = Vec::new();
    for item in items {
        let Some(name) = item.text(want) else {
            continue;
        };
        if projects.iter().any(|project| project == name) {
            item.wrong("each project once", "remove this repetition");
        } else if !is_project_name(name) {
            item.wrong(want, "write it as the Aiven console shows it");
        }
        projects.push(name.to_owned());
    }
    projects
}

fn services(section: &Section) -> Selection {
    let set = |key, want| BTreeSet::from_iter(names(&section.key(key), want));
    Selection {
        types: set("types", "service type"),
        clouds: set("clouds", "cloud name"),
        tags: tags(&section.key("tags")),
        exclude: globs(&section.key("exclude")),
    }
}

fn tags(key: &Key) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for (name, entry) in key.entries("an object of tag names and values") {
        if name.is_empty() || name.contains(blank) {
            entry.wrong_as(
                "an unusable tag name",
                "a tag name",
                "remove it or its white space",
            );
        }
        if let Some(value) = entry.text("the tag's value") {
            tags.insert(name.to_owned(), value.to_owned());
        }
    }
    tags
}

fn dns(section: &Section) -> Dns {
    let mut nameservers = Vec::new();
    for item in section
        .key("nameservers")
        .items("a list of name servers, each \"ip:port\"")
    {
        match socket_address(&item, "10.0.0.2:53") {
            Some(address) if address.port() == 0 => {
                item.wrong(
                    "a port from 1 to 65535",
                    "write the server's port, as a rule 53",
                );
            }
            address => nameservers.extend(address),
        }
    }
    Dns {
        nameservers,
        poll_interval: section
            .key("poll_interval")
            .duration(Duration::from_secs(30), SHORTEST..=HOUR),
        timeout: section
            .key("timeout")
            .duration(Duration::from_secs(5), SHORTEST..=MINUTE),
    }
}

fn targets(section: &Section, state_dir: &Path) -> Targets {
    Targets {
        path: targets_path(&section.key("path"), state_dir),
        removal_grace: section
            .key("removal_grace")
            .duration(2 * MINUTE, Duration::ZERO..=24 * HOUR),
    }
}

fn targets_path(key: &Key, state_dir: &Path) -> PathBuf {
    let want = "the path of a .json file in a folder of its own";
    let text = key.text(want).unwrap_or("targets/targets.json");
    let path = state_dir.join(text);
    if text.contains(char::is_control) || path.extension().is_none_or(|name| name != "json") {
        key.wrong(
            want,
            "write one as in \"targets/targets.json\"; file_sd reads no other names",
        );
    } else if path.parent().is_none_or(|folder| folder == state_dir) {
        key.wrong(
            want,
            "add a folder: Prometheus re-reads on every event in the file's folder",
        );
    }
    path
}

fn state_dir(key: &Key) -> PathBuf {
    let want = "an absolute path";
    let text = key.text(want).unwrap_or("/var/vcap/store/aiven-metrics");
    if !text.starts_with('/') || text.contains(char::is_control) {
        key.wrong(want, "write the whole path, from / on");
    }
    PathBuf::from(text)
}

fn scrape_proxy(section: &Section) -> ScrapeProxy {
    let key = section.key("listen");
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 9275));
    let address = |key| socket_address(key, "127.0.0.1:9275").unwrap_or(default);
    let listen = (!key.is_empty()).then(|| address(&key));
    if listen.is_some_and(|address| !address.ip().to_canonical().is_loopback()) {
        key.wrong(
            "a loopback address, since the proxy adds the credentials to whatever reaches it",
            "write \"127.0.0.1:9275\"",
        );
    }
    ScrapeProxy {
        listen,
        timeout: section
            .key("timeout")
            .duration(Duration::from_secs(30), SHORTEST..=HOUR),
        ca_cert: certificates(&section.key("ca_cert").empty_is_absent()),
    }
}

fn web(section: &Section) -> Web {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 9274));
    let listen = socket_address(&section.key("listen"), "127.0.0.1:9274");
    Web {
        listen: listen.unwrap_or(default),
        expose_status: section.key("expose_status").boolean(false).unwrap_or(false),
    }
}

/// Whether binding both would fail. Port 0 lets the system choose.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let any = |ip: IpAddr| ip.is_unspecified();
    one.port() != 0
        && one.port() == other.port()
        && (one.ip() == other.ip() || any(one.ip()) || any(other.ip()))
}

/// `None` if no key is set, and also if one is unusable, which is then noted.
fn cloud_foundry(section: &Section) -> Option<CloudFoundry> {
    let api_url = section.key("api_url");
    let client_id = section.key("client_id");
    let client_secret = section.secret("client_secret");
    let ca_cert = section.key("ca_cert").empty_is_absent();
    if ![&api_url, &client_id, &client_secret, &ca_cert]
        .iter()
        .any(|key| key.is_given())
    {
        return None;
    }
    let advice = "give it, or leave all of cloud_foundry out";
    if !api_url.is_given() {
        api_url.missing("the URL of the Cloud Foundry API", advice);
    }
    let found_url = base_url(&api_url);
    let found_id = credential(&client_id, "the id of a UAA client", advice);
    let found_secret = secret(&client_secret, "the secret of that UAA client", advice);
    let ca_cert = certificates(&ca_cert);
    Some(CloudFoundry {
        api_url: found_url?,
        client_id: found_id?.to_owned(),
        client_secret: found_secret?,
        ca_cert,
    })
}

fn log(section: &Section) -> Log {
    let key = section.key("level");
    let want = "one of error, warn, info, debug, trace";
    let level = match key.text(want).unwrap_or("info") {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => {
            key.wrong(want, "choose one of them, in lower case");
            LevelFilter::INFO
        }
    };
    Log { level }
}
