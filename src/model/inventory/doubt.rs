//! Which details of an answer are believed, and which are in doubt.
//!
//! The rule for rows holds for details, too: *a listing proves presence, never
//! absence*. A detail that a row lacks, or gives in a form that cannot be read, is as
//! it was. A readable change that would end targets (an integration gone, switched
//! off or with another endpoint; a host or port gone; another type, cloud or tag) is
//! in doubt until Aiven, asked for that service by name, says the same.
//!
//! *Powered off* is in doubt for as long as that question takes, and not longer: if
//! Aiven does not answer it, the listing's own word counts, because a service that
//! is off must not keep its targets for as long as questions by name fail. That word
//! waits for the answer if the listing is not to be trusted otherwise: if rows of one
//! name contradict each other, or if a quarter of all services are off at once.

use std::sync::Arc;

use crate::model::detail::DetailList;
use crate::model::hosts::ScrapeHost;
use crate::model::service::{Service, ServiceIntegration};

/// A set of details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Details(u8);

/// A service that the newest listing shows with details that are not believed.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// The row.
    told: Arc<Service>,
    /// The details that the row lacks.
    lacks: Details,
    /// The details whose change would end targets.
    changes: Details,
    /// Whether another row of the same name says otherwise.
    contradicted: bool,
}

impl Details {
    pub(super) const NONE: Details = Details(0);
    pub(super) const SERVICE_TYPE: Details = Details(1);
    pub(super) const POWER: Details = Details(1 << 1);
    pub(super) const CLOUD: Details = Details(1 << 2);
    pub(super) const HOSTS: Details = Details(1 << 3);
    pub(super) const INTEGRATIONS: Details = Details(1 << 4);
    pub(super) const TAGS: Details = Details(1 << 5);

    /// Those that every row has.
    const REQUIRED: Details = Details(
        Details::SERVICE_TYPE.0 | Details::POWER.0 | Details::CLOUD.0 | Details::INTEGRATIONS.0,
    );

    /// This detail, if `condition` holds.
    fn when(self, condition: bool) -> Details {
        if condition { self } else { Details::NONE }
    }

    fn with(self, others: Details) -> Details {
        Details(self.0 | others.0)
    }

    fn without(self, others: Details) -> Details {
        Details(self.0 & !others.0)
    }

    fn all(details: impl IntoIterator<Item = Details>) -> Details {
        details.into_iter().fold(Details::NONE, Details::with)
    }

    pub(super) fn has_any(self, of: Details) -> bool {
        self.0 & of.0 != 0
    }

    fn is_none(self) -> bool {
        self == Details::NONE
    }
}

impl Doubt {
    /// The doubt about a row, given what was believed before; `None` if all of it
    /// is believed.
    pub(super) fn about(before: Option<&Service>, told: &Arc<Service>) -> Option<Doubt> {
        let is_same = before.is_some_and(|before| std::ptr::eq(before, &**told));
        let before = before.filter(|_| !is_same);
        let lacks = lacks(before, told);
        let changes = before.map_or(Details::NONE, |before| changes(before, told));
        let is_certain = lacks.is_none() && changes.is_none();
        (!is_certain).then(|| Doubt {
            told: Arc::clone(told),
            lacks,
            changes,
            contradicted: false,
        })
    }

    /// The doubt about the second of two rows that contradict each other.
    pub(super) fn about_contradiction(before: &Service, told: &Arc<Service>) -> Doubt {
        Doubt {
            told: Arc::clone(told),
            lacks: lacks(Some(before), told),
            changes: changes(before, told),
            contradicted: true,
        }
    }

    /// The details that are to stay as they were.
    pub(super) fn changes(&self) -> Details {
        self.changes
    }

    /// Whether the row lacks what every row has, and what was known before.
    pub(super) fn is_incomplete(&self, before: &Service) -> bool {
        let lost = self.lacks.without(lacks(None, before));
        lost.has_any(Details::REQUIRED)
    }

    /// Whether the row says less or worse of the service than what was known.
    pub(super) fn is_loss(&self, before: &Service) -> bool {
        let lost = self.lacks.without(lacks(None, before));
        !lost.with(self.changes).is_none()
    }

    /// Whether the row says that the service is off, and no other row denies it.
    pub(super) fn is_plainly_off(&self) -> bool {
        self.changes.has_any(Details::POWER) && !self.contradicted
    }

