//! Integrate: carry out what a project's plan owes to Aiven.
//!
//! Two instances do this at once on two VMs, and Aiven may not notice a
//! duplicate. So every write is preceded by a fresh look, made only in this
//! instance's turn (see [`turn`]), and never repeated blindly: what became of
//! a write without an answer is found out by looking again.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::aiven::{Client, Error, ErrorKind};
use crate::config::EndpointChoice;
use crate::metrics::Metrics;
use crate::model::credentials::Credentials;
use crate::model::plan::{Attempt, EndpointFact};
use crate::observe::choose_endpoint;

mod budget;
mod turn;

pub use budget::WriteBudget;
pub use turn::WriteWindow;

/// Services of one project that are worked on at once, so that one answer that
/// does not come holds nobody up for long.
const CONCURRENCY: usize = 4;

/// The pauses for what passes by itself: a new service not visible yet, a 5xx.
const SOON: Duration = Duration::from_secs(5);
const SOON_AT_MOST: Duration = Duration::from_secs(300);

/// The pauses for what needs somebody, and for looking again after a success
/// that no listing has shown.
const LATER: Duration = Duration::from_secs(60);
const LATER_AT_MOST: Duration = Duration::from_secs(3600);

/// Writes that a project is pending_writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingWrites {
    /// The integration endpoint is missing.
    pub endpoint_missing: bool,
    /// The integration endpoint, once it is there.
    pub endpoint_id: Option<Arc<str>>,
    /// Services that lack the integration.
    pub services: Arc<[Arc<str>]>,
}

/// What became of a write.
#[derive(Debug)]
pub enum Outcome {
    /// What is known of the endpoint now.
    Endpoint(EndpointFact),
    /// What became of a service's integration.
    Service(Arc<str>, Attempt),
}

/// The integrator of one project.
pub struct Integrator {
    /// The project.
    pub project: Arc<str>,
    /// Aiven's API.
    pub client: Arc<Client>,
    /// The endpoint to make where it is missing.
    pub endpoint: EndpointChoice,
    /// When this instance may write.
    pub turn: WriteWindow,
    /// How much may be written, by all projects together.
    pub budget: Arc<Mutex<WriteBudget>>,
    /// Counts what is created.
    pub metrics: Metrics,
    /// Where the outcomes go.
    pub outcomes: mpsc::Sender<(Arc<str>, Outcome)>,
}

/// What is not to be tried before a certain moment.
#[derive(Default)]
struct Backoffs {
    endpoint: Option<Pause>,
    services: HashMap<Arc<str>, Pause>,
    /// Since the budget is spent.
    all: Option<Instant>,
}

struct Pause {
    until: Instant,
    /// The pauses after further failures.
    backoff: ExponentialBackoff,
}

/// What working on one service came to.
enum Worked {
    /// See [`Attempt`].
    Ended(Attempt),
    /// Not begun: this instance's turn is over.
    TurnOver,
    /// Not begun: the budget is spent until then.
    BudgetSpent(Instant),
}

