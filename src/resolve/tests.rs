//! What keeps names resolved notices what changes around it.

use std::fs;
use std::net::IpAddr;

use super::system::SystemFiles;
use super::*;
use crate::model::address::{AddressRules, Families};
use crate::model::resolution::Answer;

/// Waits for a report in which the name has this address.
async fn moves_to(address: &str, rounds: &mut mpsc::Receiver<ResolveRound>) {
    let address: IpAddr = address.parse().unwrap();
    let is_found = |answer: &Answer| match answer {
        Answer::Addresses(found) => found.iter().any(|one| one.ip() == address),
        _ => false,
    };
    let found = async {
        loop {
            let round = rounds.recv().await.unwrap();
            if round.lookups.iter().any(|(_, one)| is_found(&one.v4)) {
                return;
            }
        }
    };
    let patience = Duration::from_secs(60);
    let found = tokio::time::timeout(patience, found).await;
    assert!(found.is_ok(), "{address} is not noticed");
}

#[tokio::test]
async fn a_change_of_the_systems_files_is_noticed_in_the_next_round() {
    let folder = tempfile::tempdir().unwrap();
    let files = SystemFiles {
        resolv_conf: folder.path().join("resolv.conf"),
        hosts: folder.path().join("hosts"),
    };
    let hosts = files.hosts.clone();
    fs::write(&hosts, "10.0.0.7 node.example").unwrap();
    let rules = AddressRules {
        families: Families::Both,
        loopback: false,
    };
    let deadline = Duration::from_secs(10);
    let resolver = NameResolver::with_files(&[], deadline, rules, files);
    let names = NeededHosts::new(["node.example".into()].into());
    let (_wishes, needed) = watch::channel(names);
    let (reports, mut rounds) = mpsc::channel(16);
    let interval = Duration::from_millis(10);
    let keeping = keep_resolved(resolver, needed, interval, reports, Metrics::default());
    let keeping = tokio::spawn(keeping);
    moves_to("10.0.0.7", &mut rounds).await;
    fs::write(&hosts, "10.0.0.77 node.example").unwrap();
    moves_to("10.0.0.77", &mut rounds).await;
    keeping.abort();
}
