//! Gets the Prometheus that the release ships, while there is something to look at already:
//! the first time it is compiled, which takes longer than all the rest.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// What is set up for this demo.
const PART: &str = "demo";

/// Runs `script`, which says on standard error what it does.
///
/// # Errors
/// When it does not start or fails. It has said why then.
pub async fn run(script: &Path) -> anyhow::Result<()> {
    let child = Command::new(script)
        .arg(PART)
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("{} does not start", script.display()))?;
    let mut running = Running(child);
    let status = running.0.wait().await?;
    ensure!(
        status.success(),
        "{} {PART} failed, see above",
        script.display()
    );
    Ok(())
}

/// The script; what it has started ends with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Without an id it has ended, and nothing of it runs any more.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}
