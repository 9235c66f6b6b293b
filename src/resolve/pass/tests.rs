//! No question waits for another. The clock is the runtime's and stands still while
//! there is something to do.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(5);

/// What a name server says, and after how long; counts the questions.
struct Dns<S> {
    says: S,
    asked: RefCell<Vec<(String, Family)>>,
}

impl<S: Fn(&str, Family) -> (Duration, Answer)> Dns<S> {
    fn new(says: S) -> Self {
        let asked = RefCell::default();
        Dns { says, asked }
    }

    fn ask(&self, name: Arc<str>, family: Family) -> impl Future<Output = Asked> {
        self.asked.borrow_mut().push((name.to_string(), family));
        let (delay, answer) = (self.says)(&name, family);
        async move {
            tokio::time::sleep(delay).await;
            Asked {
                name,
                family,
                answer,
            }
        }
    }

    fn count(&self, family: Family) -> usize {
        let asked = self.asked.take();
        asked.iter().filter(|(_, one)| *one == family).count()
    }
}

fn found() -> Answer {
    Answer::Addresses(vec![[192, 0, 2, 1].into()])
}

fn silence() -> (Duration, Answer) {
    (TIMEOUT, Answer::Failed("no answer".to_owned()))
}

fn at_once(answer: Answer) -> (Duration, Answer) {
    (Duration::from_millis(1), answer)
}

fn names(count: usize) -> NeededHosts {
    let names = (0..count).map(|index| Arc::from(format!("n{index:05}")));
    Arc::new(names.collect())
}

/// Reports until `until`, with the time of each.
async fn run<A, F>(pass: &mut Pass<A, F>, until: Instant) -> Vec<(Duration, ResolveRound)>
where
    A: Fn(Arc<str>, Family) -> F,
    F: Future<Output = Asked>,
{
    let start = Instant::now();
    let mut reports = Vec::new();
    loop {
        pass.start_due();
        let now = pass.reports(|| Timestamp::UNIX_EPOCH);
        reports.extend(now.into_iter().map(|report| (start.elapsed(), report)));
        let wake = pass.next_event().map_or(until, |at| at.min(until));
        tokio::select! {
            biased;
            () = pass.answered() => {}
            () = tokio::time::sleep_until(wake) => {}
        }
        if Instant::now() >= until {
            return reports;
        }
    }
}

