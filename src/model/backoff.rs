//! When to try again after a failed call to Aiven: one table, by what failed
//! and by who asks.

use std::time::Duration;

/// After the token is rejected, ask this many times less often: only somebody
/// with a new token mends it.
const TOKEN_REJECTED_FACTOR: u32 = 10;

/// Pauses between writes that pass by themselves (a service that is too new, a
/// 5xx).
const WRITE_SOON: Pauses = Pauses::between(Duration::from_secs(5), Duration::from_secs(300));

/// Pauses between writes that need somebody, and before looking again after a
/// success that no listing has shown.
const WRITE_LATER: Pauses = Pauses::between(Duration::from_secs(60), Duration::from_secs(3600));

/// No pause is longer, whoever asks for it.
pub const MAX_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// A failed call, by what it means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It passes by itself: a 5xx, a timeout, a connection that broke.
    Passing,
    /// Aiven asks to wait, for this long if it says so.
    Throttled(Option<Duration>),
    /// The token is not accepted.
    TokenRejected,
    /// Asking again will not help until somebody changes something.
    Lasting,
}

/// Who asks, with the time between its regular calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Lists services, or the integration setup of a project, every `interval`.
    Observe {
        /// `aiven.poll_interval`.
        interval: Duration,
    },
    /// Reads CAs and credentials, every `refresh`, and sooner when scrapes fail.
    NodeAccess {
        /// The regular interval.
        refresh: Duration,
        /// The pause before the first urgent question.
        soon: Duration,
    },
    /// Creates endpoints and integrations.
    Integrate,
}

/// The pauses after failures in a row: the first, and the longest to which they
/// grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// After the first failure.
    pub shortest: Duration,
    /// After many.
    pub longest: Duration,
}

impl Pauses {
    const fn between(shortest: Duration, longest: Duration) -> Pauses {
        Pauses { shortest, longest }
    }

    /// Always the same pause.
    fn of(pause: Duration) -> Pauses {
        let pause = pause.min(MAX_PAUSE);
        Pauses::between(pause, pause)
    }
}

impl Caller {
    /// The pauses of this caller after `trouble`.
    pub fn pauses(self, trouble: Trouble) -> Pauses {
        match (self, trouble) {
            (Caller::Observe { interval }, Trouble::Passing | Trouble::Lasting) => {
                Pauses::of(interval)
            }
            (Caller::Observe { interval }, Trouble::Throttled(wait)) => {
                Pauses::of(interval.max(wait.unwrap_or_default()))
            }
            (Caller::Observe { interval }, Trouble::TokenRejected) => {
                Pauses::of(interval.saturating_mul(TOKEN_REJECTED_FACTOR))
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::Passing) => {
                let longest = urgent(refresh, soon);
                Pauses::between(soon.min(longest), longest)
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::Throttled(wait)) => {
                let shortest = soon.max(wait.unwrap_or_default()).min(MAX_PAUSE);
                Pauses::between(shortest, urgent(refresh, soon).max(shortest))
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::TokenRejected) => {
                Pauses::of(urgent(refresh, soon).saturating_mul(2))
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::Lasting) => {
                Pauses::of(urgent(refresh, soon))
            }
            (Caller::Integrate, Trouble::Passing | Trouble::Throttled(_)) => WRITE_SOON,
            (Caller::Integrate, Trouble::TokenRejected | Trouble::Lasting) => WRITE_LATER,
        }
    }
}

/// The longest pause before an urgent question.
fn urgent(refresh: Duration, soon: Duration) -> Duration {
    (refresh / 12).max(soon).min(MAX_PAUSE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds() -> impl Strategy<Value = Duration> {
        (1_u64..200_000).prop_map(Duration::from_secs)
    }

    fn troubles() -> impl Strategy<Value = Trouble> {
        let wait = prop::option::of(any::<u64>().prop_map(Duration::from_millis));
        prop_oneof![
            Just(Trouble::Passing),
            wait.prop_map(Trouble::Throttled),
            Just(Trouble::TokenRejected),
            Just(Trouble::Lasting),
        ]
    }

    fn callers() -> impl Strategy<Value = Caller> {
        prop_oneof![
            seconds().prop_map(|interval| Caller::Observe { interval }),
            (seconds(), seconds()).prop_map(|(refresh, soon)| Caller::NodeAccess {
                refresh,
                soon: soon.min(refresh),
            }),
            Just(Caller::Integrate),
        ]
    }

    proptest! {
        #[test]
        fn every_pause_is_bounded_and_never_zero(caller in callers(), trouble in troubles()) {
            let pauses = caller.pauses(trouble);
            prop_assert!(!pauses.shortest.is_zero());
            prop_assert!(pauses.shortest <= pauses.longest);
            prop_assert!(pauses.longest <= MAX_PAUSE);
        }

        #[test]
        fn a_rejected_token_is_never_asked_sooner_than_what_passes(caller in callers()) {
            let rejected = caller.pauses(Trouble::TokenRejected);
            let passing = caller.pauses(Trouble::Passing);
            prop_assert!(rejected.shortest >= passing.shortest);
        }
    }

    #[test]
    fn a_rejected_token_is_tried_slowly_and_a_throttled_one_as_asked() {
        let minute = Duration::from_secs(60);
        let observe = Caller::Observe { interval: minute };
        assert_eq!(
            observe.pauses(Trouble::TokenRejected),
            Pauses::of(10 * minute)
        );
        let wait = Duration::from_secs(90);
        assert_eq!(
            observe.pauses(Trouble::Throttled(Some(wait))),
            Pauses::of(wait)
        );
        assert_eq!(observe.pauses(Trouble::Lasting), Pauses::of(minute));
    }
}
