//! Valkey, Redis and Dragonfly.

use std::collections::BTreeMap;

use crate::conditions::Valkey;
use crate::truth::{About, DAY, max};

/// The dearest commands are asked for.
const DEAREST: usize = 5;

pub(super) fn tell(about: &mut About<'_, '_>) {
    let moment = about.moment;
    let nodes = about.databases();
    let all: Vec<_> = nodes
        .iter()
        .map(|node| (*node, Valkey::of(&moment, node)))
        .collect();
    if all.is_empty() {
        return;
    }
    for (node, own) in &all {
        let used = about.now(own.used);
        for (id, value) in [
            ("valkey_memory_used", 100.0 * used / own.limit),
            ("valkey_rejected", 0.0),
            (
                "valkey_clients_used",
                100.0 * about.now(own.clients) / own.max_clients,
            ),
            ("valkey_blocked", about.now(own.blocked)),
            ("valkey_commands", about.now(own.commands)),
            ("valkey_fragmentation", own.fragmentation),
        ] {
            about.node(id, node, value);
        }
        let growth = about.growth(node, |moment, node| {
            Some(Valkey::of(moment, node).used.at(moment.at))
        });
        if let Some(growth) = growth {
            let then = used + 7.0 * DAY * growth;
            about.node("valkey_memory_in_7d", node, 100.0 * then / own.limit);
        }
    }
    tell_service(about, &all.iter().map(|(_, own)| own).collect::<Vec<_>>());
}

fn tell_service(about: &mut About<'_, '_>, all: &[&Valkey]) {
    let primaries = all.iter().filter(|own| own.leads);
    let evicted = primaries.map(|own| about.now(own.evicted)).sum();
    about.service("valkey_evictions", evicted);
    if let Some(replicas) = max(all.iter().map(|own| own.connected_replicas())) {
        about.service("valkey_replicas", replicas);
    }
    for address in all.iter().flat_map(|own| &own.replicas) {
        about.with(
            "valkey_replication_lag",
            [("replica_ip", address.clone())],
            0.0,
        );
    }
    let hits: f64 = all.iter().map(|own| about.now(own.hits)).sum();
    let misses: f64 = all.iter().map(|own| about.now(own.misses)).sum();
    about.service("valkey_hits", 100.0 * hits / (hits + misses));
    if let Some(keys) = max(all.iter().map(|own| about.now(own.keys))) {
        about.with("valkey_keys", [("database", "db0".to_owned())], keys);
    }
    let mut commands: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (command, calls, time) in all.iter().flat_map(|own| own.by_command.iter().copied()) {
        let (all_calls, all_time) = commands.entry(command).or_default();
        *all_calls += about.now(calls);
        *all_time += about.now(calls) * time;
    }
    let times = commands.into_iter();
    let mut times: Vec<_> = times
        .map(|(name, (calls, time))| (name, time / calls))
        .collect();
    times.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (command, time) in times.into_iter().take(DEAREST) {
        about.with("valkey_call_time", [("command", command.to_owned())], time);
    }
}
