//! The problems for which the page has room, with the addresses of what they are about.

use super::{Room, query, service_link};
use crate::model::diagnosis::{Diagnosis, Problem};

/// One problem.
#[derive(Debug)]
pub struct ProblemRow {
    /// What is wrong, why, and what to do.
    pub problem: Problem,
    /// The first few services that it is about: the name and the page of each.
    pub services: Vec<(String, String)>,
    /// The list of all of them, if there are more.
    pub all: Option<String>,
}

/// As many problems as there is room for, and how many more there are.
pub fn problem_rows(diagnosis: &Diagnosis) -> (Vec<ProblemRow>, usize) {
    let mut room = Room::PROBLEMS;
    let rows = diagnosis.problems.iter().cloned().map(ProblemRow::of);
    let rows: Vec<_> = rows.take_while(|row| room.fits(row.texts())).collect();
    let left_out = diagnosis.problems.len().saturating_sub(rows.len());
    (rows, diagnosis.more.saturating_add(left_out))
}

impl ProblemRow {
    fn of(problem: Problem) -> ProblemRow {
        let link = |name: &String| {
            let (project, service) = name.split_once('/').unwrap_or(("", name));
            (name.clone(), service_link(project, service))
        };
        let has_more = problem.count > problem.services.len();
        ProblemRow {
            services: problem.services.iter().map(link).collect(),
            all: problem
                .verdict
                .filter(|_| has_more)
                .map(query::with_verdict),
            problem,
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let services = self.services.iter();
        let services = services.flat_map(|(name, link)| [&**name, &**link]);
        let problem = &self.problem;
        let own = [&*problem.title, &*problem.cause, &*problem.remedy];
        own.into_iter().chain(services).chain(self.all.as_deref())
    }
}
