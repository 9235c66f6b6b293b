//! The machine: disk, and how many files may be open. Looks only.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat, statvfs};
use rustix::process::{Resource, getrlimit, getuid};

use super::check::{Area, Check};
use crate::config::Config;

/// Less room than this is soon used up: the state of 10,000 services has 15 MB, and is
/// written beside the old one.
const LITTLE_ROOM: u64 = 256 << 20;

/// With less nothing can be replaced.
const NO_ROOM: u64 = 8 << 20;

/// A state has five files, and drafts.
const FEW_INODES: u64 = 64;

/// Two for each scrape under way, and a reserve: of 10,000 targets about 3,000.
const FEW_DESCRIPTORS: u64 = 1024;

/// For each target that is published.
const DESCRIPTORS_PER_TARGET: f64 = 0.3;

/// Looks at `state_dir` and at the folder of the target list.
pub(super) fn disk(config: &Config) -> Vec<Check> {
    let mut checks = vec![folder("state_dir", &config.state_dir)];
    if let Some(parent) = config.targets.path.parent() {
        checks.push(folder("folder of targets.path", parent));
    }
    checks.push(space(&config.state_dir));
    checks
}

/// Whether files can be made in a folder that is there, or could be made there.
fn folder(key: &str, path: &Path) -> Check {
    let subject = format!("{key} {}", path.display());
    let (nearest, is_there) = nearest(path);
    let access = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    let granted = accessat(CWD, &nearest, access, AtFlags::EACCESS);
    if nearest.is_file() {
        return Area::Disk.failed(
            subject,
            format!("{} is a file", nearest.display()),
            "move the file away, or name another path",
        );
    }
    let who = match getuid().is_root() {
        true => "for root, as which this command runs",
        false => "for the user of this command",
    };
    match (granted, is_there) {
        (Ok(()), true) => Area::Disk.ok(subject, format!("can be written {who}")),
        (Ok(()), false) => Area::Disk.ok(
            subject,
            format!("is not there yet, and can be made in {} {who}", nearest.display()),
        ),
        (Err(error), _) => Area::Disk.failed(
            subject,
            format!("{} cannot be written {who}: {error}", nearest.display()),
            "give it to the daemon's user (chown vcap:vcap), or mend the disk if it is read-only; if only this command's user may not, ask again with sudo",
        ),
    }
}

/// The path, or the lowest folder above it that is there.
fn nearest(path: &Path) -> (PathBuf, bool) {
    let mut ancestors = path.ancestors();
    let there = ancestors.find(|one| one.symlink_metadata().is_ok());
    let there = there.unwrap_or(Path::new("/"));
    (there.to_owned(), there == path)
}

fn space(path: &Path) -> Check {
    let (nearest, _) = nearest(path);
    let subject = format!("room below {}", path.display());
    let found = match statvfs(&nearest) {
        Ok(found) => found,
        Err(error) => return Area::Disk.skipped(subject, error.to_string()),
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let inodes = match found.f_files {
        // A file system that makes them as they are needed.
        0 => u64::MAX,
        _ => found.f_favail,
    };
    let shown = match inodes {
        u64::MAX => format!("{} MiB free", free >> 20),
        _ => format!("{} MiB and {inodes} inodes free", free >> 20),
    };
    let remedy = "make room, or give the instance group a larger persistent disk";
    match (free, inodes) {
        (..NO_ROOM, _) | (_, 0) => Area::Disk.failed(subject, shown, remedy),
        (..LITTLE_ROOM, _) | (_, ..FEW_INODES) => Area::Disk.warning(subject, shown, remedy),
        _ => Area::Disk.ok(subject, shown),
    }
}

/// Looks at the limit on open files, for so many targets.
pub(super) fn descriptors(targets: usize) -> Check {
    let limit = getrlimit(Resource::Nofile).maximum;
    descriptors_of(limit, targets)
}

fn descriptors_of(limit: Option<u64>, targets: usize) -> Check {
    let subject = "files and connections that may be open";
    let Some(limit) = limit else {
        return Area::Descriptors.ok(subject, "no limit");
    };
    let needed = (targets as f64 * DESCRIPTORS_PER_TARGET) as u64;
    let found = format!(
        "{limit} for a process that is started as this command is; {targets} targets need about {needed} beside a reserve of 256"
    );
    match limit < FEW_DESCRIPTORS.max(needed + 256) {
        true => Area::Descriptors.warning(
            subject,
            found,
            "raise the limit: under bpm it is open_files in bpm.yml, 8192 in this release; in a shell ulimit -n",
        ),
        false => Area::Descriptors.ok(subject, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::check::Outcome;

    fn word(check: &Check) -> &'static str {
        check.outcome.word()
    }

    #[test]
    fn the_limit_on_open_files_is_held_against_the_targets() {
        for (limit, targets, expected) in [
            (None, 1_000_000, "ok"),
            (Some(8192), 10_000, "ok"),
            (Some(8192), 100_000, "warning"),
            (Some(512), 0, "warning"),
            (Some(1024), 0, "ok"),
        ] {
            let check = descriptors_of(limit, targets);
            assert_eq!(word(&check), expected, "{limit:?} {targets}");
        }
    }

    #[test]
    fn a_folder_that_is_missing_is_judged_by_the_one_above_it_and_not_made() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("a/b/state");
        assert_eq!(word(&folder("state_dir", &path)), "ok");
        assert!(!above.path().join("a").exists());
        std::fs::write(above.path().join("a"), "").unwrap();
        let check = folder("state_dir", &path);
        assert!(matches!(check.outcome, Outcome::Failed { .. }), "{check:?}");
    }
}
