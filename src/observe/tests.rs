//! Which endpoint is meant, and what a failure means for the next try.

use super::*;

fn endpoint(id: &str, name: &str) -> Endpoint {
    Endpoint {
        endpoint_id: id.to_owned(),
        endpoint_name: name.to_owned(),
        endpoint_type: "prometheus".to_owned(),
    }
}

fn named(name: &str) -> EndpointChoice {
    EndpointChoice::Named {
        name: name.to_owned(),
        credentials: None,
    }
}

#[test]
fn of_two_endpoints_with_the_name_the_lowest_id_is_used() {
    let endpoints = [
        endpoint("b", "ours"),
        endpoint("a", "ours"),
        endpoint("0", "theirs"),
    ];
    let chosen = choose_endpoint(&endpoints, &named("ours"));
    assert_eq!(chosen, EndpointFact::Present("a".into()));
    let missing = choose_endpoint(&endpoints, &named("nobody's"));
    assert_eq!(missing, EndpointFact::Missing { refusal: None });
}

#[test]
fn an_endpoint_given_by_id_is_never_created() {
    let endpoints = [endpoint("a", "theirs")];
    let there = EndpointChoice::Existing { id: "a".to_owned() };
    assert_eq!(
        choose_endpoint(&endpoints, &there),
        EndpointFact::Present("a".into())
    );
    let gone = EndpointChoice::Existing { id: "b".to_owned() };
    assert!(matches!(
        choose_endpoint(&endpoints, &gone),
        EndpointFact::Unusable(_)
    ));
}

#[test]
fn a_rejected_token_is_tried_slowly_and_a_throttled_one_as_asked() {
    let minute = Duration::from_secs(60);
    let rejected = ErrorKind::TokenRejected("no".to_owned());
    assert_eq!(pause(&rejected, minute), 10 * minute);
    let wait = Some(Duration::from_secs(90));
    let throttled = ErrorKind::Throttled {
        message: String::new(),
        wait,
    };
    assert_eq!(pause(&throttled, minute), Duration::from_secs(90));
    let forbidden = ErrorKind::Forbidden("no".to_owned());
    assert_eq!(pause(&forbidden, minute), minute);
}
