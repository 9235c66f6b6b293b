//! `plan`, `status` and `targets`: what they print, and their exit codes.

use aiven_sim::{ApiFault, DnsFault, Fault, ServiceSpec, Simulator};
use serde_json::{Value, json};
use testkit::{Config, Finished, PASSWORD, PROJECT, Program, USERNAME, aiven, integrate_all};

use crate::binary::{self, ask, command, logs_published, problems, run, start};

fn parsed(ended: &Finished) -> Value {
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("no JSON: {error}\n{}", ended.output()))
}

fn only_reads(sim: &Simulator) -> bool {
    sim.requests().iter().all(|request| request.method == "GET")
}

#[tokio::test]
async fn plan_shows_what_run_would_create_and_creates_nothing() {
    let sim = aiven().await;
    for (name, service_type) in [("logs", "opensearch"), ("flow", "flink"), ("db", "pg")] {
        sim.add_service(PROJECT, ServiceSpec::new(name, service_type));
    }
    sim.power_off(PROJECT, "db");
    let config = Config::quick(&sim);
    let ended = command(&config, "plan", &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.output());
    for expected in [
        "run would create the integration endpoint in project shop",
        "run would integrate shop/logs",
        "ineligible",
        "powered_off",
    ] {
        assert!(
            ended.stdout.contains(expected),
            "{expected}:\n{}",
            ended.stdout
        );
    }
    let report = parsed(&command(&config, "plan", &["--json"]).await);
    assert_eq!(
        report["would_create"],
        json!([
            {"create": "integration_endpoint", "project": PROJECT},
            {"create": "integration", "project": PROJECT, "service": "logs"},
        ])
    );
    assert_eq!(report["services"].as_array().unwrap().len(), 3);
    assert!(!sim.requests().is_empty());
    assert!(only_reads(&sim));
    assert!(!config.state_dir().exists());
}

#[tokio::test]
async fn plan_resolves_what_is_integrated_and_finds_nothing_to_create() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let report = parsed(&command(&config, "plan", &["--json"]).await);
    assert_eq!(report["would_create"], json!([]));
    assert_eq!(report["services"][0]["verdict"], "published");
    let targets = report["services"][0]["hosts"][0]["targets"]
        .as_array()
        .unwrap();
    assert_eq!(targets.len(), 3);
    let table = command(&config, "plan", &[]).await;
    assert!(
        table.stdout.contains("run would create nothing"),
        "{}",
        table.stdout
    );
    assert!(only_reads(&sim));
}

#[tokio::test]
async fn plan_runs_beside_the_daemon() {
    let (sim, config, daemon) = logs_published().await;
    assert_eq!(command(&config, "plan", &[]).await.code, Some(0));
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}

