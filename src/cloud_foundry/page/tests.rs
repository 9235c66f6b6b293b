use odd_json::{Kinds, cases, odd};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cloud_foundry::tests::foundation::{guid, organization_of, page, space_of};

fn of(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<Guid> {
    numbers.into_iter().map(guid).collect()
}

fn read(page: &Value, needed: &BTreeSet<Guid>) -> (Outline, Foundation) {
    let mut gathered = Gathered::default();
    let body = page.to_string();
    let outline = gathered.read(body.as_bytes(), needed, &Secrets::default());
    (outline.unwrap(), gathered.finish(needed))
}

#[test]
fn odd_rows_and_members_are_untold_and_cost_nobody_else_anything() {
    let mut odd = page(&[1, 2, 3, 4, 5, 6], 6, false);
    let rows = odd["resources"].as_array_mut().unwrap();
    rows[0]["name"] = Value::Null;
    rows[1]["name"] = json!({"a": 1});
    rows[1]["relationships"] = json!([]);
    rows[2]["guid"] = json!("not-a-guid");
    rows[3]["relationships"]["space"]["data"]["guid"] = json!("0");
    rows[4] = json!("a row");
    rows.push(json!({"guid": null}));
    // Lists in the places of objects, in the order of their members.
    rows.push(json!([guid(5), "five", {}]));
    rows[5]["relationships"]["space"]["data"] = json!([space_of(6)]);
    let (outline, foundation) = read(&odd, &of([1, 2, 3, 4, 5, 6]));
    assert_eq!(outline.rows, 8);
    assert_eq!(outline.instances, of([1, 2, 4, 6]));
    let told = |number| {
        let instance = &foundation.instances[&guid(number)];
        (instance.name.is_some(), instance.space)
    };
    assert_eq!(told(1), (false, Some(space_of(1))));
    assert_eq!(told(2), (false, None));
    assert_eq!(told(4), (true, None));
    assert_eq!(told(6), (true, None));
    assert_eq!(foundation.instances.len(), 4);
    // Spaces of nobody who is needed are not kept.
    let spaces: Vec<Guid> = foundation.spaces.into_keys().collect();
    assert_eq!(spaces, [space_of(1)]);
}

#[test]
fn rows_without_what_is_included_tell_what_they_have() {
    let mut bare = page(&[1], 1, false);
    for included in [Value::Null, json!({}), json!({"spaces": 5}), json!("x")] {
        bare["included"] = included;
        let (_, foundation) = read(&bare, &of([1]));
        assert_eq!(foundation.instances[&guid(1)].space, Some(space_of(1)));
        assert!(foundation.spaces.is_empty());
    }
}

#[test]
fn rows_that_contradict_each_other_are_not_believed() {
    let mut twice = page(&[1, 1, 2, 2], 4, false);
    let space = &mut twice["resources"][1]["relationships"]["space"]["data"]["guid"];
    *space = json!(space_of(9));
    twice["resources"][1]["name"] = Value::Null;
    let organization = &mut twice["included"]["spaces"][2]["relationships"]["organization"];
    organization["data"]["guid"] = json!(organization_of(9));
    let (_, foundation) = read(&twice, &of([1, 2]));
    let one = &foundation.instances[&guid(1)];
    assert_eq!((one.space, one.name.is_some()), (None, true));
    assert_eq!(foundation.instances[&guid(2)].space, Some(space_of(2)));
    assert_eq!(foundation.spaces[&space_of(2)].organization, None);
}

#[test]
fn a_name_is_cleaned_and_cut() {
    let mut odd = page(&[1, 2], 2, false);
    odd["resources"][0]["name"] = json!("a\nb\u{202e}c\"");
    odd["resources"][1]["name"] = json!("x".repeat(1 << 20));
    let (_, foundation) = read(&odd, &of([1, 2]));
    let name = |number| foundation.instances[&guid(number)].name.clone().unwrap();
    assert_eq!(name(1).as_str(), "a b\\u{202e}c\"");
    assert_eq!(name(2).as_str().chars().count(), 255);
}

#[test]
fn shared_spaces_are_read_row_by_row() {
    let read = |data: Value| shared_spaces(json!({"data": data}).to_string().as_bytes());
    let rows = json!([{"guid": guid(2)}, {"guid": "x"}, 5, {"guid": guid(1)}, {"guid": guid(2)}]);
    assert_eq!(read(rows).unwrap(), [guid(1), guid(2)]);
    assert_eq!(read(json!([])).unwrap(), []);
    assert!(read(Value::Null).is_err());
    assert!(shared_spaces(b"{}").is_err());
    let many: Vec<_> = (1..1000)
        .map(|number| json!({"guid": guid(number)}))
        .collect();
    assert_eq!(read(many.into()).unwrap().len(), MAX_SHARED);
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn what_a_page_with_losses_still_tells_is_true(
        odd in odd(&page(&[1, 2, 3], 3, true), Kinds::Losses)
    ) {
        let needed = of([1, 2]);
        let mut gathered = Gathered::default();
        if gathered.read(&odd.text, &needed, &Secrets::default()).is_err() {
            return Ok(());
        }
        let foundation = gathered.finish(&needed);
        for (told, instance) in &foundation.instances {
            let number = (1..3).find(|number| guid(*number) == *told);
            let number = number.expect("one that is needed");
            prop_assert!(instance.space.is_none_or(|space| space == space_of(number)));
            let name = format!("instance-{number}");
            prop_assert!(instance.name.as_ref().is_none_or(|told| told.as_str() == name));
            let Some(space) = foundation.spaces.get(&space_of(number)) else {
                continue;
            };
            let organization = organization_of(number);
            prop_assert!(space.organization.is_none_or(|told| told == organization));
            let name = format!("space-{number}");
            prop_assert!(space.name.as_ref().is_none_or(|told| told.as_str() == name));
        }
    }

    #[test]
    fn whatever_a_page_says_only_the_needed_is_kept(
        odds in prop::collection::vec(odd(&page(&[1, 2, 3], 3, true), Kinds::Any), 1..3)
    ) {
        let needed = of([1, 2]);
        let mut gathered = Gathered::default();
        for odd in odds {
            // A page that is refused leaves what was known.
            let _ = gathered.read(&odd.text, &needed, &Secrets::default());
        }
        let foundation = gathered.finish(&needed);
        prop_assert!(foundation.instances.keys().all(|guid| needed.contains(guid)));
        prop_assert!(foundation.spaces.len() <= 2 && foundation.organizations.len() <= 2);
        let names = foundation.instances.values().filter_map(|one| one.name.as_ref());
        for name in names.chain(foundation.organizations.values()) {
            let text = name.as_str();
            prop_assert!(!text.is_empty() && text.chars().count() <= 255);
            prop_assert!(!text.contains(char::is_control));
        }
    }
}
