//! Is it well? In one line.

use super::problems::scrapes_are_overdue;
use super::{Facts, Problem, Rank};
use crate::model::verdict::Verdict;

/// The answer to whether it is well.
#[derive(Debug, PartialEq, Eq)]
pub struct Summary {
    /// The rank of the worst problem; none if all is well.
    pub worst: Option<Rank>,
    /// Whether every service that should be scraped is.
    pub is_whole: bool,
    /// The answer, in one line.
    pub answer: String,
}

/// The answer, given what is wrong.
pub fn summary(facts: Facts<'_>, problems: &[Problem]) -> Summary {
    let worst = problems.first().map(|problem| problem.rank);
    let worst = worst.filter(|rank| *rank <= Rank::Partly);
    let (done, of, verb) = counted(facts);
    let count = match of {
        0 => "there is no service to scrape".to_owned(),
        _ if scrapes_are_overdue(facts) => "no service is scraped now".to_owned(),
        of => format!("{done} of {of} services are {verb}"),
    };
    let is_whole = done == of && (of == 0 || !scrapes_are_overdue(facts));
    let answer = match worst {
        None if is_whole => format!("All is well: {count}."),
        None => format!("Nothing is wrong, but so far {count}."),
        Some(_) => {
            let wrong = problems.iter().filter(|one| one.rank <= Rank::Partly);
            let wrong = match wrong.count() {
                1 => "One thing is wrong".to_owned(),
                wrong => format!("{wrong} things are wrong"),
            };
            let yet = if is_whole { "but" } else { "and" };
            format!("{wrong}, {yet} {count}.")
        }
    };
    Summary {
        worst,
        is_whole,
        answer,
    }
}

/// How many services are done, of how many, and what is done with them.
fn counted(facts: Facts<'_>) -> (usize, usize, &'static str) {
    let (mut scraped, mut published, mut selected) = (0, 0, 0);
    for one in facts.services {
        scraped += usize::from(one.verdict == Verdict::Scraped);
        published += usize::from(!one.planned.hosts.is_empty());
        selected += usize::from(is_to_be_scraped(one.verdict));
    }
    match facts.snapshot.through_proxy {
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
