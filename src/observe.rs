//! Observe: ask Aiven what there is, project by project.
//!
//! Two loops a project, so that neither waits for the other: one lists the
//! services, the other keeps the *terms* of integration, namely which types
//! can have it and which endpoint to use. Both only report; what follows from
//! it is decided elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::aiven::listing::ParseCache;
use crate::aiven::wire::{Endpoint, ServiceReader};
use crate::aiven::{Client, Error, ErrorKind};
use crate::config::EndpointChoice;
use crate::metrics::Metrics;
use crate::model::inventory::{ByName, Distrust, Inventory};
use crate::model::plan::{EndpointFact, SupportedTypes};
use crate::model::service::Service;

/// Missing services that are asked for by name in one cycle. Aiven counts
/// requests per user (120 a minute have been seen), so this must stay small.
const ASKED_A_CYCLE: usize = 10;

/// How long an answer about the supported types holds.
const TYPES_HOLD: Duration = Duration::from_secs(3600);

/// A rejected token is tried again this many times more seldom.
const SLOW_FACTOR: u32 = 10;

/// How one observer's reports reach whoever decides.
pub type Reports = mpsc::Sender<(Arc<str>, Observation)>;

/// What a project's observer needs.
#[derive(Clone)]
pub struct Observer {
    /// The project.
    pub project: Arc<str>,
    /// Aiven's API.
    pub client: Arc<Client>,
    /// Time between two observations.
    pub interval: Duration,
    /// `targets.removal_grace`.
    pub grace: Duration,
    /// How long all questions about missing services of one cycle may take.
    pub patience: Duration,
    /// The tags to keep of each service.
    pub tag_keys: BTreeSet<String>,
    /// Counts distrusted listings.
    pub metrics: Metrics,
    /// Where the observations go.
    pub reports: Reports,
}

/// What an observation brought.
#[derive(Debug)]
pub enum Observation {
    /// A listing was read.
    Listed {
        /// When.
        at: Timestamp,
        /// Why it is not to be trusted, if so.
        distrust: Option<Distrust>,
    },
    /// No listing could be had.
    Failed {
        /// When.
        at: Timestamp,
        /// Why, in one line.
        cause: String,
    },
    /// All known services; they differ from before.
    Services(Inventory),
    /// Which types can have the integration.
    Supported(SupportedTypes),
    /// Which endpoint to use.
    Endpoint(EndpointFact),
}

/// Nobody listens any more: the daemon stops.
struct Stopped;

impl Observer {
    /// Lists the project's services again and again. Ends when nobody listens.
    pub async fn watch_services(self, inventory: Inventory) {
        let mut watch = ServiceTask {
            reader: ServiceReader::new(self.tag_keys.iter().cloned()),
            observer: self,
            inventory,
            recall: ParseCache::default(),
            outage: Outage::default(),
            reported: false,
        };
        while watch.cycle().await.is_ok() {}
    }

    /// Keeps the terms of integration known. Ends when nobody listens.
    pub async fn watch_terms(self, endpoint: EndpointChoice) {
        let mut types_until: Option<Instant> = None;
        let mut outage = Outage::default();
        loop {
            let types_due = types_until.is_none_or(|until| Instant::now() >= until);
            let (types, endpoints) = tokio::join!(
                async {
                    match types_due {
                        true => Some(self.client.supported_types(&self.project).await),
                        false => None,
                    }
                },
                self.client.prometheus_endpoints(&self.project)
            );
            let mut wait = self.interval;
            let mut news = Vec::new();
            match types {
                Some(Ok(types)) => {
                    types_until = Some(Instant::now() + TYPES_HOLD);
                    news.push(Observation::Supported(types));
                }
                Some(Err(error)) => wait = self.note(&mut outage, &error),
                None => {}
            }
            match endpoints {
                Ok(endpoints) => {
                    news.push(Observation::Endpoint(choose_endpoint(
                        &endpoints, &endpoint,
                    )));
                }
                Err(error) => wait = wait.max(self.note(&mut outage, &error)),
            }
            if wait == self.interval {
                outage.over(&self.project, "terms of integration known again");
            }
            for observed in news {
                if self.report(observed).await.is_err() {
                    return;
                }
            }
            sleep(wait).await;
        }
    }

