//! One integration endpoint in the care of the node_access: what is held of its
//! credentials, when to look again, and what scrapes are told.

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

/// Why there is no candidate before the first answer.
pub(super) const NOT_ASKED: &str =
    "Aiven has not been asked for the endpoint's credentials yet; wait a moment";

const NO_RIGHT: &str = "the token lacks the right project:integrations:write, which reading an endpoint's secrets needs; grant it";

const HIDDEN: &str = "Aiven does not show the endpoint's credentials; use an endpoint of our own with integration.username and integration.password";

/// How long what is held of an endpoint outlives the last wish for it.
const KEPT_UNWANTED: Duration = Duration::from_secs(24 * 3600);

/// One endpoint.
pub(super) struct EndpointRecord {
    pub(super) held: KnownCredentials,
    pub(super) schedule: Schedule,
    pub(super) reports: Arc<Reports>,
    /// Whether a failure to read was said since the last success.
    pub(super) said_unreadable: bool,
    /// The same of writing.
    pub(super) said_unwritable: bool,
    why_none: Arc<str>,
    /// Since when its nodes can report in this run.
    since: Instant,
    unwanted_since: Option<Instant>,
}

impl EndpointRecord {
    pub(super) fn new(id: &str, held: KnownCredentials, timing: Timing) -> EndpointRecord {
        EndpointRecord {
            held,
            schedule: Schedule::new(id, timing),
            reports: Arc::default(),
            said_unreadable: false,
            said_unwritable: false,
            why_none: NOT_ASKED.into(),
            since: Instant::now(),
            unwanted_since: None,
        }
    }

    /// What scrapes are told, where the configuration has a pair for it or not.
    pub(super) fn ring(&self, configured: Option<&Credentials>) -> EndpointAccess {
        let pairs = self.held.candidates(configured);
        let candidates: Arc<[BasicAuth]> = pairs.into_iter().map(BasicAuth::new).collect();
        EndpointAccess {
            why_none: candidates.is_empty().then(|| Arc::clone(&self.why_none)),
            candidates,
            reports: Arc::clone(&self.reports),
        }
    }

    /// Notes why Aiven's pair is not known.
    pub(super) fn note_unreadable(&mut self, kind: Option<&ErrorKind>) {
        self.why_none = match kind {
            None => HIDDEN.into(),
            Some(ErrorKind::Forbidden(_)) => NO_RIGHT.into(),
            Some(kind) => format!("the endpoint's credentials cannot be read: {kind}").into(),
        };
    }

    /// When to look at Aiven; never while nobody wants it.
    pub(super) fn due(&self) -> Option<Instant> {
        let is_wanted = self.unwanted_since.is_none();
        is_wanted.then(|| self.schedule.due(self.reports.is_refused()))
    }

    /// Notes whether it is wanted. Returns whether to keep it.
    pub(super) fn note_wanted(&mut self, is_wanted: bool) -> bool {
        if is_wanted {
            self.unwanted_since = None;
            return true;
        }
        let since = *self.unwanted_since.get_or_insert_with(Instant::now);
        since.elapsed() < KEPT_UNWANTED
    }

    /// Forgets the previous pairs if all nodes have followed. Returns whether it did.
    pub(super) fn forget_what_is_settled(&mut self, timing: Timing) -> bool {
        // Also where nothing is to be forgotten: it drops nodes that are gone.
        let taken = self.reports.taken_lately(timing.refresh);
        let (Some(present), Some(changed_at)) = (&self.held.remote, self.held.changed_at) else {
            return false;
        };
        let since_change = Timestamp::now().duration_since(changed_at);
        let since_change = Duration::try_from(since_change).unwrap_or_default();
        let reporting_for = self.since.elapsed().min(since_change);
        let present = BasicAuth::id_of(present);
        is_settled(present, taken.into_iter(), reporting_for, timing.settle)
            && self.held.forget_previous()
    }
}
