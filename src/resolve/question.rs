//! One question, asked of several name servers: the next one when a server fails or is
//! slow, the same one again when a packet may be lost, without EDNS when that may be
//! why. The first answer counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio::time::sleep_until;

use super::health;
use super::no_answer::NoAnswer;
use super::server::{Answered, Server};
use super::wire::Question;
use crate::model::later::later;
use crate::publish::surroundings::SurroundingsBoard;

/// How long a server may be silent before the next one is asked, too.
const NEXT_SERVER_PAUSE: Duration = Duration::from_millis(400);

/// How long all may be silent before one is asked again.
const REPEAT_PAUSE: Duration = Duration::from_secs(1);

/// The most requests for one question at a time.
const MAX_REQUESTS: usize = 4;

/// The most causes in one line.
const MAX_CAUSES: usize = 3;

/// One request for the question.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    server: usize,
    with_edns: bool,
    began: Instant,
}

/// What became of the requests so far.
struct Course<'a> {
    servers: &'a [Arc<Server>],
    /// Indexes of `servers`, the first to be asked first.
    order: Vec<usize>,
    /// Every request so far.
    attempts: Vec<Attempt>,
    /// Servers that failed for good, as far as this question goes, and why.
    failed: Vec<(usize, NoAnswer)>,
    deadline: Duration,
}

/// The first answer of one of the servers. Each request while another is unanswered
/// takes one of the `spare` permits, so that a silent server cannot take all
/// descriptors. Which servers answer, and which leave that to others, is noted in
/// `surroundings`.
///
/// # Errors
/// When there is none within `deadline`: the cause, in one line.
pub(super) async fn ask(
    servers: &[Arc<Server>],
    question: &Question,
    deadline: Duration,
    spare: &Semaphore,
    surroundings: &SurroundingsBoard,
) -> Result<Answered, String> {
    let mut course = Course::new(servers, deadline);
    let mut requests = FuturesUnordered::new();
    let until = later(tokio::time::Instant::now(), deadline);
    let mut next_at = tokio::time::Instant::now();
    loop {
        let now = tokio::time::Instant::now();
        if now >= until {
            return Err(course.causes(true));
        }
        if now >= next_at {
            let is_first = requests.is_empty();
            let permit = spare.try_acquire().ok();
            let may_start = is_first || permit.is_some() && requests.len() < MAX_REQUESTS;
            if let Some(attempt) = may_start.then(|| course.begin()).flatten() {
                let server = course.server(attempt.server);
                requests.push(async move {
                    let _permit = permit.filter(|_| !is_first);
                    (attempt, server.ask(question, attempt.with_edns).await)
                });
            } else if is_first {
                return Err(course.causes(false));
            }
            next_at = later(now, course.pause());
        }
        tokio::select! {
            biased;
            Some((attempt, answer)) = requests.next() => match answer {
                Ok(answer) => {
                    course.conclude(attempt, surroundings);
                    return Ok(answer);
                }
                Err(NoAnswer::Silence) => next_at = now,
                Err(failure) => {
                    course.failed.push((attempt.server, failure));
                    next_at = now;
                }
            },
            () = sleep_until(next_at.min(until)) => {}
        }
    }
}

impl<'a> Course<'a> {
    fn new(servers: &'a [Arc<Server>], deadline: Duration) -> Course<'a> {
        let order = match servers {
            [_] => vec![0],
            _ => {
                let mut health: Vec<_> = servers.iter().map(|server| server.health()).collect();
                health::order(health.iter_mut().map(|one| &mut **one), Instant::now())
            }
        };
        Course {
            servers,
            order,
            attempts: Vec::new(),
            failed: Vec::new(),
            deadline,
        }
    }

    /// The next request, if any server is left that has not failed: the one that was
    /// asked least, and of those the first.
    fn begin(&mut self) -> Option<Attempt> {
        let is_left = |index: &usize| self.failed.iter().all(|(failed, _)| failed != index);
        let asked = |index: usize| {
            let attempts = self.attempts.iter();
            attempts.filter(|one| one.server == index).count()
        };
        let left = self.order.iter().copied().filter(is_left);
        let server = left.min_by_key(|&index| asked(index))?;
        let began = Instant::now();
        let with_edns = match asked(server) {
            0 => self.server(server).health().use_edns(began),
            // Perhaps it drops questions with EDNS.
            _ => false,
        };
        let attempt = Attempt {
            server,
            with_edns,
            began,
        };
        self.attempts.push(attempt);
        Some(attempt)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "every index is one of `order`, which has those of `servers`"
    )]
    fn server(&self, index: usize) -> &'a Server {
        &self.servers[index]
    }

    /// How long to wait before the next request.
    fn pause(&self) -> Duration {
        let pause = match self.attempts.len() < self.servers.len() {
            true => NEXT_SERVER_PAUSE,
            false => REPEAT_PAUSE,
        };
        pause.min(self.deadline / 4)
    }

    /// Remembers what the answer to `attempt` says of the servers that did not answer.
    fn conclude(&self, attempt: Attempt, surroundings: &SurroundingsBoard) {
        let now = Instant::now();
        surroundings.name_server_answered(self.server(attempt.server).address());
        for (index, server) in self.servers.iter().enumerate() {
            let mut asked = self.attempts.iter().filter(|one| one.server == index);
            if index != attempt.server
                && let Some(first) = asked.next()
            {
                server.health().failed_alone(now);
                let cause = self.cause(index, now.saturating_duration_since(first.began));
                surroundings.name_server_failed(server.address(), &cause);
            }
        }
        let is_silent_about_edns = !attempt.with_edns
            && self
                .attempts
                .iter()
                .any(|one| one.server == attempt.server && one.with_edns);
        if is_silent_about_edns {
            self.server(attempt.server).health().silent_about_edns(now);
        }
    }

    /// What came in place of a server's answer while it was waited for so long.
    fn cause(&self, index: usize, waited: Duration) -> String {
        let failure = self.failed.iter().find(|(failed, _)| *failed == index);
        match failure {
            Some((_, failure)) => failure.to_string(),
            None => format!("no answer within {:.1} s", waited.as_secs_f64()),
        }
    }

    /// Why there is no answer, in one line.
    fn causes(&self, is_over: bool) -> String {
        let causes = self.failed.iter().map(|(index, cause)| {
            let address = self.server(*index).address();
            format!("{address}: {cause}")
        });
        let mut causes: Vec<_> = causes.take(MAX_CAUSES).collect();
        let has_failed = |index: &usize| self.failed.iter().any(|(failed, _)| failed == index);
        let silent: Vec<_> = self
            .order
            .iter()
            .filter(|index| !has_failed(index))
            .take(MAX_CAUSES)
            .map(|index| self.server(*index).address().to_string())
            .collect();
        if is_over && !silent.is_empty() {
            let (silent, seconds) = (silent.join(" and "), self.deadline.as_secs_f64());
            causes.push(format!("no answer from {silent} within {seconds:.1} s"));
        }
        causes.join("; ")
    }
}
