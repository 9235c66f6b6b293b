//! Keeps a project's CA known. Nothing that goes wrong here stops anything:
//! the public roots and `scrape_proxy.ca_cert` are trusted all the same.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::time::{Instant, sleep_until};

use super::Timing;
use super::project_access::ProjectAccess;
use super::project_file::ProjectFile;
use super::schedule::Schedule;
use super::trust::Anchors;
use crate::aiven::{Client, Error, ErrorKind};
use crate::model::later::later;
use crate::model::outage::{Failure, Outage};
use crate::model::project_cas::ProjectCas;
use crate::model::surroundings::{Holder, OwnCertificate};
use crate::net::certificate::own;
use crate::publish::surroundings::SurroundingsBoard;

/// How long after a failed save the next one is tried.
pub(super) const SAVE_RETRY: Duration = Duration::from_secs(30);

/// Keeps one project's CA known.
pub(super) struct CaTask {
    project: Arc<str>,
    client: Arc<Client>,
    access: Arc<ProjectAccess>,
    anchors: Arc<Anchors>,
    file: Arc<ProjectFile<ProjectCas>>,
    timing: Timing,
    /// Where it notes when the CA ends.
    surroundings: SurroundingsBoard,
    known: ProjectCas,
    schedule: Schedule,
    unsaved: bool,
    reading: Outage,
}

impl CaTask {
    pub(super) fn new(
        project: Arc<str>,
        client: Arc<Client>,
        access: Arc<ProjectAccess>,
        anchors: Arc<Anchors>,
        file: Arc<ProjectFile<ProjectCas>>,
        timing: Timing,
        surroundings: SurroundingsBoard,
    ) -> Self {
        let task = CaTask {
            known: file.get(&project),
            schedule: Schedule::new(&project, timing),
            project,
            client,
            access,
            anchors,
            file,
            timing,
            surroundings,
            unsaved: false,
            reading: Outage::default(),
        };
        task.note_its_end();
        task
    }

    /// Asks Aiven regularly, and when a node shows a certificate of an unknown
    /// issuer. Never returns.
    pub(super) async fn run(mut self) {
        loop {
            self.forget_outdated();
            if self.unsaved {
                self.unsaved = !self.file.put(&self.project, self.known.clone()).await;
            }
            let is_urgent = self.access.unknown_issuer.is_requested();
            let due = self.schedule.due(is_urgent);
            if due <= Instant::now() {
                self.access.unknown_issuer.clear();
                self.ask(is_urgent).await;
                continue;
            }
            let again = later(Instant::now(), SAVE_RETRY);
            let wake = if self.unsaved { due.min(again) } else { due };
            tokio::select! {
                () = sleep_until(wake) => {}
                () = self.access.unknown_issuer.wait() => {}
            }
        }
    }

    async fn ask(&mut self, is_urgent: bool) {
        match self.client.project_ca(&self.project).await {
            Ok(pem) => {
                let is_first = self.known.pems().next().is_none();
                let changed = self.known.note_current(&pem, Timestamp::now());
                if changed {
                    self.say_change(is_first);
                    self.trust_what_is_known();
                }
                if self.reading.end(Timestamp::now()).is_some() {
                    tracing::info!(project = %self.project, "the project's CA can be read again");
                }
                self.schedule.answered(Instant::now(), is_urgent, changed);
            }
            Err(error) => {
                self.say(&error);
                self.schedule.failed(Instant::now(), error.kind.trouble());
            }
        }
    }

    fn forget_outdated(&mut self) {
        if self
            .known
            .forget_replaced(Timestamp::now(), self.timing.overlap)
        {
            tracing::info!(project = %self.project, "the project's former CA is not trusted any more");
            self.trust_what_is_known();
        }
    }

    fn trust_what_is_known(&mut self) {
        self.access.trust.store(self.anchors.with(&self.known));
        self.unsaved = true;
        self.note_its_end();
    }

    /// Only the current CA counts: the end of a former one is no trouble.
    fn note_its_end(&self) {
        let current = self.known.pems().next().unwrap_or_default();
        let certificates = CertificateDer::pem_slice_iter(current.as_bytes());
        let certificates = certificates.filter_map(|der| own(Holder::Project, &der.ok()?));
        let certificates = certificates.map(|one| OwnCertificate {
            project: Some(Arc::clone(&self.project)),
            ..one
        });
        self.surroundings
            .note_project_ca(&self.project, certificates.collect());
    }

    fn say_change(&self, is_first: bool) {
        let hours = self.timing.overlap.as_secs() / 3600;
        if is_first {
            tracing::info!(project = %self.project, "the project's CA is known");
        } else {
            tracing::info!(project = %self.project, hours, "the project has a new CA; the former one is trusted beside it for a while");
        }
    }

    fn say(&mut self, error: &Error) {
        // A token that is not accepted is reported for all.
        let is_reported = matches!(error.kind, ErrorKind::TokenRejected(_));
        if is_reported || self.reading.begin(Timestamp::now()) == Failure::Again {
            tracing::debug!(project = %self.project, %error, "the project's CA still cannot be read");
            return;
        }
        match &error.kind {
            // Usual: the right is a wide one.
            ErrorKind::Forbidden(_) => {
                tracing::info!(project = %self.project, "the token may not read the project's CA (organization:projects:write); where nodes have certificates of that CA, give it as scrape_proxy.ca_cert");
            }
            _ => {
                tracing::warn!(project = %self.project, %error, "the project's CA cannot be read; what is known is trusted as before, trying again later");
            }
        }
    }
}
