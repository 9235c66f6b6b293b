//! The file descriptors of this process, which are limited. Every open connection
//! and file has one. Connections that rest between two scrapes are the only ones
//! that can be had again at no loss, so they go first when descriptors run short.

use std::io;
use std::sync::{Arc, LazyLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is asked for where the hard limit is none.
const ENOUGH: u64 = 1 << 20;

/// How long after a shortage resting connections may be more again.
const CAUTION: Duration = Duration::from_secs(300);

/// Something that holds descriptors which it can do without.
pub(crate) trait Rests: Send + Sync {
    /// How many rest.
    fn resting(&self) -> usize;

    /// Closes all but so many.
    fn keep_at_most(&self, most: usize);
}

/// How the descriptors are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    /// For connections that rest.
    pub(crate) resting: usize,
    /// For DNS questions of one kind at a time: of one address family, and those
    /// among them that wait for long.
    pub(crate) questions: usize,
    /// For the connections of one listener.
    pub(crate) accepted: usize,
}

/// How many connections may rest now.
#[derive(Debug)]
struct Allowance {
    share: usize,
    allowed: usize,
    /// When it was last made smaller or larger; `None` while it is the whole share.
    changed: Option<Instant>,
}

struct Budget {
    shares: Shares,
    allowance: Mutex<Allowance>,
    holders: Mutex<Vec<Weak<dyn Rests>>>,
}

/// The limit is one for the process.
static BUDGET: LazyLock<Budget> = LazyLock::new(|| {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(ENOUGH);
    let shares = Shares::of(usize::try_from(limit).unwrap_or(usize::MAX));
    Budget {
        shares,
        allowance: Mutex::new(Allowance::of(shares.resting)),
        holders: Mutex::default(),
    }
});

/// Raises the soft limit to the hard one, which needs no right. To be called before
/// anything is opened. Where that is refused the limit is as it was.
pub(crate) fn raise_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum.or(Some(ENOUGH)),
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit on open files could not be raised");
    }
}

/// How the descriptors are shared out.
pub(crate) fn shares() -> Shares {
    BUDGET.shares
}

/// How many connections may rest now.
pub(crate) fn resting() -> usize {
    BUDGET.allowance.lock().at(Instant::now())
}

/// Lets `holder` make room when descriptors run short.
pub(crate) fn register(holder: &Arc<impl Rests + 'static>) {
    let holder: Weak<dyn Rests> = Arc::downgrade(holder) as Weak<dyn Rests>;
    let mut holders = BUDGET.holders.lock();
    holders.retain(|holder| holder.strong_count() > 0);
    holders.push(holder);
}

/// Opens something, once more if descriptors have run short and there is room now.
///
/// # Errors
/// Those of `open`.
pub(crate) fn with_room<T>(mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match open() {
        Err(error) if is_shortage(&error) => {
            make_room();
            open()
        }
        opened => opened,
    }
}

/// Whether descriptors have run short.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE]
        .map(|errno| Some(errno.raw_os_error()))
        .contains(&code)
}

/// Lets connections that rest go.
pub(crate) fn make_room() {
    let holders: Vec<_> = BUDGET
        .holders
        .lock()
        .iter()
        .filter_map(Weak::upgrade)
        .collect();
    let resting = holders.iter().map(|holder| holder.resting()).sum();
    let most = BUDGET.allowance.lock().shrink(Instant::now(), resting);
    for holder in holders {
        holder.keep_at_most(most);
    }
}

impl Shares {
    /// A quarter of `limit`, 64 to 256, is left to DNS, the API and files; half
    /// of the rest may rest, the other half is for scrapes under way, each of which has a
    /// connection of Prometheus and one to a node.
    pub(crate) fn of(limit: usize) -> Shares {
        let reserve = (limit / 4).clamp(64, 256).min(limit / 2);
        let scrapes = limit.saturating_sub(reserve);
        Shares {
            resting: scrapes / 2,
            questions: (reserve / 4).max(1),
            accepted: (scrapes / 4).max(1),
        }
    }
}

impl Allowance {
    fn of(share: usize) -> Allowance {
        Allowance {
            share,
            allowed: share,
            changed: None,
        }
    }

    /// Half of the `resting` connections, and of what was allowed, at most.
    fn shrink(&mut self, now: Instant, resting: usize) -> usize {
        self.allowed = self.allowed.min(resting) / 2;
        self.changed = Some(now);
        self.allowed
    }

    /// What is allowed at `now`: twice as much whenever there was no shortage for long.
    fn at(&mut self, now: Instant) -> usize {
        let calm = self.changed.map(|at| now.saturating_duration_since(at));
        if calm.is_some_and(|calm| calm >= CAUTION) {
            self.allowed = self.allowed.saturating_mul(2).clamp(1, self.share.max(1));
            self.changed = (self.allowed < self.share).then_some(now);
        }
        self.allowed
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_shares_leave_room_for_what_cannot_wait(limit in 16_usize..2_000_000) {
            let shares = Shares::of(limit);
            prop_assert!(shares.resting + 2 * shares.accepted <= limit);
            // Four kinds of questions, and as much again is left for the rest of the reserve.
            prop_assert!(shares.resting + shares.accepted + 4 * shares.questions <= limit);
            prop_assert!(shares.questions > 0 && shares.accepted > 0);
        }
    }

    #[test]
    fn a_usual_limit_costs_nothing_of_what_is_used_anyway() {
        let shares = Shares::of(1 << 20);
        assert!(shares.resting >= 2000 && shares.accepted >= 1024 && shares.questions >= 64);
    }

    #[test]
    fn after_a_shortage_less_rests_and_after_a_calm_more_again() {
        let start = Instant::now();
        let mut allowance = Allowance::of(100);
        assert_eq!(allowance.shrink(start, 1000), 50);
        assert_eq!(allowance.shrink(start, 50), 25);
        assert_eq!(allowance.at(start + CAUTION / 2), 25);
        assert_eq!(allowance.at(start + CAUTION), 50);
        assert_eq!(allowance.at(start + CAUTION), 50);
        assert_eq!(allowance.at(start + 2 * CAUTION), 100);
        for _ in 0..20 {
            allowance.shrink(start, 100);
        }
        assert_eq!(allowance.at(start), 0);
        assert_eq!(allowance.at(start + CAUTION), 1);
    }

    struct Holder(AtomicUsize);

    impl Rests for Holder {
        fn resting(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }

        fn keep_at_most(&self, most: usize) {
            self.0.fetch_min(most, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_finds_no_descriptor_is_tried_again_when_there_is_room() {
        let holder = Arc::new(Holder(AtomicUsize::new(20)));
        register(&holder);
        for errno in [Errno::MFILE, Errno::NFILE] {
            let mut tries = 0;
            let opened = with_room(|| {
                tries += 1;
                if tries == 1 {
                    Err(errno.into())
                } else {
                    Ok(tries)
                }
            });
            assert_eq!(opened.unwrap(), 2);
        }
        let refused: io::Result<()> = with_room(|| Err(Errno::CONNREFUSED.into()));
        assert!(refused.is_err());
        assert_eq!(holder.resting(), 5);
    }
}
