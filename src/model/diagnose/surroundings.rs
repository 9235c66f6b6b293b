//! What is wrong around the daemon: its clock, its log, one name server, certificates of ours.

use super::{Problem, Rank, Situation};
use crate::model::surroundings::{About, Trouble};

/// The troubles of the surroundings. A name server that fails beside others which answer
/// nothing either is no trouble of its own: then looking names up fails, which says it.
pub(super) fn problems(situation: Situation<'_>) -> impl Iterator<Item = Problem> {
    let troubles = situation.surroundings.troubles(situation.at).into_iter();
    let is_dns_gone = is_dns_gone(situation);
    let told = troubles.filter(move |one| one.about != About::NameServer || !is_dns_gone);
    told.map(problem)
}

fn is_dns_gone(situation: Situation<'_>) -> bool {
    let projects = situation.snapshot.projects.iter();
    let mut asked = projects
        .filter(|one| !one.plan.lookups.is_empty())
        .peekable();
    asked.peek().is_some() && asked.all(|one| one.stages.resolve.failing.is_some())
}

fn problem(trouble: Trouble) -> Problem {
    let rank = match trouble.about {
        About::Clock => Rank::Source,
        About::Log | About::NameServer | About::CertificateEnded => Rank::Partly,
        About::CertificateEnds => Rank::Soon,
    };
    let title = capital(&trouble.what);
    Problem {
        since: trouble.since,
        ..Problem::new(rank, title, trouble.cause, &trouble.remedy)
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::diagnose::diagnose;
    use crate::model::fixtures::{at, planned, scraped, situation, snapshot};
    use crate::model::plan::ProjectPlan;
    use crate::model::scrape::Scrapes;
    use crate::model::snapshot::Snapshot;
    use crate::model::surroundings::{
        FailingServer, Holder, LostLines, OwnCertificate, Surroundings, WrongClock,
    };

    const DAY: i64 = 86_400;

    fn ill() -> Surroundings {
        let certificate = |certificate, days: i64| OwnCertificate {
            certificate,
            project: None,
            subject: "one of ours".to_owned(),
            ends: at(days * DAY),
        };
        Surroundings {
            clock: Some(WrongClock {
                ahead_seconds: -3 * 3600,
                since: at(0),
            }),
            log: Some(LostLines {
                since: at(1),
                lines: 7,
                cause: "No space left on device (os error 28)".to_owned(),
            }),
            name_servers: vec![FailingServer {
                server: "10.0.0.2:53".parse().unwrap(),
                since: at(2),
                cause: "SERVFAIL".to_owned(),
            }],
            certificates: vec![
                certificate(Holder::WebCertificate, -1),
                certificate(Holder::Api, 6),
                certificate(Holder::Nodes, 20),
            ],
        }
    }

    fn told(snapshot: &Snapshot, surroundings: &Surroundings) -> Vec<String> {
        let scrapes = Scrapes::default();
        let situation = Situation {
            surroundings,
            ..situation(snapshot, &scrapes)
        };
        let found = problems(situation).map(|one| format!("{:?}: {}", one.rank, one.title));
        found.collect()
    }

    #[test]
    fn each_trouble_is_a_problem_with_its_rank() {
        let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
        assert_eq!(
            told(&snapshot, &ill()),
            [
                "Source: This machine's clock is 3h behind that of Aiven's API",
                "Partly: The daemon's log cannot be written",
                "Partly: Name server 10.0.0.2:53 fails, others answer",
                "Partly: Certificate web.tls.certificate has ended",
                "Soon: Certificate aiven.ca_cert ends within seven days",
            ]
        );
        assert_eq!(told(&snapshot, &Surroundings::default()), [""; 0]);
    }

    #[test]
    fn a_name_server_is_not_named_where_none_answers() {
        let mut snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
        let project = &mut snapshot.projects[0];
        project.plan = Arc::new(ProjectPlan {
            lookups: vec!["logs.test".into()].into_iter().collect(),
            ..(*project.plan).clone()
        });
        let names = |snapshot: &Snapshot| {
            let told = told(snapshot, &ill());
            told.iter().any(|one| one.contains("ame server"))
        };
        assert!(names(&snapshot));
        let resolve = &mut snapshot.projects[0].stages.resolve;
        resolve.failed(at(3), "no host name of the project can be resolved");
        assert!(!names(&snapshot));
        snapshot.projects[0].stages.resolve.succeeded(at(4));
        assert!(names(&snapshot));
    }

    #[test]
    fn a_nodes_end_is_judged_by_aivens_clock_where_ours_is_wrong() {
        let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
        let mut scrapes = Scrapes::default();
        // Its certificate ends in twenty days.
        scraped(&mut scrapes, "logs", "10.0.0.1:9273", None);
        let is_told = |ahead_seconds, now| {
            let clock = Some(WrongClock {
                ahead_seconds,
                since: at(0),
            });
            let surroundings = Surroundings {
                clock,
                ..Surroundings::default()
            };
            let situation = Situation {
                surroundings: &surroundings,
                at: at(now),
                ..situation(&snapshot, &scrapes)
            };
            let problems = diagnose(situation).problems;
            problems.iter().any(|one| one.rank == Rank::Soon)
        };
        assert!(is_told(0, 15 * DAY));
        assert!(!is_told(10 * DAY, 15 * DAY));
        assert!(is_told(-15 * DAY, 0));
    }
}
