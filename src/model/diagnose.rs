//! Finds what is wrong now: the worst first, each with its cause, what to do, and since
//! when. `/status`, the command `status` and the page all show this.

use super::diagnosis::{Diagnosis, Problem, Rank};
use super::expiry::first_to_end;
use super::outside_text::cut;
use super::situation::Situation;
use super::surroundings::ENDS_SOON;

mod services;
mod sources;
mod stages;
mod summary;
mod surroundings;

/// The most characters of a cause.
const MAX_CAUSE: usize = 400;

/// The most problems that are listed.
const MAX_PROBLEMS: usize = 20;

/// Whether it is well, and what is wrong.
pub fn diagnose(situation: Situation<'_>) -> Diagnosis {
    let mut all = sources::problems(situation);
    all.extend(surroundings::problems(situation));
    let of_services = services::problems(situation);
    // Integrating that fails for what its services say already is no second problem.
    let is_said = |stage: &Problem| {
        let mut services = of_services.iter();
        stage.rank == Rank::Partly && services.any(|one| one.cause == stage.cause)
    };
    all.extend(stages::problems(situation).filter(|one| !is_said(one)));
    all.extend(of_services);
    all.extend(ending(situation));
    all.sort_by_key(|problem| problem.rank);
    let more = all.len().saturating_sub(MAX_PROBLEMS);
    let (summary, is_whole) = summary::summary(situation, &all);
    Diagnosis {
        summary,
        problems: all.into_iter().take(MAX_PROBLEMS).map(shortened).collect(),
        more,
        is_whole,
    }
}

fn shortened(problem: Problem) -> Problem {
    Problem {
        title: cut(&problem.title, MAX_CAUSE).into_owned(),
        cause: cut(&problem.cause, MAX_CAUSE).into_owned(),
        ..problem
    }
}

fn ending(situation: Situation<'_>) -> Option<Problem> {
    let (target, ends) = first_to_end(situation.scrapes)?;
    let at = situation.surroundings.true_time(situation.at);
    let limit = at.checked_add(ENDS_SOON).ok()?;
    if ends > limit || ends < at {
        return None;
    }
    let title = "A node's certificate ends within seven days".to_owned();
    let cause = format!("the one of {} ends at {ends:.0}", target.address);
    let remedy = "ask the service's owner to apply its maintenance updates (they restart nodes), with which Aiven renews certificates";
    Some(Problem {
        services: vec![format!("{}/{}", target.project, target.service)],
        count: 1,
        ..Problem::new(Rank::Soon, title, cause, remedy)
    })
}

#[cfg(test)]
mod tests;
