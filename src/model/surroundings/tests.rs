//! What is judged to be wrong, and what is not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// An answer that was made `into` the time that the question took, in milliseconds, by a
/// clock that is right, and came to a machine whose clock is `ahead`.
fn seen(ahead: i64, took: i64, into: i64, made: i64) -> Sighting {
    let millis = SignedDuration::from_millis;
    let made_at = at(0) + millis(made);
    let arrived = made_at + millis(took - into);
    Sighting {
        at: arrived + millis(ahead),
        took: Duration::from_millis(took as u64),
        date: Timestamp::from_second(made_at.as_second()).unwrap(),
    }
}

/// How an answer came about: how long the question took, when within that it was answered,
/// and when that was.
fn answers() -> impl Strategy<Value = (i64, i64, i64)> {
    let took = prop_oneof![0..1_000_i64, 0..120_000_i64, Just(0)];
    (took, 0.0..=1.0_f64, 0..100_000_i64)
        .prop_map(|(took, part, made)| (took, (took as f64 * part) as i64, made))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn a_clock_within_the_tolerance_never_alarms_however_long_answers_take(
        ahead in -30_000..=30_000_i64,
        answers in prop::collection::vec(answers(), 1..8),
    ) {
        let mut clock = Clock::default();
        for (took, into, made) in answers {
            let seen = seen(ahead, took, into, made);
            prop_assert_eq!(seen.wrong(), None);
            clock.saw(seen);
            prop_assert_eq!(clock.wrong(), None);
        }
    }

    #[test]
    fn a_clock_beyond_it_always_does_after_two_answers_and_not_after_one(
        beyond in 1_i64..1_000_000_000_000,
        is_ahead in any::<bool>(),
        first in answers(),
        second in answers(),
    ) {
        // What an answer cannot tell: when within its way it was made, and the part of a second.
        let unknown = first.0.max(second.0) + 1000;
        let size = 30_000 + unknown + beyond;
        let ahead = if is_ahead { size } else { -size };
        let mut clock = Clock::default();
        clock.saw(seen(ahead, first.0, first.1, first.2));
        prop_assert_eq!(clock.wrong(), None);
        clock.saw(seen(ahead, second.0, second.1, second.2));
        let wrong = clock.wrong().expect("it is wrong");
        prop_assert_eq!(wrong.ahead_seconds > 0, is_ahead);
        let off = (wrong.ahead_seconds - ahead / 1000).abs();
        prop_assert!(off <= unknown / 1000 + 1, "told {}, is {ahead} ms", wrong.ahead_seconds);
        // The time that Aiven's clock shows, as far as that can be told.
        let api = wrong.corrected(at(0) + SignedDuration::from_millis(ahead));
        prop_assert!(api.duration_since(at(0)).as_secs().abs() <= unknown / 1000 + 1);
    }

    #[test]
    fn no_dates_and_times_make_it_panic(
        when in any::<i64>(), date in any::<i64>(), took in any::<u64>(),
    ) {
        let any = |seconds: i64| {
            let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
            Timestamp::from_second(seconds.clamp(least, most)).unwrap()
        };
        let seen = Sighting { at: any(when), took: Duration::from_secs(took), date: any(date) };
        let mut clock = Clock::default();
        clock.saw(seen);
        clock.saw(seen);
        if let Some(wrong) = clock.wrong() {
            prop_assert!(!wrong.trouble().what.is_empty());
            wrong.corrected(any(when));
        }
    }
}

/// An answer that came at once.
fn now(ahead_seconds: i64) -> Sighting {
    seen(ahead_seconds * 1000, 100, 50, 5_000)
}

#[test]
fn one_of_many_servers_that_is_wrong_alarms_nobody_and_ends_nothing() {
    let mut clock = Clock::default();
    for ahead in [0, 3600, 0, -3600, 3600, 0] {
        clock.saw(now(ahead));
        assert_eq!(clock.wrong(), None);
    }
    clock.saw(now(-3600));
    clock.saw(now(-3600));
    let wrong = clock.wrong().unwrap();
    clock.saw(now(0));
    assert_eq!(clock.wrong(), Some(wrong), "one answer is none");
    clock.saw(now(-3600));
    clock.saw(now(0));
    assert_eq!(clock.wrong(), Some(wrong));
    clock.saw(now(0));
    assert_eq!(clock.wrong(), None);
}

#[test]
fn an_answer_that_tells_nothing_changes_nothing() {
    let mut clock = Clock::default();
    let vague = seen(3_600_000, 4_000_000, 4_000_000, 0);
    clock.saw(now(7200));
    clock.saw(vague);
    assert_eq!(clock.wrong(), None);
    clock.saw(now(7200));
    clock.saw(vague);
    clock.saw(vague);
    assert!(clock.wrong().is_some());
}

