//! The order in which names are looked up, and when what DNS said is reported.
//!
//! A and AAAA of a name are two questions. Neither waits for the other: a name is
//! reported when the first has an answer and the second has none soon. A question
//! that was left without an answer is asked again more and more seldom, while the
//! other family of its name is answered.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::time::Instant;

use super::lane::{Lane, Room};
use super::unanswered::Unanswered;
use crate::model::address::Family;
use crate::model::later::later;
use crate::model::resolution::{Answer, Lookup, NeededHosts};

/// How many lookups one report has at most, to limit memory.
const MAX_REPORTED: usize = 256;

/// How long the answer for one family waits for that of the other, and a question keeps
/// its place in the lane.
const PATIENCE: Duration = Duration::from_millis(250);

/// If no lookup ends for this long, the results so far are published.
const PAUSE: Duration = Duration::from_millis(500);

/// So long are results kept at most before they are published.
const MAX_WAIT: Duration = Duration::from_secs(3);

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

/// A part of one round of lookups.
#[derive(Debug)]
pub struct ResolveRound {
    /// What DNS said, by host name.
    pub lookups: Vec<(Arc<str>, Lookup)>,
    /// The state of the round.
    pub progress: Progress,
}

/// The state of a round of lookups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More results follow soon.
    Ongoing,
    /// The remaining lookups are slow: publish the results so far.
    Paused,
    /// Every name was looked up, though perhaps not in both families.
    Ended(Timestamp),
}

/// A question, and what came of it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) name: Arc<str>,
    pub(super) family: Family,
    pub(super) answer: Answer,
}

/// A name that is being looked up.
struct Open {
    /// When it loses patience.
    patient_until: Instant,
    /// The round that waits for a report about it.
    round: Option<u64>,
    lookup: Lookup,
    is_old: bool,
    /// Which families were asked, and which of them were left without an answer.
    asked: [bool; 2],
    silent: [bool; 2],
}

/// Looks names up, round by round, with `A`, which asks one question.
pub(super) struct Pass<A, F> {
    ask: A,
    wanted: NeededHosts,
    round: u64,
    /// Names that wait for their turn, each with its round.
    due: VecDeque<(Arc<str>, u64)>,
    open: HashMap<Arc<str>, Open>,
    questions: FuturesUnordered<F>,
    lanes: [Lane; 2],
    /// Open names in the order in which they lose patience.
    young: VecDeque<(Instant, Arc<str>)>,
    unanswered: Unanswered,
    /// How many names of each round are without a report.
    unheard: HashMap<u64, usize>,
    done: Vec<(Arc<str>, Lookup)>,
    has_ended: bool,
    /// When the first and the last result came that are not published yet.
    unpublished: Option<(Instant, Instant)>,
}

