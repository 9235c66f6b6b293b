//! `state.json`: what one run knows, for the next run.
//!
//! A restarted daemon publishes it before its first request to Aiven or DNS, so
//! that a restart never empties the target list. Only the owner can read it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::atomic_file::{self, Readers, Stamp};
use super::seal;
use crate::model::address::NodeAddress;
use crate::model::cloud_foundry::Identity;
use crate::model::inventory::{Inventory, Missing};
use crate::model::outside_text::{OutsideText, Secrets};
use crate::model::plan::{Identities, SupportedTypes};
use crate::model::project::{Project, Saved};
use crate::model::resolution::{Addresses, Failing, Resolution};
use crate::model::service::Service;

/// The version of the format below. Files of other versions are not read.
const VERSION: u32 = 1;

/// The state file of one daemon.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// Of the file as it was last written.
    written: Option<Stamp>,
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
#[error("{path} cannot be used: {cause}")]
pub struct Unusable {
    path: PathBuf,
    cause: String,
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
    services: ServicesOut<'a>,
}

/// The services of a project, and whose they are.
struct ServicesOut<'a>(&'a Inventory, &'a Identities);

#[derive(Serialize)]
struct ServiceOut<'a> {
    service: &'a Service,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MissingRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a Identity>,
}

#[derive(Serialize)]
struct AddressOut<'a> {
    addresses: &'a [NodeAddress],
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
    #[serde(default)]
    identity: Option<Identity>,
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
            written: None,
        }
    }

    /// Whether somebody has taken away or changed what was written last.
    pub fn was_touched(&self) -> bool {
        self.written.is_some() && Stamp::of(&self.path) != self.written
    }

    /// Saves what is known.
    ///
    /// # Errors
    /// When the file cannot be written; its content is then unchanged.
    pub fn save<'a>(
        &mut self,
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
            seal::write(sink, &file)
        })?;
        self.written = Stamp::of(&self.path);
        Ok(())
    }

    /// What the last run saved; `None` if there is no file. No moment in it is
    /// later than `now`.
    ///
    /// # Errors
    /// When the file exists but cannot be used.
    pub fn load(&self, now: Timestamp) -> Result<Option<State>, Unusable> {
        let text = atomic_file::read(&self.path).map_err(|error| Unusable {
            path: self.path.clone(),
            cause: error.to_string(),
        })?;
        let state = text.map(|text| from_bytes(&text, now)).transpose();
        state.map_err(|cause| Unusable {
            path: self.path.clone(),
            cause,
        })
    }

    /// Removes what killed processes began to write.
    pub fn remove_drafts(&self) {
        atomic_file::remove_drafts(&self.path);
    }

    /// Renames an unusable file, so that an operator can look at it. Returns its new
    /// path.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn keep_unusable(&self) -> io::Result<PathBuf> {
        atomic_file::put_aside(&self.path)
    }
}

/// What a state file says: all of it, or nothing if any byte of it is not as it
/// was written, since an address with another digit is an address, too.
///
/// # Errors
/// Why it cannot be used.
pub fn from_bytes(text: &[u8], now: Timestamp) -> Result<State, String> {
    seal::check(text)?;
    // It quotes names and values of the file.
    let damaged = |error: serde_json::Error| {
        OutsideText::prose(&error.to_string(), &Secrets::default()).to_string()
    };
    let Versioned { version } = serde_json::from_slice(text).map_err(damaged)?;
    if version != VERSION {
        return Err(format!(
            "it has format {version}, this version reads format {VERSION}"
        ));
    }
    let file: FileIn = serde_json::from_slice(text).map_err(damaged)?;
    Ok(file.into_state(now))
}

fn project_out(project: &Project) -> ProjectOut<'_> {
    ProjectOut {
        name: project.name(),
        endpoint_id: project.endpoint().id(),
        supported_types: project.supported(),
        services: ServicesOut(project.inventory(), project.identities()),
    }
}

/// Makes each row only when it is written, because there may be many thousands.
fn one_by_one<S: Serializer>(services: &ServicesOut<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let ServicesOut(inventory, identities) = services;
    serializer.collect_seq(inventory.iter().map(|known| ServiceOut {
        service: &known.service,
        identity: identities.get(&known.service.name).map(|one| &**one),
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

impl FileIn {
    /// The clock may have been set back since: what lies ahead of `now` would
    /// keep a service that is gone for as long.
    fn into_state(self, now: Timestamp) -> State {
        let projects = self.projects.into_iter().map(|project| {
            let mut identities = Identities::new();
            let services = project.services.into_iter().map(|row| {
                if let Some(identity) = row.identity {
                    let name = Arc::clone(&row.service.name);
                    identities.insert(name, Arc::new(identity));
                }
                let missing = row.missing.map(|gone| {
                    Box::new(Missing {
                        since: gone.since.min(now),
                        confirmed: gone.confirmed.map(|at| at.min(now)),
                    })
                });
                (Arc::new(row.service), missing)
            });
            let state = Saved {
                inventory: Inventory::restore(services),
                supported: project.supported_types,
                endpoint_id: project.endpoint_id,
                identities,
            };
            (project.name, state)
        });
        let addresses = self.addresses.into_iter().map(|(name, row)| {
            let failing = row.failing.map(|failing| Failing {
                since: failing.since.min(now),
                ..failing
            });
            (name, Resolution::restored(row.addresses, failing))
        });
        State {
            saved_at: Some(self.saved_at.min(now)),
            projects: projects.collect(),
            addresses: addresses.collect(),
            tag_keys: self.tag_keys,
        }
    }
}

#[cfg(test)]
mod tests;
