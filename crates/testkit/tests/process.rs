//! What a process prints is seen as it comes, and a process never outlives its owner.

#![allow(clippy::unwrap_used)]

use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use testkit::{Process, Program, Signal, until};

fn shell(script: &str) -> Program {
    Program::new("/bin/sh").arg("-c").arg(script)
}

/// Whether a process with this id exists and has not ended.
fn runs(id: u32) -> bool {
    Path::new(&format!("/proc/{id}/exe")).read_link().is_ok()
}

async fn ready(process: &Process) {
    let line = process.stdout.find(|line| Some(line.to_owned())).await;
    assert_eq!(line.unwrap(), "ready");
}

#[tokio::test]
async fn a_line_is_found_while_the_process_runs() {
    let process = shell("echo first; echo ready; read nothing").with_input();
    let process = process.start().unwrap();
    let wanted = |line: &str| line.strip_prefix("rea").map(str::to_owned);
    assert_eq!(process.stdout.find(wanted).await.unwrap(), "dy");
    assert!(runs(process.id()));
}

#[tokio::test]
async fn a_line_that_never_comes_is_reported_with_the_last_lines() {
    let process = shell("echo only this").start().unwrap();
    let error = process.stdout.find(|line| line.find('!')).await;
    let error = format!("{:#}", error.unwrap_err());
    assert!(error.contains("only this"), "{error}");
}

#[tokio::test]
async fn an_early_end_is_reported_with_the_last_lines() {
    let mut process = shell("echo cannot >&2; exit 3").start().unwrap();
    process.stderr.whole_text().await;
    assert_eq!(process.ended().await.unwrap().code(), Some(3));
    let error = process.check().unwrap_err().to_string();
    assert!(
        error.contains("sh ended") && error.contains("cannot"),
        "{error}"
    );
    process.signal(Signal::TERM).unwrap();
}

#[tokio::test]
async fn a_dropped_process_has_ended() {
    let process = shell("trap '' TERM; echo ready; exec sleep 1000").start();
    let process = process.unwrap();
    ready(&process).await;
    let id = process.id();
    drop(process);
    assert!(!runs(id));
}

#[tokio::test]
async fn a_process_can_end_in_order() {
    let script = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done";
    let process = shell(script).start().unwrap();
    ready(&process).await;
    let output = process.stdout.clone();
    assert_eq!(process.stop().await.unwrap().code(), Some(7));
    assert_eq!(output.whole_text().await, "ready\nbye\n");
}

#[tokio::test]
async fn a_process_ends_with_the_thread_that_started_it() {
    let start = || shell("echo ready; exec sleep 1000").start().unwrap();
    let (end_thread, ended) = std::sync::mpsc::channel::<()>();
    let (send, started) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        send.send(start()).unwrap();
        let _ = ended.recv();
    });
    let mut process = started.recv().unwrap();
    ready(&process).await;
    process.check().unwrap();
    drop(end_thread);
    thread.join().unwrap();
    let end = process.ended().await.unwrap();
    assert_eq!(end.signal(), Some(15));
}

#[tokio::test]
async fn a_log_file_has_both_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let finished = shell("echo out; echo err >&2").log_file(&path).run().await;
    let finished = finished.unwrap();
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("out\n", "err\n")
    );
    let both = until("both lines are there", async || {
        let text = std::fs::read_to_string(&path).unwrap();
        (text.lines().count() == 2).then_some(text)
    });
    assert!(both.await.contains("err\n"));
}
