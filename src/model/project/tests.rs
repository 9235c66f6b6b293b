//! What a project may conclude from reports, and what it may never conclude.

use super::*;
use crate::model::detail::DetailList;
use crate::model::explain::remedy::LISTING_NOT_TRUSTED;
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::inventory::{ByName, Distrust, Listing};
use crate::model::resolution::{Answer, Lookup};
use crate::model::selection::Selection;
use crate::model::service::{Power, Service, ServiceIntegration};

mod absence;
mod ownership;

pub(super) const GRACE: Duration = Duration::from_secs(120);

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn service(name: &str) -> Arc<Service> {
    Arc::new(Service {
        name: name.into(),
        service_type: "opensearch".into(),
        plan: "business-4".into(),
        cloud: "aws-eu-west-2".into(),
        node_count: Some(3),
        power: Power::On.into(),
        hosts: DetailList::whole([ScrapeHost {
            name: format!("{name}.example").into(),
            port: 9273,
            source: HostSource::Component,
        }]),
        integrations: DetailList::whole([ServiceIntegration {
            id: format!("i-{name}").into(),
            endpoint_id: "e".into(),
            enabled: true,
            active: true,
            failure: None,
        }]),
        tags: DetailList::default(),
        served_before: false,
        claim: Default::default(),
    })
}

pub(super) fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> Listing {
    Listing {
        services: names.into_iter().map(service).collect(),
        ..Listing::default()
    }
}

pub(super) fn listed(second: i64, names: &[&str]) -> Report {
    Report::Listed {
        at: at(second),
        listing: listing(names.iter().copied()),
    }
}

pub(super) fn answered(second: i64, name: &str, answer: ByName) -> Report {
    Report::AskedByName {
        at: at(second),
        answers: vec![(name.into(), answer)],
    }
}

pub(super) fn select_all_of_the_type() -> Selection {
    Selection {
        types: ["opensearch".to_owned()].into(),
        clouds: Default::default(),
        tags: Default::default(),
        exclude: globset::GlobSet::empty(),
    }
}

pub(super) fn new_project() -> Project {
    Project::new("london".into(), Saved::default(), None)
}

/// One address for the host name of each of these services.
pub(super) fn addresses_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Addresses {
    let mut addresses = Addresses::default();
    for (index, name) in names.into_iter().enumerate() {
        let ip = std::net::IpAddr::from([192, 0, 2, index as u8 + 1]);
        let lookup = Lookup {
            v4: Answer::Addresses(vec![ip.into()]),
            v6: Answer::Addresses(vec![]),
        };
        addresses.absorb(format!("{name}.example").into(), lookup, at(0));
    }
    addresses
}

/// The names of the services that have targets.
pub(super) fn published(project: &mut Project, addresses: &Addresses) -> Vec<String> {
    let selection = select_all_of_the_type();
    let rules = Rules {
        selection: &selection,
        create: true,
    };
    project.replan(addresses, None, rules);
    let services = project.plan.services.iter();
    services
        .filter(|planned| planned.targets().next().is_some())
        .map(|planned| planned.service.name.to_string())
        .collect()
}

fn list_stage_works(project: &Project) -> bool {
    project.stages.list.failing.is_none()
}

#[test]
fn a_complete_listing_is_trusted_at_once() {
    let mut project = new_project();
    let absorbed = project.absorb(listed(0, &["a", "b"]));
    assert!(absorbed.worth_saving && absorbed.events.is_empty());
    assert_eq!(project.stages.list.last_success, Some(at(0)));
    let again = project.absorb(listed(60, &["a", "b"]));
    assert!(!again.worth_saving);
}

#[test]
fn why_a_listing_is_not_trusted_is_said_with_what_shows_it() {
    let cause = |second: &str, listing: Listing| {
        let mut project = new_project();
        project.absorb(listed(0, &["a", second]));
        let at = at(60);
        project.absorb(Report::Listed { at, listing });
        let why = project.distrusted.as_ref().map(|one| one.why.to_string());
        let failing = project.stages.list.failing.unwrap();
        assert_eq!(failing.remedy.as_deref(), Some(LISTING_NOT_TRUSTED));
        let failing = failing.cause.to_string();
        assert!(failing.ends_with(&why.unwrap()), "{failing}");
        failing
    };
    let unreadable = |unreadable, first: Option<&str>| Listing {
        unreadable,
        first_unreadable: first.map(Into::into),
        ..listing(["a", "b"])
    };
    assert_eq!(
        cause("b", unreadable(3, Some("no name"))),
        "the listing is not trusted (malformed): 3 services in it cannot be read; the first: no name"
    );
    assert_eq!(
        cause("b", unreadable(1, Some("no name"))),
        "the listing is not trusted (malformed): a service in it cannot be read: no name"
    );
    let empty = cause("b", listing([]));
    assert_eq!(
        empty,
        "the listing is not trusted (empty): it is empty, and the one before was not"
    );
    let cut_off = Listing {
        at_limit: true,
        ..listing(["a", "b"])
    };
    assert!(cause("b", cut_off).contains("(truncated): it is cut off"));
}

