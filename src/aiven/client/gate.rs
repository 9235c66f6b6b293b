//! The gate that every request passes: closed while an answer asks this account to
//! wait.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::aiven::error::ErrorKind;
use crate::model::back_pressure::BackPressure;
use crate::model::outside_text::{OutsideText, Secrets};

/// All that wait do not come at once when the gate opens: each comes up to this
/// part of the wait later.
const SPREAD_PART: u32 = 10;

/// And so much later at most.
const MAX_SPREAD: Duration = Duration::from_secs(5);

/// How much of the answer that closed the gate is quoted.
const MAX_REASON: usize = 200;

pub(super) struct Gate {
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
    pub(super) fn with_patience(patience: Duration) -> Gate {
        Gate {
            patience,
            state: Mutex::default(),
        }
    }

    /// Waits until the gate is open.
    ///
    /// # Errors
    /// [`ErrorKind::Postponed`] at once when that lasts longer than the patience.
    pub(super) async fn pass(&self) -> Result<(), ErrorKind> {
        while let Some((wait, because)) = self.closed_for() {
            if wait > self.patience {
                let because = because.unwrap_or_else(|| OutsideText::from("no reason given"));
                return Err(ErrorKind::Postponed { wait, because });
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

    /// Notes an answer that is an error, and how long it asks to wait.
    pub(super) fn note(&self, kind: &ErrorKind, wait: Option<Duration>, secrets: &Secrets) {
        let now = Instant::now().into_std();
        let mut state = self.state.lock();
        match wait {
            Some(wait) => state.pressure.wait(wait, now),
            None if asks_too_much(kind) => state.pressure.too_many(now),
            None => return,
        }
        let because = OutsideText::prose_within(&kind.to_string(), MAX_REASON, secrets);
        state.because = Some(because);
    }

    /// Notes an answer with what was asked for.
    pub(super) fn answered(&self) {
        self.state.lock().pressure.answered();
    }
}

/// How much later than after this wait to come: another time for each.
pub fn spread(wait: Duration) -> Duration {
    let most = (wait / SPREAD_PART).min(MAX_SPREAD);
    most.mul_f64(fastrand::f64())
}

fn asks_too_much(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Throttled { .. } => true,
        ErrorKind::Stranger(stranger) => stranger.status == 429,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttled() -> ErrorKind {
        ErrorKind::Throttled {
            message: OutsideText::from("too many"),
            wait: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_wait_is_waited_and_a_long_one_is_said() {
        let gate = Gate::with_patience(Duration::from_secs(5));
        let begin = Instant::now();
        let wait = Some(Duration::from_secs(4));
        gate.note(&throttled(), wait, &Secrets::default());
        assert_eq!(gate.pass().await, Ok(()));
        assert!(begin.elapsed() >= Duration::from_secs(4));
        let wait = Some(Duration::from_secs(30));
        gate.note(&throttled(), wait, &Secrets::default());
        let begin = Instant::now();
        let said = gate.pass().await.unwrap_err();
        assert!(begin.elapsed().is_zero());
        assert!(said.to_string().contains("too many"), "{said}");
        assert_eq!(said.asked_wait(), Some(Duration::from_secs(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_asks_for_no_wait_closes_nothing() {
        let gate = Gate::with_patience(Duration::ZERO);
        let server = ErrorKind::Server {
            status: 500,
            message: OutsideText::from("oops"),
            wait: None,
        };
        gate.note(&server, None, &Secrets::default());
        assert_eq!(gate.pass().await, Ok(()));
        gate.note(&throttled(), None, &Secrets::default());
        assert!(gate.pass().await.is_err());
    }
}
