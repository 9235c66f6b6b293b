//! When to try again after a failed call to Aiven or Cloud Foundry: one table, by what failed
//! and who asked.

use std::time::Duration;

/// While the token is rejected, ask this many times less often: nothing changes
/// until an operator configures a new token.
const TOKEN_REJECTED_FACTOR: u32 = 10;

/// So many answers in a row must say that asking again is useless, before that is
/// believed. One alone may be a mishap at Aiven.
const BELIEVED_AFTER: u32 = 3;

/// The pause after the first failed pass over Cloud Controller, unless it is asked more
/// often anyway.
const FIRST_CLOUD_FOUNDRY: Duration = Duration::from_secs(30);

/// Pauses before repeating a write whose problem goes away without help (a
/// service that is too new, a 5xx).
const WRITE_SOON: Pauses = Pauses::between(Duration::from_secs(5), Duration::from_secs(300));

/// Pauses before repeating a write whose problem needs an operator, and before
/// looking again at a write that succeeded but that no listing shows.
const WRITE_LATER: Pauses = Pauses::between(Duration::from_secs(60), Duration::from_secs(3600));

/// Pauses before repeating a write after the token was rejected: a mishap passes
/// soon, a revoked token does not.
const WRITE_IF_ACCEPTED: Pauses =
    Pauses::between(Duration::from_secs(5), Duration::from_secs(3600));

/// No pause is longer, even if Aiven asks for it.
pub const MAX_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// A failed call, by what it means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It goes away without help: a 5xx, a timeout, a broken connection.
    Transient,
    /// Aiven asks us to wait, for this long if it says how long.
    Throttled(Option<Duration>),
    /// The token is not accepted.
    TokenRejected,
    /// Asking again does not help until somebody changes something.
    Permanent,
}

/// How far answers are believed that say that asking again is useless.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubt {
    useless_in_a_row: u32,
}

impl Doubt {
    /// What a failure means for the next call: a lasting trouble is taken for a
    /// passing one until it came several times in a row.
    pub fn weigh(&mut self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Transient | Trouble::Throttled(_) => trouble,
            Trouble::TokenRejected | Trouble::Permanent => {
                self.useless_in_a_row = self.useless_in_a_row.saturating_add(1);
                match self.useless_in_a_row {
                    0..BELIEVED_AFTER => Trouble::Transient,
                    _ => trouble,
                }
            }
        }
    }

    /// Notes a success.
    pub fn answered(&mut self) {
        *self = Doubt::default();
    }
}

/// The part of the daemon that asks, with the time between its regular calls.
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
    /// Reads Cloud Controller every `interval`.
    CloudFoundry {
        /// `cloud_foundry.poll_interval`.
        interval: Duration,
    },
}

/// The pauses after consecutive failures: they grow from the shortest to the
/// longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// After the first failure.
    pub shortest: Duration,
    /// After many failures.
    pub longest: Duration,
}

impl Pauses {
    const fn between(shortest: Duration, longest: Duration) -> Pauses {
        Pauses { shortest, longest }
    }

    /// Always the same pause.
    fn constant(pause: Duration) -> Pauses {
        let pause = pause.min(MAX_PAUSE);
        Pauses::between(pause, pause)
    }
}

impl Caller {
    /// The pauses of this caller after `trouble`.
    pub fn pauses(self, trouble: Trouble) -> Pauses {
        match (self, trouble) {
            (Caller::Observe { interval }, Trouble::Transient | Trouble::Permanent) => {
                Pauses::constant(interval)
            }
            (Caller::Observe { interval }, Trouble::Throttled(wait)) => {
                Pauses::constant(interval.max(wait.unwrap_or_default()))
            }
            (Caller::Observe { interval }, Trouble::TokenRejected) => {
                Pauses::constant(interval.saturating_mul(TOKEN_REJECTED_FACTOR))
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::Transient) => {
                let longest = longest_urgent(refresh, soon);
                Pauses::between(soon.min(longest), longest)
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::Throttled(wait)) => {
                let shortest = soon.max(wait.unwrap_or_default()).min(MAX_PAUSE);
                Pauses::between(shortest, longest_urgent(refresh, soon).max(shortest))
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::TokenRejected) => {
                Pauses::constant(longest_urgent(refresh, soon).saturating_mul(2))
            }
            (Caller::NodeAccess { refresh, soon }, Trouble::Permanent) => {
                Pauses::constant(longest_urgent(refresh, soon))
            }
            (Caller::Integrate, Trouble::Transient | Trouble::Throttled(_)) => WRITE_SOON,
            (Caller::Integrate, Trouble::TokenRejected) => WRITE_IF_ACCEPTED,
            (Caller::Integrate, Trouble::Permanent) => WRITE_LATER,
            (Caller::CloudFoundry { interval }, Trouble::Transient) => {
                cloud_foundry(interval, Duration::ZERO)
            }
            (Caller::CloudFoundry { interval }, Trouble::Throttled(wait)) => {
                cloud_foundry(interval, wait.unwrap_or_default())
            }
            (Caller::CloudFoundry { interval }, Trouble::TokenRejected | Trouble::Permanent) => {
                Pauses::constant(interval)
            }
        }
    }
}

/// From the first pause to the interval, and no shorter than the `wait` asked for.
fn cloud_foundry(interval: Duration, wait: Duration) -> Pauses {
    let shortest = FIRST_CLOUD_FOUNDRY.min(interval).max(wait).min(MAX_PAUSE);
    Pauses::between(shortest, interval.min(MAX_PAUSE).max(shortest))
}

/// The longest pause before an urgent question.
fn longest_urgent(refresh: Duration, soon: Duration) -> Duration {
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
            Just(Trouble::Transient),
            wait.prop_map(Trouble::Throttled),
            Just(Trouble::TokenRejected),
            Just(Trouble::Permanent),
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
            seconds().prop_map(|interval| Caller::CloudFoundry { interval }),
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
        fn a_rejected_token_never_waits_less_than_a_transient_error(caller in callers()) {
            let rejected = caller.pauses(Trouble::TokenRejected);
            let transient = caller.pauses(Trouble::Transient);
            prop_assert!(rejected.shortest >= transient.shortest);
            prop_assert!(rejected.longest >= transient.longest);
        }
    }

    #[test]
    fn a_rejected_token_slows_down_and_throttling_waits_as_asked() {
        let minute = Duration::from_secs(60);
        let observe = Caller::Observe { interval: minute };
        assert_eq!(
            observe.pauses(Trouble::TokenRejected),
            Pauses::constant(10 * minute)
        );
        let wait = Duration::from_secs(90);
        assert_eq!(
            observe.pauses(Trouble::Throttled(Some(wait))),
            Pauses::constant(wait)
        );
        assert_eq!(observe.pauses(Trouble::Permanent), Pauses::constant(minute));
    }

    #[test]
    fn one_answer_decides_no_mode() {
        let mut doubt = Doubt::default();
        for lasting in [Trouble::TokenRejected, Trouble::Permanent] {
            for _ in 1..BELIEVED_AFTER {
                assert_eq!(doubt.weigh(lasting), Trouble::Transient);
            }
            let wait = Trouble::Throttled(Some(Duration::from_secs(3)));
            assert_eq!(doubt.weigh(wait), wait);
            assert_eq!(doubt.weigh(lasting), lasting);
            assert_eq!(doubt.weigh(lasting), lasting);
            doubt.answered();
        }
        assert_eq!(doubt.weigh(Trouble::TokenRejected), Trouble::Transient);
    }
}
