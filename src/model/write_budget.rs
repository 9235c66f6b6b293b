//! At most so many writes in any minute, however much there is to do.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// The writes of the last minute, all projects together.
#[derive(Debug)]
pub struct WriteBudget {
    a_minute: usize,
    recent: VecDeque<Instant>,
}

impl WriteBudget {
    /// A budget of `a_minute` writes in any sixty seconds.
    pub fn new(a_minute: u32) -> Self {
        WriteBudget {
            a_minute: a_minute as usize,
            recent: VecDeque::new(),
        }
    }

    /// Takes one write out of the budget.
    ///
    /// # Errors
    /// With the moment from which there is one again, when there is none now.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        while self
            .recent
            .front()
            .is_some_and(|then| now.duration_since(*then) >= MINUTE)
        {
            self.recent.pop_front();
        }
        match self.recent.front() {
            Some(first) if self.recent.len() >= self.a_minute => Err(*first + MINUTE),
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
        fn no_minute_sees_more_than_the_budget(
            a_minute in 1_u32..5, gaps in prop::collection::vec(0_u64..40_000, 1..60)
        ) {
            let mut budget = WriteBudget::new(a_minute);
            let mut now = Instant::now();
            let mut taken = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                match budget.take(now) {
                    Ok(()) => taken.push(now),
                    Err(again) => {
                        prop_assert!(again > now);
                        prop_assert!(taken.len() >= a_minute as usize);
                    }
                }
            }
            for (index, first) in taken.iter().enumerate() {
                let within = taken[index..].iter().filter(|then| **then - *first < MINUTE);
                prop_assert!(within.count() <= a_minute as usize);
            }
        }
    }
}
