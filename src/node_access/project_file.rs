//! A JSON file in `state_dir` with something for each project, written whole
//! whenever a part of it changes. Readable by the owner alone.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api_client::describe;
use crate::model::outage::{Failure, Outage};
use crate::publish::atomic_file::{self, Readers};

/// The format of the files. A file of another version is not read.
const VERSION: u32 = 1;

/// The file, and its content in memory.
pub(super) struct ProjectFile<T> {
    path: PathBuf,
    content: Mutex<Content<T>>,
}

struct Content<T> {
    projects: BTreeMap<Arc<str>, T>,
    writing: Outage,
}

#[derive(Serialize)]
struct FileOut<'a, T> {
    version: u32,
    projects: &'a BTreeMap<Arc<str>, T>,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// One odd project costs the others nothing.
#[derive(Deserialize)]
struct FileIn {
    projects: BTreeMap<Arc<str>, Box<RawValue>>,
}

impl<T> ProjectFile<T>
where
    T: Serialize + DeserializeOwned + Default + Clone + Send + 'static,
{
    /// What is in the file of `projects`; the rest is left out of the next
    /// write. A file that cannot be used is renamed, and that is logged. `seen` gets
    /// to see all that is in the file.
    pub(super) fn open(
        state_dir: &Path,
        name: &str,
        projects: &[String],
        seen: impl FnMut(&T),
    ) -> Self {
        let path = state_dir.join(name);
        atomic_file::remove_drafts(&path);
        let mut known: BTreeMap<Arc<str>, T> = read(&path).unwrap_or_else(|cause| {
            // Where even that fails the next write replaces it.
            let _ = atomic_file::put_aside(&path);
            tracing::warn!(path = %path.display(), cause, "saved file not usable, put aside; reading from Aiven again");
            BTreeMap::new()
        });
        known.values().for_each(seen);
        known.retain(|name, _| projects.iter().any(|project| **project == **name));
        let content = Mutex::new(Content {
            projects: known,
            writing: Outage::default(),
        });
        ProjectFile { path, content }
    }

    /// What is kept of a project.
    pub(super) fn get(&self, project: &str) -> T {
        self.content
            .lock()
            .projects
            .get(project)
            .cloned()
            .unwrap_or_default()
    }

    /// Keeps `value` of a project. Returns whether it is on disk; the caller
    /// tries again later if not.
    pub(super) async fn put(self: &Arc<Self>, project: &Arc<str>, value: T) -> bool {
        let (file, project) = (Arc::clone(self), Arc::clone(project));
        let written = tokio::task::spawn_blocking(move || {
            let mut content = file.content.lock();
            content.projects.insert(project, value);
            let written = file.write(&content.projects);
            file.say(&mut content, &written);
            written.is_ok()
        });
        written.await.unwrap_or(false)
    }

    fn write(&self, projects: &BTreeMap<Arc<str>, T>) -> io::Result<()> {
        let file = FileOut {
            version: VERSION,
            projects,
        };
        atomic_file::replace(&self.path, Readers::OwnerOnly, |sink| {
            serde_json::to_writer(sink, &file).map_err(io::Error::from)
        })
    }

    fn say(&self, content: &mut Content<T>, written: &io::Result<()>) {
        let path = self.path.display();
        let now = Timestamp::now();
        match written {
            Err(error) if content.writing.begin(now) == Failure::First => {
                tracing::error!(%path, %error, "writing failed; a restart would begin with what the file had before; free space or mend permissions");
            }
            Ok(()) if content.writing.end(now).is_some() => {
                tracing::info!(%path, "file can be written again")
            }
            _ => {}
        }
    }
}

/// The content of a file, nothing if there is none, or what is wrong with it,
/// without quoting it.
fn read<T: DeserializeOwned>(path: &Path) -> Result<BTreeMap<Arc<str>, T>, String> {
    let read = atomic_file::read(path).map_err(|error| error.to_string())?;
    read.map_or_else(|| Ok(BTreeMap::new()), |text| from_bytes(path, &text))
}

/// What the bytes of the file at `path` say.
pub(super) fn from_bytes<T: DeserializeOwned>(
    path: &Path,
    text: &[u8],
) -> Result<BTreeMap<Arc<str>, T>, String> {
    let Versioned { version } = serde_json::from_slice(text).map_err(|error| describe(&error))?;
    if version != VERSION {
        return Err(format!(
            "it has format {version}, this version reads format {VERSION}"
        ));
    }
    let file: FileIn = serde_json::from_slice(text).map_err(|error| describe(&error))?;
    let mut projects = BTreeMap::new();
    for (name, row) in file.projects {
        match serde_json::from_str(row.get()) {
            Ok(known) => _ = projects.insert(name, known),
            Err(error) => {
                let cause = describe(&error);
                tracing::warn!(path = %path.display(), project = %name, cause, "what is saved of this project is not usable; reading from Aiven again");
            }
        }
    }
    Ok(projects)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(folder: &Path) -> Arc<ProjectFile<String>> {
        let projects = ["london".to_owned(), "dublin".to_owned()];
        Arc::new(ProjectFile::open(folder, "file.json", &projects, |_| ()))
    }

    #[tokio::test]
    async fn what_is_put_is_there_after_a_restart_and_only_the_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = file(folder.path());
        assert!(first.put(&"london".into(), "a".to_owned()).await);
        assert!(first.put(&"dublin".into(), "b".to_owned()).await);
        let second = file(folder.path());
        assert_eq!(
            (second.get("london"), second.get("dublin")),
            ("a".into(), "b".into())
        );
        assert_eq!(second.get("paris"), "");
        let path = folder.path().join("file.json");
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn an_unusable_file_is_renamed_and_not_quoted() {
        for content in [
            r#"{"version": 1, "projects": ["hunter2"]}"#,
            "hunter2",
            r#"{"version": 2}"#,
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file.json");
            fs::write(&path, content).unwrap();
            let cause = read::<String>(&path).unwrap_err();
            assert!(!cause.contains("hunter2"), "{cause}");
            let file = file(folder.path());
            assert_eq!(file.get("london"), "");
            assert!(folder.path().join("file.json.unusable").exists());
            assert!(file.put(&"london".into(), "a".to_owned()).await);
        }
    }

    #[test]
    fn an_odd_project_costs_the_others_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        let text = r#"{"version": 1, "projects": {"london": 7, "dublin": "kept"}}"#;
        fs::write(&path, text).unwrap();
        let file = file(folder.path());
        assert_eq!(
            (file.get("london"), file.get("dublin")),
            ("".into(), "kept".into())
        );
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            text,
            "until the next write"
        );
    }

    #[test]
    fn no_cut_and_no_changed_byte_makes_reading_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        let whole = br#"{"version":1,"projects":{"london":"a","dublin":"b"}}"#;
        for at in 0..whole.len() {
            fs::write(&path, &whole[..at]).unwrap();
            assert!(read::<String>(&path).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = whole.to_vec();
                changed[at] ^= 1 << bit;
                fs::write(&path, changed).unwrap();
                let _ = read::<String>(&path);
            }
        }
    }

    #[tokio::test]
    async fn what_could_not_be_written_is_written_with_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        // Nothing can be made below a file.
        fs::write(&gone, "").unwrap();
        let first = file(&gone);
        assert!(!first.put(&"london".into(), "a".to_owned()).await);
        fs::remove_file(&gone).unwrap();
        assert!(first.put(&"dublin".into(), "b".to_owned()).await);
        assert_eq!(file(&gone).get("london"), "a");
    }
}