#[test]
fn a_listing_that_lacks_a_service_which_exists_counts_as_shrunk_once() {
    let mut project = new_project();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    project.absorb(listed(0, &names));
    let absorbed = project.absorb(listed(60, &names[1..]));
    assert!(absorbed.events.is_empty());
    assert_eq!(project.stages.list.last_success, Some(at(0)));
    assert_eq!(&*project.unlisted_services().names, ["a".into()]);
    let exists = ByName::Exists(service("a"));
    let absorbed = project.absorb(answered(61, "a", exists));
    let shrunk = Event::ListingDistrusted {
        distrust: Distrust::Shrunk,
        missing: Some(1),
        doubtful: 0,
    };
    assert_eq!(absorbed.events, [shrunk]);
    assert!(!list_stage_works(&project));
    project.absorb(listed(120, &names));
    assert!(list_stage_works(&project));
}

#[test]
fn a_listing_is_trusted_once_aiven_denies_the_service_that_it_lacks() {
    let mut project = new_project();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    project.absorb(listed(0, &names));
    project.absorb(listed(60, &names[1..]));
    let absorbed = project.absorb(answered(61, "a", ByName::DoesNotExist));
    assert!(absorbed.worth_saving && absorbed.events.is_empty());
    assert_eq!(project.stages.list.last_success, Some(at(60)));
    assert_eq!(project.next_departure(GRACE), Some(at(60 + 120)));
    let gone = project.forget_departed(at(180), GRACE).events;
    assert_eq!(gone, [Event::Departed("a".into())]);
}

#[test]
fn an_unanswered_question_is_asked_again_after_the_next_listing() {
    let mut project = new_project();
    project.absorb(listed(0, &["a", "b"]));
    project.absorb(listed(60, &["a"]));
    let first = project.unlisted_services().clone();
    project.absorb(answered(61, "b", ByName::Unknown));
    project.absorb(listed(120, &["a"]));
    let second = project.unlisted_services().clone();
    assert_eq!(first.names, second.names);
    assert!(second.round > first.round);
}

#[test]
fn nothing_is_asked_while_answers_are_awaited() {
    let mut project = new_project();
    project.absorb(listed(0, &["a", "b", "c"]));
    project.absorb(listed(60, &["a", "b"]));
    let asked = project.unlisted_services().clone();
    project.absorb(listed(61, &["a"]));
    assert_eq!(project.unlisted_services(), &asked);
    project.absorb(answered(62, "c", ByName::DoesNotExist));
    project.absorb(listed(63, &["a"]));
    assert_eq!(&*project.unlisted_services().names, ["b".into()]);
}

#[test]
fn late_answers_do_not_turn_a_failed_listing_into_a_success() {
    let mut project = new_project();
    project.absorb(listed(0, &["a", "b"]));
    project.absorb(listed(60, &["a"]));
    project.absorb(Report::ListingFailed {
        at: at(120),
        reason: "down".into(),
        distrust: None,
    });
    project.absorb(answered(121, "b", ByName::Unknown));
    assert!(!list_stage_works(&project));
}

#[test]
fn nothing_is_known_until_something_was_listed_and_looked_up() {
    let mut project = new_project();
    assert!(!project.is_known());
    project.absorb(listed(0, &["a"]));
    assert_eq!(
        published(&mut project, &Addresses::default()),
        Vec::<String>::new()
    );
    assert!(!project.is_known());
    project.surroundings_changed();
    assert_eq!(published(&mut project, &addresses_of(["a"])), ["a"]);
    assert!(project.is_known());
}

#[test]
fn a_missing_endpoint_keeps_the_cause_of_the_failed_creation() {
    let mut project = new_project();
    let missing = |cause: Option<&str>| {
        Report::Endpoint(EndpointFact::Missing {
            why: cause.map(Reason::from),
        })
    };
    assert!(project.absorb(missing(Some("no right"))).worth_saving);
    assert!(!project.absorb(missing(None)).worth_saving);
    let kept = EndpointFact::Missing {
        why: Some("no right".into()),
    };
    assert_eq!(project.endpoint(), &kept);
}
