//! A child process that ends when the demo does, however that happens: asked
//! to by its id when all goes well, killed when the demo fails, and by the
//! kernel when the demo itself is killed.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child as Process, Command};
use tokio::time::timeout;

/// How long a child may take to end by itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// Lines of a child's log that are shown when it fails.
const MAX_SHOWN_LINES: usize = 15;

/// Where a child process runs; the demo's own folder and home, unless said otherwise.
#[derive(Debug, Default)]
pub struct Place {
    /// Its working directory.
    pub folder: Option<PathBuf>,
    /// Its `$HOME`.
    pub home: Option<PathBuf>,
}

/// A running child process.
#[derive(Debug)]
pub struct Child {
    name: &'static str,
    process: Process,
    log: PathBuf,
}

impl Child {
    /// Starts `program`; what it prints goes to `log`.
    ///
    /// # Errors
    /// When the log cannot be made or the program not be started.
    pub fn start<A: AsRef<OsStr>>(
        name: &'static str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        log: PathBuf,
        place: Place,
    ) -> anyhow::Result<Child> {
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new("setpriv");
        if let Some(folder) = place.folder {
            command.current_dir(folder);
        }
        if let Some(home) = place.home {
            command.env("HOME", home);
        }
        let process = command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("cannot share the log")?)
            .stderr(output)
            // Ctrl-C is for the demo alone; it ends its children itself.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name} (setpriv, of util-linux, is needed)"))?;
        Ok(Child { name, process, log })
    }

    /// Everything that it has printed.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// # Errors
    /// When it has ended, with the last lines that it printed.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status})\n{}", self.name, self.last_lines()),
        }
    }

    /// The end of what it has printed.
    pub fn last_lines(&self) -> String {
        let printed = self.printed();
        let lines: Vec<_> = printed.lines().collect();
        let shown = &lines[lines.len().saturating_sub(MAX_SHOWN_LINES)..];
        format!("last lines of {}:\n  {}", self.name, shown.join("\n  "))
    }

    /// Sends it a signal, if it has not ended.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = self.process.id();
        if let Some(id) = id.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            kill_process(id, signal).with_context(|| format!("cannot signal {}", self.name))?;
        }
        Ok(())
    }

    /// Kills it, without a warning.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub async fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        match timeout(STOP_TIMEOUT, self.process.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => {
                self.process.kill().await?;
                bail!(
                    "{} did not end within {STOP_TIMEOUT:?} of SIGTERM",
                    self.name
                )
            }
        }
    }
}
