//! Sending a request, and whose answer comes: what was asked for, an error in Aiven's words,
//! or none.

use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, Response};
use tokio::time::{Instant, timeout};

use super::{Client, look};
use crate::aiven::error::{ErrorKind, error_of};
use crate::api_client::head::Head;
use crate::api_client::unanswered::Unanswered;
use crate::api_client::{MAX_ERROR_BODY, is_about_dates, refused_certificate, words_of};
use crate::model::outside_text::OutsideText;
use crate::model::surroundings::Sighting;

impl Client {
    /// Sends a request. Returns its response if the status is 2xx, and the body may
    /// be Aiven's; with what it shows of this machine's clock, if it is.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
    ) -> Result<(Response, Option<Sighting>), ErrorKind> {
        self.gate.pass().await?;
        let request = request.header(AUTHORIZATION, self.authorization.clone());
        let began = Instant::now();
        let sent = match timeout(self.request_timeout, request.send()).await {
            Ok(sent) => sent,
            Err(_) => Err(self.without_answer().await)?,
        };
        let response = match sent {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Err(self.not_connected(error).await),
            Err(error) => return Err(self.transport(error)),
        };
        let clock = look::sighting(response.headers(), began.elapsed());
        let head = Head::of(&response, &self.base);
        if head.is_good() {
            self.gate.answered();
            return Ok((response, clock));
        }
        let kind = self.read_error(response, &head).await;
        if kind.is_in_aivens_words() {
            self.note_clock(clock);
        }
        Err(kind)
    }

    /// Notes what an answer of Aiven's own shows of this machine's clock.
    pub(super) fn note_clock(&self, clock: Option<Sighting>) {
        if let Some(clock) = clock {
            self.surroundings.saw_clock(clock);
        }
    }

    async fn read_error(&self, mut response: Response, head: &Head) -> ErrorKind {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.next_chunk(&mut response).await {
            body.extend(chunk.iter().take(MAX_ERROR_BODY - body.len()));
            if body.len() >= MAX_ERROR_BODY {
                break;
            }
        }
        if let Some(proxy) = &self.proxy
            && let Some(kind) = proxy.refusal(&response, &self.base, &self.secrets)
        {
            return kind;
        }
        let (kind, wait) = error_of(head, &body, &self.secrets);
        self.gate
            .note(&kind.found(), kind.pressure(wait), &self.secrets);
        kind
    }

    pub(super) async fn next_chunk(
        &self,
        response: &mut Response,
    ) -> Result<Option<bytes::Bytes>, ErrorKind> {
        timeout(self.request_timeout, response.chunk())
            .await
            .map_err(|_| Unanswered::Timeout(self.request_timeout))?
            .map_err(|error| self.transport(error))
    }

    /// No connection was made: by the proxy, or to Aiven.
    async fn not_connected(&self, error: reqwest::Error) -> ErrorKind {
        let trouble = self.trouble_of_proxy().await;
        trouble.unwrap_or_else(|| self.transport(error))
    }

    /// The answer did not come in time: the proxy may be why.
    async fn without_answer(&self) -> ErrorKind {
        let trouble = self.trouble_of_proxy().await;
        trouble.unwrap_or(Unanswered::Timeout(self.request_timeout).into())
    }

    async fn trouble_of_proxy(&self) -> Option<ErrorKind> {
        let proxy = self.proxy.as_ref()?;
        proxy
            .trouble(&self.base, self.request_timeout, &self.secrets)
            .await
    }

    fn transport(&self, error: reqwest::Error) -> ErrorKind {
        let is_about_dates = refused_certificate(&error).map(is_about_dates);
        let mut message = words_of(error);
        if let Some(proxy) = &self.proxy {
            message = format!("through the proxy {}: {message}", proxy.name());
        }
        let prose = |words: &str| OutsideText::prose(words, &self.secrets);
        match is_about_dates {
            Some(true) => ErrorKind::CertificateDates(prose(&message)),
            Some(false) => ErrorKind::Certificate(prose(&message)),
            None => {
                let host = self.base.host_str().unwrap_or_default();
                let port = self.base.port_or_known_default().unwrap_or_default();
                Unanswered::Transport(prose(&format!("{host}:{port}: {message}"))).into()
            }
        }
    }
}
