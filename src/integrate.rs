//! Integrate: carry out pending writes at Aiven, project by project.
//!
//! Two instances do this at the same time on two VMs, and Aiven may not notice a
//! duplicate. So this instance looks again before every write, writes only in
//! its own [`WriteWindow`], and never repeats a write blindly: if a write gets
//! no answer, it first looks whether the write took effect.
//!
//! What counts is the result and not the code of an answer. A refusal may mean
//! that another instance was first, or that Aiven never will; a success may leave
//! nothing behind. Both are looked up.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::aiven::{Client, Error, ErrorKind};
use crate::metrics::Metrics;
use crate::model::backoff::Trouble;
use crate::model::endpoint::{EndpointChoice, EndpointFact};
use crate::model::plan::Attempt;
use crate::model::project::{PendingWrites, Report};
use crate::model::write_budget::WriteBudget;
use crate::model::write_window::WriteWindow;

mod progress;

use progress::{Progress, Retry};

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

/// The outcome of working on one service.
enum Outcome {
    /// It is integrated, or its integration was attempted.
    Attempted(Attempt, Trouble),
    /// Aiven answered that it created the integration.
    Accepted,
    /// Not started: this instance's write window is over.
    WindowOver,
    /// Not started: the budget is spent until then.
    BudgetSpent(Instant),
    /// Aiven refused it because the project has a different endpoint now, or none.
    EndpointChanged(EndpointFact),
}

/// Said of a write that Aiven accepted and whose result it does not show.
const INTEGRATION_NOT_SHOWN: &str = "Aiven answered that it created the integration, but does not list it; it is created again after an hour at the earliest; look at the service in Aiven's console";

/// Likewise of the endpoint.
const ENDPOINT_NOT_SHOWN: &str = "Aiven answered that it created the integration endpoint, but does not list it; it is created again after an hour at the earliest; look at the project's integration endpoints in Aiven's console";

