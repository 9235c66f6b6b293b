//! Is it well? In one line.

use super::sources::scrapes_are_overdue;
use super::{Problem, Situation};
use crate::model::verdict::Verdict;

/// The answer, given what is wrong, and whether every service that should be scraped is.
pub(super) fn summary(situation: Situation<'_>, problems: &[Problem]) -> (String, bool) {
    let wrong = problems.iter().filter(|one| one.rank.is_wrong()).count();
    let (done, of, verb) = counted(situation);
    let left_out = match situation.services.len().saturating_sub(of) {
        0 => String::new(),
        1 => " (1 more is not meant to be)".to_owned(),
        more => format!(" ({more} more are not meant to be)"),
    };
    let count = match of {
        0 if left_out.is_empty() => "there is no service to scrape".to_owned(),
        0 => "no service is meant to be scraped".to_owned(),
        _ if scrapes_are_overdue(situation) => "no service is scraped now".to_owned(),
        1 => format!("{done} of 1 service is {verb}{left_out}"),
        of => format!("{done} of {of} services are {verb}{left_out}"),
    };
    let is_whole = done == of && (of == 0 || !scrapes_are_overdue(situation));
    let yet = if is_whole { "but" } else { "and" };
    let summary = match wrong {
        0 if is_whole => format!("All is well: {count}."),
        0 => format!("Nothing is wrong, but so far {count}."),
        1 => format!("One thing is wrong, {yet} {count}."),
        wrong => format!("{wrong} things are wrong, {yet} {count}."),
    };
    (summary, is_whole)
}

/// How many services are done, of how many, and what is done with them.
fn counted(situation: Situation<'_>) -> (usize, usize, &'static str) {
    let (mut scraped, mut published, mut selected) = (0, 0, 0);
    for one in situation.services {
        scraped += usize::from(one.verdict == Verdict::Scraped);
        published += usize::from(!one.planned.hosts.is_empty());
        selected += usize::from(is_to_be_scraped(one.verdict));
    }
    match situation.snapshot.through_proxy {
        true => (scraped, selected, "scraped"),
        false => (published, selected, "published"),
    }
}

/// Whether it should be scraped sooner or later.
fn is_to_be_scraped(verdict: Verdict) -> bool {
    !matches!(
        verdict,
        Verdict::NotSelected | Verdict::Ineligible | Verdict::PoweredOff
    )
}
