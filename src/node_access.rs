//! Node access: what the scrape proxy trusts and which credentials it sends.
//! Both are ready before it asks, so no scrape waits for them.
//!
//! One task for each project keeps them current: it reads the project's CA and
//! the credentials of every needed integration endpoint from Aiven, writes the
//! configured ones to our own endpoint, and saves all of it, so that a
//! restarted daemon scrapes before its first call. What to trust, send, write
//! and forget is decided in [`crate::model::project_cas`] and
//! [`crate::model::credentials`]; verification is never turned off.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::sync::watch;

use crate::aiven::Client;
use crate::config::Config;
use crate::model::credentials::Credentials;
use crate::model::endpoint::EndpointChoice;
use crate::model::needed_endpoints::NeededEndpoints;
use crate::model::outside_text::Secrets;
use crate::model::project_cas::ProjectCas;
use crate::model::write_window::WriteWindow;
use crate::publish::surroundings::SurroundingsBoard;

mod basic_auth;
mod ca_task;
mod endpoint_record;
mod endpoint_task;
mod fixed;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod project_access;
mod project_file;
mod saved;
mod schedule;
mod trust;

pub use basic_auth::BasicAuth;
use ca_task::CaTask;
use endpoint_task::EndpointTask;
pub use fixed::FixedAccess;
use project_access::{EndpointAccess, ProjectAccess};
use project_file::ProjectFile;
use saved::{SavedEndpoint, SavedEndpoints};
use trust::Anchors;

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From one look at Aiven to the next when nothing happens.
    pub refresh: Duration,
    /// The least time between two looks when scrapes fail; it doubles up to a
    /// twelfth of `refresh` while looking brings nothing new.
    pub soon: Duration,
    /// How long Aiven must have other credentials than those that we wrote
    /// before we restore ours.
    pub restore_after: Duration,
    /// The least time that nodes have to report before previous credentials
    /// are forgotten: several scrapes.
    pub settle: Duration,
    /// How long a replaced CA is trusted beside its successor.
    pub overlap: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            refresh: Duration::from_secs(3600),
            soon: Duration::from_secs(10),
            restore_after: Duration::from_secs(15 * 60),
            settle: Duration::from_secs(10 * 60),
            overlap: Duration::from_secs(48 * 3600),
        }
    }
}

/// Trust and credentials by project. Cheap to clone; no call waits for the
/// network or the disk.
#[derive(Clone)]
pub struct NodeAccess(Arc<Inner>);

struct Inner {
    projects: BTreeMap<Arc<str>, Arc<ProjectAccess>>,
    /// For a project that is not configured.
    without_project: Arc<ClientConfig>,
}

/// Makes the [`AccessTask`] of each project.
pub struct AccessTasks {
    node_access: NodeAccess,
    anchors: Arc<Anchors>,
    project_cas: Arc<ProjectFile<ProjectCas>>,
    saved: Arc<ProjectFile<SavedEndpoints>>,
    configured: Option<Credentials>,
    create: bool,
    timing: Timing,
    surroundings: SurroundingsBoard,
}

/// Keeps one project's trust and credentials current.
pub struct AccessTask {
    project_cas: CaTask,
    endpoints: EndpointTask,
}

/// Trust and credentials as the last run left them in `state_dir`, which must
/// exist, and what keeps them current. A file that cannot be used is renamed.
/// `secrets` gets to know every password that is saved: nodes and Aiven may quote them.
pub fn open(config: &Config, timing: Timing, secrets: &Secrets) -> (NodeAccess, AccessTasks) {
    let anchors = Arc::new(Anchors::new(&config.scrape_proxy.ca_cert));
    let names = &config.aiven.projects;
    let folder = &config.state_dir;
    let project_cas = ProjectFile::open(folder, "certificates.json", names, |_| ());
    let saved = ProjectFile::open(folder, "secrets.json", names, |saved: &SavedEndpoints| {
        let passwords = saved.values().flat_map(SavedEndpoint::passwords);
        passwords.for_each(|password| secrets.add(password));
    });
    let projects = names.iter().map(|name| {
        let trust = anchors.with(&project_cas.get(name));
        let access = Arc::new(ProjectAccess::new(trust));
        (Arc::from(name.as_str()), access)
    });
    let node_access = NodeAccess(Arc::new(Inner {
        projects: projects.collect(),
        without_project: anchors.with(&ProjectCas::default()),
    }));
    let configured = match &config.integration.endpoint {
        EndpointChoice::Named { credentials, .. } => credentials.clone(),
        EndpointChoice::Existing { .. } => None,
    };
    let access_tasks = AccessTasks {
        node_access: node_access.clone(),
        anchors,
        project_cas: Arc::new(project_cas),
        saved: Arc::new(saved),
        configured,
        create: config.integration.create,
        timing,
        surroundings: SurroundingsBoard::default(),
    };
    (node_access, access_tasks)
}

impl AccessTasks {
    /// The same, and each task notes on `board` when its project's CA ends.
    #[must_use]
    pub fn noting(self, board: SurroundingsBoard) -> AccessTasks {
        AccessTasks {
            surroundings: board,
            ..self
        }
    }

