use super::*;
use crate::api_client::gate::Postponed;

fn not_found(message: &str, code: Option<&str>) -> ErrorKind {
    let prose = |text: &str| OutsideText::prose(text, &Default::default());
    ErrorKind::NotFound {
        message: prose(message),
        code: code.map(prose),
    }
}

#[test]
fn only_aivens_word_about_that_service_denies_it() {
    let denials = [
        not_found("Service a does not exist", None),
        not_found("Service a does not exist", Some("service_not_found")),
        not_found("Service 'a' does not exist", None),
        not_found("Service a is gone", Some("service_not_found")),
    ];
    for denial in denials {
        assert!(denial.denies_service("a"), "{denial}");
        assert!(!denial.denies_service("b"), "{denial}");
    }
    let others = [
        not_found("Service ab does not exist", None),
        not_found("Service b does not exist", Some("service_not_found")),
        not_found("Project a does not exist", Some("project_not_found")),
        not_found("Project a does not exist", None),
        not_found("Service a does not exist", Some("project_not_found")),
        not_found("Service integration endpoint a not found", None),
        not_found("Service a is not visible to you", None),
        not_found("Not found", None),
        not_found("Not found", Some("service_not_found")),
        not_found("", None),
        ErrorKind::Refused {
            status: 410,
            message: OutsideText::from("Service a does not exist"),
        },
        ErrorKind::Forbidden(OutsideText::from("Service a does not exist")),
    ];
    for other in others {
        assert!(!other.denies_service("a"), "{other}");
    }
}

#[test]
fn a_wait_is_taken_to_the_next_call() {
    let wait = Some(Duration::from_secs(30));
    let server = ErrorKind::Server {
        status: 503,
        message: OutsideText::from("maintenance"),
        wait,
    };
    assert_eq!(server.trouble(), Trouble::Throttled(wait));
    let because = OutsideText::from("maintenance");
    let postponed = ErrorKind::from(Postponed {
        wait: Duration::from_secs(20),
        because,
    });
    assert_eq!(
        postponed.trouble(),
        Trouble::Throttled(Some(Duration::from_secs(20)))
    );
    assert!(postponed.to_string().contains("maintenance"));
}

#[test]
fn what_was_found_and_what_to_do_stand_apart() {
    let words = || OutsideText::from("words");
    let renamed = not_found("Project a does not exist", None);
    let console = [
        ErrorKind::TokenRejected(words()),
        ErrorKind::Forbidden(words()),
        renamed,
    ];
    for kind in console {
        let (found, advice) = (kind.found(), kind.advice().unwrap());
        assert!(advice.contains("Aiven's console"), "{advice}");
        assert!(
            !found.contains("console") && !found.contains(';'),
            "{found}"
        );
        assert_eq!(kind.to_string(), format!("{found}; {advice}"));
    }
    // Of a service that is not found nobody renames a project.
    assert_eq!(not_found("Service a does not exist", None).advice(), None);
}

#[test]
fn the_cause_is_the_same_for_all_that_wait() {
    let postponed = |seconds| {
        ErrorKind::from(Unanswered::Postponed(Postponed {
            wait: Duration::from_secs(seconds),
            because: OutsideText::from("throttled (slower)"),
        }))
    };
    assert_eq!(postponed(3).found(), postponed(28).found());
}
