//! What the kernel knows of a process: CPU time and peak memory.

use std::collections::BTreeMap;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a process is looked at while something is awaited of it.
const GLANCE: Duration = Duration::from_millis(2);
/// Without CPU time for this long a process has nothing to do.
const QUIET: Duration = Duration::from_millis(250);

/// The accounts of one running process.
pub struct Account {
    pid: u32,
    /// Nanoseconds on a CPU by thread, those that ended included.
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
        let folder = format!("/proc/{}/task", self.pid);
        for task in fs::read_dir(folder).unwrap() {
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

    /// Peak resident memory in KiB.
    pub fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.unwrap().trim().trim_end_matches(" kB");
        kib.parse().unwrap()
    }

    /// Waits for something. Returns the time that took.
    pub fn wait_for(&mut self, what: &str, mut holds: impl FnMut() -> bool) -> Duration {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(180), "never: {what}");
            sleep(GLANCE);
            self.cpu();
        }
        start.elapsed()
    }

    /// Waits until the process has nothing to do. Returns its CPU time.
    pub fn wait_for_quiet(&mut self) -> Duration {
        let mut spent = self.cpu();
        let mut since = Instant::now();
        while since.elapsed() < QUIET {
            sleep(GLANCE);
            let now = self.cpu();
            if now > spent {
                (spent, since) = (now, Instant::now());
            }
        }
        spent
    }

    /// Lets time pass.
    pub fn watch(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            sleep(GLANCE * 10);
            self.cpu();
        }
    }
}
