//! What the job's scripts rely on: `status --wait-ready`, and the configuration
//! named by the environment.

use aiven_sim::{ApiFault, DnsFault, Fault};
use testkit::{Config, PROJECT, Program, aiven};

use crate::binary::{PATH, ask, logs_published, run, start};

/// A port that only a service of the system could have, and none has today.
const NOBODY: &str = "127.0.0.1:1";

#[tokio::test]
async fn waiting_says_what_for_and_ends_when_the_daemon_is_ready() {
    let sim = aiven().await;
    sim.inject(Fault::any(), ApiFault::Hold);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let address = daemon.address.to_string();
    let arguments = ["status", "--wait-ready", "300s", "--address", &address];
    let mut waiting = Program::new(PATH).args(arguments).start().unwrap();
    let expected = "waiting: not ready: nothing is known yet; shop: ";
    let said = waiting
        .stderr
        .find(|line| line.starts_with(expected).then_some(()));
    said.await.unwrap();
    sim.clear_faults();
    assert!(waiting.ended().await.unwrap().success());
    let stdout = waiting.stdout.whole_text().await;
    assert!(stdout.starts_with("ready after "), "{stdout}");
}

#[tokio::test]
async fn waiting_ends_at_its_limit_with_the_cause_and_what_to_do() {
    let ended = run(&["status", "--wait-ready", "0s", "--address", NOBODY]).await;
    assert_eq!(ended.code, Some(1));
    for expected in [
        "nothing correct was published within 0 s: no daemon answers at 127.0.0.1:1;",
        "What to do: ",
    ] {
        assert!(ended.stderr.contains(expected), "{}", ended.output());
    }
}

#[tokio::test]
async fn one_service_with_a_problem_holds_no_rollout() {
    let (sim, _config, daemon) = logs_published().await;
    sim.dns_fault(&sim.host(PROJECT, "logs"), DnsFault::NxDomain);
    daemon
        .service_when("logs", |one| !one["unanswered"].is_null())
        .await;
    assert_eq!(ask(&daemon, "status", &[]).await.code, Some(1));
    let ended = ask(&daemon, "status", &["--wait-ready", "0s"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.output());
}

#[tokio::test]
async fn the_environment_names_the_configuration_for_every_command_but_run() {
    let (sim, _config, daemon) = logs_published().await;
    let config = Config::quick(&sim).web_at(daemon.address);
    let file = config.write().unwrap();
    let with = async |arguments: &[&str]| {
        let program = Program::new(PATH).env("AIVEN_METRICS_CONFIG", &file);
        program.args(arguments).run().await.unwrap()
    };
    for arguments in [
        &["check-config"][..],
        &["explain", "logs", "--json"],
        &["plan"],
        &["status", "--wait-ready", "5s"],
        &["targets"],
    ] {
        let ended = with(arguments).await;
        assert!(
            !ended.output().contains("no daemon answers") && ended.code != Some(2),
            "{arguments:?}: {}",
            ended.output()
        );
    }
    let refused = with(&["run"]).await;
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("monit runs the daemon"),
        "{}",
        refused.output()
    );
}