impl<A, F> Pass<A, F>
where
    A: Fn(Arc<str>, Family) -> F,
    F: Future<Output = Asked>,
{
    pub(super) fn new(ask: A) -> Pass<A, F> {
        let now = Instant::now();
        Pass {
            ask,
            wanted: NeededHosts::default(),
            round: 0,
            due: VecDeque::new(),
            open: HashMap::new(),
            questions: FuturesUnordered::new(),
            lanes: [Lane::new(now), Lane::new(now)],
            young: VecDeque::new(),
            unanswered: Unanswered::default(),
            unheard: HashMap::new(),
            done: Vec::new(),
            has_ended: false,
            unpublished: None,
        }
    }

    /// Makes all names due, but for those that are still being looked up. First those
    /// that the last round did not come to, last those that were not answered.
    pub(super) fn begin_round(&mut self, wanted: &NeededHosts) {
        self.want(wanted);
        self.round += 1;
        let waiting: HashSet<Arc<str>> = self.due.iter().map(|(name, _)| name.clone()).collect();
        let is_due = |name: &&Arc<str>| !self.open.contains_key(*name) && !waiting.contains(*name);
        let is_slow = |name: &&Arc<str>| self.unanswered.is_slow(name);
        let (slow, quick): (Vec<_>, Vec<_>) = wanted.iter().filter(is_due).partition(is_slow);
        *self.unheard.entry(self.round).or_default() += slow.len() + quick.len();
        let names = quick.into_iter().chain(slow);
        self.due
            .extend(names.map(|name| (Arc::clone(name), self.round)));
        self.forget_ended_rounds();
        // Nothing is to be looked up, and that is done.
        self.has_ended |= wanted.is_empty();
    }

    /// Makes the names due that were not wanted before, ahead of all others.
    pub(super) fn begin_new(&mut self, wanted: &NeededHosts) {
        let before = Arc::clone(&self.wanted);
        self.want(wanted);
        let new = wanted.difference(&before);
        let new: Vec<_> = new.filter(|name| !self.open.contains_key(*name)).collect();
        *self.unheard.entry(self.round).or_default() += new.len();
        for name in new.into_iter().rev() {
            self.due.push_front((Arc::clone(name), self.round));
        }
        self.forget_ended_rounds();
    }

    fn want(&mut self, wanted: &NeededHosts) {
        self.wanted = Arc::clone(wanted);
        self.unanswered.retain(wanted);
        let unheard = &mut self.unheard;
        self.due.retain(|(name, round)| {
            let is_wanted = wanted.contains(name);
            if !is_wanted {
                hear(unheard, *round);
            }
            is_wanted
        });
    }

    fn forget_ended_rounds(&mut self) {
        self.unheard.retain(|_, names| *names > 0);
    }

    /// Asks as many of the due questions as there is room for.
    pub(super) fn start_due(&mut self) {
        let now = Instant::now();
        while let Some((name, _)) = self.due.front() {
            let Some(skipped) = self.skipped(name, now) else {
                return;
            };
            let Some((name, round)) = self.due.pop_front() else {
                return;
            };
            self.start(name, round, skipped, now);
        }
    }

    /// The families of a name that are not worth asking now, and why; `None` if there
    /// is no room for the others yet.
    fn skipped(&self, name: &Arc<str>, now: Instant) -> Option<[Option<String>; 2]> {
        let mut skipped = [None, None];
        let mut is_asked = false;
        for family in FAMILIES {
            let left_out = self.unanswered.left_out(name, family);
            let room = of(&self.lanes, family).room(now);
            *of_mut(&mut skipped, family) = match (left_out, room) {
                (Some(cause), _) => Some(cause.to_owned()),
                (None, Room::Silent) => Some(format!(
                    "not asked, because the name servers leave {} questions unanswered",
                    family.record_type()
                )),
                (None, Room::Later) => return None,
                (None, Room::Free) => {
                    is_asked = true;
                    None
                }
            };
        }
        is_asked.then_some(skipped)
    }

    fn start(&mut self, name: Arc<str>, round: u64, skipped: [Option<String>; 2], now: Instant) {
        self.unanswered.begin(&name);
        let asked = skipped.each_ref().map(Option::is_none);
        for family in FAMILIES {
            if *of(&asked, family) {
                of_mut(&mut self.lanes, family).begin();
                self.questions.push((self.ask)(Arc::clone(&name), family));
            }
        }
        let [v4, v6] = skipped.map(|cause| cause.map_or(Answer::Pending, Answer::Failed));
        let patient_until = later(now, PATIENCE);
        self.young.push_back((patient_until, Arc::clone(&name)));
        let open = Open {
            patient_until,
            round: Some(round),
            lookup: Lookup { v4, v6 },
            is_old: false,
            asked,
            silent: [false; 2],
        };
        self.open.insert(name, open);
    }

    /// Waits for an answer, and takes all that are there.
    pub(super) async fn answered(&mut self) {
        let first = match self.questions.next().await {
            Some(first) => first,
            None => std::future::pending().await,
        };
        self.take(first);
        while let Some(Some(next)) = self.questions.next().now_or_never() {
            self.take(next);
        }
    }

    fn take(&mut self, asked: Asked) {
        let now = Instant::now();
        let Asked {
            name,
            family,
            answer,
        } = asked;
        let Some(open) = self.open.get_mut(&name) else {
            return;
        };
        let is_silence = open.is_old && matches!(answer, Answer::Failed(_));
        of_mut(&mut self.lanes, family).end(open.is_old, !is_silence, now);
        *of_mut(&mut open.silent, family) = is_silence;
        let is_worth_telling = open.is_old && answer.has_addresses();
        *answer_of(&mut open.lookup, family) = answer;
        if open.lookup.is_over() {
            let Some(open) = self.open.remove(&name) else {
                return;
            };
            self.unanswered
                .note(&name, open.asked, open.silent, &open.lookup);
            self.report(name, open.lookup, open.round, now);
        } else if is_worth_telling {
            let (lookup, round) = (open.lookup.clone(), open.round.take());
            self.report(name, lookup, round, now);
        }
    }

    fn report(&mut self, name: Arc<str>, lookup: Lookup, round: Option<u64>, now: Instant) {
        if let Some(round) = round {
            self.has_ended |= hear(&mut self.unheard, round);
        }
        self.done.push((name, lookup));
        let first = self.unpublished.map_or(now, |(first, _)| first);
        self.unpublished = Some((first, now));
    }

    /// Lets the names that have waited long enough step aside.
    fn lose_patience(&mut self, now: Instant) {
        while let Some((until, _)) = self.young.front()
            && *until <= now
            && let Some((until, name)) = self.young.pop_front()
        {
            let open = self.open.get_mut(&name);
            let Some(open) = open.filter(|open| open.patient_until == until) else {
                continue;
            };
            open.is_old = true;
            for family in FAMILIES {
                if *answer_of(&mut open.lookup, family) == Answer::Pending {
                    of_mut(&mut self.lanes, family).grow_old();
                }
            }
            if open.lookup.v4.has_addresses() || open.lookup.v6.has_addresses() {
                let (lookup, round) = (open.lookup.clone(), open.round.take());
                self.report(name, lookup, round, now);
            }
        }
    }

    /// What is to be reported now. `clock` says when a round ended.
    pub(super) fn reports(&mut self, clock: impl Fn() -> Timestamp) -> Vec<ResolveRound> {
        let now = Instant::now();
        self.lose_patience(now);
        let mut reports = Vec::new();
        while self.done.len() > MAX_REPORTED {
            reports.push(ResolveRound {
                lookups: self.done.drain(..MAX_REPORTED).collect(),
                progress: Progress::Ongoing,
            });
        }
        let progress = if std::mem::take(&mut self.has_ended) {
            Progress::Ended(clock())
        } else if self.publish_at().is_some_and(|at| at <= now) {
            Progress::Paused
        } else {
            return reports;
        };
        self.unpublished = None;
        reports.push(ResolveRound {
            lookups: std::mem::take(&mut self.done),
            progress,
        });
        reports
    }

    fn publish_at(&self) -> Option<Instant> {
        let (first, last) = self.unpublished?;
        Some(later(last, PAUSE).min(later(first, MAX_WAIT)))
    }

    /// When something is to be done even if no answer comes.
    pub(super) fn next_event(&self) -> Option<Instant> {
        let now = Instant::now();
        let impatience = self.young.front().map(|(until, _)| *until);
        let silences = self.lanes.iter().filter_map(Lane::silent_at);
        let silences = silences.filter(|at| *at > now && !self.due.is_empty());
        let events = impatience.into_iter().chain(self.publish_at());
        events.chain(silences).min()
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.due.is_empty() && self.unpublished.is_none()
    }
}

/// Notes that there is a report about a name of the round. Returns whether it was the
/// last name without one.
fn hear(unheard: &mut HashMap<u64, usize>, round: u64) -> bool {
    let Some(names) = unheard.get_mut(&round) else {
        return false;
    };
    *names = names.saturating_sub(1);
    let is_last = *names == 0;
    if is_last {
        unheard.remove(&round);
    }
    is_last
}

/// What a pair, IPv4 first, has for a family.
fn of<T>([v4, v6]: &[T; 2], family: Family) -> &T {
    match family {
        Family::V4 => v4,
        Family::V6 => v6,
    }
}

fn of_mut<T>([v4, v6]: &mut [T; 2], family: Family) -> &mut T {
    match family {
        Family::V4 => v4,
        Family::V6 => v6,
    }
}

fn answer_of(lookup: &mut Lookup, family: Family) -> &mut Answer {
    match family {
        Family::V4 => &mut lookup.v4,
        Family::V6 => &mut lookup.v6,
    }
}

#[cfg(test)]
mod tests;
