//! The disk is full: the old files stay whole, `/sd` stays current, and the
//! files follow as soon as there is space again.

use std::fs;
use std::path::PathBuf;

use aiven_sim::ServiceSpec;
use serde_json::Value;
use testkit::{Config, Daemon, PROJECT, Program, aiven, integrate_all};

use crate::binary::{self, command, logs_published, start};

/// Fills what `state_dir` has left. Mounted only where the daemon runs.
const MOUNT_AND_RUN: &str = "mount -t tmpfs -o size=256k none \"$1\" && shift && exec \"$@\"";

/// Runs what follows with 256 KiB of disk for `state_dir`.
fn on_a_small_disk(config: &Config) -> Program {
    let unshare = Program::new("unshare").args(["-m", "sh", "-c", MOUNT_AND_RUN, "sh"]);
    unshare.arg(config.state_dir())
}

/// Whether this process may make a mount of its own.
async fn may_mount(config: &Config) -> bool {
    let probe = on_a_small_disk(config).arg("true").run().await.unwrap();
    if probe.code != Some(0) {
        println!("skipped, a mount cannot be made here: {}", probe.stderr);
    }
    probe.code == Some(0)
}

/// The state directory as the daemon sees it, through its own mounts.
fn inside(daemon: &Daemon, config: &Config) -> PathBuf {
    let below_root = config.state_dir();
    PathBuf::from(format!("/proc/{}/root", daemon.id())).join(below_root.strip_prefix("/").unwrap())
}

fn targets_in(text: &str) -> usize {
    let groups: Vec<Value> = serde_json::from_str(text).unwrap();
    groups
        .iter()
        .map(|group| group["targets"].as_array().unwrap().len())
        .sum()
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_recovered_from() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(2));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    fs::create_dir_all(config.state_dir()).unwrap();
    if !may_mount(&config).await {
        return;
    }
    let program = on_a_small_disk(&config)
        .args([binary::PATH, "run", "--config"])
        .arg(config.write().unwrap());
    let daemon = Daemon::of(program, &config).await.unwrap();
    let folder = inside(&daemon, &config);
    let list = folder.join("targets/targets.json");
    daemon
        .until("the list is written", async || list.exists().then_some(()))
        .await;
    let before = fs::read_to_string(&list).unwrap();
    assert_eq!(targets_in(&before), 2);

    let ballast = folder.join("ballast");
    let full = fs::write(&ballast, vec![0; 1 << 20]);
    assert!(full.is_err(), "a megabyte does not fit");
    for number in 0..20 {
        let spec = ServiceSpec::new(format!("new-{number}"), "opensearch").nodes(3);
        sim.add_service(PROJECT, spec);
    }
    integrate_all(&sim);
    let line = daemon.log.line("writing failed; free space").await;
    assert_eq!(line["level"], "ERROR");
    assert!(
        line["error"].as_str().unwrap().contains("No space left"),
        "{line}"
    );
    assert!(line["path"].as_str().unwrap().contains("state"), "{line}");
    daemon
        .until("/sd has the new nodes", async || {
            (daemon.sd().await.len() == 62).then_some(())
        })
        .await;
    assert_eq!(
        fs::read_to_string(&list).unwrap(),
        before,
        "the old list stays as it was"
    );
    let failing = |one: &Value| !one["stages"]["publish"]["failing"].is_null();
    daemon.project_when(PROJECT, failing).await;
    assert_eq!(
        daemon.log.count("writing failed; free space"),
        1,
        "said once"
    );

    fs::remove_file(&ballast).unwrap();
    daemon.log.line("files can be written again").await;
    daemon
        .until("the list on disk is current", async || {
            (targets_in(&fs::read_to_string(&list).unwrap()) == 62).then_some(())
        })
        .await;
    daemon.project_when(PROJECT, |one| !failing(one)).await;
    assert!(
        fs::read_to_string(folder.join("state.json"))
            .unwrap()
            .contains("new-19")
    );
}

