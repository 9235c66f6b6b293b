//! A service of a listing or of an answer by name.
//!
//! Only its name is needed to read it. Every other detail that is missing, null, of
//! an unexpected type or longer than anything Aiven allows is *unknown*, and a list
//! with an odd row is a part of a list: neither ever looks like "there is none".

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::integration::{Relation, WireIntegration};
use crate::api_client::describe;
use crate::api_client::lenient::{Member, Pairs, Port, Rows, Text, is_name};
use crate::model::cloud_foundry::{CLAIM_TAGS, Claim, Guid};
use crate::model::detail::{Detail, DetailList};
use crate::model::hosts::{Component, ScrapeHost, has_hidden_standbys, scrape_hosts};
use crate::model::outside_text::{OutsideText, Secrets};
use crate::model::service::{Power, Service, ServiceIntegration};

/// The members of a listed service that are read; all others are skipped unparsed.
pub const SERVICE_MEMBERS: &[&str] = &[
    "service_name",
    "service_type",
    "state",
    "plan",
    "cloud_name",
    "node_count",
    "node_states",
    "service_uri_params",
    "components",
    "service_integrations",
    "tags",
];

/// How many Prometheus integrations of one service are read. One is usual.
const MAX_INTEGRATIONS: usize = 16;

/// How many strings that services have in common are kept for sharing.
const MAX_SHARED: usize = 4096;

/// Reads services. Strings that many services have in common are shared.
#[derive(Debug)]
pub struct ServiceReader {
    tag_keys: BTreeSet<String>,
    /// Whether to read whose a service is.
    reads_claims: bool,
    shared: HashSet<Arc<str>>,
    /// What is taken out of Aiven's words.
    secrets: Secrets,
}

