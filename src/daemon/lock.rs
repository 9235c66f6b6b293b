//! One daemon for each `state_dir`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt};
use std::path::Path;

use anyhow::bail;
use rustix::fs::OFlags;

/// The most bytes that are read of the kernel's table of locks.
const MAX_LOCKS: u64 = 1 << 20;

/// Proof that no other daemon uses the same `state_dir`. Released when this is
/// dropped or the process dies.
///
/// What is locked is the folder itself, which needs no space, no right to write,
/// and cannot be something else. The file `lock` in it is locked too: earlier
/// versions lock nothing else, nor can a folder on NFS be locked.
#[derive(Debug, Default)]
pub(super) struct Lock {
    _held: Vec<File>,
}

impl Lock {
    /// Creates `state_dir` if it does not exist, and locks it. What the file
    /// system refuses is logged and does without: the ports are taken by one
    /// daemon alone, too.
    ///
    /// # Errors
    /// When another daemon holds the lock.
    pub(super) fn take(state_dir: &Path) -> anyhow::Result<Lock> {
        if let Err(error) = fs::create_dir_all(state_dir) {
            tracing::error!(path = %state_dir.display(), %error, "state_dir: it cannot be created; check the path and its permissions; nothing is saved until then");
        }
        let mut held = Vec::new();
        let mut refused = None;
        for file in [open_folder(state_dir), open_file(&state_dir.join("lock"))] {
            let locked = file.map_err(TryLockError::Error).and_then(|file| {
                file.try_lock()?;
                Ok(file)
            });
            match locked {
                Ok(file) => held.push(file),
                Err(TryLockError::WouldBlock) => bail!(taken(state_dir)),
                Err(TryLockError::Error(error)) => refused = Some(error),
            }
        }
        if let (true, Some(error)) = (held.is_empty(), refused) {
            tracing::error!(path = %state_dir.display(), %error, "state_dir: it cannot be locked; going on without; make sure that no other daemon uses it");
        }
        Ok(Lock { _held: held })
    }
}

/// What is said where another daemon holds the lock: which one, if the kernel tells.
fn taken(state_dir: &Path) -> String {
    let holder = holder(state_dir).map_or_else(String::new, |id| format!(" (process {id})"));
    format!(
        "state_dir: another daemon is running on {}{holder}; stop the one of the two that monit did not start (monit summary), or give this one a state_dir of its own",
        state_dir.display()
    )
}

/// The process that holds the folder's lock. None in another PID namespace, as bpm's.
fn holder(state_dir: &Path) -> Option<u32> {
    let folder = fs::metadata(state_dir).ok()?;
    let mut locks = String::new();
    let table = File::open("/proc/locks").ok()?;
    table.take(MAX_LOCKS).read_to_string(&mut locks).ok()?;
    let (major, minor) = (
        rustix::fs::major(folder.dev()),
        rustix::fs::minor(folder.dev()),
    );
    let place = format!("{major:02x}:{minor:02x}:{}", folder.ino());
    locks.lines().find_map(|line| holder_in(line, &place))
}

/// The process in a line of `/proc/locks` (proc(5)), if it is about a whole file at `place`:
/// `4: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`.
fn holder_in(line: &str, place: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let is_whole = words.next()? == "FLOCK";
    let id: u32 = words.nth(2)?.parse().ok()?;
    (is_whole && id != 0 && words.next()? == place).then_some(id)
}

fn open_folder(path: &Path) -> io::Result<File> {
    let flags = OFlags::DIRECTORY;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits().cast_signed());
    options.open(path)
}

/// Opens the file, which may be one that only can be read. A link or a FIFO in
/// its place is left alone.
fn open_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits().cast_signed());
    let mut writing = options.clone();
    writing.write(true).create(true).truncate(false);
    let file = writing.open(path).or_else(|_| options.open(path))?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::other("lock: it is not a regular file"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_second_is_refused_whatever_stands_in_the_place_of_the_lock_file() {
        let make: [fn(&Path); 5] = [
            |_| {},
            |path| fs::write(path, "").unwrap(),
            |path| fs::create_dir(path).unwrap(),
            |path| symlink("/dev/full", path).unwrap(),
            |path| {
                use rustix::fs::{CWD, FileType, Mode, mknodat};
                mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
            },
        ];
        for make in make {
            let folder = tempfile::tempdir().unwrap();
            make(&folder.path().join("lock"));
            let first = Lock::take(folder.path()).unwrap();
            let refused = Lock::take(folder.path()).unwrap_err().to_string();
            assert!(refused.contains("another daemon"), "{refused}");
            drop(first);
            Lock::take(folder.path()).unwrap();
        }
    }

    #[test]
    fn the_one_that_holds_the_lock_is_named_where_the_kernel_tells() {
        let line = "4: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF";
        assert_eq!(holder_in(line, "08:01:1234"), Some(4711));
        for other in [
            "4: FLOCK  ADVISORY  WRITE 4711 08:01:12345 0 EOF",
            "4: POSIX  ADVISORY  WRITE 4711 08:01:1234 0 EOF",
            // Of another PID namespace, and one that waits.
            "4: FLOCK  ADVISORY  WRITE 0 08:01:1234 0 EOF",
            "4: -> FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF",
            "",
        ] {
            assert_eq!(holder_in(other, "08:01:1234"), None, "{other}");
        }
        let folder = tempfile::tempdir().unwrap();
        let _first = Lock::take(folder.path()).unwrap();
        // Some file systems have another device here than in the table.
        if let Some(id) = holder(folder.path()) {
            assert_eq!(id, std::process::id());
        }
        let refused = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("that monit did not start"), "{refused}");
    }

    #[test]
    fn a_daemon_of_an_earlier_version_is_noticed_and_notices_us() {
        let folder = tempfile::tempdir().unwrap();
        let earlier = File::create(folder.path().join("lock")).unwrap();
        earlier.try_lock().unwrap();
        assert!(Lock::take(folder.path()).is_err());
        earlier.unlock().unwrap();
        let _ours = Lock::take(folder.path()).unwrap();
        assert!(earlier.try_lock().is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_written_or_made_is_no_reason_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let read_only = folder.path().join("read-only");
        fs::create_dir(&read_only).unwrap();
        fs::set_permissions(&read_only, fs::Permissions::from_mode(0o500)).unwrap();
        let _first = Lock::take(&read_only).unwrap();
        assert!(Lock::take(&read_only).is_err());
        let below_a_file = folder.path().join("file/state");
        fs::write(folder.path().join("file"), "").unwrap();
        for impossible in [&*below_a_file, Path::new("/proc/aiven-metrics")] {
            Lock::take(impossible).unwrap();
        }
    }
}
