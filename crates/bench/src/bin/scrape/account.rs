//! What the kernel knows of a running process.

use std::fs;
use std::time::Duration;

/// A process, looked at through `/proc`.
#[derive(Clone, Copy)]
pub struct Account(pub u32);

impl Account {
    /// CPU time so far of the threads that run now, user and kernel mode, exact
    /// to the nanosecond, which `/proc/PID/stat` is not.
    pub fn cpu(self) -> Duration {
        let tasks = fs::read_dir(self.path("task")).unwrap();
        let spent = tasks.filter_map(|task| {
            let line = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            line.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(spent.sum())
    }

    /// Resident memory in KiB.
    pub fn resident_kib(self) -> u64 {
        self.status("VmRSS:")
    }

    /// Its peak in KiB, since the start or [`Account::forget_peak`].
    pub fn peak_kib(self) -> u64 {
        self.status("VmHWM:")
    }

    /// Starts the peak anew.
    pub fn forget_peak(self) {
        fs::write(self.path("clear_refs"), "5").unwrap();
    }

    pub fn threads(self) -> u64 {
        self.status("Threads:")
    }

    pub fn descriptors(self) -> u64 {
        fs::read_dir(self.path("fd")).unwrap().count() as u64
    }

    fn status(self, key: &str) -> u64 {
        let status = fs::read_to_string(self.path("status")).unwrap();
        let value = status.lines().find_map(|line| line.strip_prefix(key));
        value
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap()
            .parse()
            .unwrap()
    }

    fn path(self, name: &str) -> String {
        format!("/proc/{}/{name}", self.0)
    }
}

/// MiB with one decimal.
pub fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}
