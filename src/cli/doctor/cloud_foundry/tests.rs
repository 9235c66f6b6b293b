use super::*;
use crate::cli::doctor::check::Outcome;
use crate::model::cloud_foundry::Instance;
use crate::model::fixtures::planned;

fn guid(number: usize) -> Guid {
    let text = format!("00000000-0000-4000-8000-{number:012}");
    text.parse().unwrap()
}

/// Services that are named after the instances with these numbers.
fn named(numbers: std::ops::Range<usize>) -> Listed {
    let service = |name: &str| planned(name, &[]).service;
    let all = numbers.map(|number| service(&format!("prod-{}", guid(number))));
    all.map(|service| ("shop".to_owned(), service)).collect()
}

fn knowing(numbers: std::ops::Range<usize>) -> Foundation {
    let all = numbers.map(|number| (guid(number), Instance::default()));
    Foundation {
        instances: all.collect(),
        ..Foundation::default()
    }
}

#[test]
fn of_many_services_the_first_are_looked_for_and_the_line_says_so() {
    let listed = named(0..120);
    let sample = Sample::of(&listed);
    assert_eq!(sample.guids.len(), MAX_LOOKED_FOR);
    let check = sample.judge(&knowing(0..120));
    let found =
        "Cloud Controller knows the instances of 50 of the first 50 of Aiven's 120 services";
    assert_eq!(check, AREA.ok(LABELS, found));
}

#[test]
fn three_of_the_services_without_a_label_are_named_with_a_way_to_ask_for_one() {
    let listed = named(0..9);
    let sample = Sample::of(&listed);
    let Outcome::Warning { found, remedy } = sample.judge(&knowing(4..9)).outcome else {
        panic!("no warning");
    };
    assert!(
        found.contains("of 5 of Aiven's 9 services; of 4 it does not (shop/prod-"),
        "{found}"
    );
    assert_eq!(found.matches("shop/").count(), 3, "{found}");
    let first = guid(0).to_string();
    assert!(
        found.contains(&first) && remedy.contains(&first),
        "{found} {remedy}"
    );
    let Outcome::Failed { .. } = sample.judge(&Foundation::default()).outcome else {
        panic!("no failure");
    };
}
