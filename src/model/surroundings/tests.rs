//! What is judged to be wrong, and what is not.

use std::net::SocketAddr;
use std::sync::Arc;

use super::*;
use crate::model::fixtures::at;

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
