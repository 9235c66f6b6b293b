//! When to read all of Cloud Controller, and when to look for a few new instances
//! between two passes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::backoff::{Caller, Doubt, Pauses, Trouble};
use crate::model::cloud_foundry::Guid;
use crate::model::later::later;

/// The least time between two early looks, unless passes are more frequent.
const BETWEEN_LOOKS: Duration = Duration::from_secs(30);

/// How many instances one early look asks for: a URL of some 2 KB. Where more are new,
/// a pass is cheaper.
pub(super) const MAX_LOOKED_FOR: usize = 50;

/// How many instances are asked for their shared spaces after one pass.
pub(super) const MAX_SHARED_ASKED: usize = 50;

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Read everything.
    Pass,
    /// Look for these.
    Look(Vec<Guid>),
    /// Nothing before this moment, unless the needed instances change.
    Wait(Instant),
}

/// What is due when.
#[derive(Debug)]
pub(super) struct Agenda {
    interval: Duration,
    pass_at: Instant,
    look_at: Instant,
    /// What the last pass and the looks since then asked for. Who was not found is
    /// asked for again by the next pass.
    asked: BTreeSet<Guid>,
    /// Whether the last pass failed. Then nothing is looked for early.
    is_failing: bool,
    /// The pause after the next failed pass.
    pause: Duration,
    doubt: Doubt,
}

impl Agenda {
    /// A pass is due at once, and then every `interval`.
    pub(super) fn new(interval: Duration, now: Instant) -> Agenda {
        Agenda {
            interval,
            pass_at: now,
            look_at: now,
            asked: BTreeSet::new(),
            is_failing: false,
            pause: Duration::ZERO,
            doubt: Doubt::default(),
        }
    }

    /// What to do now.
    pub(super) fn next(&mut self, needed: &BTreeSet<Guid>, now: Instant) -> Next {
        if now >= self.pass_at {
            return Next::Pass;
        }
        let unasked = needed.difference(&self.asked).copied();
        let mut unasked: Vec<Guid> = unasked.take(MAX_LOOKED_FOR + 1).collect();
        if self.is_failing || unasked.is_empty() {
            return Next::Wait(self.pass_at);
        }
        if now < self.look_at {
            return Next::Wait(self.look_at.min(self.pass_at));
        }
        self.look_at = later(now, BETWEEN_LOOKS.min(self.interval));
        if unasked.len() > MAX_LOOKED_FOR {
            return Next::Pass;
        }
        unasked.sort_unstable();
        self.asked.extend(&unasked);
        Next::Look(unasked)
    }

    /// A pass that began at `began` has read what there is about `needed`.
    pub(super) fn passed(&mut self, needed: &BTreeSet<Guid>, began: Instant, now: Instant) {
        self.asked = needed.clone();
        self.is_failing = false;
        self.pause = Duration::ZERO;
        self.doubt.answered();
        self.pass_at = later(began, self.interval).max(now);
    }

    /// A pass failed. `spread` is added to the wait that was asked for, if one was.
    pub(super) fn failed(&mut self, trouble: Trouble, spread: Duration, now: Instant) {
        let caller = Caller::CloudFoundry {
            interval: self.interval,
        };
        let Pauses { shortest, longest } = caller.pauses(self.doubt.weigh(trouble));
        let pause = self.pause.clamp(shortest, longest);
        self.pause = pause.saturating_mul(2);
        self.is_failing = true;
        self.pass_at = later(now, pause.saturating_add(spread));
    }
}

/// Whose turn it is to be asked for the spaces that they are shared with.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The turn in which each was asked.
    asked: BTreeMap<Guid, u64>,
    turn: u64,
}

impl Turns {
    /// The instances to ask for now, of those that were `found`: those first that were
    /// asked longest ago. Forgets the others.
    pub(super) fn due(&mut self, found: &BTreeSet<Guid>) -> Vec<Guid> {
        self.asked.retain(|guid, _| found.contains(guid));
        let mut due: Vec<(u64, Guid)> = found
            .iter()
            .map(|guid| (self.asked.get(guid).copied().unwrap_or_default(), *guid))
            .collect();
        due.sort_unstable();
        due.truncate(MAX_SHARED_ASKED);
        due.into_iter().map(|(_, guid)| guid).collect()
    }

    /// Notes that an instance was asked for.
    pub(super) fn asked(&mut self, guid: Guid) {
        self.turn = self.turn.saturating_add(1);
        self.asked.insert(guid, self.turn);
    }
}

#[cfg(test)]
mod tests;
