use super::identity::Word;
use super::*;

mod sequences;

/// A GUID that ends in this number.
pub(super) fn guid(number: u32) -> Guid {
    let text = format!("00000000-0000-4000-8000-0000{number:08x}");
    text.parse().expect("a GUID")
}

fn name(text: &str) -> Name {
    Name::new(text, &Secrets::default()).expect("a name")
}

fn word(service: &str, claim: Claim) -> Word<'_> {
    Word { service, claim }
}

fn claim(instance: u32, space: u32, organization: u32) -> Claim {
    Claim {
        instance: Some(guid(instance)),
        space: Some(guid(space)),
        organization: Some(guid(organization)),
    }
}

/// One instance, `db`, in the space `dev` of `acme`.
fn foundation(instance: u32, space: u32, organization: u32) -> Foundation {
    let mut foundation = Foundation::default();
    let row = Instance {
        name: Some(name("db")),
        space: Some(guid(space)),
    };
    foundation.instances.insert(guid(instance), row);
    let row = Space {
        name: Some(name("dev")),
        organization: Some(guid(organization)),
    };
    foundation.spaces.insert(guid(space), row);
    let organization = guid(organization);
    foundation.organizations.insert(organization, name("acme"));
    foundation
}

fn settled(before: Option<&Identity>, word: Word<'_>, foundation: &Foundation) -> Identity {
    Identity::settled(before, word, foundation).expect("an identity")
}

fn labels(identity: &Identity) -> Vec<(&'static str, String)> {
    identity.labels().collect()
}

#[test]
fn only_a_uuid_with_its_hyphens_is_a_guid() {
    let text = "3F2504E0-4f89-41d3-9a0c-0305e82c3301";
    let guid: Guid = text.parse().expect("a GUID");
    assert_eq!(guid.to_string(), text.to_lowercase());
    let json = serde_json::to_string(&guid).unwrap();
    assert_eq!(json, format!("\"{}\"", text.to_lowercase()));
    assert_eq!(serde_json::from_str::<Guid>(&json).unwrap(), guid);
    for odd in [
        "",
        "3f2504e04f8941d39a0c0305e82c3301",
        "{3f2504e0-4f89-41d3-9a0c-0305e82c3301}",
        "urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "3f2504e0-4f89-41d3-9a0c-0305e82c330",
        "3f2504e0-4f89-41d3-9a0c-0305e82c330g",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301\n",
        "00000000-0000-0000-0000-000000000000",
        ".*|.{36}............................",
    ] {
        assert!(odd.parse::<Guid>().is_err(), "{odd:?}");
    }
}

#[test]
fn a_brokers_name_ends_in_the_guid_of_its_instance() {
    let guid: Guid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301".parse().unwrap();
    for name in [
        format!("prod-{guid}"),
        format!("prod-eu-1-{guid}"),
        guid.to_string(),
    ] {
        assert_eq!(Guid::at_end_of(&name), Some(guid), "{name}");
    }
    for name in [
        format!("prod{guid}"),
        format!("{guid}-old"),
        "ünïcödé-€".repeat(5),
        "db".to_owned(),
    ] {
        assert_eq!(Guid::at_end_of(&name), None, "{name}");
    }
}

#[test]
fn a_new_service_has_its_guids_from_its_tags_at_once_and_its_names_from_cloud_foundry() {
    let word = word("prod-db", claim(1, 2, 3));
    let first = settled(None, word, &Foundation::default());
    assert!(!first.confirmed);
    let guids = [
        ("organization_guid", guid(3).to_string()),
        ("service_instance_guid", guid(1).to_string()),
        ("space_guid", guid(2).to_string()),
    ];
    assert_eq!(labels(&first), guids);
    let next = settled(Some(&first), word, &foundation(1, 2, 3));
    assert!(next.confirmed);
    let names = ["organization_name", "service_instance_name", "space_name"];
    let told: Vec<_> = labels(&next)
        .into_iter()
        .filter(|(key, _)| names.contains(key))
        .collect();
    let told: Vec<_> = told.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(told, ["acme", "db", "dev"]);
    // The next pass misses it.
    assert_eq!(settled(Some(&next), word, &Foundation::default()), next);
}

#[test]
fn without_tags_the_end_of_the_name_tells_the_instance_and_nobody_the_space() {
    let service = format!("prod-{}", guid(7));
    let identity = settled(
        None,
        word(&service, Claim::default()),
        &Foundation::default(),
    );
    assert_eq!(identity.instance, guid(7));
    assert_eq!((identity.space, identity.organization), (None, None));
    let nobody = Identity::settled(None, word("db", Claim::default()), &foundation(1, 2, 3));
    assert_eq!(nobody, None);
}