    /// How the answer shows that the row is wrong, if it does.
    pub(super) fn contradicted_by(&self, answer: &Service) -> Option<Lie> {
        let knows = known(answer);
        if self.lacks.has_any(knows) {
            return Some(Lie::Omission);
        }
        let differs = Details(knows.0 & differences(&self.told, answer).0);
        let is_wrong = self.changes.has_any(differs);
        is_wrong.then_some(Lie::Change)
    }

    /// What an answer by name leaves in doubt: the details that it lacks as well.
    pub(super) fn after(mut self: Box<Self>, answer: &Service) -> Option<Box<Doubt>> {
        let knows = known(answer);
        self.lacks = self.lacks.without(knows);
        self.changes = self.changes.without(knows);
        (!self.is_settled()).then_some(self)
    }

    /// Takes the row's word that the service is off.
    pub(super) fn without_power(mut self: Box<Self>) -> Option<Box<Doubt>> {
        self.changes = self.changes.without(Details::POWER);
        (!self.is_settled()).then_some(self)
    }

    fn is_settled(&self) -> bool {
        self.lacks.is_none() && self.changes.is_none()
    }
}

/// How a row was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// It lacked something.
    Omission,
    /// It said something that is not so.
    Change,
}

/// The details that an answer tells as a whole.
fn known(answer: &Service) -> Details {
    Details::all([
        Details::SERVICE_TYPE.when(answer.service_type.is_known()),
        Details::POWER.when(answer.power.is_known()),
        Details::CLOUD.when(answer.cloud.is_known()),
        Details::HOSTS.when(answer.hosts.is_whole()),
        Details::INTEGRATIONS.when(answer.integrations.is_whole()),
        Details::TAGS.when(answer.tags.is_whole()),
    ])
}

/// The details that a row lacks and that matter: those that are known of a service
/// with targets, and those without which nothing can be decided about any service.
fn lacks(before: Option<&Service>, told: &Service) -> Details {
    let undecidable = Details::all([
        Details::SERVICE_TYPE.when(!told.service_type.is_known()),
        Details::POWER.when(!told.power.is_known()),
        Details::INTEGRATIONS.when(told.integrations.is_unknown()),
    ]);
    match before {
        Some(before) if before.is_served() => {
            let lost = Details(known(before).0 & !known(told).0);
            undecidable.with(lost)
        }
        _ => undecidable,
    }
}

/// The readable changes that would end targets of a service that has them.
fn changes(before: &Service, told: &Service) -> Details {
    if !before.is_served() {
        return Details::NONE;
    }
    let comparable = Details(known(before).0 & known(told).0);
    let differs = differences(before, told);
    let hosts = told.hosts.is_whole() || !before.hosts.is_whole();
    Details::all([
        Details(comparable.0 & differs.0)
            .without(Details::HOSTS)
            .without(Details::INTEGRATIONS),
        Details::INTEGRATIONS
            .when(told.integrations.is_whole() && !keeps_integrations(before, told)),
        Details::HOSTS.when(hosts && names_hosts(before, told) && !keeps_hosts(before, told)),
    ])
}

/// The details in which two services differ.
fn differences(one: &Service, other: &Service) -> Details {
    Details::all([
        Details::SERVICE_TYPE.when(one.service_type != other.service_type),
        Details::POWER.when(one.power != other.power),
        Details::CLOUD.when(one.cloud != other.cloud),
        Details::HOSTS.when(one.hosts != other.hosts),
        Details::INTEGRATIONS
            .when(!keeps_integrations(one, other) || !keeps_integrations(other, one)),
        Details::TAGS.when(one.tags != other.tags),
    ])
}

/// Whether two rows of one listing say different things about a service.
pub(super) fn contradict(one: &Service, other: &Service) -> bool {
    let comparable = Details(known(one).0 & known(other).0);
    comparable.has_any(differences(one, other))
}

/// Whether every enabled integration of before is still there, by its endpoint. An
/// integration of which no endpoint is known (taken up from `targets.json`) is kept
/// by any.
fn keeps_integrations(before: &Service, told: &Service) -> bool {
    before.enabled_integrations().all(|kept| {
        let mut enabled = told.enabled_integrations();
        enabled.any(|one| kept.endpoint_id.is_empty() || one.endpoint_id == kept.endpoint_id)
    })
}

/// Whether the row names hosts of the same standing as before. While nodes are
/// rebuilt Aiven lists no host for Prometheus; that says nothing.
fn names_hosts(before: &Service, told: &Service) -> bool {
    !told.hosts.rows().is_empty() && (told.has_listed_hosts() || !before.has_listed_hosts())
}

