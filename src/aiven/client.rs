//! The client: authenticated, with limits on time and size. It retries reads, and
//! never follows a redirect with the token.

use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::Operation;
use super::error::{Error, ErrorKind};
use super::listing::{ListingReader, ParseCache};
use super::wire::{self, Integrations, ListedEndpoints, PROMETHEUS, ServiceReader};
use crate::metrics::Metrics;
use crate::model::credentials::Credentials;
use crate::model::endpoint::{EndpointChoice, EndpointFact};
use crate::model::inventory::Listing;
use crate::model::odd_rows::ListedTypes;
use crate::model::outage::{Failure, Outage};
use crate::model::outside_text::Secrets;
use crate::model::service::Service;

mod call;
mod trust;

use call::{Call, retries, wait_after};

/// How many rows a listing asks for. The API has no paging for services, and the
/// default limit may be low (Aiven's own client sets 999 everywhere).
const LISTING_LIMIT: usize = 100_000;

/// How many request timeouts a listing may take in all, while bytes keep arriving.
const LISTING_TIMEOUTS: u32 = 10;

/// How many bytes of an error body are read.
const MAX_ERROR_BODY: usize = 64 << 10;

/// The longest wait within one call. If Aiven asks for more, the call fails, and
/// the caller tries again later.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// A client of one Aiven account, shared by all projects.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    token: SecretString,
    request_timeout: Duration,
    metrics: Metrics,
    /// No request before this: Aiven counts its limit per user, not per project.
    not_before: Mutex<Option<Instant>>,
    token_rejected: Mutex<Outage>,
}

impl Client {
    /// `base` is `aiven.api_url`; `http` must neither follow redirects nor use
    /// the system's resolver.
    ///
    /// # Errors
    /// When the token cannot be part of an HTTP header.
    pub fn new(
        http: reqwest::Client,
        base: Url,
        token: SecretString,
        request_timeout: Duration,
        metrics: Metrics,
    ) -> anyhow::Result<Client> {
        let mut authorization = HeaderValue::try_from(format!("aivenv1 {}", token.expose_secret()))
            .map_err(|_| anyhow::anyhow!("aiven.api_token has a character that no HTTP header can carry; paste it again without line breaks"))?;
        authorization.set_sensitive(true);
        Ok(Client {
            http,
            base,
            authorization,
            token,
            request_timeout,
            metrics,
            not_before: Mutex::new(None),
            token_rejected: Mutex::default(),
        })
    }

    /// What is taken out of Aiven's words.
    pub fn secrets(&self) -> Secrets {
        let secrets = Secrets::default();
        secrets.add(&self.token);
        secrets
    }

    /// Lists the services of a project. Services that are unchanged since the
    /// listing behind `last` are not parsed again.
    ///
    /// # Errors
    /// After retries. A failed listing proves nothing about any service.
    pub async fn list_services(
        &self,
        project: &str,
        reader: &mut ServiceReader,
        last: &ParseCache,
    ) -> Result<(Listing, ParseCache), Error> {
        let call = Call::new(self, Operation::ListServices, project);
        let mut backoff = backon::BackoffBuilder::build(retries());
        loop {
            let limit = self.request_timeout * LISTING_TIMEOUTS;
            let reading = timeout(limit, self.list_once(&call, reader, last));
            let bounded = async { reading.await.unwrap_or(Err(ErrorKind::Timeout(limit))) };
            let kind = match call.counted(bounded).await {
                Ok(listing) => return Ok(listing),
                Err(kind) => kind,
            };
            match backoff
                .next()
                .and_then(|wait| wait_after(&kind, Some(wait)))
            {
                Some(wait) if kind.is_transient() => tokio::time::sleep(wait).await,
                _ => return Err(call.error(kind)),
            }
        }
    }

