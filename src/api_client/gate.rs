//! The gate that every request passes: closed while an answer asks this client to
//! wait.

use std::fmt::Display;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::model::back_pressure::BackPressure;
use crate::model::outside_text::{OutsideText, Secrets};

/// All that wait do not come at once when the gate opens: each comes up to this
/// part of the wait later.
const SPREAD_PART: u32 = 10;

/// And so much later at most.
const MAX_SPREAD: Duration = Duration::from_secs(5);

/// How much of the answer that closed the gate is quoted.
const MAX_REASON: usize = 200;

/// What an answer asks of all that ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressure {
    /// Nothing.
    None,
    /// To wait this long.
    Wait(Duration),
    /// To ask less; it does not say for how long.
    TooMany,
}

/// Not asked: an earlier answer asks to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponed {
    /// How long it lasts yet.
    pub wait: Duration,
    /// The answer that asks for it.
    pub because: OutsideText,
}

pub(crate) struct Gate {
    /// How long a request waits for the gate to open.
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pressure: BackPressure,
    /// The answer that last asked to wait.
    because: Option<OutsideText>,
}

impl Gate {
    pub(crate) fn with_patience(patience: Duration) -> Gate {
        Gate {
            patience,
            state: Mutex::default(),
        }
    }

    /// Waits until the gate is open.
    ///
    /// # Errors
    /// [`Postponed`] at once when that lasts longer than the patience.
    pub(crate) async fn pass(&self) -> Result<(), Postponed> {
        while let Some((wait, because)) = self.closed_for() {
            if wait > self.patience {
                let because = because.unwrap_or_else(|| OutsideText::from("no reason given"));
                return Err(Postponed { wait, because });
            }
            tokio::time::sleep(wait.saturating_add(spread(wait))).await;
        }
        Ok(())
    }

    fn closed_for(&self) -> Option<(Duration, Option<OutsideText>)> {
        let state = self.state.lock();
        let left = state.pressure.left(Instant::now().into_std())?;
        Some((left, state.because.clone()))
    }

    /// Notes an answer that is an error, and what it asks for.
    pub(crate) fn note(&self, error: &impl Display, pressure: Pressure, secrets: &Secrets) {
        let now = Instant::now().into_std();
        let mut state = self.state.lock();
        match pressure {
            Pressure::Wait(wait) => state.pressure.wait(wait, now),
            Pressure::TooMany => state.pressure.too_many(now),
            Pressure::None => return,
        }
        let because = OutsideText::prose_within(&error.to_string(), MAX_REASON, secrets);
        state.because = Some(because);
    }

    /// Notes an answer with what was asked for.
    pub(crate) fn answered(&self) {
        self.state.lock().pressure.answered();
    }
}

/// How much later than after this wait to come: another time for each.
pub(crate) fn spread(wait: Duration) -> Duration {
    let most = (wait / SPREAD_PART).min(MAX_SPREAD);
    most.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_short_wait_is_waited_and_a_long_one_is_said() {
        let gate = Gate::with_patience(Duration::from_secs(5));
        let begin = Instant::now();
        let wait = |seconds| Pressure::Wait(Duration::from_secs(seconds));
        gate.note(&"too many", wait(4), &Secrets::default());
        assert_eq!(gate.pass().await, Ok(()));
        assert!(begin.elapsed() >= Duration::from_secs(4));
        gate.note(&"too many", wait(30), &Secrets::default());
        let begin = Instant::now();
        let said = gate.pass().await.unwrap_err();
        assert!(begin.elapsed().is_zero());
        assert_eq!(&*said.because, "too many");
        assert_eq!(said.wait, Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn what_asks_for_no_wait_closes_nothing() {
        let gate = Gate::with_patience(Duration::ZERO);
        gate.note(&"oops", Pressure::None, &Secrets::default());
        assert_eq!(gate.pass().await, Ok(()));
        gate.note(&"too many", Pressure::TooMany, &Secrets::default());
        assert!(gate.pass().await.is_err());
    }
}
