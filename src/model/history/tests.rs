//! What the history keeps, and what it makes one of.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn event(second: i64, kind: EventKind, service: &str, what: &str) -> Event {
    Event::new(kind, at(second), what)
        .in_project(&"shop".into())
        .of_service(&service.into())
}

fn failing(second: i64, service: &str) -> Event {
    event(second, EventKind::ScrapeFailing, service, "it fails").because(Some("no answer"))
}

/// The events as `TIMES KIND SERVICE`, the newest first.
fn told(history: &History) -> Vec<String> {
    let events = history.newest_first();
    let told = events.iter().map(|event| {
        let service = event.service.as_deref().unwrap_or("-");
        format!("{} {} {service}", event.times, event.kind)
    });
    told.collect()
}

#[test]
fn a_flapping_node_is_two_events_that_count() {
    let mut history = History::default();
    history.record(vec![event(
        0,
        EventKind::ServiceAppeared,
        "db",
        "it appeared",
    )]);
    for round in 0..100 {
        history.record(vec![failing(60 * round, "logs")]);
        let again = event(60 * round + 30, EventKind::ScrapeRecovered, "logs", "again");
        history.record(vec![again]);
    }
    assert_eq!(
        told(&history),
        [
            "100 scrape_recovered logs",
            "100 scrape_failing logs",
            "1 service_appeared db"
        ]
    );
    let events = history.newest_first();
    assert_eq!((events[1].since, events[1].at), (at(0), at(60 * 99)));
}

/// What is given to be logged: `TIMES KIND`.
fn untold(history: &mut History) -> Vec<String> {
    let untold = history.take_untold();
    let told = untold.iter();
    told.map(|event| format!("{} {}", event.times, event.kind))
        .collect()
}

#[test]
fn each_event_is_given_once_however_often_it_happens_and_many_as_one() {
    let mut history = History::default();
    history.record(vec![failing(0, "logs")]);
    assert_eq!(untold(&mut history), ["1 scrape_failing"]);
    history.record(vec![failing(60, "logs")]);
    assert!(untold(&mut history).is_empty());
    let many = (0..1000).map(|number| failing(120, &format!("db-{number}")));
    history.record(many.collect());
    assert_eq!(untold(&mut history), ["1000 scrape_failing"]);
    history.record(vec![failing(180, "one-more")]);
    assert!(untold(&mut history).is_empty());
    history.record(vec![failing(2000, "logs")]);
    assert_eq!(untold(&mut history), ["1 scrape_failing"]);
}

#[test]
fn what_happens_again_much_later_is_told_again() {
    let mut history = History::default();
    history.record(vec![failing(0, "logs")]);
    history.record(vec![failing(700, "logs")]);
    assert_eq!(told(&history).len(), 2);
}

#[test]
fn ten_thousand_services_at_once_are_one_event_that_says_how_many() {
    let mut history = History::default();
    let appeared = |number| {
        event(
            0,
            EventKind::ServiceAppeared,
            &format!("s-{number}"),
            "came",
        )
    };
    history.record((0..10_000).map(appeared).collect());
    assert_eq!(told(&history), ["10000 service_appeared -"]);
    let what = &history.newest_first()[0].what;
    assert_eq!(
        &**what,
        "10000 services appeared; the last: s-9999, s-9998, s-9997"
    );
}

#[test]
fn services_that_fail_one_after_the_other_become_one_event_too() {
    let mut history = History::default();
    for number in 0..5_000 {
        history.record(vec![failing(number / 50, &format!("s-{number}"))]);
    }
    let told = told(&history);
    assert_eq!(told.len(), MAX_ALIKE + 1);
    assert_eq!(told[0], "4980 scrape_failing -");
    assert!(
        told[1..]
            .iter()
            .all(|one| one.starts_with("1 scrape_failing s-"))
    );
    let many = &history.newest_first()[0];
    assert_eq!(many.cause.as_deref(), Some("no answer"));
}

#[test]
fn events_of_projects_are_never_gathered_with_those_of_services() {
    let mut history = History::default();
    for number in 0..100 {
        history.record(vec![failing(number, &format!("s-{number}"))]);
    }
    let stage = Event::new(EventKind::StageFailing, at(100), "list fails");
    history.record(vec![stage.in_project(&"shop".into())]);
    assert_eq!(told(&history)[0], "1 stage_failing -");
}

#[test]
fn texts_are_cut() {
    let mut history = History::default();
    let long = "x".repeat(1 << 20);
    history.record(vec![
        event(0, EventKind::ServiceGone, "db", &long).because(Some(&*long)),
    ]);
    let kept = &history.newest_first()[0];
    assert_eq!(kept.what.chars().count(), MAX_TEXT);
    assert_eq!(kept.cause.as_ref().unwrap().chars().count(), MAX_TEXT);
}

