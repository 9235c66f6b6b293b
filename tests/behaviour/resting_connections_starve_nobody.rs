//! More nodes than descriptors: connections that rest between two scrapes go before
//! a scrape, a lookup or a file has to do without.

use std::fs;

use aiven_sim::ServiceSpec;
use testkit::{Config, Daemon, PROJECT, Program, aiven, integrate_all};

use crate::binary;
use crate::scraper::Scraper;

/// Descriptors that the daemon has at most.
const LIMIT: usize = 96;

/// Services, of three nodes each: more nodes than descriptors.
const SERVICES: usize = 35;

#[tokio::test]
async fn every_node_is_scraped_again_and_again_with_fewer_descriptors_than_nodes() {
    let sim = aiven().await;
    let names: Vec<_> = (0..SERVICES).map(|number| format!("os-{number}")).collect();
    for name in &names {
        sim.add_service(
            PROJECT,
            ServiceSpec::new(name.as_str(), "opensearch").nodes(3),
        );
    }
    integrate_all(&sim);
    let config = Config::quick(&sim).with_proxy();
    let limited = format!("ulimit -n {LIMIT}; exec \"$@\"");
    let program = Program::new("bash").args(["-c", &limited, "bash", binary::PATH]);
    let program = program
        .args(["run", "--config"])
        .arg(config.write().unwrap());
    let daemon = Daemon::of(program, &config).await.unwrap();
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let scraper = Scraper::of(&daemon).await;
    let services: Vec<_> = names.iter().map(String::as_str).collect();
    scraper.get_all(&daemon, &sim, &services).await;
    for _ in 0..2 {
        for name in &names {
            for address in sim.addresses(PROJECT, name) {
                let page = scraper.get(name, address).await;
                assert_eq!(page.status, 200, "{}", page.text());
            }
        }
    }
    // A move is followed and written: lookups and files had their part, too.
    sim.fail_over(PROJECT, "os-0");
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert!(daemon.log.count("accepting connections fails") <= 1);
}

#[tokio::test]
async fn the_soft_limit_on_descriptors_is_raised_to_the_hard_one() {
    let sim = aiven().await;
    let config = Config::quick(&sim);
    let limited = "ulimit -S -n 64; ulimit -H -n 512; exec \"$@\"";
    let program = Program::new("bash").args(["-c", limited, "bash", binary::PATH]);
    let program = program
        .args(["run", "--config"])
        .arg(config.write().unwrap());
    let daemon = Daemon::of(program, &config).await.unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.id())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let numbers: Vec<_> = line.unwrap().split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers, ["512", "512"]);
}