#[tokio::test]
async fn plan_shows_one_projects_failure_beside_the_others_plan() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with("aiven.projects", json!([PROJECT, "not-there"]));
    let ended = command(&config, "plan", &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains("PROBLEM not-there"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("Project not-there does not exist"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("run would integrate shop/logs"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn plan_with_a_wrong_token_says_what_to_check() {
    let sim = aiven().await;
    let config = Config::quick(&sim).with("aiven.api_token", "not-the-token");
    let ended = command(&config, "plan", &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains("aiven.api_token"),
        "{}",
        ended.output()
    );
    assert!(!ended.output().contains("not-the-token"));
}

#[tokio::test]
async fn status_is_fine_while_all_is_well_and_names_the_problem_when_not() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(2));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    daemon
        .until("status exits with 0", async || {
            (ask(&daemon, "status", &[]).await.code == Some(0)).then_some(())
        })
        .await;
    let table = ask(&daemon, "status", &[]).await;
    for expected in [PROJECT, "published", "ready"] {
        assert!(
            table.stdout.contains(expected),
            "{expected}:\n{}",
            table.stdout
        );
    }
    assert!(!table.stdout.contains("PROBLEM"), "{}", table.stdout);
    let json = parsed(&ask(&daemon, "status", &["--json"]).await);
    assert_eq!(json["ready"], true);
    assert_eq!(json["projects"][0]["targets"], 2);

    let host = sim.host(PROJECT, "logs");
    sim.dns_fault(&host, DnsFault::NxDomain);
    daemon
        .service_when("logs", |one| !one["unanswered"].is_null())
        .await;
    let problem = ask(&daemon, "status", &[]).await;
    assert_eq!(problem.code, Some(1));
    let mut told = problems(&problem).into_iter();
    let named = told.any(|one| one.starts_with("PROBLEM shop: looking") && one.contains(&host));
    assert!(named, "{}", problem.stdout);
}

#[tokio::test]
async fn status_says_that_nothing_is_known_yet() {
    let sim = aiven().await;
    sim.inject(Fault::any(), ApiFault::Hang);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let ended = ask(&daemon, "status", &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("not ready"), "{}", ended.output());
    let ended = ask(&daemon, "targets", &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("nothing is published"),
        "{}",
        ended.output()
    );
}

#[tokio::test]
async fn targets_are_listed_one_a_line() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let ended = ask(&daemon, "targets", &[]).await;
    assert_eq!(ended.code, Some(0));
    for address in sim.serving_addresses(PROJECT) {
        let mut lines = ended.stdout.lines();
        let line = lines
            .find(|line| line.contains(&address.to_string()))
            .unwrap();
        assert!(
            line.contains("logs") && line.contains("opensearch"),
            "{line}"
        );
    }
    assert_eq!(ended.stdout.lines().count(), 4);
    let json = ask(&daemon, "targets", &["--json"]).await;
    assert_eq!(json.code, Some(0));
    assert_eq!(json.stdout, config.targets_text());
}

#[tokio::test]
async fn the_address_is_taken_from_the_configuration() {
    let sim = aiven().await;
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    daemon
        .project_when(PROJECT, |one| one["origin"]["from"] == "api")
        .await;
    let config = Config::quick(&sim).web_at(daemon.address);
    let ended = command(&config, "targets", &["--json"]).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "[]\n"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn with_no_daemon_the_commands_say_so() {
    // Bound, so that nobody else is there, but it does not listen.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    for command in ["status", "targets"] {
        let ended = run(&[command, "--address", &address]).await;
        assert_eq!(ended.code, Some(1));
        assert!(
            ended.stderr.contains("no daemon answers"),
            "{}",
            ended.output()
        );
    }
}

#[tokio::test]
async fn plan_knows_an_endpoint_that_is_there() {
    let sim = aiven().await;
    sim.add_endpoint(PROJECT, "aiven-metrics", USERNAME, PASSWORD);
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim);
    let report = parsed(&command(&config, "plan", &["--json"]).await);
    let integration = json!({"create": "integration", "project": PROJECT, "service": "logs"});
    assert_eq!(report["would_create"], json!([integration]));
}

/// Commands with output, of which some find a problem.
fn with_output<'a>(address: &'a str, missing: &'a str) -> [Vec<&'a str>; 10] {
    let asks = |command: &[&'a str]| [command, &["--address", address]].concat();
    [
        asks(&["status"]),
        asks(&["status", "--json"]),
        asks(&["targets"]),
        asks(&["targets", "--json"]),
        asks(&["explain", "logs"]),
        asks(&["explain", "nobody", "--json"]),
        asks(&["events"]),
        vec!["config-schema"],
        vec!["manual"],
        vec!["check-config", "--config", missing],
    ]
}

#[tokio::test]
async fn a_reader_that_takes_nothing_changes_no_exit_code() {
    let (_sim, config, daemon) = logs_published().await;
    let address = daemon.address.to_string();
    let missing = config.path("no-such-file");
    for command in with_output(&address, missing.to_str().unwrap()) {
        let deaf = "exec 3> >(exec true) && wait $! && exec \"$@\" >&3 2>/dev/full";
        let program = Program::new("bash").args(["-c", deaf, "bash", binary::PATH]);
        let ended = program.args(&command).run().await.unwrap();
        let heard = run(&command).await;
        assert_eq!(ended.code, heard.code, "{command:?}: {}", heard.output());
    }
}

/// A file that was cut short must not be taken for the whole.
#[tokio::test]
async fn what_cannot_be_written_is_a_failure() {
    let (_sim, config, daemon) = logs_published().await;
    let address = daemon.address.to_string();
    let missing = config.path("no-such-file");
    for command in with_output(&address, missing.to_str().unwrap()) {
        let full = "exec \"$@\" >/dev/full";
        let program = Program::new("bash").args(["-c", full, "bash", binary::PATH]);
        let ended = program.args(&command).run().await.unwrap();
        assert_eq!(ended.code, Some(1), "{command:?}: {}", ended.output());
        // What has no output on standard output loses none.
        if command[0] != "check-config" {
            let says = "not all of it could be written: No space left on device";
            assert!(ended.stderr.contains(says), "{command:?}: {}", ended.stderr);
        }
    }
}
