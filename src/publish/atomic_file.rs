//! Replaces a file as a whole: every reader sees either the old or the new content,
//! even if the process or the machine dies in between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Mode 0600.
    OwnerOnly,
    /// Mode 0644, regardless of the umask.
    Everyone,
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Readers::OwnerOnly => 0o600,
            Readers::Everyone => 0o644,
        }
    }
}

/// Writes what `content` produces to a draft in the same folder, syncs it to disk,
/// and renames it to `path`. On failure the file at `path` is untouched.
///
/// The name of the draft starts with a dot and ends in `.tmp`, so that no
/// `*.json` glob matches it. Each path has only one draft, which is enough because
/// only one process holds the lock on `state_dir`.
///
/// # Errors
/// When the file system or `content` fails.
pub fn replace(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let draft = draft_path(path);
    let written = write_draft(&draft, readers, content).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // Report the first error. The next attempt overwrites a draft that is
        // left behind.
        let _ = fs::remove_file(&draft);
        return written;
    }
    sync_folder(path)
}

fn write_draft(
    draft: &Path,
    readers: Readers,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(readers.mode())
        .open(draft)?;
    file.set_permissions(fs::Permissions::from_mode(readers.mode()))?;
    let mut buffered = BufWriter::with_capacity(64 << 10, file);
    content(&mut buffered)?;
    let file = buffered
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// Makes a rename durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn draft_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_failed_write_leaves_the_old_content_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets.json");
        fs::write(&path, "old").unwrap();
        let failed = replace(&path, Readers::Everyone, |sink| {
            sink.write_all(b"half of the n")?;
            Err(io::Error::other("no space left on device"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn modes_do_not_depend_on_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for readers in [Readers::Everyone, Readers::OwnerOnly, Readers::Everyone] {
            replace(&path, readers, |sink| sink.write_all(b"x")).unwrap();
            assert_eq!(mode(&path), readers.mode());
        }
    }

    #[test]
    fn a_draft_of_a_killed_process_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets.json");
        fs::write(draft_path(&path), "torn and much longer than the rest").unwrap();
        replace(&path, Readers::Everyone, |sink| sink.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