    async fn report(&self, observed: Observation) -> Result<(), Stopped> {
        let report = (Arc::clone(&self.project), observed);
        self.reports.send(report).await.map_err(|_| Stopped)
    }

    fn say_distrust(&self, distrust: Distrust, missing: usize) {
        self.metrics.listing_distrusted(&self.project, distrust);
        let reason = distrust.as_str();
        tracing::warn!(
            project = %self.project,
            reason,
            missing,
            "listing not trusted; services missing from it keep their targets until Aiven denies them by name"
        );
    }

    /// Says a failure, and how long to wait after it.
    fn note(&self, outage: &mut Outage, error: &Error) -> Duration {
        outage.begins_or_goes_on(&self.project, error);
        pause(&error.kind, self.interval)
    }
}

/// The service loop of one project. Owns its inventory.
struct ServiceTask {
    observer: Observer,
    inventory: Inventory,
    reader: ServiceReader,
    recall: ParseCache,
    outage: Outage,
    /// Whether the inventory was ever reported in this run.
    reported: bool,
}

impl ServiceTask {
    /// One listing and all that follows from it, until the next is due.
    async fn cycle(&mut self) -> Result<(), Stopped> {
        let next = Instant::now() + self.list().await?;
        loop {
            self.let_go().await?;
            let now = Timestamp::now();
            let departure = self.inventory.next_departure(self.observer.grace);
            let until = departure
                .and_then(|at| Duration::try_from(at.duration_since(now)).ok())
                .map(|wait| Instant::now() + wait);
            match until.filter(|until| *until < next) {
                Some(until) => sleep_until(until).await,
                None => break,
            }
        }
        sleep_until(next).await;
        Ok(())
    }

    /// Lists once, and asks for what the listing lacks. Returns the time to
    /// the next listing.
    async fn list(&mut self) -> Result<Duration, Stopped> {
        let started = Instant::now();
        let observer = &self.observer;
        let listing =
            observer
                .client
                .list_services(&observer.project, &mut self.reader, &self.recall);
        match listing.await {
            Ok((listing, recall)) => {
                self.recall = recall;
                let merge = self.inventory.merge(&listing, Timestamp::now());
                drop(listing);
                self.outage.over(&observer.project, "listing again");
                if merge.changed || !self.reported {
                    self.reported = true;
                    let services = Observation::Services(self.inventory.clone());
                    self.observer.report(services).await?;
                }
                let at = Timestamp::now();
                let lied = self.ask_for_missing().await?;
                let distrust = merge.distrust.or(lied.then_some(Distrust::Shrunk));
                if let Some(distrust) = distrust {
                    self.observer.say_distrust(distrust, merge.missing);
                }
                let listed = Observation::Listed { at, distrust };
                self.observer.report(listed).await?;
                Ok(self.observer.interval.saturating_sub(started.elapsed()))
            }
            Err(error) => {
                if let Some(distrust) = distrust(&error.kind) {
                    observer
                        .metrics
                        .listing_distrusted(&observer.project, distrust);
                }
                let wait = observer.note(&mut self.outage, &error);
                let at = Timestamp::now();
                let cause = error.kind.to_string();
                self.observer
                    .report(Observation::Failed { at, cause })
                    .await?;
                self.ask_for_missing().await?;
                Ok(wait)
            }
        }
    }

    /// Asks Aiven by name for some of the services that the listing lacks.
    /// Returns whether one of them is there all the same.
    async fn ask_for_missing(&mut self) -> Result<bool, Stopped> {
        let names = self.inventory.to_ask(ASKED_A_CYCLE);
        if names.is_empty() {
            return Ok(false);
        }
        let observer = &self.observer;
        let questions = names.into_iter().map(|name| {
            let mut reader = self.reader.fork();
            async move {
                let question = observer
                    .client
                    .service(&observer.project, &name, &mut reader);
                let answer = timeout(observer.patience, question).await;
                (name, answer)
            }
        });
        let answers = join_all(questions).await;
        let mut news = false;
        let mut lied = false;
        for (name, answer) in answers {
            let now = Timestamp::now();
            self.inventory.note_asked(&name, now);
            let Some(answer) = answer.ok().and_then(|answer| by_name(&name, answer)) else {
                continue;
            };
            lied |= matches!(answer, ByName::Exists(_));
            news = true;
            self.inventory.answer(&name, answer, now);
        }
        if news {
            let services = Observation::Services(self.inventory.clone());
            self.observer.report(services).await?;
        }
        Ok(lied)
    }

