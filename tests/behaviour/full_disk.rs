//! The disk is full: the old files stay whole, `/sd` stays current, and the
//! files follow as soon as there is space again.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use aiven_sim::ServiceSpec;
use serde_json::Value;

use crate::support::{Daemon, PROJECT, Setup, aiven, integrate_all, logs_published, run_to_end};

/// Fills what `state_dir` has left. Mounted only where the daemon runs.
const MOUNT_AND_RUN: &str = "mount -t tmpfs -o size=256k none \"$1\" && shift && exec \"$@\"";

/// Whether this process may make a mount of its own.
async fn may_mount(setup: &Setup) -> bool {
    let mut probe = Command::new("unshare");
    probe
        .args(["-m", "sh", "-c", MOUNT_AND_RUN, "sh"])
        .arg(setup.state_dir())
        .arg("true");
    match probe.output() {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            println!("skipped: no mount of one's own here: {}", why.trim());
            false
        }
        Err(error) => {
            println!("skipped: unshare cannot be run: {error}");
            false
        }
    }
}

/// The state directory as the daemon sees it, through its own mounts.
fn inside(daemon: &Daemon, setup: &Setup) -> PathBuf {
    let below_root = setup.state_dir();
    PathBuf::from(format!("/proc/{}/root", daemon.pid()))
        .join(below_root.strip_prefix("/").unwrap())
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
    let setup = Setup::of(&sim);
    fs::create_dir_all(setup.state_dir()).unwrap();
    if !may_mount(&setup).await {
        return;
    }
    let run = setup.run_command();
    let mut command = Command::new("unshare");
    command
        .args(["-m", "sh", "-c", MOUNT_AND_RUN, "sh"])
        .arg(setup.state_dir());
    command.arg(run.get_program()).args(run.get_args());
    let daemon = Daemon::spawn(&mut command, PathBuf::new()).await;
    let folder = inside(&daemon, &setup);
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
    let line = daemon.log.line("writing failed; the old file").await;
    assert_eq!(line["level"], "ERROR");
    assert!(
        line["error"].as_str().unwrap().contains("No space left"),
        "{line}"
    );
    assert!(line["path"].as_str().unwrap().contains("state"), "{line}");
    daemon
        .until("/sd is current", async || {
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
        daemon.log.count("writing failed; the old file"),
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
    let (sim, setup, daemon) = logs_published().await;
    // A folder in the place of the draft: only the state can no longer be written.
    fs::create_dir(setup.state_dir().join(".state.json.tmp")).unwrap();
    sim.add_service(PROJECT, ServiceSpec::new("new", "opensearch"));
    integrate_all(&sim);
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    daemon.log.line("writing failed; the old file").await;
    daemon.kill();
    let list = setup.targets_bytes();

    sim.inject(aiven_sim::Fault::any(), aiven_sim::ApiFault::status(503));
    let daemon = setup.start().await;
    daemon.log.line("asking Aiven failed").await;
    assert_eq!(setup.targets_bytes(), list, "{}", daemon.output());
}

#[tokio::test]
async fn a_target_folder_that_is_gone_is_made_again_or_said() {
    let (sim, setup, daemon) = logs_published().await;
    fs::remove_dir_all(setup.targets_file().parent().unwrap()).unwrap();
    sim.fail_over(PROJECT, "logs");
    daemon.log.line("writing failed; the old file").await;
    fs::create_dir(setup.targets_file().parent().unwrap()).unwrap();
    daemon.log.line("files can be written again").await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let ended = run_to_end(&mut setup.run_command()).await;
    assert_eq!(ended.code, Some(1), "the first still holds the lock");
}
