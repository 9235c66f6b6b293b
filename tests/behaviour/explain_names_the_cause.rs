//! Whatever keeps a service from being scraped, `explain` names the one true
//! cause, and `status` puts it first.

use aiven_sim::{ServiceSpec, Simulator};
use serde_json::Value;
use testkit::{Config, Daemon, Finished, PROJECT, aiven, aiven_from, seen};

use crate::binary::{ask, problems, start};
use crate::scraper::{Scraper, publishing};

mod aiven;
mod nodes;

/// `explain NAME` fails at this step, and its line `CAUSE` has all these words.
fn names(told: &Finished, step: &str, words: &[&str]) -> bool {
    let failed: Vec<_> = told
        .stdout
        .lines()
        .filter(|line| line.contains("FAILED"))
        .collect();
    let [failed] = failed[..] else {
        return false;
    };
    let mut causes = told.stdout.lines().filter(|line| line.starts_with("CAUSE"));
    let (Some(cause), None) = (causes.next(), causes.next()) else {
        return false;
    };
    let has_remedy = told.stdout.lines().any(|line| line.starts_with("DO "));
    let says_all = words.iter().all(|word| cause.contains(word));
    told.code == Some(1) && has_remedy && says_all && failed.contains(step)
}

/// Waits until `explain NAME` says so.
async fn is_explained(daemon: &Daemon, name: &str, step: &str, words: &[&str]) {
    let mut last = String::new();
    let found = seen(async || {
        let told = ask(daemon, "explain", &[name]).await;
        last = told.output();
        names(&told, step, words).then_some(())
    });
    let found = found.await;
    assert!(
        found.is_some(),
        "{words:?} at {step} is not explained:\n{}\n{}",
        last,
        daemon.printed()
    );
}

/// This problem is the first one of `status`.
async fn is_a_problem(daemon: &Daemon, words: &[&str]) {
    let told = ask(daemon, "status", &[]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let first = problems(&told)[0];
    let says_all = words.iter().all(|word| first.contains(word));
    assert!(says_all, "{words:?}: {}", told.stdout);
}

/// One integrated service `logs`, published and not scraped yet.
async fn one_service() -> (Simulator, Config, Daemon, Scraper) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    (sim, config, daemon, scraper)
}

/// The same, scraped well.
async fn one_scraped_service() -> (Simulator, Config, Daemon, Scraper) {
    let (sim, config, daemon, scraper) = one_service().await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    daemon.verdict("logs", "scraped").await;
    (sim, config, daemon, scraper)
}

#[tokio::test]
async fn a_service_that_is_scraped_well_is_no_trouble() {
    let (_sim, _config, daemon, _scraper) = one_scraped_service().await;
    for name in ["logs", "shop/logs"] {
        let told = ask(&daemon, "explain", &[name]).await;
        assert_eq!(told.code, Some(0), "{}", told.output());
        assert!(
            told.stdout.starts_with("shop/logs: scraped"),
            "{}",
            told.stdout
        );
        for nothing in ["CAUSE", "FAILED", "DO "] {
            assert!(!told.stdout.contains(nothing), "{}", told.stdout);
        }
        for step in [
            "listed",
            "selected",
            "eligible",
            "integrated",
            "resolved",
            "published",
            "scraped",
        ] {
            assert!(told.stdout.contains(step), "{step}: {}", told.stdout);
        }
    }
    let told = ask(&daemon, "status", &[]).await;
    assert_eq!(told.code, Some(0), "{}", told.output());
    assert!(!told.stdout.contains("PROBLEM"), "{}", told.stdout);
}

#[tokio::test]
async fn json_has_the_same_and_a_typo_is_answered_with_near_names() {
    let sim = aiven_from(Simulator::builder().project(PROJECT).project("bank")).await;
    for (project, name) in [
        (PROJECT, "orders-pg"),
        (PROJECT, "queue"),
        ("bank", "queue"),
    ] {
        sim.add_service(project, ServiceSpec::new(name, "pg"));
    }
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    for (project, name) in [
        (PROJECT, "orders-pg"),
        (PROJECT, "queue"),
        ("bank", "queue"),
    ] {
        let known = format!("{project}/{name} is known");
        daemon
            .until(&known, async || {
                let told = ask(
                    &daemon,
                    "explain",
                    &[&format!("{project}/{name}"), "--json"],
                )
                .await;
                let told: Value = serde_json::from_str(&told.stdout).ok()?;
                (told[0]["project"] == project).then_some(())
            })
            .await;
    }
    let told = ask(&daemon, "explain", &["order-pg"]).await;
    assert_eq!(told.code, Some(1));
    assert!(
        told.stderr.contains("did you mean shop/orders-pg?"),
        "{}",
        told.output()
    );
    let told = ask(&daemon, "explain", &["something-else-entirely"]).await;
    assert!(!told.output().contains("did you mean"), "{}", told.output());

    // A name of two projects is explained for both, and --json has all there is.
    let told = ask(&daemon, "explain", &["queue", "--json"]).await;
    assert_eq!(told.code, Some(1));
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let projects: Vec<_> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["project"])
        .collect();
    assert_eq!(projects, ["bank", "shop"]);
    let steps = told[0]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["name"], "listed");
    assert_eq!(steps.last().unwrap()["ok"], false);
    assert!(told[0]["trouble"]["cause"].is_string(), "{told}");
    assert!(told[0]["trouble"]["remedy"].is_string(), "{told}");
}