#[test]
fn cloud_controller_wins_over_tags_and_the_difference_is_told() {
    let word = word("prod-db", claim(1, 8, 9));
    let first = settled(None, word, &Foundation::default());
    assert_eq!(first.space, Some(guid(8)));
    let next = settled(Some(&first), word, &foundation(1, 2, 3));
    assert_eq!(
        (next.space, next.organization),
        (Some(guid(2)), Some(guid(3)))
    );
    let told = next.disagreements(word);
    let about: Vec<_> = told
        .iter()
        .map(|one| (one.label.as_str(), one.aiven))
        .collect();
    assert_eq!(
        about,
        [("space_guid", guid(8)), ("organization_guid", guid(9))]
    );
    assert_eq!(
        told[0].to_string(),
        format!(
            "space_guid is published as {}, and the tag space_id at Aiven says {}",
            guid(2),
            guid(8)
        )
    );
    // Cloud Foundry down, and the tags say what they said.
    assert_eq!(settled(Some(&next), word, &Foundation::default()), next);
}

#[test]
fn tags_that_somebody_edits_change_nothing_until_cloud_controller_knows_the_instance() {
    let before = settled(None, word("db", claim(1, 2, 3)), &foundation(1, 2, 3));
    let edited = word("db", claim(4, 5, 6));
    let same = settled(Some(&before), edited, &foundation(1, 2, 3));
    assert_eq!(same, before);
    let told = same.disagreements(edited);
    assert_eq!((told.len(), told[0].aiven), (1, guid(4)));
    let other = settled(Some(&before), edited, &foundation(4, 5, 6));
    assert_eq!((other.instance, other.space), (guid(4), Some(guid(5))));
    assert!(other.disagreements(edited).is_empty());
}

#[test]
fn of_tag_and_name_that_differ_the_one_counts_that_cloud_controller_knows() {
    let service = format!("prod-{}", guid(1));
    let word = word(&service, claim(4, 5, 6));
    assert_eq!(
        settled(None, word, &Foundation::default()).instance,
        guid(4)
    );
    let of_name = settled(None, word, &foundation(1, 2, 3));
    assert_eq!((of_name.instance, of_name.space), (guid(1), Some(guid(2))));
    // It knows both: a tag can be edited, a name cannot.
    let mut both = foundation(1, 2, 3);
    both.absorb(foundation(4, 5, 6));
    assert_eq!(settled(None, word, &both).instance, guid(1));
    // Confirmed once, it stays, whatever one pass after a restart misses.
    let kept = settled(Some(&of_name), word, &foundation(4, 5, 6));
    assert_eq!(kept.instance, guid(1));
    // The tags are about another instance, so they say nothing about this one's space.
    let mut without_space = foundation(1, 2, 3);
    without_space.instances.get_mut(&guid(1)).unwrap().space = None;
    assert_eq!(settled(None, word, &without_space).space, None);
}

#[test]
fn names_that_others_gave_are_shown_and_not_obeyed() {
    let long = "x".repeat(1 << 20);
    let odd = [
        "a\nb",
        "a\"b",
        "\u{202e}evil",
        "\u{1b}[2J",
        "{}",
        "a\\b",
        &long,
    ];
    for raw in odd {
        let name = Name::new(raw, &Secrets::default()).expect("something to show");
        let text = name.as_str();
        assert!(text.chars().count() <= MAX_NAME, "{raw:.40}");
        assert!(!text.contains(['\n', '\u{202e}', '\u{1b}']), "{text}");
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(serde_json::from_str::<Name>(&json).unwrap(), name);
    }
    for exact in ["my db", "café", "a\"b", "a/b"] {
        assert_eq!(
            Name::new(exact, &Secrets::default()).unwrap().as_str(),
            exact
        );
    }
    for nothing in ["", " ", "\n\n"] {
        assert_eq!(Name::new(nothing, &Secrets::default()), None);
    }
}

#[test]
fn what_a_target_is_labelled_with_is_read_again() {
    let identity = settled(None, word("db", claim(1, 2, 3)), &foundation(1, 2, 3));
    let all: BTreeMap<_, _> = identity.labels().collect();
    let read = Identity::of_labels(|key: &str| all.get(key).cloned());
    assert_eq!(read, Some(identity));
    assert_eq!(Identity::of_labels(|_: &str| Some("x".to_owned())), None);
}

#[test]
fn a_list_without_rows_is_a_missing_right_and_not_a_success() {
    let mut known = Knowledge::default();
    let at = |second| Timestamp::from_second(second).unwrap();
    let read = |second, foundation| Report::Read {
        at: at(second),
        foundation,
        needed: 2,
    };
    assert!(known.absorb(read(1, foundation(1, 2, 3))));
    assert_eq!(known.stage().last_success, Some(at(1)));
    assert!(
        !known.absorb(read(2, foundation(1, 2, 3))),
        "nothing is new"
    );
    assert!(!known.absorb(read(3, Foundation::default())));
    let failing = known.stage().failing.clone().expect("it says so");
    assert!(
        failing
            .remedy
            .is_some_and(|it| it.contains("global_auditor"))
    );
    assert_eq!(known.foundation(), &foundation(1, 2, 3));
    let reason = "no".into();
    assert!(!known.absorb(Report::Failed { at: at(4), reason }));
    assert_eq!(known.stage().last_success, Some(at(2)));
    known.retain(&BTreeSet::new());
    assert_eq!(known.foundation(), &Foundation::default());
}
