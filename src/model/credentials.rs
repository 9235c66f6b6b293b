//! The credentials of an integration endpoint: which ones its nodes may take,
//! and whether ours has to be written to Aiven.
//!
//! A change at Aiven reaches nodes one after the other, so the old ones are
//! remembered until all have the new one. During a rolling deploy another
//! instance still has the old configuration, so only a *change* of the own
//! configuration is written at once; any other difference must last first.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::elapsed;

/// Previous credentials that are remembered: several changes in a row, before
/// the nodes have followed the first.
const KEPT: usize = 3;

/// The basic auth that nodes ask for.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `integration.username`: 5 to 32 of `a-z 0-9 - @ _`, as Aiven demands.
    pub username: String,
    /// `integration.password`: 8 to 64 characters. Aiven takes more today, but
    /// older schemas of its API do not.
    pub password: SecretString,
}

/// Passwords are compared here and nowhere else. Both sides are our own
/// knowledge, so the time it takes tells nobody anything.
impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.username == other.username
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for Credentials {}

/// All that is remembered of one endpoint's credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownCredentials {
    /// The configured credentials that this instance last wrote to Aiven, or found there.
    pub written: Option<Credentials>,
    /// What Aiven has, as last read or written.
    pub remote: Option<Credentials>,
    /// What Aiven had before and nodes may still ask for, newest first.
    pub previous: Vec<Credentials>,
    /// When what Aiven has last changed.
    pub changed_at: Option<Timestamp>,
    /// Since when Aiven has other credentials than those that we wrote.
    pub differs_since: Option<Timestamp>,
}

/// What to do about our endpoint, now that Aiven was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Aiven has our credentials, as far as can be told.
    Nothing,
    /// Write our credentials.
    Write,
    /// Look again once this long has passed: another instance may be newer.
    LookAgainIn(Duration),
}

impl KnownCredentials {
    /// Notes what Aiven has, whether read or just written.
    pub fn saw(
        &mut self,
        credentials: &Credentials,
        configured: Option<&Credentials>,
        now: Timestamp,
    ) {
        let changed = self.remote.as_ref() != Some(credentials);
        if changed {
            let before = self.remote.replace(credentials.clone());
            if let Some(before) = before.or_else(|| self.written.clone()) {
                self.previous.retain(|old| *old != before);
                self.previous.insert(0, before);
            }
            self.previous.retain(|old| old != credentials);
            self.previous.truncate(KEPT);
            self.changed_at = Some(now);
        }
        if configured == Some(credentials) {
            self.written = Some(credentials.clone());
        }
        let differs = configured.is_some() && self.written.as_ref() != Some(credentials);
        self.differs_since = match self.differs_since {
            _ if !differs => None,
            Some(since) if !changed => Some(since),
            _ => Some(now),
        };
    }

    /// What to do about our endpoint. `shown`: whether Aiven showed its own just
    /// now, so that `remote` is fresh.
    pub fn step(
        &self,
        configured: &Credentials,
        shown: bool,
        now: Timestamp,
        restore_after: Duration,
    ) -> Step {
        let is_new = self.written.as_ref() != Some(configured);
        match (shown, self.differs_since) {
            (true, _) if self.remote.as_ref() == Some(configured) => Step::Nothing,
            _ if is_new => Step::Write,
            (true, Some(since)) => match restore_after.checked_sub(elapsed(since, now)) {
                Some(left) if !left.is_zero() => Step::LookAgainIn(left),
                _ => Step::Write,
            },
            _ => Step::Nothing,
        }
    }

    /// The credentials that nodes may take, best guess first.
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

/// Whether all nodes have followed a change: each that took any lately
/// took `present`, at least one did, and all had time to report.
pub fn is_settled(
    present: u64,
    mut taken: impl Iterator<Item = u64>,
    reporting_for: Duration,
    settle: Duration,
) -> bool {
    let first = taken.next();
    reporting_for >= settle && first == Some(present) && taken.all(|by| by == present)
}

#[cfg(test)]
mod tests;
