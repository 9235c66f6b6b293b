//! Killed at any moment and started again: the list is always whole, and never
//! emptied by a restart.

use std::time::Duration;

use aiven_sim::{ApiFault, Fault, Operation, ServiceSpec, Simulator};
use testkit::{Config, PROJECT, aiven, integrate_all};

use crate::binary::{ask, problems, start};

/// Times to be killed.
const KILLS: usize = 25;

/// Services that stay from the first list to the last, on the same addresses.
const STEADY: usize = 5;

#[tokio::test]
async fn killed_at_any_moment_the_list_is_whole_and_keeps_what_stands() {
    let sim = aiven().await;
    for number in 0..STEADY {
        sim.add_service(
            PROJECT,
            ServiceSpec::new(format!("steady-{number}"), "opensearch"),
        );
    }
    integrate_all(&sim);
    let config = Config::quick(&sim)
        .with("aiven.poll_interval", "100ms")
        .with("dns.poll_interval", "100ms")
        .with("targets.removal_grace", "0s");
    let steady = sim.serving_addresses(PROJECT);
    let mut daemon = start(&config).await;
    daemon.publishes(steady.clone()).await;
    for round in 0..KILLS {
        churn(&sim, round);
        // A different moment each time: so many requests or lookups later.
        let (asked, looked_up) = (sim.requests().len(), sim.dns_queries_total());
        sim.wait_until("it works", |sim| {
            sim.requests().len() >= asked + round % 5
                && sim.dns_queries_total() >= looked_up + (round * 3) % 7
        })
        .await;
        daemon.kill();
        let targets = config.targets();
        for address in &steady {
            assert!(
                targets.contains(&address.to_string()),
                "{address} lost in round {round}"
            );
        }
        daemon = start(&config).await;
        let restarted = config.targets();
        for address in &steady {
            assert!(
                restarted.contains(&address.to_string()),
                "{address} lost by the restart"
            );
        }
    }
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.log.count("not usable"), 0);
}

/// One service comes, goes, moves or changes with every round.
fn churn(sim: &Simulator, round: usize) {
    let name = format!("churn-{}", round / 3);
    match round % 3 {
        0 => {
            sim.add_service(PROJECT, ServiceSpec::new(name, "kafka").nodes(3));
            integrate_all(sim);
        }
        1 => sim.fail_over(PROJECT, &name),
        _ => sim.delete_service(PROJECT, &name),
    }
}

#[tokio::test]
async fn what_was_published_before_a_kill_is_published_after_it_without_the_api() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    for round in 0..8 {
        sim.clear_faults();
        let daemon = start(&config).await;
        sim.add_service(
            PROJECT,
            ServiceSpec::new(format!("new-{round}"), "opensearch"),
        );
        integrate_all(&sim);
        let wanted = round + 2;
        daemon
            .until("the new one is in the file", async || {
                (daemon.targets().len() == wanted).then_some(())
            })
            .await;
        // The file has it, whatever else the daemon was about to do.
        daemon.kill();
        let list = config.targets_text();
        sim.inject(Fault::any(), ApiFault::status(500));
        let daemon = start(&config).await;
        daemon.publishes(sim.serving_addresses(PROJECT)).await;
        assert_eq!(config.targets_text(), list);
    }
}

/// The restarted daemon serves the saved list while the API meets `fault`.
async fn restart_without_api(fault: ApiFault) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    sim.add_service(PROJECT, ServiceSpec::new("db", "pg").nodes(2));
    integrate_all(&sim);
    let config = Config::quick(&sim).request_timeout(Duration::from_secs(4));
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let served = daemon.get("/sd").await.body;
    daemon.kill();
    let list = config.targets_text();

    sim.inject(Fault::any(), fault);
    sim.dns_fault("*", aiven_sim::DnsFault::Timeout);
    sim.forget_requests();
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(config.targets_text(), list);
    assert_eq!(daemon.get("/sd").await.body, served);
    let ready = daemon.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(ready.body.contains("shop as saved at"), "{}", ready.body);
    let project = daemon.project_when(PROJECT, |_| true).await;
    assert_eq!(project["origin"]["from"], "saved");
    let said = daemon
        .until("status says that listing fails", async || {
            let said = ask(&daemon, "status", &[]).await;
            let fails = |one: &&str| one.contains("shop: listing services (list)");
            problems(&said).iter().any(fails).then_some(said)
        })
        .await;
    assert_eq!(said.code, Some(1));
    assert!(said.stdout.contains("as saved"), "{}", said.stdout);
    let answered = |sim: &Simulator| {
        sim.requests()
            .iter()
            .any(|request| request.status == Some(200))
    };
    assert!(!answered(&sim), "no answer of the API was needed");

    // It goes on like this through many failing cycles, and recovers.
    sim.wait_until("it asks again and again", |sim| {
        sim.count(Operation::ListServices) >= 4
    })
    .await;
    assert_eq!(config.targets_text(), list);
    sim.clear_faults();
    daemon
        .project_when(PROJECT, |project| project["origin"]["from"] == "api")
        .await;
    assert_eq!(config.targets_text(), list);
    assert_eq!(daemon.get("/readyz").await.body, "ready\n");
}

#[tokio::test]
async fn a_restart_while_the_api_hangs_publishes_the_saved_list() {
    restart_without_api(ApiFault::Hang).await;
}

#[tokio::test]
async fn a_restart_while_the_api_fails_publishes_the_saved_list() {
    restart_without_api(ApiFault::status(500)).await;
}

#[tokio::test]
async fn a_restart_while_the_api_refuses_the_token_publishes_the_saved_list() {
    restart_without_api(ApiFault::status(401)).await;
}

#[tokio::test]
async fn a_restart_with_nothing_at_the_apis_address_publishes_the_saved_list() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let addresses = sim.serving_addresses(PROJECT);
    daemon.publishes(addresses.clone()).await;
    daemon.stop().await.unwrap();
    let list = config.targets_text();
    sim.stop().await;
    let daemon = start(&config).await;
    daemon.publishes(addresses).await;
    daemon.log.line("targets stay as they are").await;
    assert_eq!(config.targets_text(), list);
}

#[tokio::test]
async fn services_that_changed_while_the_daemon_was_down_are_followed_at_once() {
    let sim = aiven().await;
    for name in ["moved", "off", "stays"] {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch"));
    }
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    daemon.kill();
    sim.fail_over(PROJECT, "moved");
    sim.power_off(PROJECT, "off");
    let daemon = start(&config).await;
    let both = ["moved", "stays"].map(|name| sim.addresses(PROJECT, name));
    daemon.publishes(both.concat()).await;
}
