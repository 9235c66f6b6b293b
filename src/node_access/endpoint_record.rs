//! What is known of one integration endpoint's credentials, when to look again,
//! and what scrapes are told.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Timing;
use super::basic_auth::BasicAuth;
use super::project_access::{EndpointAccess, Reports};
use super::schedule::Schedule;
use crate::aiven::ErrorKind;
use crate::model::credentials::{Credentials, KnownCredentials, is_settled};
use crate::model::outage::Outage;

/// Why no credentials are known before the first answer.
pub(super) const NOT_ASKED: &str =
    "Aiven has not been asked for the endpoint's credentials yet; wait a moment";

const NO_RIGHT: &str = "the token lacks the right project:integrations:write, which reading an endpoint's secrets needs";

const HIDDEN: &str = "Aiven does not show the endpoint's credentials";

/// How long an endpoint that is no longer needed is remembered.
const KEEP_UNNEEDED: Duration = Duration::from_secs(24 * 3600);

/// One endpoint.
pub(super) struct EndpointRecord {
    pub(super) known: KnownCredentials,
    pub(super) schedule: Schedule,
    pub(super) reports: Arc<Reports>,
    /// Reading its credentials from Aiven.
    pub(super) reading: Outage,
    /// Writing ours to Aiven.
    pub(super) writing: Outage,
    /// Why no credentials are known, unless some are.
    missing_cause: Arc<str>,
    /// Since when its nodes can report in this run.
    since: Instant,
    unneeded_since: Option<Instant>,
}

impl EndpointRecord {
    pub(super) fn new(id: &str, known: KnownCredentials, timing: Timing) -> EndpointRecord {
        EndpointRecord {
            known,
            schedule: Schedule::new(id, timing),
            reports: Arc::default(),
            reading: Outage::default(),
            writing: Outage::default(),
            missing_cause: NOT_ASKED.into(),
            since: Instant::now(),
            unneeded_since: None,
        }
    }

    /// What scrapes are told, with the credentials that the configuration has for it, if any.
    pub(super) fn access(&self, configured: Option<&Credentials>) -> EndpointAccess {
        let candidates = self.known.candidates(configured);
        let candidates: Arc<[BasicAuth]> = candidates.into_iter().map(BasicAuth::new).collect();
        EndpointAccess {
            missing_cause: candidates
                .is_empty()
                .then(|| Arc::clone(&self.missing_cause)),
            candidates,
            is_configured: configured.is_some(),
            reports: Arc::clone(&self.reports),
        }
    }

    /// Notes why Aiven's credentials are not known.
    pub(super) fn note_unreadable(&mut self, kind: Option<&ErrorKind>) {
        self.missing_cause = match kind {
            None => HIDDEN.into(),
            Some(ErrorKind::Forbidden(_)) => NO_RIGHT.into(),
            Some(kind) => {
                let found = kind.found();
                format!("the endpoint's credentials cannot be read: {found}").into()
            }
        };
    }

    /// When to look at Aiven; never while nobody wants it.
    pub(super) fn due(&self) -> Option<Instant> {
        let is_needed = self.unneeded_since.is_none();
        is_needed.then(|| self.schedule.due(self.reports.is_refused()))
    }

    /// Notes whether it is needed. Returns whether to keep it.
    pub(super) fn note_needed(&mut self, is_needed: bool) -> bool {
        if is_needed {
            self.unneeded_since = None;
            return true;
        }
        let since = *self.unneeded_since.get_or_insert_with(Instant::now);
        since.elapsed() < KEEP_UNNEEDED
    }

    /// Forgets the previous credentials if all nodes have followed. Returns whether
    /// it did.
    pub(super) fn forget_what_is_settled(&mut self, timing: Timing) -> bool {
        // Also where nothing is to be forgotten: it drops nodes that are gone.
        let taken = self.reports.taken_lately(timing.refresh);
        let (Some(present), Some(changed_at)) = (&self.known.remote, self.known.changed_at) else {
            return false;
        };
        let since_change = Timestamp::now().duration_since(changed_at);
        let since_change = Duration::try_from(since_change).unwrap_or_default();
        let reporting_for = self.since.elapsed().min(since_change);
        let present = BasicAuth::id_of(present);
        is_settled(present, taken.into_iter(), reporting_for, timing.settle)
            && self.known.forget_previous()
    }
}
