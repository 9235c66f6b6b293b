//! What has changed since the last look, in plain sentences.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use aiven_sim::Simulator;

use crate::agreement::key_of;
use crate::daemon::Status;
use crate::expected::Key;
use crate::narrator::{Narrator, count, short};
use crate::prometheus::{Addresses, Target, instance};

/// Up to this many addresses are named; of more, only the number is told.
const MAX_NAMED: usize = 3;

/// Verdicts that other changes tell of, or soon will.
const SILENT: [&str; 3] = ["published", "scraped", "unresolved"];

/// What was there at the last look.
#[derive(Debug, Default)]
pub struct Changes {
    integrated: BTreeSet<Key>,
    types: BTreeMap<Key, String>,
    verdicts: BTreeMap<Key, String>,
    published: BTreeMap<Key, Addresses>,
    up: BTreeMap<Key, Addresses>,
    failing: BTreeMap<SocketAddr, (Key, String)>,
}

impl Changes {
    /// Tells what is new at Aiven, in the daemon and in Prometheus.
    pub fn tell(
        &mut self,
        sim: &Simulator,
        status: &Status,
        targets: &[Target],
        narrator: &Narrator,
    ) {
        self.tell_integrations(sim, narrator);
        self.tell_status(status, narrator);
        self.tell_scrapes(targets, narrator);
    }

    fn tell_integrations(&mut self, sim: &Simulator, narrator: &Narrator) {
        for project in sim.projects() {
            for integration in sim.integrations(&project) {
                let key = (project.clone(), integration.source_service);
                self.types
                    .insert(key.clone(), integration.source_service_type);
                if self.integrated.insert(key.clone()) {
                    let who = self.describe(&key);
                    narrator.happened(
                        "Aiven",
                        &format!("has a new integration: {who} ({project})"),
                    );
                }
            }
        }
    }

    fn tell_status(&mut self, status: &Status, narrator: &Narrator) {
        for service in &status.services {
            let key = (service.project.clone(), service.service.clone());
            self.types.insert(key.clone(), service.service_type.clone());
            let targets = service
                .hosts
                .iter()
                .flat_map(|host| host.targets.iter().copied());
            let now: Addresses = targets.collect();
            let before = self
                .published
                .insert(key.clone(), now.clone())
                .unwrap_or_default();
            if let Some(change) = change(&before, &now, "publishes", "withdraws") {
                narrator.happened("daemon", &format!("{change} of {}", self.describe(&key)));
            }
            let verdict = self.verdicts.insert(key.clone(), service.verdict.clone());
            let told = !SILENT.contains(&service.verdict.as_str());
            if told && verdict.as_ref() != Some(&service.verdict) {
                let verdict = service.verdict.replace('_', " ");
                narrator.happened(
                    "daemon",
                    &format!("says {} is {verdict}", self.describe(&key)),
                );
            }
        }
    }

    fn tell_scrapes(&mut self, targets: &[Target], narrator: &Narrator) {
        let mut up: BTreeMap<Key, Addresses> = BTreeMap::new();
        let mut failing = BTreeMap::new();
        for target in targets {
            let Some(at) = instance(&target.labels) else {
                continue;
            };
            let key = key_of(&target.labels);
            match target.health.as_str() {
                "up" => drop(up.entry(key).or_default().insert(at)),
                "down" => drop(failing.insert(at, (key, target.last_error.clone()))),
                _ => {}
            }
        }
        for (at, (key, error)) in &failing {
            if self
                .failing
                .get(at)
                .is_none_or(|(_, before)| before != error)
            {
                let who = self.describe(key);
                let cause = cause(error);
                narrator.happened(
                    "Prometheus",
                    &format!("cannot scrape {at} of {who}: {cause}"),
                );
            }
        }
        let nothing = Addresses::new();
        for key in self.up.keys().chain(up.keys()).collect::<BTreeSet<_>>() {
            let before = self.up.get(key).unwrap_or(&nothing);
            let now = up.get(key).unwrap_or(&nothing);
            if let Some(change) = change(before, now, "scrapes", "no longer scrapes") {
                narrator.happened("Prometheus", &format!("{change} of {}", self.describe(key)));
            }
        }
        self.up = up;
        self.failing = failing;
    }

    /// Type and name.
    fn describe(&self, key: &Key) -> String {
        let service_type = self.types.get(key).map_or("service", String::as_str);
        format!("{service_type} {}", short(&key.1))
    }
}

/// `publishes 2 nodes (…), withdraws 1 node (…)`.
fn change(before: &Addresses, now: &Addresses, comes: &str, goes: &str) -> Option<String> {
    let parts = [(comes, now - before), (goes, before - now)];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(_, addresses)| !addresses.is_empty())
        .map(|(verb, addresses)| format!("{verb} {}", nodes(&addresses)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Without the URL that Go puts first.
fn cause(error: &str) -> &str {
    if error.contains("403 Forbidden") {
        return "the scrape proxy relays only to published targets";
    }
    error.split_once("\": ").map_or(error, |(_, cause)| cause)
}

fn nodes(addresses: &Addresses) -> String {
    let number = count(addresses.len(), "node");
    if addresses.len() > MAX_NAMED {
        return number;
    }
    let named: Vec<_> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    format!("{number} ({})", named.join(", "))
}
