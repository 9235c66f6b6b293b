//! Who is meant by a text, of the services that are known now; and if nobody is, what the
//! history remembers of it, which names are alike, and where else it may be.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;

use super::super::history::Event;
use super::super::status::{ServiceStatus, Status};
use super::asked::{Asked, MatchedBy};
use super::pasted::readings;

/// Most names that are suggested.
pub(super) const MAX_SUGGESTIONS: usize = 3;

/// Most events about what is not known any more.
const MAX_REMEMBERED: usize = 5;

/// What no known service has.
#[derive(Debug, Serialize)]
pub struct Unknown {
    /// What is remembered of it, the newest first: it was known, and is gone.
    pub remembered: Vec<Arc<Event>>,
    /// Known names that look alike, the likeliest first; none if it was known.
    pub near: Vec<String>,
    /// Projects that could not be listed, and why: it may be one of theirs.
    pub unlisted: Vec<String>,
    /// Whether it is an address.
    pub is_address: bool,
}

/// Every service that is meant, and by what: the first reading of the text counts that
/// means a service, and if none does, one that means a project.
pub fn find<'a>(status: &'a Status, text: &str) -> Vec<(&'a ServiceStatus, MatchedBy)> {
    let readings = readings(text);
    let services = || readings.iter().map(|reading| of_reading(status, reading));
    let projects = || readings.iter().map(|reading| of_project(status, reading));
    let mut found = services().chain(projects());
    found.find(|found| !found.is_empty()).unwrap_or_default()
}

fn of_reading<'a>(status: &'a Status, reading: &str) -> Vec<(&'a ServiceStatus, MatchedBy)> {
    let asked = Asked::read(reading);
    let services = status.services.iter();
    let meant = services.filter_map(|one| Some((one, asked.means(one)?)));
    meant.collect()
}

fn of_project<'a>(status: &'a Status, reading: &str) -> Vec<(&'a ServiceStatus, MatchedBy)> {
    let services = status.services.iter();
    let of_it = services.filter(|one| one.project == reading);
    of_it.map(|one| (one, MatchedBy::Project)).collect()
}

/// Whether the text is the address of this target, with or without its port.
pub fn is_at(text: &str, target: SocketAddr) -> bool {
    let readings = readings(text);
    readings.iter().any(|one| Asked::read(one).is_at(target))
}

/// Those of `events` that are about what the text means, by name, host name or address,
/// whether it is known any more or not.
pub fn told_of(events: &[Arc<Event>], text: &str) -> Vec<Arc<Event>> {
    let readings = readings(text);
    let asked: Vec<_> = readings.iter().map(|one| Asked::read(one)).collect();
    let is_about = |event: &&Arc<Event>| asked.iter().any(|asked| asked.is_told_of(event));
    events.iter().filter(is_about).cloned().collect()
}

/// What to say when nobody is meant.
pub fn unknown(status: &Status, text: &str) -> Unknown {
    let readings = readings(text);
    let asked: Vec<_> = readings.iter().map(|one| Asked::read(one)).collect();
    let alike = |one: &ServiceStatus| {
        let alike = asked.iter().filter_map(|asked| asked.alike(one));
        alike.max_by(f64::total_cmp)
    };
    let services = status.services.iter();
    let mut near: Vec<_> = services
        .filter_map(|one| Some((alike(one)?, one)))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.truncate(MAX_SUGGESTIONS);
    let unlisted = status.projects.iter().filter_map(|project| {
        let failing = project.stages.list.failing.as_ref()?;
        Some(format!("{}: {}", project.name, failing.cause))
    });
    let near = near.into_iter();
    Unknown {
        remembered: Vec::new(),
        near: near
            .map(|(_, one)| format!("{}/{}", one.project, one.service))
            .collect(),
        unlisted: unlisted.collect(),
        is_address: asked.iter().any(Asked::is_address),
    }
}

impl Unknown {
    /// The same with what a history tells of it. What was known is no typing mistake, so no
    /// other name is suggested then.
    #[must_use]
    pub fn remembering(self, events: &[Arc<Event>], text: &str) -> Unknown {
        let mut remembered = told_of(events, text);
        remembered.truncate(MAX_REMEMBERED);
        let near = match remembered.is_empty() {
            true => self.near,
            false => Vec::new(),
        };
        Unknown {
            remembered,
            near,
            ..self
        }
    }
}
