//! A child process: captured line by line, asked to end by its id, and killed
//! when it is dropped.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait::seen_within;
use crate::{Output, TIMEOUT};

/// A program and how to start it.
#[derive(Debug)]
pub struct Program {
    name: String,
    arguments: Command,
    log_file: Option<PathBuf>,
    alone: bool,
    input: bool,
}

/// A running process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    /// What it prints on standard output.
    pub stdout: Output,
    /// What it prints on standard error.
    pub stderr: Output,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Program {
    /// The program at `path`, which error messages call by its file name.
    pub fn new(path: impl AsRef<Path>) -> Program {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or(path.as_os_str());
        Program {
            name: name.to_string_lossy().into_owned(),
            arguments: Command::new(path),
            log_file: None,
            alone: true,
            input: false,
        }
    }

    /// What error messages call it.
    pub fn named(mut self, name: &str) -> Program {
        name.clone_into(&mut self.name);
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Program {
        self.arguments.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Program {
        self.arguments.args(arguments);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.arguments.env(name, value);
        self
    }

    /// Sets the working directory.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Program {
        self.arguments.current_dir(folder);
        self
    }

    /// Copies everything that it prints to this file.
    pub fn log_file(mut self, path: impl Into<PathBuf>) -> Program {
        self.log_file = Some(path.into());
        self
    }

    /// Keeps its standard input open for [`Process::tell`].
    pub fn with_input(mut self) -> Program {
        self.input = true;
        self
    }

    /// Starts it as it is, for programs whose CPU time is measured from their start.
    ///
    /// By default a program has a process group of its own, so that Ctrl-C
    /// reaches only us and we end it in order; and `setpriv` runs it, so that
    /// the kernel ends it if we are killed. That is when the thread ends that
    /// started it (`prctl(2)`, `PR_SET_PDEATHSIG`).
    pub fn plain(mut self) -> Program {
        self.alone = false;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// If the program cannot be started or its log file cannot be written.
    pub fn start(self) -> anyhow::Result<Process> {
        let copy = match &self.log_file {
            Some(path) => Some(File::create(path).with_context(|| path.display().to_string())?),
            None => None,
        };
        let copy = copy.map(Arc::new);
        let name = self.name;
        let mut command = if self.alone {
            ended_with_us(&self.arguments)
        } else {
            self.arguments
        };
        let input = if self.input {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut child = command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name} (is util-linux's setpriv there?)"))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let stderr = child.stderr.take().context("no standard error")?;
        Ok(Process {
            input: child.stdin.take(),
            stdout: Output::of(stdout, copy.clone()),
            stderr: Output::of(stderr, copy),
            child,
            name,
        })
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// If it does not start, or has not ended after [`TIMEOUT`].
    pub async fn run(self) -> anyhow::Result<Finished> {
        let mut process = self.start()?;
        let end = process.ended().await?;
        Ok(Finished {
            code: end.code(),
            stdout: process.stdout.whole_text().await,
            stderr: process.stderr.whole_text().await,
        })
    }
}

/// The same command in a process group of its own, ended by the kernel when we are.
fn ended_with_us(command: &Command) -> Command {
    let mut wrapped = Command::new("setpriv");
    wrapped.args(["--pdeathsig", "TERM", "--"]);
    wrapped.arg(command.get_program());
    wrapped.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped.process_group(0);
    wrapped
}

impl Process {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Fails if it has ended.
    ///
    /// # Errors
    /// If it has ended; with the last lines that it printed.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status})\n{}", self.name, self.last_lines()),
        }
    }

    /// Everything that it has printed.
    pub fn printed(&self) -> String {
        let (out, error) = (self.stdout.text(), self.stderr.text());
        format!(
            "--- {} printed:\n{out}--- and on standard error:\n{error}",
            self.name
        )
    }

    /// The end of what it has printed.
    pub fn last_lines(&self) -> String {
        let (out, error) = (self.stdout.last_lines(), self.stderr.last_lines());
        format!("last lines of {}:\n{out}\n{error}", self.name)
    }

    /// Writes a line to its standard input.
    ///
    /// # Errors
    /// If it does not read, or was started without [`Program::with_input`].
    pub fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("its input is closed")?;
        let written = writeln!(input, "{line}");
        written.with_context(|| format!("{} does not read:\n{}", self.name, self.last_lines()))
    }

    /// Sends it a signal, unless it has ended.
    ///
    /// # Errors
    /// If that is not allowed.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        // Its id can be another's once its end has been waited for.
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        let id = id.context("no process id")?;
        kill_process(id, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// If it still runs after [`TIMEOUT`]; with the last lines that it printed.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        self.ended_within(TIMEOUT).await
    }

    /// The same with another deadline.
    ///
    /// # Errors
    /// As [`Process::ended`].
    pub async fn ended_within(&mut self, timeout: Duration) -> anyhow::Result<ExitStatus> {
        let child = &mut self.child;
        let end = seen_within(timeout, async || child.try_wait().transpose()).await;
        let Some(end) = end else {
            bail!(
                "{} still runs after {timeout:?}\n{}",
                self.name,
                self.last_lines()
            );
        };
        Ok(end?)
    }

    /// Sends SIGTERM and waits until it has ended.
    ///
    /// # Errors
    /// If it still runs after [`TIMEOUT`]; it is killed then.
    pub async fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended().await.context("SIGTERM did not end it")
    }

    /// Sends SIGKILL and waits until it has ended.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended already. A killed process ends at
        // once; afterwards its files, ports and locks are free.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// Everything that it printed.
    pub fn output(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}
