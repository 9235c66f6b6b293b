//! Observe: ask Aiven what exists, project by project.
//!
//! Each project has four loops, so that none waits for another. One lists the
//! services, one asks by name for services that a listing lacks, and two keep the
//! integration *setup* known: which types can have the integration, and which
//! endpoint to use. They only report; [`crate::model::project`] decides what
//! follows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::aiven::listing::ParseCache;
use crate::aiven::wire::ServiceReader;
use crate::aiven::{Client, Error, ErrorKind, Operation};
use crate::api_client::gate::spread;
use crate::api_client::unanswered::Unanswered;
use crate::model::backoff::{Caller, Doubt};
use crate::model::endpoint::EndpointChoice;
use crate::model::inventory::{ByName, Distrust};
use crate::model::odd_rows::SetupList;
use crate::model::outage::{Failure, Outages, Scope};
use crate::model::project::{Report, UnlistedServices};
use crate::model::service::Service;

/// How old the answer about the supported types may become.
const MAX_TYPES_AGE: Duration = Duration::from_secs(3600);

/// How many questions by name of one project are under way at once. One answer can
/// take many megabytes.
const MAX_QUESTIONS_AT_ONCE: usize = 4;

/// Where the reports of all projects go, each with the project's name.
pub type Reports = mpsc::Sender<(Arc<str>, Report)>;

/// The outages of all projects, so that what they share is said once.
pub type SharedOutages = Arc<Mutex<Outages<(Arc<str>, Operation)>>>;

/// What the loops of one project share.
#[derive(Clone)]
pub struct Observer {
    /// The project.
    pub project: Arc<str>,
    /// Aiven's API.
    pub client: Arc<Client>,
    /// `aiven.poll_interval`: the time between two listings.
    pub interval: Duration,
    /// `aiven.request_timeout`: how long asking for one service by name may take.
    pub timeout: Duration,
    /// The tags to keep of each service.
    pub tag_keys: BTreeSet<String>,
    /// Whether to read whose a service is.
    pub reads_claims: bool,
    /// Where the reports go.
    pub reports: Reports,
    /// What is failing, shared by all projects.
    pub outages: SharedOutages,
}

/// How one operation of one project fares.
struct Course<'a> {
    observer: &'a Observer,
    operation: Operation,
    doubt: Doubt,
}

/// Nothing receives the reports any more: the daemon is stopping.
struct Stopped;

impl Observer {
    /// Lists the project's services every `interval`. Returns when the `reports`
    /// channel closes.
    pub async fn list_services(self) {
        let mut reader = self.reader();
        let mut cache = ParseCache::default();
        let mut course = self.course(Operation::ListServices);
        loop {
            let started = tokio::time::Instant::now();
            let listing = self
                .client
                .list_services(&self.project, &mut reader, &cache);
            let (report, wait) = match listing.await {
                Ok((listing, read)) => {
                    cache = read;
                    course.succeeded();
                    let at = Timestamp::now();
                    let wait = self.interval.saturating_sub(started.elapsed());
                    (Report::Listed { at, listing }, wait)
                }
                Err(error) => (listing_failed(&error), course.failed(&error)),
            };
            if self.report(report).await.is_err() {
                return;
            }
            sleep(wait).await;
        }
    }

    /// Asks by name for the `unlisted` services. Returns when that channel or the
    /// `reports` channel closes.
    pub async fn ask_for_unlisted(self, mut unlisted: watch::Receiver<UnlistedServices>) {
        let reader = self.reader();
        let observer = &self;
        while unlisted.changed().await.is_ok() {
            let names = Arc::clone(&unlisted.borrow_and_update().names);
            let questions: Vec<_> = names
                .iter()
                .map(|name| observer.answer_about(Arc::clone(name), reader.fork()))
                .collect();
            let answers = stream::iter(questions).buffer_unordered(MAX_QUESTIONS_AT_ONCE);
            let answers = answers.collect().await;
            let at = Timestamp::now();
            if self
                .report(Report::AskedByName { at, answers })
                .await
                .is_err()
            {
                return;
            }
        }
    }

    /// Keeps known which service types can have the integration. Returns when the
    /// `reports` channel closes.
    pub async fn keep_types_known(self) {
        let mut course = self.course(Operation::ListIntegrationTypes);
        loop {
            let types = self.client.supported_types(&self.project).await;
            let read = types.map(|types| (vec![Report::SupportedTypes(types)], MAX_TYPES_AGE));
            let told = self.tell(&mut course, SetupList::IntegrationTypes, read);
            if told.await.is_err() {
                return;
            }
        }
    }

    /// Keeps the integration endpoint known. Returns when the `reports` channel closes.
    pub async fn keep_endpoint_known(self, choice: EndpointChoice) {
        let mut course = self.course(Operation::ListEndpoints);
        loop {
            let endpoints = self.client.prometheus_endpoints(&self.project).await;
            let read = endpoints.map(|endpoints| {
                // If it may be one of the odd rows, what was known before holds.
                let found = endpoints.find(&choice).ok().map(Report::Endpoint);
                let odd = Report::OddEndpoints(endpoints.odd);
                (found.into_iter().chain([odd]).collect(), self.interval)
            });
            let told = self.tell(&mut course, SetupList::IntegrationEndpoints, read);
            if told.await.is_err() {
                return;
            }
        }
    }

