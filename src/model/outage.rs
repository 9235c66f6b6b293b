//! A failure that lasts: logged once when it begins and once when it ends,
//! however often it happens in between.

use std::time::Duration;

use jiff::Timestamp;

use super::elapsed;

/// Remembers whether something works, and if not, since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outage {
    since: Option<Timestamp>,
}

/// Whether a failure is the first since the last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It worked before: log it.
    First,
    /// It failed before: log nothing.
    Again,
}

impl Outage {
    /// Notes a failure.
    pub fn begin(&mut self, now: Timestamp) -> Failure {
        if self.since.is_some() {
            return Failure::Again;
        }
        self.since = Some(now);
        Failure::First
    }

    /// Notes a success. Returns how long the outage lasted, if there was one.
    pub fn end(&mut self, now: Timestamp) -> Option<Duration> {
        self.since.take().map(|since| elapsed(since, now))
    }

    /// Whether the last noted outcome is a failure.
    pub fn is_on(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_begins_once_and_ends_once() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut outage = Outage::default();
        assert_eq!(outage.end(at(1)), None);
        assert_eq!(outage.begin(at(10)), Failure::First);
        assert_eq!(outage.begin(at(20)), Failure::Again);
        assert!(outage.is_on());
        assert_eq!(outage.end(at(40)), Some(Duration::from_secs(30)));
        assert_eq!(outage.end(at(41)), None);
        assert_eq!(outage.begin(at(50)), Failure::First);
    }
}
