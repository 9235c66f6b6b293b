//! What somebody asked the page for: all of it is in the URL, so that a view can be
//! sent to a colleague.

use std::net::SocketAddr;

use crate::model::explain::{place, readings};
use crate::model::history::EventKind;
use crate::model::plan::PlannedService;
use crate::model::verdict::Verdict;

/// The most characters of one field that count.
const MAX_FIELD: usize = 100;

/// What somebody asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The service whose own page is wanted, `PROJECT/SERVICE`.
    pub service: Option<String>,
    /// Part of a name, GUID, host name or address.
    pub search: String,
    /// The same in each way in which `explain` reads what people paste.
    readings: Vec<String>,
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// The service type.
    pub service_type: String,
    /// The project.
    pub project: String,
    /// The plan.
    pub plan: String,
    /// Part of the name or the GUID of the organization.
    pub organization: String,
    /// Part of the name or the GUID of the space.
    pub space: String,
    /// How many services of those that match come before the first one shown.
    pub from: usize,
    /// Part of the name of the service whose events are wanted.
    pub event_service: String,
    /// The kind of the events that are wanted.
    pub event_kind: Option<EventKind>,
}

impl Query {
    /// What these parameters of a request mean. What cannot be understood is passed over.
    pub fn of<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Query {
        let mut query = Query::default();
        for (key, value) in parameters.filter(|(_, value)| !value.is_empty()) {
            let shown = |character: &char| !character.is_control();
            let text = || value.trim().chars().filter(shown).take(MAX_FIELD).collect();
            match key {
                "service" => query.service = Some(value.to_owned()),
                "q" => {
                    query.search = text();
                    query.readings = readings(value);
                }
                "verdict" => query.verdict = verdict(value),
                "type" => query.service_type = text(),
                "project" => query.project = text(),
                "plan" => query.plan = text(),
                "org" => query.organization = text(),
                "space" => query.space = text(),
                "from" => query.from = value.parse().unwrap_or_default(),
                "event_service" => query.event_service = text(),
                "event_kind" => query.event_kind = kind(value),
                _ => {}
            }
        }
        query
    }

    /// Whether services are filtered at all.
    pub fn is_filtered(&self) -> bool {
        !self.of_services().is_empty()
    }

    /// Whether services with this verdict are asked for.
    pub fn has_verdict(&self, verdict: &Verdict) -> bool {
        self.verdict.as_ref() == Some(verdict)
    }

    /// Whether events of this kind are asked for.
    pub fn has_event_kind(&self, kind: &EventKind) -> bool {
        self.event_kind.as_ref() == Some(kind)
    }

    /// The address of the same list of services from another one on.
    pub fn link(&self, from: usize) -> String {
        let from = from.to_string();
        let mut pairs = self.of_services();
        pairs.extend(self.of_events());
        if from != "0" {
            pairs.push(("from", &from));
        }
        address(&pairs)
    }

    /// What is asked of events, for the form and the links that leave it as it is.
    pub fn of_events(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("event_service", &*self.event_service),
            ("event_kind", self.event_kind.map_or("", EventKind::as_str)),
        ];
        let set = all.into_iter().filter(|(_, value)| !value.is_empty());
        set.collect()
    }

    /// Likewise what is asked of services, from the first one on.
    pub fn of_services(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("q", &*self.search),
            ("verdict", self.verdict.map_or("", Verdict::as_str)),
            ("type", &self.service_type),
            ("project", &self.project),
            ("plan", &self.plan),
            ("org", &self.organization),
            ("space", &self.space),
        ];
        let set = all.into_iter().filter(|(_, value)| !value.is_empty());
        set.collect()
    }

    /// Whether a service with this verdict is wanted.
    pub(super) fn matches(
        &self,
        project: &str,
        planned: &PlannedService,
        verdict: Verdict,
    ) -> bool {
        let service = &planned.service;
        let is = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
        self.verdict.is_none_or(|wanted| wanted == verdict)
            && is(&self.project, project)
            && is(&self.service_type, service.service_type.text())
            && is(&self.plan, service.plan.text())
            && self.matches_owner(planned)
            && (self.search.is_empty() || self.is_found(project, planned))
    }

    fn matches_owner(&self, planned: &PlannedService) -> bool {
        if self.organization.is_empty() && self.space.is_empty() {
            return true;
        }
        let labels = labels(planned);
        let has = |wanted: &str, about: &str| {
            let mut of = labels.iter().filter(|(label, _)| label.starts_with(about));
            wanted.is_empty() || of.any(|(_, value)| contains(value, wanted))
        };
        has(&self.organization, "organization_") && has(&self.space, "space_")
    }

    fn is_found(&self, project: &str, planned: &PlannedService) -> bool {
        let searched = [&self.search].into_iter().chain(&self.readings);
        searched
            .map(|wanted| place(wanted))
            .any(|wanted| !wanted.is_empty() && is_part(wanted, project, planned))
    }
}

/// Whether this is part of what is known of the service, or its address.
fn is_part(wanted: &str, project: &str, planned: &PlannedService) -> bool {
    let service = &planned.service;
    let host_wanted = match wanted.rsplit_once(':') {
        Some((host, port)) if host.contains('.') && port.parse::<u16>().is_ok() => host,
        _ => wanted,
    };
    let mut hosts = service.hosts.rows().iter();
    contains(&service.name, wanted)
        || contains(project, wanted)
        || is_name(wanted, project, &service.name)
        || hosts.any(|host| contains(&host.name, host_wanted))
        || (looks_like_address(wanted) && has_address(planned, wanted))
        || labels(planned)
            .iter()
            .any(|(_, value)| contains(value, wanted))
}

/// The address of a list of services.
fn address(pairs: &[(&str, &str)]) -> String {
    if pairs.is_empty() {
        return "/#services".to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("/?{}#services", query.finish())
}

/// The address of the services with this verdict.
pub(super) fn with_verdict(verdict: Verdict) -> String {
    address(&[("verdict", verdict.as_str())])
}

fn verdict(word: &str) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|one| one.as_str() == word)
}

fn kind(word: &str) -> Option<EventKind> {
    let mut kinds = EventKind::ALL.iter().copied();
    kinds.find(|one| one.as_str() == word)
}

/// Names of Aiven are lower case; those of Cloud Foundry need not be.
fn contains(text: &str, wanted: &str) -> bool {
    text.contains(wanted) || text.to_lowercase().contains(&wanted.to_lowercase())
}

fn is_name(wanted: &str, project: &str, service: &str) -> bool {
    let named = wanted.split_once('/');
    named.is_some_and(|(of, name)| of == project && service.contains(name))
}

fn looks_like_address(wanted: &str) -> bool {
    wanted
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || b".:[]".contains(&byte))
}

fn has_address(planned: &PlannedService, wanted: &str) -> bool {
    let is_it = |target: SocketAddr| target.to_string().contains(wanted);
    planned.targets().any(is_it)
}

fn labels(planned: &PlannedService) -> Vec<(&'static str, String)> {
    let ownership = planned.ownership.iter();
    ownership.flat_map(|one| one.identity.labels()).collect()
}
