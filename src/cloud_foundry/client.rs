//! The client of Cloud Controller, with its own client of UAA: finds UAA, gets a token
//! and renews it, and obeys both when they ask to wait.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use base64::prelude::{BASE64_STANDARD, Engine};
use form_urlencoded::byte_serialize;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep, timeout};

use super::error::{Error, ErrorKind, Meaning, Operation};
use super::page::{Gathered, shared_spaces};
use super::pass::{Pass, ROWS_PER_PAGE, Reading, Then};
use super::refusal::{Party, transport};
use super::token::{Grant, Token, uaa_url};
use crate::api_client::answer_room::{Answer, AnswerRoom};
use crate::api_client::gate::Gate;
use crate::api_client::head::Head;
use crate::api_client::unanswered::Unanswered;
use crate::api_client::{MAX_ERROR_BODY, PATIENCE, begins_an_object, retries};
use crate::config;
use crate::metrics::Metrics;
use crate::model::cloud_foundry::{Foundation, Guid, NeededInstances};
use crate::model::outside_text::{OutsideText, Secrets};

pub(super) mod look;

/// How long one request may take, with its answer.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What a row of `included` has to tell.
const FIELDS: [(&str, &str); 2] = [
    ("fields[space]", "guid,name,relationships.organization"),
    ("fields[space.organization]", "guid,name"),
];

/// A client of one foundation. Copies share what they were asked to wait.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    /// Of our client, for UAA.
    authorization: HeaderValue,
    secrets: Secrets,
    metrics: Metrics,
    shared: Arc<Shared>,
    pub(super) request_timeout: Duration,
    pub(super) retries: ExponentialBuilder,
    /// Where UAA is. Forgotten when it gives no token that works.
    uaa: Option<Url>,
    token: Option<Token>,
}

/// What all copies of a client share.
struct Shared {
    cloud_controller: Gate,
    uaa: Gate,
    room: AnswerRoom,
}

impl Client {
    /// # Errors
    /// When the id or the secret cannot be part of an HTTP header.
    pub(super) fn new(
        config: &config::CloudFoundry,
        http: reqwest::Client,
        metrics: Metrics,
        secrets: Secrets,
    ) -> anyhow::Result<Client> {
        secrets.add(&config.client_secret);
        let authorization = basic(&config.client_id, &config.client_secret, &secrets)?;
        Ok(Client {
            http,
            base: config.api_url.clone(),
            authorization,
            secrets,
            metrics,
            shared: Arc::new(Shared {
                cloud_controller: Gate::with_patience(PATIENCE),
                uaa: Gate::with_patience(PATIENCE),
                room: AnswerRoom::default(),
            }),
            request_timeout: REQUEST_TIMEOUT,
            retries: retries(),
            uaa: None,
            token: None,
        })
    }

    /// Reads every page of the service instances, and keeps what they tell of those
    /// that are needed.
    ///
    /// # Errors
    /// After retries of each page. Nothing is known then.
    pub(super) async fn read_all(&mut self, needed: NeededInstances) -> Result<Reading, Error> {
        let operation = Operation::ListServiceInstances;
        let mut pass = Pass::new(needed);
        let per_page = ROWS_PER_PAGE.to_string();
        loop {
            let page = pass.page().to_string();
            let query = [
                ("type", "managed"),
                ("order_by", "created_at"),
                ("per_page", &per_page),
                ("page", &page),
            ];
            let url = self.service_instances(&query);
            let answer = self.get(operation, url).await?;
            match pass.take(answer.bytes(), &self.secrets) {
                Ok(Then::GoOn) => {}
                Ok(Then::End) => break,
                Err(what) => return Err(self.malformed(operation, what)),
            }
        }
        let reading = pass.finish();
        // An empty list is no news where nothing could be seen.
        match self.token.as_ref().and_then(Token::blind).cloned() {
            Some(scopes) if reading.rows == 0 => {
                // A new one may have the authority.
                self.token = None;
                Err(self.error(operation, &self.base, ErrorKind::SeesNothing(scopes)))
            }
            _ => Ok(reading),
        }
    }

