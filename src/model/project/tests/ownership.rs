//! Whose the services of a project are, from plan to plan.

use super::*;
use crate::model::cloud_foundry::{Claim, Foundation, Identity, Instance, Name, Space};
use crate::model::detail::Detail;
use crate::model::outside_text::Secrets;
use crate::model::plan::Identities;

const INSTANCE: &str = "11111111-1111-4111-8111-111111111111";
const SPACE: &str = "22222222-2222-4222-8222-222222222222";
const ORGANIZATION: &str = "33333333-3333-4333-8333-333333333333";

fn guid(text: &str) -> Guid {
    text.parse().expect("a GUID")
}

fn tagged(name: &str) -> Arc<Service> {
    let mut tagged = Service::clone(&service(name));
    tagged.claim = Detail::Known(Box::new(Claim {
        instance: Some(guid(INSTANCE)),
        space: Some(guid(SPACE)),
        organization: Some(guid(ORGANIZATION)),
    }));
    Arc::new(tagged)
}

fn listed_tagged(second: i64) -> Report {
    let listing = Listing {
        services: vec![tagged("a"), service("b")],
        ..Listing::default()
    };
    Report::Listed {
        at: at(second),
        listing,
    }
}

fn name(text: &str) -> Option<Name> {
    Name::new(text, &Secrets::default())
}

fn foundation(instance_name: &str) -> Foundation {
    let mut foundation = Foundation::default();
    let instance = Instance {
        name: name(instance_name),
        space: Some(guid(SPACE)),
    };
    foundation.instances.insert(guid(INSTANCE), instance);
    let space = Space {
        name: name("dev"),
        organization: Some(guid(ORGANIZATION)),
    };
    foundation.spaces.insert(guid(SPACE), space);
    foundation
}

fn replanned(project: &mut Project, foundation: Option<&Foundation>) -> Replanned {
    let selection = select_all_of_the_type();
    let rules = Rules {
        selection: &selection,
        create: true,
    };
    project.surroundings_changed();
    project.replan(&addresses_of(["a", "b"]), foundation, rules)
}

fn identity<'a>(project: &'a Project, service: &str) -> Option<&'a Identity> {
    let services = project.plan.services.iter();
    let planned = services.filter(|planned| &*planned.service.name == service);
    let ownership = planned.filter_map(|planned| planned.ownership.as_deref());
    ownership.map(|one| &*one.identity).next()
}

/// Everything but whose services are.
fn targets(project: &Project) -> Vec<String> {
    let targets = project
        .plan
        .services
        .iter()
        .flat_map(|planned| planned.targets());
    targets.map(|target| target.to_string()).collect()
}

#[test]
fn labels_come_with_the_first_plan_and_a_rename_is_counted() {
    let mut project = new_project();
    project.absorb(listed_tagged(0));
    let first = replanned(&mut project, Some(&Foundation::default()));
    assert!(first.differs && first.identities && first.renames == 0);
    let known = identity(&project, "a").expect("its tags name it");
    assert_eq!(
        (known.instance, known.space),
        (guid(INSTANCE), Some(guid(SPACE)))
    );
    assert_eq!(identity(&project, "b"), None);
    assert_eq!(project.instances().collect::<Vec<_>>(), [guid(INSTANCE); 2]);
    let named = replanned(&mut project, Some(&foundation("db")));
    assert!(named.identities && named.renames == 0);
    let same = replanned(&mut project, Some(&foundation("db")));
    assert_eq!(same, Replanned::default(), "nothing is new");
    assert_eq!(
        replanned(&mut project, Some(&foundation("orders-db"))).renames,
        1
    );
    let missed = replanned(&mut project, Some(&Foundation::default()));
    assert_eq!(missed, Replanned::default(), "what a pass misses stays");
}

#[test]
fn what_cloud_foundry_tells_changes_no_target() {
    let mut project = new_project();
    project.absorb(listed_tagged(0));
    replanned(&mut project, None);
    let before = targets(&project);
    assert_eq!(before.len(), 2);
    assert_eq!(identity(&project, "a"), None, "it is not to be asked");
    for told in [Foundation::default(), foundation("db"), foundation("other")] {
        replanned(&mut project, Some(&told));
        assert_eq!(targets(&project), before);
    }
}

#[test]
fn a_restart_without_cloud_foundry_and_a_defect_keep_whose_services_are() {
    let mut project = new_project();
    project.absorb(listed_tagged(0));
    replanned(&mut project, Some(&foundation("db")));
    let known = identity(&project, "a").cloned().expect("an identity");
    assert!(known.confirmed && known.space_name.is_some());

    let identities: Identities = project.identities().clone();
    let inventory = project.inventory().clone();
    let saved = Saved {
        inventory,
        identities,
        ..Saved::default()
    };
    let mut restarted = Project::new("london".into(), saved, Some(at(1)));
    replanned(&mut restarted, Some(&Foundation::default()));
    assert_eq!(identity(&restarted, "a"), Some(&known));

    let published = project.snapshot();
    project.go_back_to(&published, at(2));
    replanned(&mut project, Some(&Foundation::default()));
    assert_eq!(identity(&project, "a"), Some(&known));
}

#[test]
fn a_listing_without_tags_says_nothing_about_whose_services_are() {
    let mut project = new_project();
    project.absorb(listed_tagged(0));
    replanned(&mut project, Some(&Foundation::default()));
    let known = identity(&project, "a").cloned();
    project.absorb(listed(1, &["a", "b"]));
    let same = replanned(&mut project, Some(&Foundation::default()));
    assert_eq!(same, Replanned::default());
    assert_eq!(identity(&project, "a").cloned(), known);
}