/// When the last of so many names was published with an address.
fn all_published(reports: &[(Duration, ResolveRound)], count: usize) -> Option<Duration> {
    let mut waiting = BTreeSet::new();
    let mut published = BTreeSet::new();
    for (at, report) in reports {
        let found = report.lookups.iter();
        let found = found.filter(|(_, lookup)| lookup.v4.has_addresses());
        waiting.extend(found.map(|(name, _)| Arc::clone(name)));
        if report.progress != Progress::Ongoing {
            published.append(&mut waiting);
        }
        if published.len() == count {
            return Some(*at);
        }
    }
    None
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[tokio::test(start_paused = true)]
async fn a_family_that_is_never_answered_delays_nobody() {
    for count in [1, 300, 3000] {
        let dns = Dns::new(|_, family| match family {
            Family::V4 => at_once(found()),
            Family::V6 => silence(),
        });
        let mut pass = Pass::new(|name, family| dns.ask(name, family));
        for round in 0..4 {
            pass.begin_round(&names(count));
            let reports = run(&mut pass, Instant::now() + seconds(5)).await;
            let published = all_published(&reports, count);
            assert!(
                published.is_some_and(|at| at < seconds(3)),
                "{count} names, round {round}: {published:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_hang_delay_no_other_in_the_next_round() {
    let hangs = |name: &str| name.ends_with('0');
    let dns = Dns::new(|name, _| match hangs(name) {
        true => silence(),
        false => at_once(found()),
    });
    let mut pass = Pass::new(|name, family| dns.ask(name, family));
    pass.begin_round(&names(1000));
    run(&mut pass, Instant::now() + seconds(30)).await;
    for _ in 0..3 {
        pass.begin_round(&names(1000));
        let reports = run(&mut pass, Instant::now() + seconds(5)).await;
        let published = all_published(&reports, 900);
        assert!(published.is_some_and(|at| at < seconds(2)), "{published:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_is_asked_more_and_more_seldom() {
    let dns = Dns::new(|_, family| match family {
        Family::V4 => at_once(found()),
        Family::V6 => silence(),
    });
    let mut pass = Pass::new(|name, family| dns.ask(name, family));
    let mut asked = Vec::new();
    for _ in 0..40 {
        pass.begin_round(&names(1));
        run(&mut pass, Instant::now() + seconds(10)).await;
        asked.push(dns.count(Family::V6));
    }
    let rounds: Vec<_> = (0..40).filter(|&round| asked[round] > 0).collect();
    assert_eq!(rounds, [0, 2, 5, 10, 19, 36]);
}

#[tokio::test(start_paused = true)]
async fn a_family_that_is_answered_again_is_asked_in_every_round() {
    let is_well = std::cell::Cell::new(false);
    let dns = Dns::new(|_, family| match family {
        Family::V6 if !is_well.get() => silence(),
        _ => at_once(found()),
    });
    let mut pass = Pass::new(|name, family| dns.ask(name, family));
    let mut asked = Vec::new();
    for round in 0..6 {
        is_well.set(round > 0);
        pass.begin_round(&names(1));
        run(&mut pass, Instant::now() + seconds(10)).await;
        asked.push(dns.count(Family::V6));
    }
    assert_eq!(asked, [1, 0, 1, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_round_that_nobody_answers_ends_with_the_failures() {
    let dns = Dns::new(|_, _| silence());
    let mut pass = Pass::new(|name, family| dns.ask(name, family));
    pass.begin_round(&names(10));
    let reports = run(&mut pass, Instant::now() + seconds(8)).await;
    let [(at, report)] = &reports[..] else {
        panic!("{reports:?}");
    };
    assert!(*at >= TIMEOUT && matches!(report.progress, Progress::Ended(_)));
    assert_eq!(report.lookups.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_round_without_a_name_ends() {
    let dns = Dns::new(|_, _| at_once(found()));
    let mut pass = Pass::new(|name, family| dns.ask(name, family));
    pass.begin_round(&names(0));
    let reports = run(&mut pass, Instant::now()).await;
    let ended =
        |(_, round): &(Duration, ResolveRound)| matches!(round.progress, Progress::Ended(_));
    assert!(reports.iter().any(ended));
}

#[tokio::test(start_paused = true)]
async fn every_name_is_reported_whole_once_and_the_round_ends_once() {
    let dns = Dns::new(|_, _| at_once(found()));
    let mut pass = Pass::new(|name, family| dns.ask(name, family));
    pass.begin_round(&names(1000));
    let reports = run(&mut pass, Instant::now() + seconds(5)).await;
    let lookups = reports.iter().flat_map(|(_, report)| &report.lookups);
    let names: BTreeSet<_> = lookups.clone().map(|(name, _)| name).collect();
    assert_eq!((names.len(), lookups.count()), (1000, 1000));
    let ended = reports.iter();
    let ended = ended.filter(|(_, one)| matches!(one.progress, Progress::Ended(_)));
    assert_eq!(ended.count(), 1);
    assert!(pass.is_idle());
}

#[tokio::test(start_paused = true)]
async fn new_names_come_before_all_others() {
    let dns = Dns::new(|_, _| at_once(found()));
    let mut pass = Pass::new(|name, family| dns.ask(name, family));
    pass.begin_round(&names(1000));
    pass.start_due();
    let mut more = (*names(1000)).clone();
    more.insert("new".into());
    pass.begin_new(&Arc::new(more));
    pass.answered().await;
    pass.start_due();
    let asked = dns.asked.borrow();
    let place = asked.iter().position(|(name, _)| name == "new");
    assert!(place.is_some_and(|place| place <= 128), "{place:?}");
}
