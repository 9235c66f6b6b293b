//! Integrate: carry out pending writes at Aiven, project by project.
//!
//! Two instances do this at the same time on two VMs, and Aiven may not notice a
//! duplicate. So this instance looks again before every write, writes only in
//! its own [`WriteWindow`], and never repeats a write blindly: if a write gets
//! no answer, it first looks whether the write took effect.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::aiven::{Client, Error, ErrorKind};
use crate::metrics::Metrics;
use crate::model::backoff::{Caller, Trouble};
use crate::model::credentials::Credentials;
use crate::model::endpoint::{EndpointChoice, EndpointFact};
use crate::model::plan::Attempt;
use crate::model::project::{PendingWrites, Report};
use crate::model::write_budget::WriteBudget;
use crate::model::write_window::WriteWindow;

/// How many services of one project are handled at once, so that a missing
/// answer hardly delays the others.
const MAX_CONCURRENT_SERVICES: usize = 4;

/// Carries out the pending writes of one project.
#[derive(Clone)]
pub struct Integrator {
    /// The project.
    pub project: Arc<str>,
    /// Aiven's API.
    pub client: Arc<Client>,
    /// The endpoint to create if it is missing.
    pub endpoint: EndpointChoice,
    /// When this instance may write.
    pub window: WriteWindow,
    /// How many writes are allowed, shared by all projects.
    pub budget: Arc<Mutex<WriteBudget>>,
    /// Counts created integrations.
    pub metrics: Metrics,
    /// Where the reports go.
    pub reports: mpsc::Sender<(Arc<str>, Report)>,
}

/// When to try each pending write again.
#[derive(Default)]
struct Backoffs {
    endpoint: Option<Pause>,
    services: HashMap<Arc<str>, Pause>,
    /// Set while the budget is spent; applies to all services.
    budget_spent_until: Option<Instant>,
}

struct Pause {
    until: Instant,
    /// Yields the pauses after further failures.
    backoff: ExponentialBackoff,
}

/// The outcome of working on one service.
enum Outcome {
    /// The integration was attempted.
    Attempted(Attempt),
    /// Not started: this instance's write window is over.
    WindowOver,
    /// Not started: the budget is spent until then.
    BudgetSpent(Instant),
    /// Aiven refused it because the project has a different endpoint now, or none.
    EndpointChanged(EndpointFact),
}

