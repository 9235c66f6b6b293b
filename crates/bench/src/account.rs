//! What the kernel knows of a process: CPU time, memory, threads, descriptors.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How often a process is looked at while something is awaited of it.
const INTERVAL: Duration = Duration::from_millis(2);
/// Without CPU time for this long a process has nothing to do.
const QUIET: Duration = Duration::from_millis(250);
/// How long anything may take that is awaited.
const TIMEOUT: Duration = Duration::from_secs(180);

/// The account of one running process, as `/proc` has it.
pub struct Account {
    pid: u32,
    /// Nanoseconds on a CPU by thread, those included that were seen and have ended.
    threads: BTreeMap<u32, u64>,
}

impl Account {
    pub fn of(pid: u32) -> Account {
        Account {
            pid,
            threads: BTreeMap::new(),
        }
    }

    /// CPU time so far, in user and kernel mode. Exact to the nanosecond, which
    /// `/proc/PID/stat` is not; a thread that ends counts as last seen.
    pub fn cpu(&mut self) -> Duration {
        for task in fs::read_dir(self.path("task")).unwrap() {
            let task = task.unwrap();
            let Ok(line) = fs::read_to_string(task.path().join("schedstat")) else {
                continue;
            };
            let thread = task.file_name().to_string_lossy().parse().unwrap();
            let spent = line.split(' ').next().unwrap().parse().unwrap();
            self.threads.insert(thread, spent);
        }
        Duration::from_nanos(self.threads.values().sum())
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// Its peak in KiB, since the start or [`Account::forget_peak`].
    pub fn peak_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Starts the peak anew.
    pub fn forget_peak(&self) {
        fs::write(self.path("clear_refs"), "5").unwrap();
    }

    /// Threads that run now.
    pub fn threads(&self) -> u64 {
        self.status("Threads:")
    }

    /// Open file descriptors.
    pub fn descriptors(&self) -> u64 {
        fs::read_dir(self.path("fd")).unwrap().count() as u64
    }

    /// Waits for something. Returns the time that took.
    pub async fn wait_for(&mut self, what: &str, mut holds: impl FnMut() -> bool) -> Duration {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < TIMEOUT, "waited {TIMEOUT:?} for {what}");
            sleep(INTERVAL).await;
            self.cpu();
        }
        start.elapsed()
    }

    /// Waits until the process has nothing to do. Returns its CPU time.
    pub async fn wait_for_quiet(&mut self) -> Duration {
        let mut spent = self.cpu();
        let mut since = Instant::now();
        while since.elapsed() < QUIET {
            sleep(INTERVAL).await;
            let now = self.cpu();
            if now > spent {
                (spent, since) = (now, Instant::now());
            }
        }
        spent
    }

    /// Lets time pass.
    pub async fn watch(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            sleep(INTERVAL * 10).await;
            self.cpu();
        }
    }

    fn status(&self, key: &str) -> u64 {
        let status = fs::read_to_string(self.path("status")).unwrap();
        let value = status.lines().find_map(|line| line.strip_prefix(key));
        let number = value.unwrap().split_whitespace().next();
        number.unwrap().parse().unwrap()
    }

    fn path(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.pid)
    }
}

/// MiB with one decimal.
pub fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}