    /// Forgets what is gone for good.
    async fn let_go(&mut self) -> Result<(), Stopped> {
        let gone = self.inventory.depart(Timestamp::now(), self.observer.grace);
        if gone.is_empty() {
            return Ok(());
        }
        for service in &gone {
            tracing::info!(project = %self.observer.project, %service, "service is gone: Aiven confirmed it and the removal grace is over");
        }
        let services = Observation::Services(self.inventory.clone());
        self.observer.report(services).await
    }
}

/// The answer about one service, if it proves anything.
fn by_name(name: &str, answer: Result<Service, Error>) -> Option<ByName> {
    match answer {
        Ok(service) if *service.name == *name => Some(ByName::Exists(Arc::new(service))),
        Err(error) if error.kind.says_service_does_not_exist() => Some(ByName::DoesNotExist),
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(service = name, %error, "asking for a missing service failed");
            None
        }
    }
}

/// How a failed listing counts among the distrusted ones, if it does.
fn distrust(kind: &ErrorKind) -> Option<Distrust> {
    match kind {
        ErrorKind::Truncated(_) => Some(Distrust::Truncated),
        ErrorKind::Malformed(_) => Some(Distrust::Malformed),
        _ => None,
    }
}

/// The time to wait after a failure. A wrong token does not mend itself.
fn pause(kind: &ErrorKind, interval: Duration) -> Duration {
    match kind {
        ErrorKind::TokenRejected(_) => interval.saturating_mul(SLOW_FACTOR),
        ErrorKind::Throttled {
            wait: Some(wait), ..
        } => interval.max(*wait),
        _ => interval,
    }
}

/// The endpoint that the configuration means, among those of the project. Of
/// several with the name the lowest id, so that all instances choose the same.
pub fn choose_endpoint(endpoints: &[Endpoint], choice: &EndpointChoice) -> EndpointFact {
    match choice {
        EndpointChoice::Named { name, .. } => endpoints
            .iter()
            .filter(|endpoint| endpoint.endpoint_name == *name)
            .map(|endpoint| endpoint.endpoint_id.as_str())
            .min()
            .map_or(EndpointFact::Missing { refusal: None }, |id| {
                EndpointFact::Present(id.into())
            }),
        EndpointChoice::Existing { id } => {
            let is_there = endpoints.iter().any(|endpoint| endpoint.endpoint_id == *id);
            match is_there {
                true => EndpointFact::Present(id.as_str().into()),
                false => EndpointFact::Unusable(
                    format!("integration.endpoint_id {id} is not a Prometheus endpoint of this project; correct it").into(),
                ),
            }
        }
    }
}

/// One log line when trouble begins and one when it ends, however long it lasts.
#[derive(Debug, Default)]
struct Outage {
    since: Option<Instant>,
}

impl Outage {
    fn begins_or_goes_on(&mut self, project: &str, error: &Error) {
        if self.since.is_some() {
            tracing::debug!(project, %error, "Aiven still cannot be asked");
            return;
        }
        self.since = Some(Instant::now());
        // The client has said so already, once for all projects.
        if !matches!(error.kind, ErrorKind::TokenRejected(_)) {
            tracing::warn!(project, %error, "asking Aiven failed; targets stay as they are");
        }
    }

    fn over(&mut self, project: &str, what: &'static str) {
        if let Some(since) = self.since.take() {
            let seconds = since.elapsed().as_secs();
            tracing::info!(project, seconds, "trouble with Aiven is over: {what}");
        }
    }
}

#[cfg(test)]
mod tests;