impl Integrator {
    /// Carries pending writes out. Returns when the `pending_writes` channel closes.
    pub async fn run(self, mut pending_writes: watch::Receiver<PendingWrites>) {
        let mut backoffs = Backoffs::default();
        loop {
            let next = {
                let work = pending_writes.borrow_and_update();
                backoffs.forget_done(&work);
                backoffs.next_due(&work)
            };
            let is_due = next.is_some_and(|next| next <= Instant::now());
            if is_due {
                sleep(self.window.opens_in(Timestamp::now())).await;
                let work = pending_writes.borrow_and_update().clone();
                self.carry_out(&work, &mut backoffs).await;
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

    async fn carry_out(&self, work: &PendingWrites, backoffs: &mut Backoffs) {
        let now = Instant::now();
        if work.endpoint_missing && backoffs.endpoint_is_due(now) {
            let retry = self.ensure_endpoint().await;
            Pause::lengthen(&mut backoffs.endpoint, retry);
        }
        let Some(endpoint_id) = &work.endpoint_id else {
            return;
        };
        let due: Vec<_> = work
            .services
            .iter()
            .filter(|name| backoffs.is_due(name, now))
            .collect();
        let mut working = stream::iter(due.into_iter().cloned().collect::<Vec<_>>())
            .map(|service| async move {
                let outcome = self.integrate(&service, endpoint_id).await;
                (service, outcome)
            })
            .buffer_unordered(MAX_CONCURRENT_SERVICES);
        while let Some((service, outcome)) = working.next().await {
            match outcome {
                Outcome::Attempted(attempt) => {
                    backoffs.note(&service, &attempt);
                    self.report(Report::Attempted { service, attempt }).await;
                }
                Outcome::WindowOver => {}
                Outcome::BudgetSpent(until) => backoffs.budget_spent_until = Some(until),
                Outcome::EndpointChanged(fact) => {
                    // The changed endpoint leads to new pending writes; wait for those.
                    backoffs.pause(&service, Trouble::Transient);
                    self.report(Report::Endpoint(fact)).await;
                }
            }
        }
    }

    /// Looks for the endpoint, and creates it if it is still missing.
    async fn ensure_endpoint(&self) -> Retry {
        let fact = match self.find_or_create_endpoint().await {
            Ok(Some(fact)) => fact,
            Ok(None) => return Retry::NextWindow,
            Err(error) => {
                let kind = &error.kind;
                tracing::warn!(project = %self.project, %error, "the integration endpoint could not be created; trying again later");
                let cause =
                    Some(format!("the integration endpoint could not be created: {kind}").into());
                self.report(Report::Endpoint(EndpointFact::Missing { cause }))
                    .await;
                return Retry::After(kind.trouble());
            }
        };
        self.report(Report::Endpoint(fact)).await;
        Retry::After(Trouble::Permanent)
    }

    /// The endpoint; `None` when this instance's window is over before it could be created.
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
        if !self.window.is_open(Timestamp::now()) {
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
        let (client, project) = (&self.client, &self.project);
        client.find_endpoint(project, &self.endpoint).await
    }

    /// Looks for an integration of the service, and creates it if it is still missing.
    async fn integrate(&self, service: &str, endpoint_id: &str) -> Outcome {
        match self
            .client
            .has_prometheus_integration(&self.project, service)
            .await
        {
            Ok(true) => return Outcome::Attempted(Attempt::Requested),
            Ok(false) => {}
            Err(error) => return Outcome::Attempted(self.attempt_after(service, &error)),
        }
        if !self.window.is_open(Timestamp::now()) {
            return Outcome::WindowOver;
        }
        let spent = {
            let now = Instant::now().into_std();
            self.budget.lock().take(now)
        };
        if let Err(until) = spent {
            return Outcome::BudgetSpent(until.into());
        }
        let created = self
            .client
            .create_integration(&self.project, service, endpoint_id)
            .await;
        Outcome::Attempted(match created {
            Ok(()) => {
                self.metrics.integration_created(&self.project);
                tracing::info!(project = %self.project, service, "integration created");
                Attempt::Requested
            }
            Err(error) if matches!(error.kind, ErrorKind::Conflict(_)) => Attempt::Requested,
            Err(error) => {
                if let Some(fact) = self.changed_endpoint(&error, endpoint_id).await {
                    return Outcome::EndpointChanged(fact);
                }
                self.attempt_after(service, &error)
            }
        })
    }

    /// The current endpoint, if it differs from the known one and that explains the
    /// refusal: a 404 that is not about the service may be about an endpoint that
    /// somebody deleted.
    async fn changed_endpoint(&self, error: &Error, known: &str) -> Option<EndpointFact> {
        let ErrorKind::NotFound { .. } = error.kind else {
            return None;
        };
        if error.kind.says_service_does_not_exist() {
            return None;
        }
        let fact = self.find_endpoint().await.ok()?;
        let differs = fact.id() != Some(known);
        if differs {
            tracing::warn!(project = %self.project, endpoint = known, %error, "the integration endpoint is gone; services are integrated as soon as there is another");
        }
        differs.then_some(fact)
    }

    /// Whether Aiven refuses to integrate this service, or the error is transient.
    fn attempt_after(&self, service: &str, error: &Error) -> Attempt {
        let kind = &error.kind;
        // A new service is not yet visible everywhere at Aiven.
        if kind.is_transient() || kind.says_service_does_not_exist() {
            tracing::debug!(project = %self.project, service, %error, "integration postponed");
            return Attempt::Postponed(format!("integration postponed: {kind}").into());
        }
        tracing::warn!(project = %self.project, service, %error, "Aiven refuses the integration; trying again later");
        Attempt::Refused(format!("Aiven refuses the integration: {kind}").into())
    }

    async fn report(&self, report: Report) {
        // If nothing receives it, the daemon is stopping, and `run` returns soon.
        let _ = self.reports.send((Arc::clone(&self.project), report)).await;
    }
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    /// In the next write window of this instance.
    NextWindow,
    /// After the pause for this trouble.
    After(Trouble),
}

impl Backoffs {
    fn forget_done(&mut self, work: &PendingWrites) {
        if !work.endpoint_missing {
            self.endpoint = None;
        }
        let pending: HashSet<&Arc<str>> = work.services.iter().collect();
        self.services.retain(|service, _| pending.contains(service));
    }

    /// When the next write of `work` may be tried; `None` if there is none.
    fn next_due(&self, work: &PendingWrites) -> Option<Instant> {
        let now = Instant::now();
        let endpoint = work
            .endpoint_missing
            .then(|| self.endpoint.as_ref().map_or(now, |pause| pause.until));
        let services = work.services.iter().filter(|_| work.endpoint_id.is_some());
        let service = services
            .map(|name| self.services.get(name).map_or(now, |pause| pause.until))
            .min()
            .map(|due| self.budget_spent_until.map_or(due, |until| due.max(until)));
        endpoint.into_iter().chain(service).min()
    }

    fn endpoint_is_due(&self, now: Instant) -> bool {
        self.endpoint
            .as_ref()
            .is_none_or(|pause| pause.until <= now)
    }

    fn is_due(&self, service: &Arc<str>, now: Instant) -> bool {
        self.budget_spent_until.is_none_or(|until| until <= now)
            && self
                .services
                .get(service)
                .is_none_or(|pause| pause.until <= now)
    }

    fn note(&mut self, service: &Arc<str>, attempt: &Attempt) {
        self.pause(
            service,
            match attempt {
                Attempt::Requested | Attempt::Refused(_) => Trouble::Permanent,
                Attempt::Postponed(_) => Trouble::Transient,
            },
        );
    }

    fn pause(&mut self, service: &Arc<str>, trouble: Trouble) {
        let mut pause = self.services.remove(service);
        Pause::lengthen(&mut pause, Retry::After(trouble));
        self.services
            .extend(pause.map(|pause| (Arc::clone(service), pause)));
    }
}

impl Pause {
    /// Lengthens the pause. The first of consecutive failures decides how it grows.
    fn lengthen(pause: &mut Option<Pause>, retry: Retry) {
        let pauses = match retry {
            Retry::NextWindow => return *pause = None,
            Retry::After(trouble) => Caller::Integrate.pauses(trouble),
        };
        let first_backoff = || {
            ExponentialBuilder::default()
                .with_min_delay(pauses.shortest)
                .with_max_delay(pauses.longest)
                .with_jitter()
                .without_max_times()
                .build()
        };
        let mut backoff = pause
            .take()
            .map_or_else(first_backoff, |pause| pause.backoff);
        let wait = backoff.next().unwrap_or(pauses.longest);
        *pause = Some(Pause {
            until: Instant::now() + wait,
            backoff,
        });
    }
}

#[cfg(test)]
mod tests;