/// Why not even the name of a service could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl ServiceReader {
    /// `tag_keys`: the tags to keep; the rest are dropped.
    pub fn new(tag_keys: impl IntoIterator<Item = String>) -> Self {
        ServiceReader {
            tag_keys: tag_keys.into_iter().collect(),
            reads_claims: false,
            shared: HashSet::new(),
            secrets: Secrets::default(),
        }
    }

    /// A reader that keeps the same tags.
    pub fn fork(&self) -> Self {
        ServiceReader {
            tag_keys: self.tag_keys.clone(),
            reads_claims: self.reads_claims,
            shared: HashSet::new(),
            secrets: self.secrets.clone(),
        }
    }

    /// The same reader, which takes these secrets out of Aiven's words.
    pub fn hiding(self, secrets: Secrets) -> Self {
        ServiceReader { secrets, ..self }
    }

    /// The same reader, which also reads what tags say about whose a service is, if `yes`.
    pub fn reading_claims(self, yes: bool) -> Self {
        let reads_claims = yes;
        ServiceReader {
            reads_claims,
            ..self
        }
    }

    /// Forgets the shared strings that no service has any more. Called between
    /// listings, so that a listing that lies cannot fill the memory for good.
    pub fn forget_unused(&mut self) {
        self.shared.retain(|text| Arc::strong_count(text) > 1);
    }

    /// How many strings are kept for sharing.
    #[cfg(test)]
    pub fn shared_texts(&self) -> usize {
        self.shared.len()
    }

    /// Reads one service object. What cannot be read of it is unknown.
    ///
    /// # Errors
    /// When not even the name is readable.
    pub fn read(&mut self, json: &[u8]) -> Result<Service, Unreadable> {
        let wire = match serde_json::from_slice::<WireService<'_>>(json) {
            Ok(wire) => wire,
            // A doubled member. Either may be the wrong one, so none is believed.
            Err(error) => match serde_json::from_slice::<Named<'_>>(json) {
                Ok(named) => WireService::of_name(named.service_name),
                Err(_) => return Err(Unreadable(describe(&error))),
            },
        };
        if let Err(problem) = OutsideText::name(&wire.service_name) {
            return Err(Unreadable(problem.to_string()));
        }
        Ok(self.service(&wire))
    }

    fn service(&mut self, wire: &WireService<'_>) -> Service {
        let nodes = wire.node_states.told().map_or(0, Vec::len);
        let node_count = wire
            .node_count
            .told()
            .copied()
            .or_else(|| u32::try_from(nodes).ok().filter(|count| *count > 0));
        Service {
            name: Arc::from(&*wire.service_name),
            service_type: self.detail(&wire.service_type),
            plan: self.detail(&wire.plan),
            cloud: self.detail(&wire.cloud_name),
            node_count,
            power: wire.state.name().map(power).into(),
            hosts: hosts(wire, node_count),
            integrations: self.own_integrations(wire),
            tags: self.kept_tags(wire),
            claim: self.claim(wire),
            served_before: false,
        }
    }

    /// The integrations whose source is the service. It can also be the destination
    /// of others.
    fn own_integrations(&mut self, wire: &WireService<'_>) -> DetailList<ServiceIntegration> {
        let mut is_whole = wire.service_integrations.is_whole;
        let mut own = Vec::new();
        for row in &wire.service_integrations.rows {
            match row.relation_to(&wire.service_name) {
                Relation::None => {}
                Relation::Own(_) if own.len() == MAX_INTEGRATIONS => is_whole = false,
                Relation::Own(id) => {
                    is_whole &= row.is_complete();
                    let secrets = self.secrets.clone();
                    own.push(row.read(id, &secrets, |text| self.share(text)));
                }
                Relation::Unknown => is_whole = false,
            }
        }
        match is_whole {
            true => DetailList::whole(own),
            false => DetailList::part(own),
        }
    }

    fn kept_tags(&mut self, wire: &WireService<'_>) -> DetailList<(Arc<str>, Arc<str>)> {
        if self.tag_keys.is_empty() {
            return DetailList::default();
        }
        let Some(Pairs(tags)) = wire.tags.told() else {
            return DetailList::unknown();
        };
        let mut kept: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        let mut is_whole = true;
        let wanted = tags
            .iter()
            .filter(|(key, _)| self.tag_keys.contains(key.as_ref()));
        for (key, value) in wanted {
            let is_doubled = kept.iter().any(|(known, _)| **known == **key);
            match tag_text(value).filter(|_| !is_doubled) {
                Some(value) => kept.push((Arc::from(key.as_ref()), value)),
                None => is_whole = false,
            }
        }
        kept.sort();
        match is_whole {
            true => DetailList::whole(kept),
            false => DetailList::unknown(),
        }
    }

    fn claim(&self, wire: &WireService<'_>) -> Detail<Box<Claim>> {
        let tags = wire.tags.told().filter(|_| self.reads_claims);
        let Some(Pairs(tags)) = tags else {
            return Detail::Unknown;
        };
        let [instance, space, organization] = CLAIM_TAGS.map(|key| {
            let mut rows = tags.iter().filter(|(name, _)| name == key);
            // Of two values neither is believed.
            let (row, second) = (rows.next()?, rows.next());
            tag_text(row.1)
                .filter(|_| second.is_none())?
                .parse::<Guid>()
                .ok()
        });
        Detail::Known(Box::new(Claim {
            instance,
            space,
            organization,
        }))
    }

    fn detail(&mut self, member: &Member<Text<'_>>) -> Detail<Arc<str>> {
        member.name().map(|text| self.share(text)).into()
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        if self.shared.len() < MAX_SHARED {
            self.shared.insert(Arc::clone(&new));
        }
        new
    }
}

/// Every state but one counts as on, also one that this version does not know.
fn power(state: &str) -> Power {
    match state {
        "POWEROFF" => Power::Off,
        _ => Power::On,
    }
}

/// The text of a tag's value; numbers and the like as written.
fn tag_text(value: &RawValue) -> Option<Arc<str>> {
    let text: Arc<str> = match serde_json::from_str::<Option<Text<'_>>>(value.get()) {
        Ok(text) => Arc::from(&*text?),
        Err(_) => Arc::from(value.get()),
    };
    is_name(&text).then_some(text)
}

