//! `state.json`: what one run knows, for the next run.
//!
//! A restarted daemon publishes it before its first request to Aiven or DNS, so
//! that a restart never empties the target list. Only the owner can read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::atomic_file::{self, Readers};
use crate::model::inventory::{Inventory, Missing};
use crate::model::plan::SupportedTypes;
use crate::model::project::{Project, Saved};
use crate::model::resolution::{Addresses, Failing, Resolution};
use crate::model::service::Service;

/// The version of the format below. Files of other versions are not read.
const VERSION: u32 = 1;

/// The state file of one daemon.
#[derive(Debug, Clone)]
pub struct StateFile {
    path: PathBuf,
}

/// What one run leaves for the next.
#[derive(Debug, Default)]
pub struct State {
    /// When it was saved.
    pub saved_at: Option<Timestamp>,
    /// What was known about each project, by name.
    pub projects: BTreeMap<Arc<str>, Saved>,
    /// The addresses of host names.
    pub addresses: Addresses,
    /// The keys of the tags that were kept of each service.
    pub tag_keys: BTreeSet<String>,
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read or understood.
    #[error("{path} cannot be used: {cause}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Another version of this program wrote it.
    #[error("{path} has format {found}, this version reads format {VERSION}")]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

#[derive(Serialize)]
struct FileOut<'a> {
    version: u32,
    saved_at: Timestamp,
    tag_keys: Vec<&'a str>,
    projects: Vec<ProjectOut<'a>>,
    #[serde(serialize_with = "by_name")]
    addresses: &'a Addresses,
}

#[derive(Serialize)]
struct ProjectOut<'a> {
    name: &'a str,
    endpoint_id: Option<&'a str>,
    supported_types: Option<&'a SupportedTypes>,
    #[serde(serialize_with = "one_by_one")]
    services: &'a Inventory,
}

#[derive(Serialize)]
struct ServiceOut<'a> {
    service: &'a Service,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MissingRow>,
}

#[derive(Serialize)]
struct AddressOut<'a> {
    addresses: &'a [IpAddr],
    #[serde(skip_serializing_if = "Option::is_none")]
    failing: Option<&'a Failing>,
}

#[derive(Serialize, Deserialize)]
struct MissingRow {
    since: Timestamp,
    confirmed: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Deserialize)]
struct FileIn {
    saved_at: Timestamp,
    tag_keys: BTreeSet<String>,
    projects: Vec<ProjectIn>,
    addresses: BTreeMap<Arc<str>, AddressIn>,
}

#[derive(Deserialize)]
struct ProjectIn {
    name: Arc<str>,
    endpoint_id: Option<Arc<str>>,
    supported_types: Option<SupportedTypes>,
    services: Vec<ServiceIn>,
}

#[derive(Deserialize)]
struct ServiceIn {
    service: Service,
    #[serde(default)]
    missing: Option<MissingRow>,
}

#[derive(Deserialize)]
struct AddressIn {
    addresses: Vec<IpAddr>,
    #[serde(default)]
    failing: Option<Failing>,
}

impl StateFile {
    /// The file in `state_dir`.
    pub fn new(state_dir: &Path) -> Self {
        StateFile {
            path: state_dir.join("state.json"),
        }
    }

    /// Saves what is known.
    ///
    /// # Errors
    /// When the file cannot be written; its content is then unchanged.
    pub fn save<'a>(
        &self,
        saved_at: Timestamp,
        projects: impl Iterator<Item = &'a Project>,
        addresses: &Addresses,
        tag_keys: impl Iterator<Item = &'a str>,
    ) -> io::Result<()> {
        let file = FileOut {
            version: VERSION,
            saved_at,
            tag_keys: tag_keys.collect(),
            projects: projects.map(project_out).collect(),
            addresses,
        };
        atomic_file::replace(&self.path, Readers::OwnerOnly, |sink| {
            serde_json::to_writer(sink, &file).map_err(io::Error::from)
        })
    }

    /// What the last run saved; `None` if there is no file.
    ///
    /// # Errors
    /// When the file exists but cannot be used.
    pub fn load(&self) -> Result<Option<State>, Unusable> {
        let damaged = |cause: String| Unusable::Damaged {
            path: self.path.clone(),
            cause,
        };
        let open = || fs::File::open(&self.path).map(BufReader::new);
        let file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| damaged(error.to_string()))?,
        };
        let Versioned { version } =
            serde_json::from_reader(file).map_err(|error| damaged(error.to_string()))?;
        if version != VERSION {
            return Err(Unusable::OtherVersion {
                path: self.path.clone(),
                found: version,
            });
        }
        let file = open().map_err(|error| damaged(error.to_string()))?;
        let file: FileIn =
            serde_json::from_reader(file).map_err(|error| damaged(error.to_string()))?;
        Ok(Some(file.into()))
    }

    /// Renames an unusable file, so that an operator can look at it. Returns its new
    /// path.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn keep_unusable(&self) -> io::Result<PathBuf> {
        let kept = self.path.with_extension("json.unusable");
        fs::rename(&self.path, &kept)?;
        Ok(kept)
    }
}

fn project_out(project: &Project) -> ProjectOut<'_> {
    ProjectOut {
        name: project.name(),
        endpoint_id: project.endpoint().id(),
        supported_types: project.supported(),
        services: project.inventory(),
    }
}

/// Makes each row only when it is written, because there may be many thousands.
fn one_by_one<S: Serializer>(inventory: &Inventory, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(inventory.iter().map(|known| ServiceOut {
        service: &known.service,
        missing: known.missing.as_deref().map(|gone| MissingRow {
            since: gone.since,
            confirmed: gone.confirmed,
        }),
    }))
}

fn by_name<S: Serializer>(addresses: &Addresses, serializer: S) -> Result<S::Ok, S::Error> {
    let mut rows: Vec<_> = addresses.iter().collect();
    rows.sort_unstable_by_key(|(name, _)| *name);
    serializer.collect_map(rows.into_iter().map(|(name, known)| {
        let row = AddressOut {
            addresses: &known.addresses,
            failing: known.failing.as_deref(),
        };
        (name, row)
    }))
}

impl From<FileIn> for State {
    fn from(file: FileIn) -> State {
        let projects = file.projects.into_iter().map(|project| {
            let services = project.services.into_iter().map(|row| {
                let missing = row.missing.map(|gone| {
                    Box::new(Missing {
                        since: gone.since,
                        confirmed: gone.confirmed,
                    })
                });
                (Arc::new(row.service), missing)
            });
            let state = Saved {
                inventory: Inventory::restore(services),
                supported: project.supported_types,
                endpoint_id: project.endpoint_id,
            };
            (project.name, state)
        });
        let addresses = file.addresses.into_iter().map(|(name, row)| {
            let resolution = Resolution {
                addresses: row.addresses.into(),
                failing: row.failing.map(Box::new),
            };
            (name, resolution)
        });
        State {
            saved_at: Some(file.saved_at),
            projects: projects.collect(),
            addresses: addresses.collect(),
            tag_keys: file.tag_keys,
        }
    }
}

#[cfg(test)]
mod tests;
