//! The files of credentials and CAs, as bytes.

use std::path::Path;

use super::project_file;
use super::saved::SavedEndpoints;
use crate::model::credentials::KnownCredentials;
use crate::model::project_cas::ProjectCas;

/// `secrets.json`.
pub(crate) fn secrets(text: &[u8]) -> Result<(), String> {
    let projects = project_file::from_bytes::<SavedEndpoints>(Path::new("secrets.json"), text)?;
    for endpoint in projects.into_values().flat_map(SavedEndpoints::into_values) {
        drop(KnownCredentials::from(endpoint));
    }
    Ok(())
}

/// `certificates.json`.
pub(crate) fn certificates(text: &[u8]) -> Result<(), String> {
    project_file::from_bytes::<ProjectCas>(Path::new("certificates.json"), text).map(drop)
}
