//! Trust and credentials as somebody has read them once: no file is opened, nothing is kept
//! current, and nothing is written. For commands, which must change nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;

use super::basic_auth::BasicAuth;
use super::project_access::{EndpointAccess, ProjectAccess};
use super::trust::Anchors;
use super::{Inner, NodeAccess};
use crate::model::credentials::Credentials;
use crate::model::project_cas::ProjectCas;

/// What was read of one project.
#[derive(Debug, Default)]
pub struct FixedAccess {
    /// The project's CA, as PEM.
    pub ca: Option<String>,
    /// The endpoint that the configuration has credentials for, if any.
    pub configured: Option<Arc<str>>,
    /// The credentials of each integration endpoint, by id, or why they are not known.
    pub credentials: BTreeMap<Arc<str>, Result<Vec<Credentials>, String>>,
}

impl NodeAccess {
    /// Access to the nodes of these projects, with `extra` certificates trusted in each.
    pub fn fixed(
        extra: &[CertificateDer<'static>],
        projects: impl IntoIterator<Item = (Arc<str>, FixedAccess)>,
    ) -> NodeAccess {
        let anchors = Anchors::new(extra);
        let projects = projects.into_iter().map(|(name, fixed)| {
            let mut cas = ProjectCas::default();
            if let Some(pem) = &fixed.ca {
                cas.note_current(pem, Timestamp::now());
            }
            let access = ProjectAccess::new(anchors.with(&cas));
            let endpoints = fixed.credentials.into_iter();
            let endpoints = endpoints.map(|(id, known)| {
                let is_configured = fixed.configured.as_ref() == Some(&id);
                (id, Arc::new(endpoint(known, is_configured)))
            });
            access.endpoints.store(Arc::new(endpoints.collect()));
            (name, Arc::new(access))
        });
        NodeAccess(Arc::new(Inner {
            projects: projects.collect(),
            without_project: anchors.with(&ProjectCas::default()),
        }))
    }
}

fn endpoint(known: Result<Vec<Credentials>, String>, is_configured: bool) -> EndpointAccess {
    let (candidates, missing_cause) = match known {
        Ok(credentials) => (credentials.iter().map(BasicAuth::new).collect(), None),
        Err(cause) => (Arc::default(), Some(cause.into())),
    };
    EndpointAccess {
        candidates,
        is_configured,
        missing_cause,
        reports: Arc::default(),
    }
}
