//! The one door to the files in `state_dir` and the folder of `targets.path`.
//!
//! A file is replaced as a whole: every reader sees either the old or the new
//! content, even if the process or the machine dies in between. And whatever
//! stands in its place, a link, a FIFO, a device, a folder, is not written
//! through, not read, and waited for by nobody.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::net::descriptors::with_room;

/// No file of ours comes near: ten thousand services take some 10 MB.
const MAX_BYTES: u64 = 128 << 20;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Mode 0600.
    OwnerOnly,
    /// Mode 0644, regardless of the umask.
    Everyone,
}

/// Tells whether a file is still as it was: other content, or another file,
/// has another stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    mode: u32,
    modified: (i64, i64),
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Readers::OwnerOnly => 0o600,
            Readers::Everyone => 0o644,
        }
    }
}

impl Stamp {
    /// The stamp of the file at `path`; `None` unless that is a regular file.
    pub fn of(path: &Path) -> Option<Stamp> {
        let found = fs::symlink_metadata(path).ok()?;
        found.is_file().then(|| Stamp {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            mode: found.mode(),
            modified: (found.mtime(), found.mtime_nsec()),
        })
    }
}

/// Writes what `content` produces to a draft in the same folder, syncs it to disk,
/// and renames it to `path`. On failure the file at `path` is untouched. A folder
/// that is missing is made; one in the place of the file is put aside.
///
/// The name of a draft starts with a dot and ends in `.tmp`, so that no
/// `*.json` glob matches it. In between it is random, and the draft must not
/// exist, so nobody can lay out a link for it. See [`remove_drafts`].
///
/// # Errors
/// When the file system or `content` fails.
pub fn replace(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    write_and_rename(path, readers, content).map_err(without_draft)
}

fn write_and_rename(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let draft = new_draft(path, readers)?;
    draft
        .as_file()
        .set_permissions(Permissions::from_mode(readers.mode()))?;
    let mut buffered = BufWriter::with_capacity(64 << 10, draft);
    content(&mut buffered)?;
    let draft = buffered
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    draft.as_file().sync_all()?;
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        put_aside(path)?;
    }
    draft.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// The error itself. tempfile adds the draft's path to its text, which is another one each time:
/// one trouble would look like many.
fn without_draft(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((cause, _)) => io::Error::new(error.kind(), cause),
        None => error,
    }
}

/// What is in the file at `path`; `None` if there is none. For a file of at
/// most 128 MB.
///
/// # Errors
/// When it cannot be read, is larger, or is no regular file.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits().cast_signed());
    let opened = with_room(|| options.open(path));
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => {
            return Err(not_regular());
        }
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(not_regular());
    }
    let too_large = || io::Error::new(ErrorKind::FileTooLarge, "it is larger than 128 MB");
    if found.len() > MAX_BYTES {
        return Err(too_large());
    }
    let mut text = Vec::with_capacity(usize::try_from(found.len()).unwrap_or_default());
    // It may grow meanwhile.
    file.take(MAX_BYTES.saturating_add(1))
        .read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(too_large());
    }
    Ok(Some(text))
}

/// Renames what is at `path` to the same name with `.unusable` added, so that an
/// operator can look at it. Returns its new path. A file that has that name
/// already is replaced; where a folder has it, a number is added.
///
/// # Errors
/// When it cannot be renamed.
pub fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let mut tried = rename_with(path, ".unusable");
    for number in 2..10 {
        if tried.is_ok() {
            break;
        }
        tried = rename_with(path, &format!(".unusable.{number}"));
    }
    tried
}

fn rename_with(path: &Path, suffix: &str) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    let aside = PathBuf::from(name);
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Removes the drafts that killed processes left beside `path`. To be called
/// while nobody writes there.
pub fn remove_drafts(path: &Path) {
    let Some(entries) = path.parent().and_then(|folder| fs::read_dir(folder).ok()) else {
        return;
    };
    let prefix = draft_prefix(path);
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(DRAFT_SUFFIX) {
            // One that stays is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

const DRAFT_SUFFIX: &str = ".tmp";

fn draft_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

fn new_draft(path: &Path, readers: Readers) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let prefix = draft_prefix(path);
    let make = || {
        tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(DRAFT_SUFFIX)
            .permissions(Permissions::from_mode(readers.mode()))
            .tempfile_in(folder)
    };
    match with_room(make) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            make()
        }
        made => made,
    }
}

/// Makes a rename durable, where the file system can.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match with_room(|| File::open(folder))?.sync_all() {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

fn not_regular() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")
}

#[cfg(test)]
mod tests;