    async fn list_once(
        &self,
        call: &Call<'_>,
        reader: &mut ServiceReader,
        last: &ParseCache,
    ) -> Result<(Listing, ParseCache), ErrorKind> {
        let limit = LISTING_LIMIT.to_string();
        let url = self.url(&["project", call.project, "service"], &[("limit", &limit)]);
        let mut response = self.send(self.http.get(url)).await?;
        let mut listing = ListingReader::new(reader, last, LISTING_LIMIT);
        let mut received = 0;
        // If the connection breaks now, the listing is cut off in the middle.
        let cut_off = |kind, received| match kind {
            ErrorKind::Transport(_) => ErrorKind::Truncated(received),
            other => other,
        };
        while let Some(chunk) = self
            .next_chunk(&mut response)
            .await
            .map_err(|kind| cut_off(kind, received))?
        {
            received += chunk.len() as u64;
            listing.feed(&chunk)?;
        }
        listing.finish(LISTING_LIMIT)
    }

    /// Asks for one service by name.
    ///
    /// # Errors
    /// After retries; see [`ErrorKind::says_service_does_not_exist`].
    pub async fn service(
        &self,
        project: &str,
        name: &str,
        reader: &mut ServiceReader,
    ) -> Result<Service, Error> {
        #[derive(serde::Deserialize)]
        struct Answer {
            service: Box<serde_json::value::RawValue>,
        }
        let path = ["project", project, "service", name];
        let call = Call::new(self, Operation::GetService, project);
        let answer: Answer = call.get(&path).await?;
        let read = reader.read(answer.service.get().as_bytes());
        read.map_err(|unreadable| call.error(ErrorKind::Malformed(unreadable.0)))
    }

    /// The service types whose metrics Aiven can expose to Prometheus.
    ///
    /// # Errors
    /// After retries, or when Aiven does not know the integration.
    pub async fn supported_types(&self, project: &str) -> Result<ListedTypes, Error> {
        let call = Call::new(self, Operation::ListIntegrationTypes, project);
        let path = ["project", project, "integration_types"];
        let body = call.get_bytes(&path, &[]).await?;
        wire::read_types(&body).map_err(|what| call.error(ErrorKind::Malformed(what)))
    }

    /// The project's integration endpoints of type `prometheus`.
    ///
    /// # Errors
    /// After retries.
    pub async fn prometheus_endpoints(&self, project: &str) -> Result<ListedEndpoints, Error> {
        let call = Call::new(self, Operation::ListEndpoints, project);
        let path = ["project", project, "integration_endpoint"];
        let body = call.get_bytes(&path, &[]).await?;
        ListedEndpoints::read(&body).map_err(|what| call.error(ErrorKind::Malformed(what)))
    }

    /// The integration endpoint of the project to use.
    ///
    /// # Errors
    /// After retries, or when it may be a row that cannot be read.
    pub async fn find_endpoint(
        &self,
        project: &str,
        choice: &EndpointChoice,
    ) -> Result<EndpointFact, Error> {
        let listed = self.prometheus_endpoints(project).await?;
        listed.find(choice).map_err(|what| {
            let call = Call::new(self, Operation::ListEndpoints, project);
            call.error(ErrorKind::Malformed(what))
        })
    }

    /// Creates an integration endpoint. Sent once, never retried: look up
    /// the current state before calling again.
    ///
    /// # Errors
    /// Any [`ErrorKind`]; after `Timeout` and `Transport` it may still have been created.
    pub async fn create_endpoint(
        &self,
        project: &str,
        name: &str,
        credentials: &Credentials,
    ) -> Result<(), Error> {
        let call = Call::new(self, Operation::CreateEndpoint, project);
        let body = json!({
            "endpoint_name": name,
            "endpoint_type": PROMETHEUS,
            "user_config": {
                "basic_auth_username": credentials.username,
                "basic_auth_password": credentials.password.expose_secret(),
            },
        });
        let path = ["project", project, "integration_endpoint"];
        let created = call.post(&path, &body).await;
        // Aiven may quote the value that it refuses.
        created.map_err(|error| error.without(credentials.password.expose_secret()))
    }