    /// The task of one configured project. From now on scrapes get the
    /// credentials of all endpoints that are `needed` and known from before.
    pub fn of(
        &self,
        project: &Arc<str>,
        client: Arc<Client>,
        write_window: WriteWindow,
        needed: watch::Receiver<NeededEndpoints>,
    ) -> AccessTask {
        let access = self.node_access.0.projects.get(project);
        // No scrape asks for a project that is not configured.
        let access = access.cloned().unwrap_or_else(|| {
            let trust = Arc::clone(&self.node_access.0.without_project);
            Arc::new(ProjectAccess::new(trust))
        });
        AccessTask {
            project_cas: CaTask::new(
                Arc::clone(project),
                Arc::clone(&client),
                Arc::clone(&access),
                Arc::clone(&self.anchors),
                Arc::clone(&self.project_cas),
                self.timing,
                self.surroundings.clone(),
            ),
            endpoints: EndpointTask::new(
                endpoint_task::Setup {
                    project: Arc::clone(project),
                    client,
                    access,
                    file: Arc::clone(&self.saved),
                    configured: self.configured.clone(),
                    create: self.create,
                    write_window,
                    timing: self.timing,
                },
                needed,
            ),
        }
    }
}

impl AccessTask {
    /// Keeps the project's trust and credentials current. Returns when the
    /// `needed` channel closes.
    pub async fn run(self) {
        tokio::select! {
            () = self.endpoints.run() => {}
            () = self.project_cas.run() => {}
        }
    }
}

impl NodeAccess {
    /// The TLS client for nodes of a project: TLS 1.2 or newer, trusting the
    /// project's CAs, `scrape_proxy.ca_cert` and the public roots, with a
    /// session store of its own. A change of trust makes another one, so that
    /// no session outlives the CA that it was verified with; hold it for one
    /// connection only.
    pub fn trust(&self, project: &str) -> Arc<ClientConfig> {
        match self.0.projects.get(project) {
            Some(access) => access.trust.load_full(),
            None => Arc::clone(&self.0.without_project),
        }
    }

    /// The credentials that the nodes of an integration endpoint may take, best
    /// guess first; none while none are known, see
    /// [`NodeAccess::missing_credentials_cause`].
    pub fn candidates(&self, project: &str, endpoint_id: &str) -> Arc<[BasicAuth]> {
        self.endpoint(project, endpoint_id)
            .map_or_else(Arc::default, |endpoint| Arc::clone(&endpoint.candidates))
    }

    /// Whether the credentials of this endpoint are those of the configuration.
    pub fn is_configured(&self, project: &str, endpoint_id: &str) -> bool {
        let endpoint = self.endpoint(project, endpoint_id);
        endpoint.is_some_and(|endpoint| endpoint.is_configured)
    }

    /// Every endpoint of the project that something is known of.
    pub fn endpoint_ids(&self, project: &str) -> Vec<Arc<str>> {
        let access = self.0.projects.get(project);
        access.map_or_else(Vec::new, |access| {
            access.endpoints.load().keys().cloned().collect()
        })
    }

    /// Why no credentials are known, with what to do about it; `None` when
    /// some are.
    pub fn missing_credentials_cause(&self, project: &str, endpoint_id: &str) -> Option<Arc<str>> {
        match self.endpoint(project, endpoint_id) {
            Some(endpoint) => endpoint.missing_cause.clone(),
            None => Some(endpoint_record::NOT_ASKED.into()),
        }
    }

    /// Reports that a node's certificate has an unknown issuer: the project may
    /// have a new CA. To be called each time; how often Aiven is asked is bounded.
    pub fn unknown_issuer(&self, project: &str) {
        if let Some(access) = self.0.projects.get(project) {
            access.unknown_issuer.request();
        }
    }

    /// Reports that a node refused every candidate: the endpoint may have other
    /// credentials now. To be called each time; how often Aiven is asked is
    /// bounded.
    pub fn refused(&self, project: &str, endpoint_id: &str) {
        let access = self.0.projects.get(project);
        if let Some((access, endpoint)) =
            access.and_then(|access| Some((access, access.endpoint(endpoint_id)?)))
            && endpoint.reports.refused()
        {
            access.refusals.notify_one();
        }
    }

    /// Reports that a node, named by service and address, took these
    /// credentials. To be called after every scrape that got past its
    /// authentication: previous credentials are forgotten once all nodes that
    /// report took the present ones.
    pub fn accepted(
        &self,
        project: &str,
        endpoint_id: &str,
        target: (Arc<str>, SocketAddr),
        credentials: &BasicAuth,
    ) {
        if let Some(endpoint) = self.endpoint(project, endpoint_id) {
            endpoint.reports.accepted(target, credentials.id());
        }
    }

    fn endpoint(&self, project: &str, endpoint_id: &str) -> Option<Arc<EndpointAccess>> {
        self.0.projects.get(project)?.endpoint(endpoint_id)
    }
}

#[cfg(test)]
mod tests;
