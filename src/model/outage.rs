//! A failure that lasts: logged once when it begins and once when it ends,
//! however often it happens in between.

use std::collections::BTreeMap;
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

    /// Since when it lasts, if the last noted outcome is a failure.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Whether the last noted outcome is a failure.
    pub fn is_on(&self) -> bool {
        self.since.is_some()
    }
}

/// Whether a failure is about one thing alone, or has a cause that all share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// It is about this one.
    Own,
    /// All fail alike, as with a token that is not accepted.
    Shared,
}

/// The outages of many things, each known by its key. Each is logged when it begins
/// and when it ends, and nothing but its own success ends it. While a shared cause
/// is logged for one of them, the others fail in silence, and recover in silence.
#[derive(Debug)]
pub struct Outages<Key> {
    on: BTreeMap<Key, OutageOfOne>,
}

#[derive(Debug)]
struct OutageOfOne {
    since: Timestamp,
    /// What was logged when it began.
    said: Option<Scope>,
}

impl<Key> Default for Outages<Key> {
    fn default() -> Self {
        let on = BTreeMap::new();
        Outages { on }
    }
}

impl<Key: Ord + Clone> Outages<Key> {
    /// Notes a failure of `key`. Returns whether to log it.
    pub fn failed(&mut self, key: &Key, scope: Scope, now: Timestamp) -> Failure {
        let is_on = self.on.get(key);
        if is_on.is_some_and(|outage| outage.said.is_some()) {
            return Failure::Again;
        }
        let since = is_on.map_or(now, |outage| outage.since);
        let mut others = self.on.values();
        let is_said = scope == Scope::Shared && others.any(|one| one.said == Some(Scope::Shared));
        let said = (!is_said).then_some(scope);
        self.on.insert(key.clone(), OutageOfOne { since, said });
        match said {
            Some(_) => Failure::First,
            None => Failure::Again,
        }
    }

    /// Notes a success of `key`. Returns how long its outage lasted, if its beginning
    /// was logged.
    pub fn succeeded(&mut self, key: &Key, now: Timestamp) -> Option<Duration> {
        let outage = self.on.remove(key)?;
        outage.said.map(|_| elapsed(outage.since, now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_outage_begins_once_and_ends_once() {
        let mut outage = Outage::default();
        assert_eq!(outage.end(at(1)), None);
        assert_eq!(outage.begin(at(10)), Failure::First);
        assert_eq!(outage.begin(at(20)), Failure::Again);
        assert!(outage.is_on());
        assert_eq!(outage.end(at(40)), Some(Duration::from_secs(30)));
        assert_eq!(outage.end(at(41)), None);
        assert_eq!(outage.begin(at(50)), Failure::First);
    }

    #[test]
    fn the_success_of_another_ends_no_outage() {
        let mut outages = Outages::default();
        assert_eq!(
            outages.failed(&"endpoints", Scope::Own, at(1)),
            Failure::First
        );
        assert_eq!(outages.succeeded(&"services", at(2)), None);
        assert_eq!(
            outages.failed(&"endpoints", Scope::Own, at(3)),
            Failure::Again
        );
        let lasted = outages.succeeded(&"endpoints", at(4));
        assert_eq!(lasted, Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_shared_cause_is_logged_for_one_of_all() {
        let mut outages = Outages::default();
        assert_eq!(outages.failed(&1, Scope::Shared, at(1)), Failure::First);
        assert_eq!(outages.failed(&2, Scope::Shared, at(1)), Failure::Again);
        assert_eq!(outages.succeeded(&2, at(2)), None);
        assert_eq!(outages.failed(&2, Scope::Shared, at(3)), Failure::Again);
        assert!(outages.succeeded(&1, at(4)).is_some());
        // For the other one it lasts, and nobody speaks for it any more.
        assert_eq!(outages.failed(&2, Scope::Shared, at(5)), Failure::First);
    }

    #[derive(Debug, Clone, Copy)]
    enum Outcome {
        Success,
        Failure(Scope),
    }

    fn outcomes() -> impl Strategy<Value = Vec<(u8, Outcome)>> {
        let outcome = prop_oneof![
            Just(Outcome::Success),
            Just(Outcome::Failure(Scope::Own)),
            Just(Outcome::Failure(Scope::Shared)),
        ];
        prop::collection::vec((0..4_u8, outcome), 0..80)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn beginnings_and_ends_alternate_for_each_and_none_is_missed(outcomes in outcomes()) {
            let mut outages = Outages::default();
            let mut open = [false; 4];
            let mut failing = [false; 4];
            for (second, (key, outcome)) in outcomes.into_iter().enumerate() {
                let now = at(second as i64);
                let index = usize::from(key);
                match outcome {
                    Outcome::Success => {
                        let is_logged = outages.succeeded(&key, now).is_some();
                        prop_assert_eq!(is_logged, open[index]);
                        (open[index], failing[index]) = (false, false);
                    }
                    Outcome::Failure(scope) => {
                        let is_logged = outages.failed(&key, scope, now) == Failure::First;
                        prop_assert!(!(is_logged && open[index]), "begins twice");
                        open[index] |= is_logged;
                        failing[index] = true;
                        // A failure of its own is always logged, a shared one for somebody.
                        prop_assert!(open[index] || scope == Scope::Shared);
                        prop_assert!(open.contains(&true));
                    }
                }
                prop_assert!(open.iter().zip(failing).all(|(open, failing)| failing || !open));
            }
        }
    }
}
