//! How far each pending write is, and when it is tried again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::model::backoff::{Caller, Trouble};
use crate::model::later::later;
use crate::model::project::PendingWrites;
use crate::model::reason::Reason;

/// A write that Aiven accepted is not repeated sooner, even if its result does not
/// show: it may only be late, and nothing is to be created twice.
const REPEAT_ACCEPTED_AFTER: Duration = Duration::from_secs(3600);

/// The pending writes of one project.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) endpoint: PendingWrite,
    pub(super) services: HashMap<Arc<str>, PendingWrite>,
    /// Set while the budget is spent; applies to all services.
    pub(super) budget_spent_until: Option<Instant>,
}

/// One write that Aiven still lacks.
#[derive(Default)]
pub(super) struct PendingWrite {
    pause: Option<Pause>,
    /// When Aiven answered that it carried the write out.
    accepted_at: Option<Instant>,
    /// The cause that was logged last.
    said: Option<Reason>,
}

struct Pause {
    until: Instant,
    /// Yields the pauses after further failures.
    backoff: ExponentialBackoff,
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// In the next write window of this instance.
    NextWindow,
    /// After the pause for this trouble.
    After(Trouble),
}

impl Progress {
    /// Forgets what is no longer pending.
    pub(super) fn forget_done(&mut self, work: &PendingWrites) {
        if !work.endpoint_missing {
            self.endpoint = PendingWrite::default();
        }
        let pending: HashSet<&Arc<str>> = work.services.iter().collect();
        self.services.retain(|service, _| pending.contains(service));
    }

    /// When the next write of `work` may be tried; `None` if there is none.
    pub(super) fn next_due(&self, work: &PendingWrites) -> Option<Instant> {
        let now = Instant::now();
        let endpoint = work.endpoint_missing.then(|| self.endpoint.due(now));
        let services = work.services.iter().filter(|_| work.endpoint_id.is_some());
        let service = services
            .map(|name| self.services.get(name).map_or(now, |write| write.due(now)))
            .min()
            .map(|due| self.budget_spent_until.map_or(due, |until| due.max(until)));
        endpoint.into_iter().chain(service).min()
    }

    pub(super) fn is_due(&self, service: &Arc<str>, now: Instant) -> bool {
        let write = self.services.get(service);
        self.budget_spent_until.is_none_or(|until| until <= now)
            && write.is_none_or(|write| write.is_due(now))
    }

    /// Whether Aiven has lately answered that it integrated the service.
    pub(super) fn is_accepted(&self, service: &Arc<str>, now: Instant) -> bool {
        let write = self.services.get(service);
        write.is_some_and(|write| write.is_accepted(now))
    }

    pub(super) fn of(&mut self, service: &Arc<str>) -> &mut PendingWrite {
        self.services.entry(Arc::clone(service)).or_default()
    }
}

impl PendingWrite {
    fn due(&self, now: Instant) -> Instant {
        self.pause.as_ref().map_or(now, |pause| pause.until)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due(now) <= now
    }

    /// Whether Aiven answered that it carried the write out, lately enough that its
    /// result may still show.
    pub(super) fn is_accepted(&self, now: Instant) -> bool {
        let at = self.accepted_at;
        at.is_some_and(|at| now.duration_since(at) < REPEAT_ACCEPTED_AFTER)
    }

    /// Notes that Aiven answered that it carried the write out.
    pub(super) fn accepted(&mut self, now: Instant) {
        self.accepted_at = Some(now);
    }

    /// Whether this reason has not been logged yet.
    pub(super) fn is_news(&mut self, why: &Reason) -> bool {
        let is_news = self.said.as_ref() != Some(why);
        self.said = Some(why.clone());
        is_news
    }

    /// Lengthens the pause. The first of consecutive failures decides how it grows.
    pub(super) fn pause(&mut self, retry: Retry) {
        let pauses = match retry {
            Retry::NextWindow => return self.pause = None,
            Retry::After(trouble) => Caller::Integrate.pauses(trouble),
        };
        let first_backoff = || {
            ExponentialBuilder::default()
                .with_min_delay(pauses.shortest)
                .with_max_delay(pauses.longest)
                .with_jitter()
                .without_max_times()
                .build()
        };
        let pause = self.pause.take();
        let mut backoff = pause.map_or_else(first_backoff, |pause| pause.backoff);
        let wait = backoff.next().unwrap_or(pauses.longest);
        self.pause = Some(Pause {
            until: later(Instant::now(), wait),
            backoff,
        });
    }
}

#[cfg(test)]
mod tests;