impl Integrator {
    /// Carries pending writes out. Returns when the `pending_writes` channel closes.
    pub async fn run(self, mut pending_writes: watch::Receiver<PendingWrites>) {
        let mut progress = Progress::default();
        loop {
            let next = {
                let work = pending_writes.borrow_and_update();
                progress.forget_done(&work);
                progress.next_due(&work)
            };
            let is_due = next.is_some_and(|next| next <= Instant::now());
            if is_due {
                sleep(self.window.opens_in(Timestamp::now())).await;
                let work = pending_writes.borrow_and_update().clone();
                self.carry_out(&work, &mut progress).await;
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

    async fn carry_out(&self, work: &PendingWrites, progress: &mut Progress) {
        let now = Instant::now();
        if work.endpoint_missing && progress.endpoint.is_due(now) {
            self.ensure_endpoint(progress).await;
        }
        let Some(endpoint_id) = &work.endpoint_id else {
            return;
        };
        let due = work
            .services
            .iter()
            .filter(|name| progress.is_due(name, now));
        let due: Vec<_> = due
            .map(|name| (Arc::clone(name), progress.is_accepted(name, now)))
            .collect();
        let mut working = stream::iter(due)
            .map(|(service, is_accepted)| async move {
                let outcome = self.integrate(&service, endpoint_id, is_accepted).await;
                (service, outcome)
            })
            .buffer_unordered(MAX_CONCURRENT_SERVICES);
        while let Some((service, outcome)) = working.next().await {
            self.take(service, outcome, progress).await;
        }
    }

    async fn take(&self, service: Arc<str>, outcome: Outcome, progress: &mut Progress) {
        match outcome {
            Outcome::Attempted(attempt, trouble) => {
                self.say(&service, &attempt, progress);
                progress.of(&service).pause(Retry::After(trouble));
                self.report(Report::Attempted { service, attempt }).await;
            }
            Outcome::Accepted => {
                let write = progress.of(&service);
                write.accepted(Instant::now());
                write.pause(Retry::After(Trouble::Permanent));
                let attempt = Attempt::Requested;
                self.report(Report::Attempted { service, attempt }).await;
            }
            Outcome::WindowOver => {}
            Outcome::BudgetSpent(until) => progress.budget_spent_until = Some(until),
            Outcome::EndpointChanged(fact) => {
                // The changed endpoint leads to new pending writes; wait for those.
                progress
                    .of(&service)
                    .pause(Retry::After(Trouble::Transient));
                self.report(Report::Endpoint(fact)).await;
            }
        }
    }

    /// Logs what became of an integration, once while that stays the same.
    fn say(&self, service: &Arc<str>, attempt: &Attempt, progress: &mut Progress) {
        let project = &self.project;
        match attempt {
            Attempt::Refused(cause) if progress.of(service).is_news(cause) => {
                tracing::warn!(%project, %service, %cause, "the service is not integrated; trying again later");
            }
            Attempt::Refused(cause) | Attempt::Postponed(cause) => {
                tracing::debug!(%project, %service, %cause, "the service is not integrated yet");
            }
            Attempt::Requested => {}
        }
    }

    /// Looks for the endpoint, and creates it if it is still missing.
    async fn ensure_endpoint(&self, progress: &mut Progress) {
        let is_accepted = progress.endpoint.is_accepted(Instant::now());
        let (fact, retry) = match self.find_or_create_endpoint(is_accepted).await {
            Ok(Created::Found(fact)) => (fact, Retry::After(Trouble::Permanent)),
            Ok(Created::WindowOver) => return progress.endpoint.pause(Retry::NextWindow),
            Ok(Created::NotShown) => {
                if !is_accepted {
                    progress.endpoint.accepted(Instant::now());
                }
                let why = Some(ENDPOINT_NOT_SHOWN.into());
                (
                    EndpointFact::Missing { why },
                    Retry::After(Trouble::Permanent),
                )
            }
            Err(error) => {
                let kind = &error.kind;
                let why = kind
                    .reason()
                    .hinders("the integration endpoint could not be created");
                let why = Some(why);
                (EndpointFact::Missing { why }, Retry::After(kind.trouble()))
            }
        };
        if let EndpointFact::Missing { why: Some(why) } = &fact
            && progress.endpoint.is_news(why)
        {
            tracing::warn!(project = %self.project, cause = %why, "the integration endpoint could not be created; trying again later");
        }
        progress.endpoint.pause(retry);
        self.report(Report::Endpoint(fact)).await;
    }

    async fn find_or_create_endpoint(&self, is_accepted: bool) -> Result<Created, Error> {
        let EndpointChoice::Named {
            name,
            credentials: Some(credentials),
        } = &self.endpoint
        else {
            return Ok(Created::WindowOver);
        };
        let found = self.find_endpoint().await?;
        if found.id().is_some() {
            return Ok(Created::Found(found));
        }
        if is_accepted {
            return Ok(Created::NotShown);
        }
        if !self.window.is_open(Timestamp::now()) {
            return Ok(Created::WindowOver);
        }
        let created = self
            .client
            .create_endpoint(&self.project, name, credentials)
            .await;
        // Whatever the answer was: another instance may have been first.
        let found = self.find_endpoint().await;
        match (created, found) {
            (created, Ok(found)) if found.id().is_some() => {
                if created.is_ok() {
                    tracing::info!(project = %self.project, endpoint = name, "integration endpoint created");
                }
                Ok(Created::Found(found))
            }
            (Err(refused), _) => Err(refused),
            (Ok(()), Ok(_)) => Ok(Created::NotShown),
            (Ok(()), Err(unknown)) => Err(unknown),
        }
    }

    async fn find_endpoint(&self) -> Result<EndpointFact, Error> {
        let (client, project) = (&self.client, &self.project);
        client.find_endpoint(project, &self.endpoint).await
    }

    /// Looks for an integration of the service, and creates it if it is still missing.
    /// `is_accepted`: whether Aiven has lately answered that it created it.
    async fn integrate(&self, service: &str, endpoint_id: &str, is_accepted: bool) -> Outcome {
        match self.is_integrated(service).await {
            Ok(true) => return Outcome::Attempted(Attempt::Requested, Trouble::Permanent),
            Ok(false) if is_accepted => {
                let attempt = Attempt::Refused(INTEGRATION_NOT_SHOWN.into());
                return Outcome::Attempted(attempt, Trouble::Permanent);
            }
            Ok(false) => {}
            Err(error) => return attempted(service, &error),
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
        match created {
            Ok(()) => {
                self.metrics.integration_created(&self.project);
                tracing::info!(project = %self.project, service, "integration created");
                Outcome::Accepted
            }
            Err(error) => self.after_refusal(service, endpoint_id, &error).await,
        }
    }

    async fn is_integrated(&self, service: &str) -> Result<bool, Error> {
        self.client
            .has_prometheus_integration(&self.project, service)
            .await
    }

    /// What a failed creation means. Another instance may have been first, which is
    /// as good as a success; or the endpoint may be gone.
    async fn after_refusal(&self, service: &str, endpoint_id: &str, error: &Error) -> Outcome {
        let is_answer = error.kind.is_aivens_refusal();
        if is_answer && matches!(self.is_integrated(service).await, Ok(true)) {
            return Outcome::Attempted(Attempt::Requested, Trouble::Permanent);
        }
        if let Some(fact) = self.changed_endpoint(service, error, endpoint_id).await {
            return Outcome::EndpointChanged(fact);
        }
        attempted(service, error)
    }

    /// The current endpoint, if it differs from the known one and that explains the
    /// refusal: a 404 that is not about the service may be about an endpoint that
    /// somebody deleted.
    async fn changed_endpoint(
        &self,
        service: &str,
        error: &Error,
        known: &str,
    ) -> Option<EndpointFact> {
        let ErrorKind::NotFound { .. } = error.kind else {
            return None;
        };
        if error.kind.denies_service(service) {
            return None;
        }
        let fact = self.find_endpoint().await.ok()?;
        let differs = fact.id() != Some(known);
        if differs {
            tracing::warn!(project = %self.project, endpoint = known, %error, "the integration endpoint is gone; services are integrated as soon as there is another");
        }
        differs.then_some(fact)
    }

    async fn report(&self, report: Report) {
        // If nothing receives it, the daemon is stopping, and `run` returns soon.
        let _ = self.reports.send((Arc::clone(&self.project), report)).await;
    }
}

/// What became of the endpoint.
enum Created {
    /// It is there.
    Found(EndpointFact),
    /// Not created: this instance's write window is over, or nothing is to be created.
    WindowOver,
    /// Aiven answered that it created it, but does not list it.
    NotShown,
}

/// Whether Aiven refuses to integrate this service, or something else is in the way.
fn attempted(service: &str, error: &Error) -> Outcome {
    let kind = &error.kind;
    // A new service is not yet visible everywhere at Aiven.
    if kind.is_aivens_refusal() && !kind.denies_service(service) {
        let attempt = Attempt::Refused(kind.reason().hinders("Aiven refuses the integration"));
        return Outcome::Attempted(attempt, Trouble::Permanent);
    }
    let trouble = match kind.trouble() {
        Trouble::Permanent => Trouble::Transient,
        trouble => trouble,
    };
    let attempt = Attempt::Postponed(kind.reason().hinders("integration postponed"));
    Outcome::Attempted(attempt, trouble)
}
