//! The services that somebody asks for, as many as there is room for.

use std::collections::BTreeSet;

use super::{Query, Room, service_link};
use crate::model::outside_text::cut;
use crate::model::plan::PlannedService;
use crate::model::scrape::{Scrapes, Target};
use crate::model::situation::{Judged, Situation};
use crate::model::verdict::Verdict;

/// The most services that are listed at once.
const MAX_ROWS: usize = 50;

/// The most characters of one cell.
const MAX_CELL: usize = 80;

/// The most choices of one field of the form.
const MAX_CHOICES: usize = 60;

/// A part of the services that match.
#[derive(Debug)]
pub struct ServiceList {
    /// The rows.
    pub rows: Vec<ServiceRow>,
    /// How many services match.
    pub matching: usize,
    /// How many come before these.
    pub from: usize,
    /// Where those before these are, if there are any.
    pub earlier: Option<String>,
    /// Where those after these are, if there are any.
    pub later: Option<String>,
}

/// One service.
#[derive(Debug)]
pub struct ServiceRow {
    /// Its project.
    pub project: String,
    /// Its name.
    pub name: String,
    /// Its own page.
    pub link: String,
    /// Its type.
    pub service_type: String,
    /// Its plan.
    pub plan: String,
    /// Why it is, or is not, scraped.
    pub verdict: Verdict,
    /// How many of its targets are scraped well.
    pub scraped: usize,
    /// How many targets are published.
    pub targets: usize,
    /// Why it has this verdict, if that needs saying.
    pub cause: String,
    /// Its service instance, space and organization, where known.
    pub owner: String,
}

/// What can be chosen in the form.
#[derive(Debug)]
pub struct Choices {
    /// Verdicts that some service has, with their number.
    pub verdicts: Vec<(Verdict, usize)>,
    /// Service types.
    pub types: Vec<String>,
    /// Projects.
    pub projects: Vec<String>,
    /// Plans.
    pub plans: Vec<String>,
    /// Whether it is known whose services are.
    pub owners: bool,
}

/// The services that match.
pub fn service_list(situation: Situation<'_>, query: &Query) -> ServiceList {
    let services = situation.services.iter();
    let matching =
        services.filter(|one| query.matches(&one.project.name, one.planned, one.verdict));
    let matching: Vec<_> = matching.collect();
    let from = query.from.min(matching.len().saturating_sub(1));
    let mut room = Room::SERVICES;
    let rows = matching.iter().skip(from).take(MAX_ROWS);
    let rows = rows.map(|one| row(situation.scrapes, one));
    let rows: Vec<_> = rows.take_while(|row| room.fits(row.texts())).collect();
    let after = from + rows.len();
    ServiceList {
        earlier: (from > 0).then(|| query.link(from.saturating_sub(MAX_ROWS))),
        later: (after < matching.len()).then(|| query.link(after)),
        matching: matching.len(),
        rows,
        from,
    }
}

impl ServiceRow {
    fn texts(&self) -> [&str; 7] {
        [
            &self.project,
            &self.name,
            &self.link,
            &self.service_type,
            &self.plan,
            &self.cause,
            &self.owner,
        ]
    }
}

fn row(scrapes: &Scrapes, one: &Judged<'_>) -> ServiceRow {
    let service = &one.planned.service;
    let cause = one.failure.map(|failure| &*failure.cause);
    let cause = cause.or(one.planned.cause.as_deref()).unwrap_or_default();
    let short = |text: &str| cut(text, MAX_CELL).into_owned();
    ServiceRow {
        project: short(&one.project.name),
        name: short(&service.name),
        link: service_link(&one.project.name, &service.name),
        service_type: short(service.service_type.text()),
        plan: short(service.plan.text()),
        verdict: one.verdict,
        scraped: scraped(scrapes, one),
        targets: one.planned.targets().count(),
        cause: cut(cause, 2 * MAX_CELL).into_owned(),
        owner: short(&owner(one.planned)),
    }
}

fn scraped(scrapes: &Scrapes, one: &Judged<'_>) -> usize {
    let targets = one.planned.targets().filter(|address| {
        let target = Target {
            project: one.project.name.clone(),
            service: one.planned.service.name.clone(),
            address: *address,
        };
        let known = scrapes.targets.get(&target);
        known.is_some_and(|known| known.failure.is_none())
    });
    targets.count()
}

/// Names before GUIDs: instance, space, organization.
fn owner(planned: &PlannedService) -> String {
    let Some(ownership) = &planned.ownership else {
        return String::new();
    };
    let labels: Vec<_> = ownership.identity.labels().collect();
    let value = |label: &str| {
        let mut labels = labels.iter();
        labels
            .find(|(name, _)| *name == label)
            .map(|(_, value)| &**value)
    };
    let parts = ["service_instance", "space", "organization"]
        .map(|thing| value(&format!("{thing}_name")).or_else(|| value(&format!("{thing}_guid"))));
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}

/// What can be chosen.
pub fn choices(situation: Situation<'_>) -> Choices {
    let (mut types, mut plans) = (BTreeSet::new(), BTreeSet::new());
    let mut verdicts = Verdict::ALL.map(|verdict| (verdict, 0));
    let mut owners = false;
    for one in situation.services {
        types.insert(one.planned.service.service_type.text());
        plans.insert(one.planned.service.plan.text());
        owners |= one.planned.ownership.is_some();
        let mut counts = verdicts.iter_mut();
        if let Some((_, count)) = counts.find(|(verdict, _)| *verdict == one.verdict) {
            *count += 1;
        }
    }
    let projects = situation.snapshot.projects.iter();
    let mut room = Room::CHOICES;
    let mut some = |all: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        let all = all.filter(|text| !text.is_empty() && text.chars().count() <= MAX_CELL);
        let all = all.take(MAX_CHOICES);
        all.take_while(|text| room.fits([*text, *text]))
            .map(str::to_owned)
            .collect()
    };
    Choices {
        types: some(&mut types.into_iter()),
        projects: some(&mut projects.map(|project| &*project.name)),
        plans: some(&mut plans.into_iter()),
        verdicts: verdicts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect(),
        owners,
    }
}
