//! Whom an operator means: one reading of what was typed, or pasted from a ticket, a log
//! line or Prometheus' page, held against every known service.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::super::cloud_foundry::{Guid, Name};
use super::super::history::Event;
use super::super::status::ServiceStatus;

/// How alike a name must be to be suggested (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// What of a service is what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// Its name.
    Service,
    /// One of its host names.
    Host,
    /// The address of one of its nodes.
    Address,
    /// The GUID of its Cloud Foundry service instance.
    InstanceGuid,
    /// The name of its Cloud Foundry service instance.
    InstanceName,
    /// Its project: all services of it are meant.
    Project,
}

/// What was asked for, in each way in which it can be read.
pub(super) struct Asked<'a> {
    project: Option<&'a str>,
    service: &'a str,
    address: Option<IpAddr>,
    port: Option<u16>,
    host: Option<String>,
    guid: Option<Guid>,
}

impl<'a> Asked<'a> {
    /// Reads `SERVICE`, `PROJECT/SERVICE`, a host name or an address, each of these two
    /// with or without a port or the rest of a URL, a GUID, or an instance's name.
    pub(super) fn read(text: &'a str) -> Asked<'a> {
        let (project, service) = match text.split_once('/') {
            Some((project, service)) => (Some(project), service),
            None => (None, text),
        };
        let place = place(text);
        let socket: Option<SocketAddr> = place.parse().ok();
        let bare = place.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let ip = bare.unwrap_or(place).parse().ok();
        Asked {
            project,
            service,
            address: socket.map(|socket| socket.ip()).or(ip),
            port: socket.map(|socket| socket.port()),
            host: host_of(place),
            guid: text.parse().ok(),
        }
    }

    /// Whether the service is meant, and by what.
    pub(super) fn means(&self, service: &ServiceStatus) -> Option<MatchedBy> {
        let of_project = self.project.is_none_or(|name| service.project == name);
        if service.service == self.service && of_project {
            return Some(MatchedBy::Service);
        }
        if self.has_address(service) {
            return Some(MatchedBy::Address);
        }
        let is_host = |name: &str| self.host.as_deref() == Some(&*name.to_ascii_lowercase());
        if host_names(service).any(is_host) {
            return Some(MatchedBy::Host);
        }
        let identity = &service.cloud_foundry.as_ref()?.identity;
        if self.guid == Some(identity.instance) {
            return Some(MatchedBy::InstanceGuid);
        }
        let name = identity.instance_name.as_ref().map(Name::as_str);
        let is_named = self.project.is_none() && name == Some(self.service);
        is_named.then_some(MatchedBy::InstanceName)
    }

    fn has_address(&self, service: &ServiceStatus) -> bool {
        let mut targets = service.hosts.iter().flat_map(|host| &host.targets);
        targets.any(|target| self.is_at(*target))
    }

    /// Whether this target's address is asked for.
    pub(super) fn is_at(&self, target: SocketAddr) -> bool {
        self.address == Some(target.ip()) && self.port.is_none_or(|port| target.port() == port)
    }

    /// Whether the event is about what is asked for: the service by name, or a host name or
    /// an address that the event names.
    pub(super) fn is_told_of(&self, event: &Event) -> bool {
        let of_project = match (self.project, &event.project) {
            (Some(asked), Some(of)) => **of == *asked,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let named = event.service.as_deref() == Some(self.service) && of_project;
        let words = event.what.split([' ', ',', ';']);
        let words = words.chain(event.subject.as_deref());
        named || words.into_iter().any(|word| self.is_place(word))
    }

    /// Whether a word is the address or the host name that is asked for.
    fn is_place(&self, word: &str) -> bool {
        let is_host = |host: &String| host_of(word).as_ref() == Some(host);
        word.parse().is_ok_and(|target| self.is_at(target))
            || (self.address.is_none() && self.host.as_ref().is_some_and(is_host))
    }

    /// Whether it is an address.
    pub(super) fn is_address(&self) -> bool {
        self.address.is_some()
    }

    /// How alike something of the service is, if it is alike at all. No address is
    /// suggested for another, but one for itself with another port.
    pub(super) fn alike(&self, service: &ServiceStatus) -> Option<f64> {
        if let Some(address) = self.address {
            let mut targets = service.hosts.iter().flat_map(|host| &host.targets);
            return targets.any(|target| target.ip() == address).then_some(1.0);
        }
        let identity = service.cloud_foundry.as_ref().map(|one| &one.identity);
        let instance = identity.and_then(|identity| identity.instance_name.as_ref());
        let names = [Some(&*service.service), instance.map(Name::as_str)];
        let names = names.into_iter().flatten();
        let names = names.filter_map(|name| likeness(name, self.service));
        // Host names of one project end alike, so only their beginnings count.
        let asked = self.host.as_deref().and_then(|host| host.split('.').next());
        let hosts = asked.into_iter().flat_map(|asked| {
            let beginnings = host_names(service).filter_map(|host| host.split('.').next());
            beginnings.filter_map(move |host| likeness(host, asked))
        });
        names.chain(hosts).max_by(f64::total_cmp)
    }
}

/// Whoever types in capitals means the same.
fn likeness(name: &str, asked: &str) -> Option<f64> {
    let (name, asked) = (name.to_lowercase(), asked.to_lowercase());
    let alike = strsim::jaro_winkler(&name, &asked);
    let holds_it = !asked.is_empty() && name.contains(&asked);
    (alike >= ALIKE || holds_it).then_some(alike)
}

/// The names under which the service has nodes, also those that DNS does not answer now.
fn host_names(service: &ServiceStatus) -> impl Iterator<Item = &str> {
    let published = service.hosts.iter().map(|host| &*host.hostname);
    published.chain(service.unanswered.keys().map(String::as_str))
}

/// Host and port of a URL, as Prometheus' page shows targets; else all of the text.
pub(in crate::model) fn place(text: &str) -> &str {
    let rest = text.strip_prefix("http://");
    match rest.or_else(|| text.strip_prefix("https://")) {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => text,
    }
}

/// A host name in small letters, without the port and the root's dot. `None` for what has
/// no dot within: a service's name is not taken for a host's.
fn host_of(place: &str) -> Option<String> {
    let name = match place.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => place,
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.contains('.').then_some(name)
}