impl Integrator {
    /// Works off what is pending_writes, until nobody is left to owe anything.
    pub async fn run(self, mut pending_writes: watch::Receiver<PendingWrites>) {
        let mut pauses = Backoffs::default();
        loop {
            let next = {
                let work = pending_writes.borrow_and_update();
                pauses.forget_what_is_settled(&work);
                pauses.next_due(&work)
            };
            let is_due = next.is_some_and(|next| next <= Instant::now());
            if is_due {
                self.turn.come().await;
                let work = pending_writes.borrow_and_update().clone();
                self.carry_out(&work, &mut pauses).await;
                continue;
            }
            let wake = async {
                match next {
                    Some(next) => sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wake => {}
                changed = pending_writes.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn carry_out(&self, work: &PendingWrites, pauses: &mut Backoffs) {
        let now = Instant::now();
        if work.endpoint_missing && pauses.endpoint_is_due(now) {
            let pause = self.ensure_endpoint().await;
            Pause::set(&mut pauses.endpoint, pause);
        }
        let Some(endpoint_id) = &work.endpoint_id else {
            return;
        };
        let due: Vec<_> = work
            .services
            .iter()
            .filter(|name| pauses.is_due(name, now))
            .collect();
        let mut working = stream::iter(due.into_iter().cloned().collect::<Vec<_>>())
            .map(|service| async move {
                let worked = self.integrate(&service, endpoint_id).await;
                (service, worked)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((service, worked)) = working.next().await {
            match worked {
                Worked::Ended(attempt) => {
                    pauses.note(&service, &attempt);
                    self.tell(Outcome::Service(service, attempt)).await;
                }
                Worked::TurnOver => {}
                Worked::BudgetSpent(until) => pauses.all = Some(until),
            }
        }
    }

    /// Looks, and makes the endpoint if it is still missing.
    async fn ensure_endpoint(&self) -> Retry {
        let fact = match self.find_or_create_endpoint().await {
            Ok(Some(fact)) => fact,
            Ok(None) => return Retry::NextTurn,
            Err(error) => {
                let kind = &error.kind;
                tracing::warn!(project = %self.project, %error, "the integration endpoint could not be created; trying again later");
                let refusal =
                    Some(format!("the integration endpoint could not be created: {kind}").into());
                self.tell(Outcome::Endpoint(EndpointFact::Missing { refusal }))
                    .await;
                return if kind.is_transient() {
                    Retry::Soon
                } else {
                    Retry::Later
                };
            }
        };
        self.tell(Outcome::Endpoint(fact)).await;
        Retry::Later
    }

    /// The endpoint; `None` when it is no longer this instance's turn to make it.
    async fn find_or_create_endpoint(&self) -> Result<Option<EndpointFact>, Error> {
        let EndpointChoice::Named {
            name,
            credentials: Some(credentials),
        } = &self.endpoint
        else {
            return Ok(None);
        };
        let found = self.find_endpoint().await?;
        if found.id().is_some() {
            return Ok(Some(found));
        }
        if !self.turn.is_now() {
            return Ok(None);
        }
        self.create_endpoint(name, credentials).await?;
        self.find_endpoint().await.map(Some)
    }

    async fn create_endpoint(&self, name: &str, credentials: &Credentials) -> Result<(), Error> {
        match self
            .client
            .create_endpoint(&self.project, name, credentials)
            .await
        {
            Ok(()) => {
                tracing::info!(project = %self.project, endpoint = name, "integration endpoint created");
                Ok(())
            }
            Err(error) if matches!(error.kind, ErrorKind::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn find_endpoint(&self) -> Result<EndpointFact, Error> {
        let endpoints = self.client.prometheus_endpoints(&self.project).await?;
        Ok(choose_endpoint(&endpoints, &self.endpoint))
    }

    /// Looks, and integrates the service if nobody has by now.
    async fn integrate(&self, service: &str, endpoint_id: &str) -> Worked {
        match self
            .client
            .has_prometheus_integration(&self.project, service)
            .await
        {
            Ok(true) => return Worked::Ended(Attempt::Requested),
            Ok(false) => {}
            Err(error) => return Worked::Ended(self.attempt_after(service, &error)),
        }
        if !self.turn.is_now() {
            return Worked::TurnOver;
        }
        let spent = {
            let mut budget = self
                .budget
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            budget.take(Instant::now())
        };
        if let Err(until) = spent {
            return Worked::BudgetSpent(until);
        }
        let created = self
            .client
            .create_integration(&self.project, service, endpoint_id)
            .await;
        Worked::Ended(match created {
            Ok(()) => {
                self.metrics.integration_created(&self.project);
                tracing::info!(project = %self.project, service, "integration created");
                Attempt::Requested
            }
            Err(error) if matches!(error.kind, ErrorKind::Conflict(_)) => Attempt::Requested,
            Err(error) => self.attempt_after(service, &error),
        })
    }

    /// Sorts a failure: what Aiven refuses for this service, what will pass.
    fn attempt_after(&self, service: &str, error: &Error) -> Attempt {
        let kind = &error.kind;
        // A service that was just made is not visible everywhere at Aiven yet.
        if kind.is_transient() || kind.says_service_does_not_exist() {
            tracing::debug!(project = %self.project, service, %error, "integration put off");
            return Attempt::Postponed(format!("integration put off: {kind}").into());
        }
        tracing::warn!(project = %self.project, service, %error, "Aiven refuses the integration; trying again later");
        Attempt::Refused(format!("Aiven refuses the integration: {kind}").into())
    }

    async fn tell(&self, outcome: Outcome) {
        // With nobody listening the daemon is stopping, and `run` ends by itself.
        let _ = self
            .outcomes
            .send((Arc::clone(&self.project), outcome))
            .await;
    }
}

/// When to come back to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    NextTurn,
    Soon,
    Later,
}

impl Backoffs {
    fn forget_what_is_settled(&mut self, work: &PendingWrites) {
        if !work.endpoint_missing {
            self.endpoint = None;
        }
        let pending_writes: HashSet<&Arc<str>> = work.services.iter().collect();
        self.services
            .retain(|service, _| pending_writes.contains(service));
    }

    /// When the next thing of `work` may be tried; `None` when there is nothing.
    fn next_due(&self, work: &PendingWrites) -> Option<Instant> {
        let now = Instant::now();
        let endpoint = work
            .endpoint_missing
            .then(|| self.endpoint.as_ref().map_or(now, |pause| pause.until));
        let services = work.services.iter().filter(|_| work.endpoint_id.is_some());
        let service = services
            .map(|name| self.services.get(name).map_or(now, |pause| pause.until))
            .min()
            .map(|due| self.all.map_or(due, |all| due.max(all)));
        endpoint.into_iter().chain(service).min()
    }

    fn endpoint_is_due(&self, now: Instant) -> bool {
        self.endpoint
            .as_ref()
            .is_none_or(|pause| pause.until <= now)
    }

    fn is_due(&self, service: &Arc<str>, now: Instant) -> bool {
        self.all.is_none_or(|until| until <= now)
            && self
                .services
                .get(service)
                .is_none_or(|pause| pause.until <= now)
    }

    fn note(&mut self, service: &Arc<str>, attempt: &Attempt) {
        let retry = match attempt {
            Attempt::Requested | Attempt::Refused(_) => Retry::Later,
            Attempt::Postponed(_) => Retry::Soon,
        };
        let mut pause = self.services.remove(service);
        Pause::set(&mut pause, retry);
        self.services
            .extend(pause.map(|pause| (Arc::clone(service), pause)));
    }
}

impl Pause {
    /// Lengthens the pause; the shape of the first failure decides its growth.
    fn set(pause: &mut Option<Pause>, retry: Retry) {
        let (shortest, longest) = match retry {
            Retry::NextTurn => return *pause = None,
            Retry::Soon => (SOON, SOON_AT_MOST),
            Retry::Later => (LATER, LATER_AT_MOST),
        };
        let fresh = || {
            ExponentialBuilder::default()
                .with_min_delay(shortest)
                .with_max_delay(longest)
                .with_jitter()
                .without_max_times()
                .build()
        };
        let mut backoff = pause.take().map_or_else(fresh, |pause| pause.backoff);
        let wait = backoff.next().unwrap_or(longest);
        *pause = Some(Pause {
            until: Instant::now() + wait,
            backoff,
        });
    }
}

#[cfg(test)]
mod tests;
