//! Observe: ask Aiven what exists, project by project.
//!
//! Each project has three loops, so that none waits for another. One lists the
//! services, one asks by name for services that a listing lacks, and one keeps
//! the integration *setup* known: which types can have the integration, and
//! which endpoint to use. They only report; [`crate::model::project`] decides
//! what follows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::aiven::listing::ParseCache;
use crate::aiven::wire::ServiceReader;
use crate::aiven::{Client, Error, ErrorKind};
use crate::model::backoff::Caller;
use crate::model::endpoint::EndpointChoice;
use crate::model::inventory::{ByName, Distrust};
use crate::model::outage::{Failure, Outage};
use crate::model::project::{Report, UnlistedServices};
use crate::model::service::Service;

/// How old the answer about the supported types may become.
const MAX_TYPES_AGE: Duration = Duration::from_secs(3600);

/// How many questions by name of one project are under way at once. One answer can
/// take many megabytes.
const MAX_QUESTIONS_AT_ONCE: usize = 4;

/// Where the reports of all projects go, each with the project's name.
pub type Reports = mpsc::Sender<(Arc<str>, Report)>;

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
    /// Where the reports go.
    pub reports: Reports,
}

/// Nothing receives the reports any more: the daemon is stopping.
struct Stopped;

impl Observer {
    /// Lists the project's services every `interval`. Returns when the `reports`
    /// channel closes.
    pub async fn list_services(self) {
        let mut reader = self.reader();
        let mut cache = ParseCache::default();
        let mut outage = Outage::default();
        loop {
            let started = Instant::now();
            let listing = self
                .client
                .list_services(&self.project, &mut reader, &cache);
            let (report, next) = match listing.await {
                Ok((listing, read)) => {
                    cache = read;
                    self.note_success(&mut outage, "listing again");
                    let at = Timestamp::now();
                    (Report::Listed { at, listing }, started + self.interval)
                }
                Err(error) => {
                    let wait = self.note_failure(&mut outage, &error);
                    (listing_failed(&error), Instant::now() + wait)
                }
            };
            if self.report(report).await.is_err() {
                return;
            }
            sleep_until(next).await;
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

    /// Keeps the integration setup known. Returns when the `reports` channel closes.
    pub async fn keep_setup_known(self, choice: EndpointChoice) {
        let mut types_expire: Option<Instant> = None;
        let mut outage = Outage::default();
        loop {
            let types_due = types_expire.is_none_or(|expire| Instant::now() >= expire);
            let (types, endpoints) = tokio::join!(
                async {
                    if !types_due {
                        return None;
                    }
                    Some(self.client.supported_types(&self.project).await)
                },
                self.client.prometheus_endpoints(&self.project)
            );
            let mut retry_after = None;
            let mut reports = Vec::new();
            match types {
                Some(Ok(types)) => {
                    types_expire = Some(Instant::now() + MAX_TYPES_AGE);
                    reports.push(Report::SupportedTypes(types));
                }
                Some(Err(error)) => retry_after = Some(self.note_failure(&mut outage, &error)),
                None => {}
            }
            match endpoints {
                Ok(endpoints) => {
                    // If it may be one of the odd rows, what was known before holds.
                    let found = endpoints.find(&choice).ok();
                    reports.extend(found.map(Report::Endpoint));
                    reports.push(Report::OddEndpoints(endpoints.odd));
                }
                Err(error) => {
                    retry_after = retry_after.max(Some(self.note_failure(&mut outage, &error)))
                }
            }
            if retry_after.is_none() {
                self.note_success(&mut outage, "integration setup known again");
            }
            for report in reports {
                if self.report(report).await.is_err() {
                    return;
                }
            }
            sleep(retry_after.unwrap_or(self.interval)).await;
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
        reader.hiding(self.client.secrets())
    }

    async fn report(&self, report: Report) -> Result<(), Stopped> {
        let report = (Arc::clone(&self.project), report);
        self.reports.send(report).await.map_err(|_| Stopped)
    }

    /// Logs the first of consecutive failures. Returns how long to wait after this one.
    fn note_failure(&self, outage: &mut Outage, error: &Error) -> Duration {
        let project = &self.project;
        match outage.begin(Timestamp::now()) {
            Failure::Again => tracing::debug!(%project, %error, "asking Aiven still fails"),
            // The client has already logged this, once for all projects.
            Failure::First if matches!(error.kind, ErrorKind::TokenRejected(_)) => {}
            Failure::First => {
                tracing::warn!(%project, %error, "asking Aiven failed; targets stay as they are");
            }
        }
        let interval = self.interval;
        let caller = Caller::Observe { interval };
        caller.pauses(error.kind.trouble()).shortest
    }

    fn note_success(&self, outage: &mut Outage, what: &'static str) {
        if let Some(duration) = outage.end(Timestamp::now()) {
            let seconds = duration.as_secs();
            tracing::info!(project = %self.project, seconds, "trouble with Aiven is over: {what}");
        }
    }
}

fn listing_failed(error: &Error) -> Report {
    let distrust = match error.kind {
        ErrorKind::Truncated(_) => Some(Distrust::Truncated),
        ErrorKind::Malformed(_) => Some(Distrust::Malformed),
        _ => None,
    };
    Report::ListingFailed {
        at: Timestamp::now(),
        cause: error.kind.to_string(),
        distrust,
    }
}

/// What an answer about one service proves.
fn proven_by(name: &str, answer: Result<Service, Error>) -> ByName {
    match answer {
        Ok(service) if *service.name == *name => ByName::Exists(Arc::new(service)),
        Err(error) if error.kind.says_service_does_not_exist() => ByName::DoesNotExist,
        Ok(_) => ByName::Unknown,
        Err(error) => {
            tracing::debug!(service = name, %error, "asking for a service by name failed");
            ByName::Unknown
        }
    }
}