    /// Reports what was read of a list, or that it could not be, and waits until it is to
    /// be read again: for as long as the reports hold.
    async fn tell(
        &self,
        course: &mut Course<'_>,
        list: SetupList,
        read: Result<(Vec<Report>, Duration), Error>,
    ) -> Result<(), Stopped> {
        let (reports, wait) = match read {
            Ok(read) => {
                course.succeeded();
                read
            }
            Err(error) => (vec![setup_failed(list, &error)], course.failed(&error)),
        };
        for report in reports {
            self.report(report).await?;
        }
        self.pause(wait).await
    }

    fn course(&self, operation: Operation) -> Course<'_> {
        Course {
            observer: self,
            operation,
            doubt: Doubt::default(),
        }
    }

    async fn answer_about(&self, name: Arc<str>, mut reader: ServiceReader) -> (Arc<str>, ByName) {
        let answer = self.ask_by_name(&name, &mut reader).await;
        (name, answer)
    }

    async fn ask_by_name(&self, name: &str, reader: &mut ServiceReader) -> ByName {
        let question = self.client.service(&self.project, name, reader);
        match timeout(self.timeout, question).await {
            Ok(answer) => proven_by(name, answer),
            Err(_) => ByName::Unknown,
        }
    }

    fn reader(&self) -> ServiceReader {
        let reader = ServiceReader::new(self.tag_keys.iter().cloned());
        reader
            .hiding(self.client.secrets())
            .reading_claims(self.reads_claims)
    }

    /// Waits, unless the daemon stops before.
    async fn pause(&self, wait: Duration) -> Result<(), Stopped> {
        tokio::select! {
            () = sleep(wait) => Ok(()),
            () = self.reports.closed() => Err(Stopped),
        }
    }

    async fn report(&self, report: Report) -> Result<(), Stopped> {
        let report = (Arc::clone(&self.project), report);
        self.reports.send(report).await.map_err(|_| Stopped)
    }
}

impl Course<'_> {
    fn key(&self) -> (Arc<str>, Operation) {
        (Arc::clone(&self.observer.project), self.operation)
    }

    /// Logs a failure when trouble begins. Returns how long to wait after this one.
    fn failed(&mut self, error: &Error) -> Duration {
        let project = &self.observer.project;
        let operation = self.operation.as_str();
        let wait = error.kind.asked_wait();
        let is_rejected = matches!(error.kind, ErrorKind::TokenRejected(_));
        // Neither is about this project or operation alone.
        let scope = match is_rejected || wait.is_some() {
            true => Scope::Shared,
            false => Scope::Own,
        };
        let noted = self
            .observer
            .outages
            .lock()
            .failed(&self.key(), scope, Timestamp::now());
        match noted {
            Failure::Again => {
                tracing::debug!(%project, operation, %error, "asking Aiven still fails");
            }
            Failure::First if is_rejected => {
                tracing::error!(%project, operation, kind = %error.kind, "Aiven rejects the token; targets stay as they are");
            }
            Failure::First => {
                tracing::warn!(%project, operation, %error, "asking Aiven failed; targets stay as they are");
            }
        }
        let caller = Caller::Observe {
            interval: self.observer.interval,
        };
        let pause = caller.pauses(self.doubt.weigh(error.kind.trouble()));
        let spread = wait.map(spread).unwrap_or_default();
        pause.shortest.saturating_add(spread)
    }

    /// Logs a success when trouble ends.
    fn succeeded(&mut self) {
        self.doubt.answered();
        let ended = self
            .observer
            .outages
            .lock()
            .succeeded(&self.key(), Timestamp::now());
        if let Some(lasted) = ended {
            let project = &self.observer.project;
            let operation = self.operation.as_str();
            let seconds = lasted.as_secs();
            tracing::info!(%project, operation, seconds, "trouble with Aiven is over");
        }
    }
}

fn setup_failed(list: SetupList, error: &Error) -> Report {
    Report::SetupFailed {
        at: Timestamp::now(),
        list,
        reason: error.kind.reason(),
    }
}

fn listing_failed(error: &Error) -> Report {
    let distrust = match error.kind {
        ErrorKind::Truncated(_) => Some(Distrust::Truncated),
        ErrorKind::Unanswered(Unanswered::Malformed(_)) => Some(Distrust::Malformed),
        // A page with a good status in the place of the list.
        ErrorKind::Unanswered(Unanswered::Stranger(ref stranger)) if stranger.status < 300 => {
            Some(Distrust::Malformed)
        }
        _ => None,
    };
    Report::ListingFailed {
        at: Timestamp::now(),
        reason: error.kind.reason(),
        distrust,
    }
}

/// What an answer about one service proves.
fn proven_by(name: &str, answer: Result<Service, Error>) -> ByName {
    match answer {
        Ok(service) if *service.name == *name => ByName::Exists(Arc::new(service)),
        Err(error) if error.kind.denies_service(name) => ByName::DoesNotExist,
        Ok(_) => ByName::Unknown,
        Err(error) => {
            tracing::debug!(service = name, %error, "asking for a service by name failed");
            ByName::Unknown
        }
    }
}
