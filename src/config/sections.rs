//! The sections of the document, key by key, and the rules between keys. Names,
//! defaults and bounds are in `keys`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use reqwest::Url;
use tracing::level_filters::LevelFilter;

use super::cannot_work::{is_for_many, is_nobodys, why_no_list};
use super::http_proxy::http_proxy;
use super::integration::integration;
use super::keys;
use super::reader::{Key, Section};
use super::report::Report;
use super::values::{
    api_url, base_url, certificates, credential, globs, names, repeated, secret, socket_address,
    texts,
};
use super::web_tls::web_tls;
use super::{Aiven, CloudFoundry, Config, Dns, Log, ScrapeProxy, Targets, Web};
use crate::model::address::{Families, Family};
use crate::model::selection::Selection;

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
        instance_index: top.key("instance_index").whole_number(),
        cloud_foundry: cloud_foundry(&top.section("cloud_foundry")),
        log: log(&top.section("log")),
        corrected: Vec::new(),
    };
    if config
        .scrape_proxy
        .listen
        .is_some_and(|proxy| collide(proxy, config.web.listen))
    {
        report.add("scrape_proxy.listen", keys::ONE_PORT_FOR_TWO);
    }
    config
}

fn aiven(section: &Section) -> Aiven {
    Aiven {
        api_url: api_url(&section.key("api_url")).unwrap_or_else(aiven_api),
        api_token: secret(&section.key("api_token")).unwrap_or_default(),
        ca_cert: certificates(&section.key("ca_cert").empty_is_absent()),
        projects: projects(&section.key("projects")),
        poll_interval: section.key("poll_interval").duration(),
        request_timeout: section.key("request_timeout").duration(),
        http_proxy: http_proxy(&section.key("http_proxy")),
    }
}

#[expect(
    clippy::expect_used,
    reason = "a constant of the table of keys, which the tests parse"
)]
fn aiven_api() -> Url {
    let default = keys::rule("aiven.api_url").default_text();
    Url::parse(default).expect("a constant that the tests parse")
}

fn projects(key: &Key) -> Vec<String> {
    if !key.is_given() {
        key.missing(key.rule().advice);
    }
    if key.is_empty() {
        key.wrong(key.rule().advice);
    }
    texts(key, |item, name, rule, is_repeated| {
        if is_repeated {
            repeated(item, rule);
        } else if !rule.shape.fits(name) {
            item.wrong(rule.advice);
        }
    })
}

fn services(section: &Section) -> Selection {
    let set = |key| BTreeSet::from_iter(names(&section.key(key)));
    Selection {
        types: set("types"),
        clouds: set("clouds"),
        tags: tags(&section.key("tags")),
        exclude: globs(&section.key("exclude")),
    }
}

fn tags(key: &Key) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for (name, entry) in key.entries(keys::TAG_VALUE.0) {
        if !keys::TAG_NAME_SHAPE.fits(name) {
            let (want, advice) = keys::TAG_NAME;
            let named = entry.clone().wanting(want);
            named.wrong_as("an unusable tag name", advice);
        }
        if let Some(value) = entry.text() {
            tags.insert(name.to_owned(), value.to_owned());
        }
    }
    tags
}

fn dns(section: &Section) -> Dns {
    let mut nameservers = Vec::new();
    for item in section.key("nameservers").items() {
        match socket_address(&item) {
            Some(address) if address.port() == 0 => {
                item.wanting("a port from 1 to 65535")
                    .wrong("write the server's port, as a rule 53");
            }
            Some(address) if is_nobodys(address.ip()) => {
                let advice = "write the address of one name server";
                item.wanting("an address that one server answers at")
                    .wrong(advice);
            }
            address => nameservers.extend(address),
        }
    }
    let key = section.key("families");
    let families = match key.text_or_default() {
        "both" => Families::Both,
        "ipv4" => Families::Only(Family::V4),
        "ipv6" => Families::Only(Family::V6),
        _ => {
            key.wrong(key.rule().advice);
            Families::Both
        }
    };
    Dns {
        nameservers,
        families,
        poll_interval: section.key("poll_interval").duration(),
        timeout: section.key("timeout").duration(),
    }
}

fn targets(section: &Section, state_dir: &Path) -> Targets {
    Targets {
        path: targets_path(&section.key("path"), state_dir),
        removal_grace: section.key("removal_grace").duration(),
    }
}

fn targets_path(key: &Key, state_dir: &Path) -> PathBuf {
    let text = key.text_or_default();
    let path = state_dir.join(text);
    if text.contains(char::is_control) || path.extension().is_none_or(|name| name != "json") {
        key.wrong("write one as in \"targets/targets.json\"; file_sd reads no other names");
    } else if path.parent().is_none_or(|folder| folder == state_dir) {
        key.wrong("add a folder: Prometheus re-reads on every event in the file's folder");
    } else if let Some(advice) = why_no_list(text, &path, state_dir) {
        key.wrong(advice);
    }
    path
}

fn state_dir(key: &Key) -> PathBuf {
    let text = key.text_or_default();
    if !text.starts_with('/') || text.contains(char::is_control) {
        key.wrong(key.rule().advice);
    }
    PathBuf::from(text)
}

fn scrape_proxy(section: &Section) -> ScrapeProxy {
    let key = section.key("listen");
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 9275));
    let listen = (!key.is_empty()).then(|| socket_address(&key).unwrap_or(default));
    if listen.is_some_and(|address| !address.ip().to_canonical().is_loopback()) {
        key.wrong(key.rule().advice);
    }
    ScrapeProxy {
        listen,
        timeout: section.key("timeout").duration(),
        ca_cert: certificates(&section.key("ca_cert").empty_is_absent()),
    }
}

fn web(section: &Section) -> Web {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 9274));
    let key = section.key("listen");
    let listen = socket_address(&key).unwrap_or(default);
    if is_for_many(listen.ip()) {
        key.wanting("an address of this machine")
            .wrong("write \"0.0.0.0:9274\" for all of them");
    }
    Web {
        listen,
        expose_status: section.key("expose_status").boolean().unwrap_or_default(),
        tls: web_tls(&section.section("tls")),
    }
}

/// Whether binding both would fail. Port 0 lets the system choose.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let any = |ip: IpAddr| ip.is_unspecified();
    one.port() != 0
        && one.port() == other.port()
        && (one.ip() == other.ip() || any(one.ip()) || any(other.ip()))
}

/// `None` if neither API nor client is given, whatever else is, and also if one of them is
/// unusable, which is then noted.
fn cloud_foundry(section: &Section) -> Option<CloudFoundry> {
    let ca_cert = certificates(&section.key("ca_cert").empty_is_absent());
    let poll_interval = section.key("poll_interval").duration();
    let keys = ["api_url", "client_id", "client_secret"].map(|name| section.key(name));
    if !keys.iter().any(Key::is_given) {
        return None;
    }
    let [api_url, client_id, client_secret] = keys;
    if !api_url.is_given() {
        api_url.missing(keys::CLOUD_FOUNDRY_IS_WHOLE);
    }
    let found_url = base_url(&api_url);
    let found_id = credential(&client_id);
    let found_secret = secret(&client_secret);
    Some(CloudFoundry {
        api_url: found_url?,
        client_id: found_id?.to_owned(),
        client_secret: found_secret?,
        ca_cert,
        poll_interval,
    })
}

fn log(section: &Section) -> Log {
    let key = section.key("level");
    let level = match key.text_or_default() {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => {
            key.wrong(key.rule().advice);
            LevelFilter::INFO
        }
    };
    Log { level }
}