/// Whether every host of before is still there. A derived one may give way to a
/// host that Aiven names.
fn keeps_hosts(before: &Service, told: &Service) -> bool {
    let (before, told) = (before.hosts.rows(), told.hosts.rows());
    let is_in = |host: &ScrapeHost| {
        let mut told = told.iter();
        told.any(|one| one.name == host.name && one.port == host.port)
    };
    before
        .iter()
        .all(|host| is_in(host) || (host.may_not_exist() && told.len() >= before.len()))
}

/// The service to remember: `told`, but as `before` in the details `except`, and in
/// those that `told` lacks.
pub(super) fn believe(before: &Arc<Service>, told: &Arc<Service>, except: Details) -> Arc<Service> {
    let mut next = Service::clone(told);
    let keep = |detail| except.has_any(detail);
    if keep(Details::SERVICE_TYPE) || !told.service_type.is_known() {
        next.service_type = before.service_type.clone();
    }
    if keep(Details::CLOUD) || !told.cloud.is_known() {
        next.cloud = before.cloud.clone();
    }
    if keep(Details::POWER) || !told.power.is_known() {
        next.power = before.power;
    }
    if keep(Details::TAGS) || !told.tags.is_whole() {
        next.tags = before.tags.clone();
    }
    if !told.plan.is_known() {
        next.plan = before.plan.clone();
    }
    if !told.claim.is_known() {
        next.claim = before.claim.clone();
    }
    next.node_count = told.node_count.or(before.node_count);
    next.integrations = match keep(Details::INTEGRATIONS) {
        true => before.integrations.clone(),
        false => integrations(&before.integrations, &told.integrations),
    };
    next.hosts = match keep(Details::HOSTS) || !replaces_hosts(before, told) {
        true => before.hosts.clone(),
        false => hosts(&before.hosts, &told.hosts),
    };
    keep_through_rebuild(before, &mut next);
    if next == **told {
        Arc::clone(told)
    } else if next == **before {
        Arc::clone(before)
    } else {
        Arc::new(next)
    }
}

/// A part of the hosts is a guess, which is no better than another guess.
fn replaces_hosts(before: &Service, told: &Service) -> bool {
    told.hosts.is_whole() || before.hosts.rows().is_empty() || !before.hosts.is_whole()
}

/// The hosts to remember. A name that Aiven once gave stays one that it gave while a
/// row only allows to derive it: otherwise the next row could do without it.
fn hosts(before: &DetailList<ScrapeHost>, told: &DetailList<ScrapeHost>) -> DetailList<ScrapeHost> {
    let given = |host: &ScrapeHost| {
        let mut before = before.rows().iter();
        let same = before.find(|one| one.name == host.name && one.port == host.port);
        same.filter(|_| host.may_not_exist())
            .unwrap_or(host)
            .clone()
    };
    let rows: Vec<_> = told.rows().iter().map(given).collect();
    match told.is_whole() {
        true => DetailList::whole(rows),
        false => DetailList::part(rows),
    }
}

/// Keeps a service that served metrics served, with its host names, while Aiven
/// leaves them out during a rebuild.
fn keep_through_rebuild(before: &Service, next: &mut Service) {
    let should_serve = !next.is_off() && next.is_integrated();
    if !should_serve || !before.serves_metrics() || next.has_listed_hosts() {
        return;
    }
    next.served_before = true;
    if before.has_listed_hosts() || next.hosts.rows().is_empty() {
        next.hosts = before.hosts.clone();
    }
}

/// The integrations to remember. What a part lacks is as before.
fn integrations(
    before: &DetailList<ServiceIntegration>,
    told: &DetailList<ServiceIntegration>,
) -> DetailList<ServiceIntegration> {
    if told.is_whole() {
        return told.clone();
    }
    let mut rows = before.rows().to_vec();
    let mut is_news = false;
    for row in told.rows() {
        match rows.iter_mut().find(|known| known.id == row.id) {
            Some(known) if before.is_whole() => known.active |= row.active,
            Some(known) => {
                let endpoint_id = Arc::clone(&known.endpoint_id);
                *known = row.clone();
                if row.endpoint_id.is_empty() {
                    known.endpoint_id = endpoint_id;
                }
            }
            None => {
                rows.push(row.clone());
                is_news = true;
            }
        }
    }
    match before.is_whole() && !is_news {
        true => DetailList::whole(rows),
        false => DetailList::part(rows),
    }
}