#[test]
fn the_clock_is_told_with_direction_and_size_and_nobody_is_sent_to_aiven() {
    let told = |ahead_seconds| {
        let since = at(0);
        WrongClock {
            ahead_seconds,
            since,
        }
        .trouble()
    };
    assert_eq!(
        told(-3 * 3600).what,
        "this machine's clock is 3h behind that of Aiven's API"
    );
    assert_eq!(
        told(45).what,
        "this machine's clock is 45s ahead of that of Aiven's API"
    );
    for (seconds, words) in [
        (-10_799, "3h behind"),
        (3599, "60m ahead"),
        (7170, "2h ahead"),
        (172_799, "2d ahead"),
        (-365 * DAY, "365d behind"),
    ] {
        assert!(told(seconds).what.contains(words), "{}", told(seconds).what);
    }
    assert!(told(45).remedy.starts_with("set this machine's clock"));
    assert!(!told(45).remedy.contains("support"));
}

const ONE: &str = "10.0.0.1:53";
const TWO: &str = "10.0.0.2:53";

fn server(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn servers() -> NameServers {
    let mut servers = NameServers::default();
    servers.are(&[server(ONE), server(TWO)]);
    servers
}

#[test]
fn a_server_that_leaves_three_questions_to_others_is_named_until_it_answers() {
    let mut servers = servers();
    for second in 0..2 {
        servers.failed_alone(server(ONE), "SERVFAIL", at(second));
        assert_eq!(servers.failing(), []);
    }
    servers.failed_alone(server(ONE), "no answer within 0.4 s", at(60));
    let failing = servers.failing();
    assert_eq!(failing.len(), 1);
    assert_eq!((failing[0].server, failing[0].since), (server(ONE), at(0)));
    let trouble = failing[0].trouble();
    assert_eq!(trouble.what, "name server 10.0.0.1:53 fails, others answer");
    assert!(
        trouble.cause.contains("no answer within 0.4 s"),
        "{trouble:?}"
    );
    assert!(
        trouble.cause.contains("resolved by the others"),
        "{trouble:?}"
    );
    servers.answered(server(TWO));
    assert_eq!(servers.failing().len(), 1);
    servers.answered(server(ONE));
    assert_eq!(servers.failing(), []);
}

#[test]
fn lost_packets_between_answers_are_no_trouble() {
    let mut servers = servers();
    for second in 0..100 {
        servers.failed_alone(server(ONE), "no answer", at(second));
        servers.failed_alone(server(ONE), "no answer", at(second));
        servers.answered(server(ONE));
        assert_eq!(servers.failing(), []);
    }
}

#[test]
fn a_server_that_is_not_asked_any_more_is_forgotten() {
    let mut servers = servers();
    for _ in 0..3 {
        servers.failed_alone(server(ONE), "refused", at(0));
    }
    servers.are(&[server(TWO)]);
    servers.failed_alone(server(ONE), "refused", at(1));
    assert_eq!(servers.failing(), []);
    assert_eq!(servers.all().collect::<Vec<_>>(), [(server(TWO), false)]);
}

#[test]
fn lost_lines_are_told_with_the_errors_words_since_the_first_and_until_one_is_written() {
    let mut loss = LogLoss::default();
    assert_eq!(loss.lost_lines(), None);
    loss.lost("No space left on device (os error 28)", at(0));
    loss.lost(&"x".repeat(10_000), at(5));
    loss.lost("No space left on device (os error 28)", at(9));
    let lost = loss.lost_lines().unwrap();
    assert_eq!((lost.since, lost.lines), (at(0), 3));
    let trouble = lost.trouble();
    assert_eq!(
        trouble.cause,
        "3 log lines are lost: No space left on device (os error 28)"
    );
    assert!(trouble.remedy.contains("free space"), "{trouble:?}");
    loss.written();
    assert_eq!(loss.lost_lines(), None);
}

fn certificate(holder: Holder, subject: &str, ends: Timestamp) -> OwnCertificate {
    OwnCertificate {
        certificate: holder,
        project: None,
        subject: subject.to_owned(),
        ends,
    }
}

const DAY: i64 = 86_400;

#[test]
fn certificates_are_listed_a_month_before_their_end_and_a_trouble_in_the_last_week() {
    for (days, is_listed, about) in [
        (31, false, None),
        (29, true, None),
        (8, true, None),
        (6, true, Some(About::CertificateEnds)),
        (-1, true, Some(About::CertificateEnded)),
        (-1000, true, Some(About::CertificateEnded)),
    ] {
        let mut certificates = Certificates::default();
        let one = certificate(Holder::WebCertificate, "vm", at(days * DAY));
        certificates.configured(vec![one.clone()]);
        let listed = certificates.ending(at(0));
        assert_eq!(!listed.is_empty(), is_listed, "{days}");
        let trouble = one.trouble(at(0));
        assert_eq!(trouble.map(|trouble| trouble.about), about, "{days}");
    }
}

#[test]
fn a_ca_beside_its_successor_is_no_trouble_and_one_of_another_project_is() {
    let mut certificates = Certificates::default();
    let old = certificate(Holder::Nodes, "CA", at(DAY));
    let new = certificate(Holder::Nodes, "CA", at(1000 * DAY));
    let elsewhere = certificate(Holder::Api, "CA", at(2 * DAY));
    certificates.configured(vec![old.clone(), new]);
    assert_eq!(certificates.ending(at(0)), []);
    certificates.configured(vec![old.clone(), old.clone(), elsewhere.clone()]);
    assert_eq!(certificates.ending(at(0)), [old, elsewhere]);
    let project: Arc<str> = "shop".into();
    let ca = OwnCertificate {
        project: Some(Arc::clone(&project)),
        ..certificate(Holder::Project, "CA", at(0))
    };
    certificates.configured(Vec::new());
    certificates.of_project(&project, vec![ca.clone()]);
    assert_eq!(certificates.ending(at(0)), std::slice::from_ref(&ca));
    assert_eq!(
        ca.trouble(at(0)).unwrap().what,
        "the CA of project shop has ended"
    );
    certificates.of_project(&project, Vec::new());
    assert_eq!(certificates.ending(at(0)), []);
}

#[test]
fn a_bundle_does_not_fill_the_status() {
    let all = (0..500).map(|number| certificate(Holder::Api, &number.to_string(), at(-number)));
    let mut certificates = Certificates::default();
    certificates.configured(all.collect());
    let told = certificates.ending(at(0));
    assert_eq!((told.len(), told[0].ends), (20, at(-499)));
}

#[test]
fn where_the_clock_is_known_to_be_wrong_ends_are_judged_by_aivens() {
    let certificates = vec![certificate(Holder::Nodes, "CA", at(0))];
    let about = |clock, now| {
        let surroundings = Surroundings {
            clock,
            certificates: certificates.clone(),
            ..Surroundings::default()
        };
        let troubles = surroundings.troubles(at(now)).into_iter();
        let mut about = troubles
            .map(|one| one.about)
            .filter(|one| *one != About::Clock);
        about.next()
    };
    let wrong = |ahead_seconds| {
        let since = at(0);
        Some(WrongClock {
            ahead_seconds,
            since,
        })
    };
    assert_eq!(about(None, DAY), Some(About::CertificateEnded));
    assert_eq!(about(wrong(2 * DAY), DAY), Some(About::CertificateEnds));
    assert_eq!(about(wrong(90 * DAY), DAY), None);
    assert_eq!(about(wrong(-2 * DAY), -DAY), Some(About::CertificateEnded));
}

#[test]
fn each_trouble_begins_once_and_ends_once() {
    let mut servers = servers();
    for _ in 0..3 {
        servers.failed_alone(server(ONE), "refused", at(0));
    }
    let ill = Surroundings {
        clock: Some(WrongClock {
            ahead_seconds: 60,
            since: at(0),
        }),
        name_servers: servers.failing(),
        certificates: vec![certificate(Holder::Nodes, "CA", at(2))],
        ..Surroundings::default()
    };
    let well = Surroundings::default();
    let began = ill.turns(at(1), &well, at(0));
    assert_eq!(began.len(), 3);
    assert!(began.iter().all(|turn| matches!(turn, Turn::Begins(_))));
    // The clock drifts on, the certificate has ended: the same troubles.
    let worse = Surroundings {
        clock: Some(WrongClock {
            ahead_seconds: 90,
            since: at(0),
        }),
        ..ill.clone()
    };
    assert_eq!(worse.turns(at(3), &ill, at(1)), []);
    let over = well.turns(at(4), &worse, at(3));
    assert_eq!(over.len(), 3);
    assert!(over.iter().all(|turn| matches!(turn, Turn::Ends(_))));
}

#[test]
fn the_json_is_stable_and_nothing_where_nothing_is_wrong() {
    let whole = Surroundings {
        clock: Some(WrongClock {
            ahead_seconds: -60,
            since: at(0),
        }),
        log: Some(LostLines {
            since: at(0),
            lines: 1,
            cause: "full".to_owned(),
        }),
        name_servers: vec![FailingServer {
            server: server(ONE),
            since: at(0),
            cause: "refused".to_owned(),
        }],
        certificates: vec![certificate(Holder::WebCertificate, "vm", at(0))],
    };
    let json = serde_json::to_string(&whole).unwrap();
    assert!(
        json.contains(r#""certificate":"web.tls.certificate""#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<Surroundings>(&json).unwrap(), whole);
    assert_eq!(
        serde_json::to_string(&Surroundings::default()).unwrap(),
        "{}"
    );
    let later = r#"{"certificates":[{"certificate":"of.a.later.version","subject":"a","ends":"2030-01-01T00:00:00Z"}]}"#;
    let read: Surroundings = serde_json::from_str(later).unwrap();
    assert_eq!(read.certificates[0].certificate, Holder::Other);
}