/// The hosts to scrape. They are whole if every member was readable that the choice
/// depends on.
fn hosts(wire: &WireService<'_>, node_count: Option<u32>) -> DetailList<ScrapeHost> {
    let service_type = wire.service_type.name();
    let params = wire.service_uri_params.told();
    let host = params.and_then(|params| params.host.host());
    let (components, mut is_whole) = components(&wire.components);
    is_whole &= service_type
        .is_some_and(|service_type| node_count.is_some() || !has_hidden_standbys(service_type));
    let service_type = service_type.unwrap_or_default();
    let hosts = scrape_hosts(service_type, node_count, host, &components);
    match is_whole {
        true => DetailList::whole(hosts),
        false => DetailList::part(hosts),
    }
}

/// The readable components, and whether no other can matter.
fn components<'a>(listed: &'a Rows<WireComponent<'_>>) -> (Vec<Component<'a>>, bool) {
    let mut is_whole = listed.is_whole;
    let mut readable = Vec::with_capacity(listed.rows.len());
    for row in &listed.rows {
        match row.read() {
            Some(component) => readable.push(component),
            None => is_whole &= !row.may_matter(),
        }
    }
    (readable, is_whole)
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    service_name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct WireService<'a> {
    #[serde(borrow)]
    service_name: Cow<'a, str>,
    #[serde(borrow, default)]
    service_type: Member<Text<'a>>,
    #[serde(borrow, default)]
    state: Member<Text<'a>>,
    #[serde(borrow, default)]
    plan: Member<Text<'a>>,
    #[serde(borrow, default)]
    cloud_name: Member<Text<'a>>,
    #[serde(default)]
    node_count: Member<u32>,
    #[serde(default)]
    node_states: Member<Vec<IgnoredAny>>,
    #[serde(borrow, default)]
    service_uri_params: Member<UriParams<'a>>,
    #[serde(borrow, default)]
    components: Rows<WireComponent<'a>>,
    #[serde(borrow, default)]
    service_integrations: Rows<WireIntegration<'a>>,
    #[serde(borrow, default)]
    tags: Member<Pairs<'a>>,
}

impl<'a> WireService<'a> {
    /// A service of which only the name is known.
    fn of_name(service_name: Cow<'a, str>) -> Self {
        WireService {
            service_name,
            service_type: Member::Absent,
            state: Member::Absent,
            plan: Member::Absent,
            cloud_name: Member::Absent,
            node_count: Member::Absent,
            node_states: Member::Absent,
            service_uri_params: Member::Absent,
            components: Rows::default(),
            service_integrations: Rows::default(),
            tags: Member::Absent,
        }
    }
}

#[derive(Deserialize)]
struct UriParams<'a> {
    #[serde(borrow, default)]
    host: Member<Text<'a>>,
}

#[derive(Deserialize)]
struct WireComponent<'a> {
    #[serde(borrow, default)]
    component: Member<Text<'a>>,
    #[serde(borrow, default)]
    host: Member<Text<'a>>,
    #[serde(default)]
    port: Member<Port>,
    #[serde(borrow, default)]
    route: Member<Text<'a>>,
    #[serde(borrow, default)]
    usage: Member<Text<'a>>,
}

impl WireComponent<'_> {
    fn read(&self) -> Option<Component<'_>> {
        let component = self.component.name()?;
        if self.route.is_odd() || self.usage.is_odd() {
            return None;
        }
        let port = self.port.told().map_or(0, |port| port.0);
        if component == super::PROMETHEUS && port == 0 {
            return None;
        }
        Some(Component {
            component,
            host: self.host.host()?,
            port,
            route: self.route.name(),
            usage: self.usage.name(),
        })
    }

    /// Whether its host may be one to scrape: it may be for Prometheus, or a replica.
    fn may_matter(&self) -> bool {
        let is_another = self
            .component
            .name()
            .is_some_and(|component| component != super::PROMETHEUS);
        !is_another
            || self.usage.is_odd()
            || self.usage.told().is_some_and(|usage| **usage != *"primary")
    }
}
