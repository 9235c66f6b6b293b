//! The credentials of an integration endpoint: which ones its nodes may accept,
//! and whether the configured ones must be written to Aiven.
//!
//! A change at Aiven reaches the nodes one by one, so the old credentials are
//! remembered until every node has the new ones. During a rolling deploy the
//! other instance still has the old configuration. So only a *change* of this
//! instance's own configuration is written at once; any other difference must
//! first last for a while.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::elapsed;

/// How many previous credentials are remembered: enough for several changes in
/// a row before the nodes have followed the first.
const MAX_PREVIOUS: usize = 3;

/// The basic auth credentials that nodes ask for.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `integration.username`: 5 to 32 characters of `a-z 0-9 - @ _`, as Aiven requires.
    pub username: String,
    /// `integration.password`: 8 to 64 characters. Aiven accepts longer ones
    /// today, but older schemas of its API do not.
    pub password: SecretString,
}

/// Passwords are compared only here. An attacker supplies neither side, so the
/// comparison need not take constant time.
impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.username == other.username
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for Credentials {}

/// What is known about the credentials of one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownCredentials {
    /// The configured credentials that this instance last wrote to Aiven, or found there.
    pub written: Option<Credentials>,
    /// The credentials at Aiven, as last read or written.
    pub remote: Option<Credentials>,
    /// Earlier credentials that nodes may still ask for, newest first.
    pub previous: Vec<Credentials>,
    /// When `remote` last changed.
    pub changed_at: Option<Timestamp>,
    /// Since when `remote` has been as it is, if it differs from `written`.
    pub differs_since: Option<Timestamp>,
}

/// What to do about our endpoint after asking Aiven about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing: as far as we know, Aiven has the configured credentials.
    Nothing,
    /// Write the configured credentials.
    Write,
    /// Look again after this time: another instance may have a newer configuration.
    LookAgainIn(Duration),
}

impl KnownCredentials {
    /// Notes the credentials at Aiven, whether read or just written.
    pub fn note_remote(
        &mut self,
        remote: &Credentials,
        configured: Option<&Credentials>,
        now: Timestamp,
    ) {
        let changed = self.remote.as_ref() != Some(remote);
        if changed {
            let before = self.remote.replace(remote.clone());
            if let Some(before) = before.or_else(|| self.written.clone()) {
                self.previous.retain(|old| *old != before);
                self.previous.insert(0, before);
            }
            self.previous.retain(|old| old != remote);
            self.previous.truncate(MAX_PREVIOUS);
            self.changed_at = Some(now);
        }
        if configured == Some(remote) {
            self.written = Some(remote.clone());
        }
        let differs = configured.is_some() && self.written.as_ref() != Some(remote);
        self.differs_since = match self.differs_since {
            _ if !differs => None,
            Some(since) if !changed => Some(since),
            _ => Some(now),
        };
    }

    /// What to do about our endpoint. `shown`: whether Aiven has just shown its
    /// credentials, so that `remote` is fresh. Another instance's credentials are
    /// replaced only after they have stayed there for `restore_after`.
    pub fn next_step(
        &self,
        configured: &Credentials,
        shown: bool,
        now: Timestamp,
        restore_after: Duration,
    ) -> NextStep {
        let is_new = self.written.as_ref() != Some(configured);
        match (shown, self.differs_since) {
            (true, _) if self.remote.as_ref() == Some(configured) => NextStep::Nothing,
            _ if is_new => NextStep::Write,
            (true, Some(since)) => match restore_after.checked_sub(elapsed(since, now)) {
                Some(left) if !left.is_zero() => NextStep::LookAgainIn(left),
                _ => NextStep::Write,
            },
            _ => NextStep::Nothing,
        }
    }

    /// The credentials that nodes may accept, best guess first.
    pub fn candidates<'a>(&'a self, configured: Option<&'a Credentials>) -> Vec<&'a Credentials> {
        let written = self.written.as_ref().filter(|_| configured.is_some());
        let all = self.remote.iter().chain(written).chain(configured);
        let mut distinct: Vec<&Credentials> = Vec::new();
        for credentials in all.chain(&self.previous) {
            if !distinct.contains(&credentials) {
                distinct.push(credentials);
            }
        }
        distinct
    }

    /// Forgets the previous credentials. Returns whether there were any.
    pub fn forget_previous(&mut self) -> bool {
        !std::mem::take(&mut self.previous).is_empty()
    }
}

/// Whether all nodes have followed a change of credentials: every node that
/// lately accepted any (`accepted`, by id) accepted the `current` ones, at least
/// one node did, and all of them had the time `settle` to report.
pub fn is_settled(
    current: u64,
    mut accepted: impl Iterator<Item = u64>,
    reporting_for: Duration,
    settle: Duration,
) -> bool {
    let first = accepted.next();
    reporting_for >= settle && first == Some(current) && accepted.all(|id| id == current)
}

#[cfg(test)]
mod tests;