    /// Whether a service has a Prometheus integration, with any endpoint.
    ///
    /// # Errors
    /// After retries, or when a row cannot be read that may be one.
    pub async fn has_prometheus_integration(
        &self,
        project: &str,
        service: &str,
    ) -> Result<bool, Error> {
        let call = Call::new(self, Operation::ListIntegrations, project);
        let path = ["project", project, "service", service, "integration"];
        let body = call.get_bytes(&path, &[]).await?;
        let answer: Integrations<'_> = serde_json::from_slice(&body)
            .map_err(|error| call.error(ErrorKind::Malformed(wire::describe(&error))))?;
        answer.has_prometheus(service).ok_or_else(|| {
            let what = "a row of service_integrations cannot be read, which may be the one for Prometheus, so none is created";
            call.error(ErrorKind::Malformed(what.to_owned()))
        })
    }

    /// Integrates a service with an endpoint. Sent once, never retried: look up
    /// the current state before calling again.
    ///
    /// # Errors
    /// Any [`ErrorKind`]; after `Timeout` and `Transport` it may still have been created.
    pub async fn create_integration(
        &self,
        project: &str,
        service: &str,
        endpoint_id: &str,
    ) -> Result<(), Error> {
        let call = Call::new(self, Operation::CreateIntegration, project);
        let body = json!({
            "integration_type": PROMETHEUS,
            "source_service": service,
            "dest_endpoint_id": endpoint_id,
        });
        call.post(&["project", project, "integration"], &body).await
    }

    /// Sends a request. Returns its response if the status is 2xx.
    async fn send(&self, request: RequestBuilder) -> Result<Response, ErrorKind> {
        self.wait_out_throttling().await?;
        let request = request.header(AUTHORIZATION, self.authorization.clone());
        let response = timeout(self.request_timeout, request.send())
            .await
            .map_err(|_| ErrorKind::Timeout(self.request_timeout))?
            .map_err(transport)?;
        if response.status().is_success() {
            self.token_rejected.lock().end(Timestamp::now());
            return Ok(response);
        }
        Err(self.read_error(response).await)
    }

    async fn read_error(&self, mut response: Response) -> ErrorKind {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(retry_after);
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.next_chunk(&mut response).await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ERROR_BODY {
                break;
            }
        }
        let kind =
            ErrorKind::from_answer(status, retry_after, &body).without(self.token.expose_secret());
        match &kind {
            ErrorKind::Throttled { wait, .. } => {
                self.pause_all(wait.unwrap_or(Duration::from_secs(1)))
            }
            ErrorKind::TokenRejected(_)
                if self.token_rejected.lock().begin(Timestamp::now()) == Failure::First =>
            {
                tracing::error!(%kind, "Aiven rejects the token; asking again slowly");
            }
            _ => {}
        }
        kind
    }

    async fn next_chunk(&self, response: &mut Response) -> Result<Option<bytes::Bytes>, ErrorKind> {
        timeout(self.request_timeout, response.chunk())
            .await
            .map_err(|_| ErrorKind::Timeout(self.request_timeout))?
            .map_err(transport)
    }

    fn pause_all(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut not_before = self.not_before.lock();
        *not_before = Some(not_before.map_or(until, |set| set.max(until)));
    }

    async fn wait_out_throttling(&self) -> Result<(), ErrorKind> {
        let not_before = *self.not_before.lock();
        let Some(until) = not_before.filter(|until| *until > Instant::now()) else {
            return Ok(());
        };
        let wait = until - Instant::now();
        if wait > MAX_WAIT {
            return Err(ErrorKind::Throttled {
                message: "Aiven asked to wait longer".to_owned(),
                wait: Some(wait),
            });
        }
        tokio::time::sleep_until(until).await;
        Ok(())
    }

    /// `base` + `/v1/` + the segments, each percent-encoded.
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// `Retry-After`: seconds, or a date.
fn retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    date.duration_since(jiff::Timestamp::now()).try_into().ok()
}

/// The message of reqwest's error with all its sources, without the URL.
fn transport(error: reqwest::Error) -> ErrorKind {
    use std::error::Error as _;
    let error = error.without_url();
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    ErrorKind::Transport(message)
}
