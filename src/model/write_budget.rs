//! Limits the number of writes in any minute, however many are pending.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::later::later;

const MINUTE: Duration = Duration::from_secs(60);

/// The writes of the last minute, in all projects together.
#[derive(Debug)]
pub struct WriteBudget {
    per_minute: usize,
    recent: VecDeque<Instant>,
}

impl WriteBudget {
    /// A budget of `per_minute` writes in any sixty seconds.
    pub fn new(per_minute: u32) -> Self {
        WriteBudget {
            per_minute: per_minute as usize,
            recent: VecDeque::new(),
        }
    }

    /// Takes one write out of the budget.
    ///
    /// # Errors
    /// When the budget is spent: the moment from which there is budget again.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        while self
            .recent
            .front()
            .is_some_and(|then| now.duration_since(*then) >= MINUTE)
        {
            self.recent.pop_front();
        }
        match self.recent.front() {
            Some(oldest) if self.recent.len() >= self.per_minute => Err(later(*oldest, MINUTE)),
            _ => {
                self.recent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_minute_has_more_writes_than_the_budget(
            per_minute in 1_u32..5, gaps in prop::collection::vec(0_u64..40_000, 1..60)
        ) {
            let mut budget = WriteBudget::new(per_minute);
            let mut now = Instant::now();
            let mut taken = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                match budget.take(now) {
                    Ok(()) => taken.push(now),
                    Err(again) => {
                        prop_assert!(again > now);
                        prop_assert!(taken.len() >= per_minute as usize);
                    }
                }
            }
            for (index, first) in taken.iter().enumerate() {
                let within = taken[index..].iter().filter(|then| **then - *first < MINUTE);
                prop_assert!(within.count() <= per_minute as usize);
            }
        }
    }
}