#[tokio::test]
async fn a_state_that_cannot_be_saved_does_not_stop_the_list_or_its_survival() {
    let (sim, config, daemon) = logs_published().await;
    // Folders in its place, and wherever they could be put aside to: only the
    // state can no longer be written.
    fs::remove_file(config.state_file()).unwrap();
    let numbers = (2..10).map(|number| format!(".unusable.{number}"));
    for suffix in ["".to_owned(), ".unusable".to_owned()]
        .into_iter()
        .chain(numbers)
    {
        fs::create_dir_all(
            config
                .state_dir()
                .join(format!("state.json{suffix}/inside")),
        )
        .unwrap();
    }
    sim.add_service(PROJECT, ServiceSpec::new("new", "opensearch"));
    integrate_all(&sim);
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    daemon.log.line("writing failed; free space").await;
    daemon.kill();
    let list = config.targets_text();

    sim.inject(aiven_sim::Fault::any(), aiven_sim::ApiFault::status(503));
    let daemon = start(&config).await;
    daemon.log.line("asking Aiven failed").await;
    assert_eq!(config.targets_text(), list, "{}", daemon.printed());
}

#[tokio::test]
async fn what_somebody_takes_away_is_put_back_though_nothing_is_heard_of_aiven() {
    let (sim, config, daemon) = logs_published().await;
    let list = config.targets_text();
    sim.inject(aiven_sim::Fault::any(), aiven_sim::ApiFault::Hang);
    sim.dns_fault("*", aiven_sim::DnsFault::Timeout);
    let folder = config.targets_file().parent().unwrap().to_owned();
    // Moved away at once: deleting file by file could meet the daemon writing one.
    fs::rename(&folder, config.path("gone")).unwrap();
    fs::remove_file(config.state_file()).unwrap();
    daemon
        .until("both files are there again", async || {
            (config.targets_file().exists() && config.state_file().exists()).then_some(())
        })
        .await;
    assert_eq!(config.targets_text(), list);
    fs::remove_file(config.targets_file()).unwrap();
    fs::create_dir(config.targets_file()).unwrap();
    daemon
        .until("the list is a file again", async || {
            config.targets_file().is_file().then_some(())
        })
        .await;
    assert_eq!(config.targets_text(), list);
}

#[tokio::test]
async fn a_target_folder_that_cannot_be_made_is_said_until_it_can() {
    let (sim, config, daemon) = logs_published().await;
    let folder = config.targets_file().parent().unwrap().to_owned();
    fs::rename(&folder, config.path("gone")).unwrap();
    fs::write(&folder, "no folder").unwrap();
    sim.fail_over(PROJECT, "logs");
    daemon.log.line("writing failed; free space").await;
    fs::remove_file(&folder).unwrap();
    daemon.log.line("files can be written again").await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let ended = command(&config, "run", &[]).await;
    assert_eq!(ended.code, Some(1), "the first still holds the lock");
}

/// A daemon of whose log the first line is read, then `reader` follows.
async fn with_a_log_read_by(reader: &str, config: &Config) -> Daemon {
    let run = format!("exec \"$@\" > >(head -n 1; {reader})");
    let program = Program::new("bash").args(["-c", &run, "bash", binary::PATH, "run", "--config"]);
    let program = program.arg(config.write().unwrap());
    Daemon::of(program, config).await.unwrap()
}

#[tokio::test]
async fn a_log_that_nobody_takes_any_more_costs_lines_and_nothing_else() {
    let gone = "exit";
    // Ends with the daemon, which has the shell's process id.
    let stopped = "exec tail --pid=$$ -f /dev/null";
    for reader in [gone, stopped] {
        let sim = aiven().await;
        sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(2));
        integrate_all(&sim);
        let config = Config::quick(&sim).with("log.level", "trace");
        let daemon = with_a_log_read_by(reader, &config).await;
        daemon.publishes(sim.serving_addresses(PROJECT)).await;
        daemon
            .metric_reaches("aiven_metrics_log_lines_lost_total", 1.0)
            .await;
        sim.inject(aiven_sim::Fault::any(), aiven_sim::ApiFault::status(403));
        sim.fail_over(PROJECT, "logs");
        daemon.publishes(sim.serving_addresses(PROJECT)).await;
        daemon.stop().await.unwrap();
    }
}
