//! The client: authenticated, with limits on time and size. It retries reads,
//! waits as long as Aiven asks for, and never follows a redirect with the token.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::timeout;

use super::Operation;
use super::error::{Error, ErrorKind, error_of};
use super::listing::{ListingReader, ParseCache};
use super::wire::{self, Integrations, ListedEndpoints, PROMETHEUS, ServiceReader};
use crate::api_client::answer_room::AnswerRoom;
use crate::api_client::gate::Gate;
use crate::api_client::head::Head;
use crate::api_client::unanswered::Unanswered;
use crate::api_client::{PATIENCE, begins_an_object, describe, retries};
use crate::metrics::Metrics;
use crate::model::credentials::Credentials;
use crate::model::endpoint::{EndpointChoice, EndpointFact};
use crate::model::inventory::Listing;
use crate::model::odd_rows::ListedTypes;
use crate::model::outside_text::Secrets;
use crate::model::service::Service;
use crate::publish::surroundings::SurroundingsBoard;

mod call;
mod http_proxy;
mod look;
mod send;
mod trust;

use call::Call;
pub use http_proxy::HttpProxy;
pub use look::Look;

/// How many rows a listing asks for. The API has no paging for services, and the
/// default limit may be low (Aiven's own client sets 999 everywhere).
const LISTING_LIMIT: usize = 100_000;

/// How many request timeouts a listing may take in all, while bytes keep arriving.
const LISTING_TIMEOUTS: u32 = 10;

/// A client of one Aiven account, shared by all projects.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    /// What is taken out of all words of Aiven.
    secrets: Secrets,
    request_timeout: Duration,
    metrics: Metrics,
    gate: Gate,
    answer_room: AnswerRoom,
    /// How `http` reaches Aiven, if not directly.
    proxy: Option<HttpProxy>,
    /// Where it notes what Aiven's answers show of this machine's clock.
    surroundings: SurroundingsBoard,
}

/// What a [`Client`] is made of.
pub struct Connection {
    /// Must neither follow redirects nor use the system's resolver, and must go by
    /// way of `proxy`.
    pub http: reqwest::Client,
    /// `aiven.http_proxy`.
    pub proxy: Option<HttpProxy>,
    /// `aiven.api_url`.
    pub base: Url,
    /// `aiven.request_timeout`.
    pub request_timeout: Duration,
}

impl Client {
    /// A client that asks with this token. `secrets` gets to know the token, and
    /// every password that Aiven tells.
    ///
    /// # Errors
    /// When the token cannot be part of an HTTP header.
    pub fn new(
        connection: Connection,
        token: &SecretString,
        secrets: Secrets,
        metrics: Metrics,
    ) -> anyhow::Result<Client> {
        let mut authorization = HeaderValue::try_from(format!("aivenv1 {}", token.expose_secret()))
            .map_err(|_| anyhow::anyhow!("aiven.api_token has a character that no HTTP header can carry; paste it again without line breaks"))?;
        authorization.set_sensitive(true);
        secrets.add(token);
        Ok(Client {
            http: connection.http,
            base: connection.base,
            authorization,
            secrets,
            request_timeout: connection.request_timeout,
            metrics,
            gate: Gate::with_patience(PATIENCE),
            answer_room: AnswerRoom::default(),
            proxy: connection.proxy,
            surroundings: SurroundingsBoard::default(),
        })
    }

    /// The same client, which notes on `board` what Aiven's answers show of this machine's
    /// clock.
    #[must_use]
    pub fn noting(self, board: SurroundingsBoard) -> Client {
        Client {
            surroundings: board,
            ..self
        }
    }

    /// Where it notes what Aiven's answers show of this machine's clock.
    pub fn surroundings(&self) -> SurroundingsBoard {
        self.surroundings.clone()
    }

    /// What is taken out of Aiven's words.
    pub fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }

    /// The same client, but a call waits up to this long if Aiven asks for it.
    pub fn with_patience(self, patience: Duration) -> Client {
        let gate = Gate::with_patience(patience);
        Client { gate, ..self }
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
            let limit = self.request_timeout.saturating_mul(LISTING_TIMEOUTS);
            let reading = timeout(limit, self.list_once(&call, reader, last));
            let bounded = async {
                reading
                    .await
                    .unwrap_or(Err(Unanswered::Timeout(limit).into()))
            };
            let kind = match call.counted(bounded).await {
                Ok(listing) => return Ok(listing),
                Err(kind) => kind,
            };
            match backoff.next() {
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
        let (mut response, clock) = self.send(self.http.get(url)).await?;
        let head = Head::of(&response, &self.base);
        let mut listing = ListingReader::new(reader, last, LISTING_LIMIT);
        let mut received = 0;
        // If the connection breaks now, the listing is cut off in the middle.
        let cut_off = |kind, received| match kind {
            ErrorKind::Unanswered(Unanswered::Transport(_)) => ErrorKind::Truncated(received),
            other => other,
        };
        while let Some(chunk) = self
            .next_chunk(&mut response)
            .await
            .map_err(|kind| cut_off(kind, received))?
        {
            if received == 0 && !begins_an_object(&chunk) {
                return Err(error_of(&head, &chunk, &self.secrets).0);
            }
            received += chunk.len() as u64;
            listing.feed(&chunk)?;
        }
        let listing = listing.finish(LISTING_LIMIT, &self.secrets)?;
        self.note_clock(clock);
        Ok(listing)
    }

    /// Asks for one service by name.
    ///
    /// # Errors
    /// After retries; see [`ErrorKind::denies_service`].
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
        read.map_err(|unreadable| call.error(Unanswered::Malformed(unreadable.0)))
    }

    /// The service types whose metrics Aiven can expose to Prometheus.
    ///
    /// # Errors
    /// After retries, or when Aiven does not know the integration.
    pub async fn supported_types(&self, project: &str) -> Result<ListedTypes, Error> {
        let call = Call::new(self, Operation::ListIntegrationTypes, project);
        let path = ["project", project, "integration_types"];
        let body = call.get_bytes(&path, &[]).await?;
        call.understood(wire::read_types(body.bytes()))
    }

    /// The project's integration endpoints of type `prometheus`.
    ///
    /// # Errors
    /// After retries.
    pub async fn prometheus_endpoints(&self, project: &str) -> Result<ListedEndpoints, Error> {
        let call = Call::new(self, Operation::ListEndpoints, project);
        let path = ["project", project, "integration_endpoint"];
        let body = call.get_bytes(&path, &[]).await?;
        call.understood(ListedEndpoints::read(body.bytes()))
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
            call.error(Unanswered::Malformed(what))
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
        // Aiven may quote the value that it refuses.
        self.secrets.add(&credentials.password);
        call.post(&path, &body).await
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
        let read = serde_json::from_slice(body.bytes());
        let answer: Integrations<'_> = call.understood(read.map_err(|error| describe(&error)))?;
        answer.has_prometheus(service).ok_or_else(|| {
            let what = "a row of service_integrations cannot be read, which may be the one for Prometheus, so none is created";
            call.error(Unanswered::Malformed(what.to_owned()))
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