    /// Looks for these instances alone.
    ///
    /// # Errors
    /// After retries.
    pub(super) async fn look_for(&mut self, guids: &[Guid]) -> Result<Foundation, Error> {
        let operation = Operation::ListServiceInstances;
        let (list, number) = (guids.iter().map(Guid::to_string), guids.len().to_string());
        let list = list.collect::<Vec<_>>().join(",");
        let query = [
            ("type", "managed"),
            ("per_page", &*number),
            ("guids", &list),
        ];
        let url = self.service_instances(&query);
        let answer = self.get(operation, url).await?;
        let needed = guids.iter().copied().collect();
        let mut gathered = Gathered::default();
        gathered
            .read(answer.bytes(), &needed, &self.secrets)
            .map_err(|what| self.malformed(operation, what))?;
        Ok(gathered.finish(&needed))
    }

    /// The spaces that an instance is shared with.
    ///
    /// # Errors
    /// After retries.
    pub(super) async fn shared_spaces(&mut self, guid: Guid) -> Result<Vec<Guid>, Error> {
        let operation = Operation::ListSharedSpaces;
        let guid = guid.to_string();
        let path = [
            "v3",
            "service_instances",
            &guid,
            "relationships",
            "shared_spaces",
        ];
        let answer = self.get(operation, under(&self.base, &path)).await?;
        shared_spaces(answer.bytes()).map_err(|what| self.malformed(operation, what))
    }

    fn service_instances(&self, query: &[(&str, &str)]) -> Url {
        let mut url = under(&self.base, &["v3", "service_instances"]);
        url.query_pairs_mut()
            .extend_pairs(query)
            .extend_pairs(FIELDS);
        url
    }

    /// Asks Cloud Controller with a token, and once more with a new one if it does not
    /// accept the first.
    async fn get(&mut self, operation: Operation, url: Url) -> Result<Answer, Error> {
        let mut backoff = self.retries.build();
        let mut is_renewed = false;
        loop {
            let token = self.token().await?;
            let request = self.http.get(url.clone()).header(AUTHORIZATION, token);
            let kind = match self.ask(Party::CloudController, operation, request).await {
                Ok(answer) => return Ok(answer),
                Err(kind) => kind,
            };
            let is_refused = kind.meaning() == Some(Meaning::TokenRejected);
            let mut blind = None;
            // What it lacks, a new one may have.
            if is_refused || kind.meaning() == Some(Meaning::Forbidden) {
                let token = self.token.take();
                blind = token.and_then(|token| token.blind().cloned());
            }
            match backoff.next() {
                _ if is_refused && !is_renewed => is_renewed = true,
                Some(wait) if kind.is_transient() => sleep(wait).await,
                _ => {
                    if is_refused {
                        self.uaa = None;
                    }
                    // A token without any scope of Cloud Controller's is not meant for it.
                    let kind = blind.map_or(kind, ErrorKind::SeesNothing);
                    return Err(self.error(operation, &url, kind));
                }
            }
        }
    }

    /// The token: a new one after four fifths of the life of the last. While UAA
    /// gives none, the last is used as long as it lives.
    async fn token(&mut self) -> Result<HeaderValue, Error> {
        if let Some(token) = &self.token
            && token.is_fresh(Instant::now())
        {
            return Ok(token.authorization());
        }
        let error = match self.renew().await {
            Ok(token) => return Ok(self.token.insert(token).authorization()),
            Err(error) => error,
        };
        let now = Instant::now();
        match &mut self.token {
            Some(token) if token.is_alive(now) => {
                tracing::debug!(%error, "renewing the token failed; the last one lives on");
                token.put_off(now);
                Ok(token.authorization())
            }
            _ => Err(error),
        }
    }

    async fn renew(&mut self) -> Result<Token, Error> {
        let base = match self.uaa.clone() {
            Some(uaa) => uaa,
            None => self.find_uaa().await?,
        };
        let url = under(&base, &["oauth", "token"]);
        let asked_at = Instant::now();
        let request = || {
            self.http
                .post(url.clone())
                .header(AUTHORIZATION, self.authorization.clone())
                // UAA decodes what RFC 6749, section 2.3.1, wants encoded only if told so.
                .header("X-CF-ENCODED-CREDENTIALS", "true")
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials")
        };
        let asked = self.retried(Party::Uaa, Operation::Token, request).await;
        let token = asked.and_then(|answer| {
            Grant::read(answer.bytes())
                .and_then(|grant| Token::new(&grant, asked_at, &self.secrets))
                .map_err(|what| Unanswered::Malformed(what).into())
        });
        // It may have moved.
        self.uaa = token.is_ok().then_some(base);
        token.map_err(|kind| self.error(Operation::Token, &url, kind))
    }

