//! A configuration that is wrong is said to be, all at once, and starts nothing.

use std::fs;

use aiven_sim::ServiceSpec;
use serde_json::json;
use testkit::{Config, PROJECT, aiven, files_below};

use crate::binary::{command, run};

/// A configuration with four mistakes, and what must be said about each.
async fn with_mistakes() -> (aiven_sim::Simulator, Config, [&'static str; 4]) {
    let sim = aiven().await;
    let config = Config::quick(&sim)
        .with("aiven.poll_interval", "soon")
        .with("aiven.projects", json!(["Not A Project"]))
        .with("integration.password", "short")
        .with("services.typos", json!([]));
    let keys = [
        "aiven.poll_interval",
        "aiven.projects[0]",
        "integration.password",
        "services.typos",
    ];
    (sim, config, keys)
}

#[tokio::test]
async fn check_config_names_every_mistake_by_its_key() {
    let (sim, config, keys) = with_mistakes().await;
    let ended = command(&config, "check-config", &[]).await;
    assert_eq!(ended.code, Some(1));
    for key in keys {
        assert!(
            ended.stderr.contains(key),
            "{key} is not named:\n{}",
            ended.stderr
        );
    }
    assert!(
        ended.stderr.contains("\"soon\""),
        "what was found is shown:\n{}",
        ended.stderr
    );
    assert_eq!(ended.stdout, "");
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn run_with_mistakes_names_them_and_starts_nothing() {
    let (sim, config, keys) = with_mistakes().await;
    let ended = command(&config, "run", &[]).await;
    assert_eq!(ended.code, Some(1));
    for key in keys {
        assert!(
            ended.output().contains(key),
            "{key} is not named:\n{}",
            ended.output()
        );
    }
    assert!(!ended.output().contains("listening"));
    assert_eq!(
        files_below(&config.state_dir()),
        Vec::<std::path::PathBuf>::new()
    );
    assert!(!config.state_dir().exists());
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn plan_with_mistakes_contacts_nobody() {
    let (sim, config, keys) = with_mistakes().await;
    let ended = command(&config, "plan", &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        keys.iter().all(|key| ended.stderr.contains(key)),
        "{}",
        ended.stderr
    );
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn a_good_configuration_is_fine_and_contacts_nobody() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim);
    let ended = command(&config, "check-config", &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.output());
    assert!(ended.stdout.contains("fine"), "{}", ended.stdout);
    assert_eq!(sim.requests().len() + sim.dns_queries_total(), 0);
    assert!(!config.state_dir().exists());
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let sim = aiven().await;
    let config = Config::quick(&sim);
    let contents: [(&str, &[u8]); 5] = [
        ("empty.json", b""),
        ("cut.json", b"{\"aiven\": {"),
        ("list.json", b"[]"),
        ("latin1.json", b"{\"aiven\": \"\xe9\"}"),
        (
            "wrong-types.json",
            b"{\"aiven\": 3, \"dns\": \"x\", \"state_dir\": []}",
        ),
    ];
    let mut paths = vec![config.path("missing.json"), config.path("")];
    for (name, content) in contents {
        fs::write(config.path(name), content).unwrap();
        paths.push(config.path(name));
    }
    for path in paths {
        for command in ["check-config", "run", "plan"] {
            let ended = run(&[command, "--config", path.to_str().unwrap()]).await;
            assert_eq!(ended.code, Some(1), "{command} {path:?}");
            assert!(ended.stderr.len() > 20, "{command} {path:?} says why");
        }
    }
}

#[tokio::test]
async fn the_token_and_the_password_are_not_echoed_by_a_mistake() {
    let sim = aiven().await;
    let config = Config::quick(&sim)
        .with("aiven.api_token", "SECRET token with blanks")
        .with("integration.password", "SECRET")
        .with("integration.username", "SECRET and more");
    let ended = command(&config, "check-config", &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(!ended.output().contains("SECRET"), "{}", ended.output());
}

#[tokio::test]
async fn wrong_usage_exits_with_2() {
    let wrong: [&[&str]; 6] = [
        &[],
        &["no-such-command"],
        &["run"],
        &["check-config", "--config"],
        &["status", "--address", "no-address"],
        &["targets", "--no-such-flag"],
    ];
    for arguments in wrong {
        let ended = run(arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.output());
        assert!(
            ended.stderr.contains("--help"),
            "{arguments:?}: {}",
            ended.output()
        );
        assert_eq!(ended.stdout, "");
    }
}

#[tokio::test]
async fn help_and_version_exit_with_0() {
    for arguments in [["--help"], ["--version"]] {
        let ended = run(&arguments).await;
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.contains("aiven-metrics"), "{}", ended.stdout);
    }
}