#[test]
fn each_kind_is_named_in_json_as_everywhere_and_unknown_ones_are_read() {
    for kind in EventKind::ALL {
        let json = serde_json::to_string(kind).unwrap();
        assert_eq!(json, format!("\"{kind}\""));
    }
    let later: EventKind = serde_json::from_str("\"from_the_future\"").unwrap();
    assert_eq!(later, EventKind::Other);
}

#[test]
fn a_filter_leaves_what_is_asked_for() {
    let events = || {
        let mut history = History::default();
        history.record(vec![failing(0, "logs")]);
        history.record(vec![event(10, EventKind::ServiceGone, "db", "gone")]);
        let stage = Event::new(EventKind::StageFailing, at(20), "list fails");
        history.record(vec![stage.in_project(&"shop".into())]);
        history.newest_first()
    };
    let left = |pairs: &[(&str, &str)]| -> Vec<&'static str> {
        let filter = EventFilter::of(pairs.iter().copied(), at(30)).unwrap();
        let left = filter.of_events(events());
        left.iter().map(|event| event.kind.as_str()).collect()
    };
    let all = ["stage_failing", "service_gone", "scrape_failing"];
    assert_eq!(left(&[]), all);
    assert_eq!(left(&[("since", ""), ("service", ""), ("other", "x")]), all);
    assert_eq!(left(&[("kind", "service_gone")]), ["service_gone"]);
    assert_eq!(left(&[("since", "15s")]), ["stage_failing"]);
    assert_eq!(left(&[("since", &at(10).to_string())]), all[..2]);
    assert_eq!(left(&[("since", "9999999h")]), all);
    assert_eq!(
        left(&[("service", "db")]),
        ["stage_failing", "service_gone"]
    );
    assert_eq!(
        left(&[("service", "shop/db")]),
        ["stage_failing", "service_gone"]
    );
    assert_eq!(left(&[("service", "bank/db")]), [""; 0]);
    for (key, value) in [("since", "yesterday"), ("kind", "odd")] {
        let error = EventFilter::of([(key, value)].into_iter(), at(0)).unwrap_err();
        assert!(error.to_string().contains(value), "{error}");
    }
}

fn found() -> impl Strategy<Value = Vec<Vec<Event>>> {
    let one = (
        0..40_usize,
        0..30_u32,
        0..3_u32,
        "[^\n]{0,600}",
        any::<bool>(),
    );
    let one = one.prop_map(|(kind, service, project, text, is_of_project)| {
        let kind = EventKind::ALL[kind % EventKind::ALL.len()];
        let event = Event::new(kind, at(0), text.as_str())
            .because(Some(text))
            .in_project(&format!("p-{project}").into());
        match is_of_project {
            true => event,
            false => event.of_service(&format!("s-{service}").into()),
        }
    });
    let times = prop::collection::vec((0..400_i64, prop::collection::vec(one, 0..40)), 0..30);
    times.prop_map(|batches| {
        let mut now = 0;
        let batches = batches.into_iter().map(|(pause, batch)| {
            now += pause;
            let batch = batch.into_iter();
            let moved = batch.map(|event| Event {
                at: at(now),
                since: at(now),
                ..event
            });
            moved.collect()
        });
        batches.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_happens_the_history_stays_within_its_bounds_and_loses_no_count(batches in found()) {
        let mut history = History::default();
        let mut all = 0_u64;
        for batch in batches {
            all += batch.len() as u64;
            history.record(batch);
            let events = history.newest_first();
            prop_assert!(events.len() <= MAX_EVENTS);
            prop_assert!(history.bytes <= MAX_BYTES);
            let measured: usize = history.entries.iter().map(Entry::memory).sum();
            prop_assert_eq!(history.bytes, measured);
            prop_assert!(events.windows(2).all(|two| two[0].at >= two[1].at));
            prop_assert!(events.iter().all(|event| event.since <= event.at && event.times > 0));
            let told: u64 = events.iter().map(|event| event.times).sum();
            // Only what was pushed out is not counted any more.
            prop_assert!(told == all || history.bytes > MAX_BYTES / 2);
        }
    }
}

#[test]
fn the_oldest_events_make_room() {
    let mut history = History::default();
    let different = |number: i64| {
        event(
            number * 700,
            EventKind::AddressesChanged,
            "db",
            &format!("{number}"),
        )
    };
    for number in 0..MAX_EVENTS as i64 + 50 {
        history.record(vec![different(number)]);
    }
    let events = history.newest_first();
    assert_eq!(events.len(), MAX_EVENTS);
    assert_eq!(&*events.last().unwrap().what, "50");
    let long = "x".repeat(MAX_TEXT);
    for number in 0..MAX_EVENTS as i64 {
        let what = format!("{number} {long}");
        let kind = EventKind::AddressesChanged;
        let fat = event(2_000_000 + number * 700, kind, "db", &what).because(Some(&*long));
        history.record(vec![fat]);
    }
    assert!(history.bytes <= MAX_BYTES);
    assert!(history.newest_first().len() < MAX_EVENTS);
}

mod compared;