    async fn find_uaa(&self) -> Result<Url, Error> {
        let request = || self.http.get(self.base.clone());
        let asked = self.retried(Party::CloudController, Operation::Root, request);
        let found = asked
            .await
            .and_then(|answer| uaa_url(answer.bytes(), &self.secrets).map_err(ErrorKind::NoUaa));
        found.map_err(|kind| self.error(Operation::Root, &self.base, kind))
    }

    async fn retried(
        &self,
        party: Party,
        operation: Operation,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, ErrorKind> {
        (|| self.ask(party, operation, request()))
            .retry(self.retries)
            .when(ErrorKind::is_transient)
            .await
    }

    /// Asks once, and counts it.
    async fn ask(
        &self,
        party: Party,
        operation: Operation,
        request: RequestBuilder,
    ) -> Result<Answer, ErrorKind> {
        let gate = match party {
            Party::CloudController => &self.shared.cloud_controller,
            Party::Uaa => &self.shared.uaa,
        };
        gate.pass().await?;
        let started = Instant::now();
        let answer = timeout(self.request_timeout, self.exchange(party, request)).await;
        let answer = answer.unwrap_or(Err(Unanswered::Timeout(self.request_timeout).into()));
        let code = match &answer {
            Ok(_) => "200".to_owned(),
            Err(kind) => kind.code(),
        };
        let name = operation.as_str();
        self.metrics.api_request(name, code, started.elapsed());
        match &answer {
            Ok(_) => gate.answered(),
            Err(kind) => gate.note(kind, kind.pressure(), &self.secrets),
        }
        answer
    }

    async fn exchange(&self, party: Party, request: RequestBuilder) -> Result<Answer, ErrorKind> {
        let sent = request.send().await;
        let mut response = sent.map_err(|error| transport(error, &self.secrets))?;
        let head = Head::of(&response, response.url());
        if !head.is_good() {
            let body = read_error(&mut response).await;
            return Err(party.error_of(&head, &body, &self.secrets));
        }
        let mut answer = Answer::default();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| transport(error, &self.secrets))?
        {
            let room = &self.shared.room;
            room.add(&mut answer, &chunk, self.request_timeout).await?;
        }
        let body = answer.bytes();
        if body.is_empty() || !begins_an_object(body) {
            return Err(party.stranger(&head, body, &self.secrets));
        }
        Ok(answer)
    }

    fn malformed(&self, operation: Operation, what: String) -> Error {
        self.error(operation, &self.base, Unanswered::Malformed(what))
    }

    /// A pass whose list ended before it should.
    pub(super) fn cut_short(&self, what: String) -> Error {
        self.malformed(Operation::ListServiceInstances, what)
    }

    /// A pass that took too long.
    pub(super) fn unfinished(&self, after: Duration) -> Error {
        let operation = Operation::ListServiceInstances;
        self.error(operation, &self.base, ErrorKind::Unfinished(after))
    }

    fn error(&self, operation: Operation, url: &Url, kind: impl Into<ErrorKind>) -> Error {
        let host = url.host_str().unwrap_or_default();
        Error {
            operation,
            server: OutsideText::prose(host, &self.secrets),
            kind: kind.into(),
        }
    }
}

/// The first bytes of an error.
async fn read_error(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend(chunk.iter().take(MAX_ERROR_BODY.saturating_sub(body.len())));
        if body.len() >= MAX_ERROR_BODY {
            break;
        }
    }
    body
}

/// `base` with these segments behind its path, each percent-encoded.
fn under(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// RFC 6749, section 2.3.1: both are encoded as in a form.
fn basic(id: &str, secret: &SecretString, secrets: &Secrets) -> anyhow::Result<HeaderValue> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let secret = SecretString::from(encoded(secret.expose_secret()));
    // As it stands in the header, it may be quoted, too.
    secrets.add(&secret);
    let pair = format!("{}:{}", encoded(id), secret.expose_secret());
    let mut header = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair)))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests;
