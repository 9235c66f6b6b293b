//! `plan` says where a daemon that runs differs, and how far it has come.

use serde_json::{Value, json};
use testkit::{Config, PROJECT, Program};

use crate::binary::{PATH, command, logs_published};

#[tokio::test]
async fn a_plan_is_compared_with_the_daemon_that_answers() {
    let (sim, config, daemon) = logs_published().await;
    let alone = command(&config, "plan", &[]).await;
    assert_eq!(alone.code, Some(0), "{}", alone.output());
    assert!(
        alone.stdout.contains("not compared with a running daemon"),
        "{}",
        alone.output()
    );

    let address = daemon.address.to_string();
    let same = command(&config, "plan", &["--address", &address]).await;
    assert_eq!(same.code, Some(0), "{}", same.output());
    let says_the_same = format!("the daemon at {address} says the same");
    assert!(same.stdout.contains(&says_the_same), "{}", same.output());

    let other = Config::quick(&sim)
        .web_at(daemon.address)
        .with("services.exclude", json!(["logs"]));
    let differs = command(&other, "plan", &[]).await;
    assert_eq!(differs.code, Some(0), "{}", differs.output());
    let is_told = |line: &str| {
        let words = ["shop/logs", "not_selected", "published"];
        words.iter().all(|word| line.contains(word))
    };
    assert!(differs.stdout.lines().any(is_told), "{}", differs.output());
    let report = command(&other, "plan", &["--json"]).await;
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let difference = &report["running"]["differences"][0];
    assert_eq!(difference["service"], "logs", "{report}");
    assert_eq!(difference["planned"], "not_selected");
    assert_eq!(difference["running"], "published");
    assert_eq!(
        difference["only_running"][0],
        sim.serving_addresses(PROJECT)[0].to_string()
    );
}

#[tokio::test]
async fn a_daemon_of_other_projects_is_not_compared() {
    let (sim, _config, daemon) = logs_published().await;
    sim.add_project("bank");
    let other = Config::quick(&sim)
        .web_at(daemon.address)
        .with("aiven.projects", json!(["bank"]));
    let told = command(&other, "plan", &[]).await;
    let says = "it has none of this configuration's projects, but shop;";
    assert!(told.stdout.contains(says), "{}", told.output());
    assert!(!told.stdout.contains("shop/logs"), "{}", told.output());
}

#[tokio::test]
async fn progress_is_a_bar_on_a_terminal_and_lines_in_a_pipe() {
    let (_sim, config, _daemon) = logs_published().await;
    let piped = command(&config, "plan", &["--json"]).await;
    assert!(
        piped.stderr.contains("asking Aiven about shop\n"),
        "{}",
        piped.output()
    );
    assert!(!piped.output().contains('\u{1b}'), "{:?}", piped.output());
    serde_json::from_str::<Value>(&piped.stdout).unwrap();

    let file = config.write().unwrap();
    let line = format!("{PATH} plan --config {}", file.display());
    let terminal = Program::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm");
    let shown = terminal.run().await.unwrap();
    assert_eq!(shown.code, Some(0), "{}", shown.output());
    assert!(shown.stdout.contains("[1/1] "), "{:?}", shown.stdout);
    assert!(shown.stdout.contains("shop"), "{:?}", shown.stdout);
}
