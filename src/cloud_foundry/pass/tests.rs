use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::cloud_foundry::tests::foundation::{guid, page};

fn pass() -> Pass {
    Pass::new(Arc::new([guid(1), guid(1500)].into()))
}

fn take(pass: &mut Pass, page: &Value) -> Result<Then, String> {
    pass.take(page.to_string().as_bytes(), &Secrets::default())
}

#[test]
fn a_pass_ends_with_the_page_that_names_no_next_one() {
    let mut pass = pass();
    assert_eq!(pass.page(), 1);
    let numbers: Vec<u64> = (1..=1000).collect();
    assert_eq!(take(&mut pass, &page(&numbers, 1500, true)), Ok(Then::GoOn));
    assert_eq!(pass.page(), 2);
    let numbers: Vec<u64> = (1001..=1500).collect();
    assert_eq!(take(&mut pass, &page(&numbers, 1500, false)), Ok(Then::End));
    let reading = pass.finish();
    assert_eq!(reading.foundation.instances.len(), 2);
    assert_eq!((reading.rows, reading.shortfall), (1500, None));
}

#[test]
fn pages_that_go_round_in_circles_are_no_list() {
    for second in [
        page(&[1, 2], 9, true),
        page(&[], 9, true),
        page(&[2], 9, true),
    ] {
        let mut pass = pass();
        assert_eq!(take(&mut pass, &page(&[1, 2], 9, true)), Ok(Then::GoOn));
        let refused = take(&mut pass, &second).unwrap_err();
        assert!(refused.contains("page 2"), "{refused}");
        assert!(refused.contains("round in circles"), "{refused}");
    }
}

#[test]
fn a_list_without_an_end_is_no_list() {
    let mut pass = pass();
    let refused = (1..).find_map(|number| take(&mut pass, &page(&[number], 9, true)).err());
    assert_eq!(pass.pages, MAX_PAGES);
    assert!(refused.unwrap().contains("after 500 pages"));
}

#[test]
fn rows_that_shift_between_pages_are_no_trouble() {
    let mut pass = pass();
    take(&mut pass, &page(&[1, 2, 3], 5, true)).unwrap();
    // One of the first page was deleted, and the second repeats what shares a moment.
    take(&mut pass, &page(&[3], 4, false)).unwrap();
    assert_eq!(pass.finish().shortfall, None);
    // The last page may have emptied.
    let mut pass = Pass::new(Arc::default());
    take(&mut pass, &page(&[1, 2], 3, true)).unwrap();
    assert_eq!(take(&mut pass, &page(&[], 2, false)), Ok(Then::End));
    assert_eq!(pass.finish().shortfall, None);
}

#[test]
fn a_list_that_is_shorter_than_it_says_is_named() {
    let mut pass = pass();
    take(&mut pass, &page(&[1], 2000, true)).unwrap();
    take(&mut pass, &page(&[2], 2000, false)).unwrap();
    let said = pass.finish().shortfall.unwrap();
    assert_eq!(
        said,
        "the list ended on page 2 after 2 rows, of 2000 that it counts"
    );
}

#[test]
fn a_total_that_cannot_be_read_or_is_too_small_proves_nothing() {
    for total in [
        Value::Null,
        Value::from("9"),
        Value::from(-1),
        Value::from(0),
    ] {
        let mut pass = pass();
        let mut last = page(&[1], 1, false);
        last["pagination"]["total_results"] = total;
        take(&mut pass, &last).unwrap();
        assert_eq!(pass.finish().shortfall, None);
    }
}
