//! One call: counts its attempts, and names operation and project in its errors.

use backon::Retryable;
use parking_lot::Mutex;
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::Client;
use crate::aiven::Operation;
use crate::aiven::error::{self, Error, ErrorKind};
use crate::aiven::wire;
use crate::api_client::answer_room::Answer;
use crate::api_client::head::Head;
use crate::api_client::unanswered::Unanswered;
use crate::api_client::{begins_an_object, retries};
use crate::model::surroundings::Sighting;

/// One call, with the operation and project that its metrics and errors name.
pub(super) struct Call<'a> {
    pub(super) client: &'a Client,
    pub(super) operation: Operation,
    pub(super) project: &'a str,
    /// What the answer shows of this machine's clock, once it is known to be Aiven's.
    clock: Mutex<Option<Sighting>>,
}

impl<'a> Call<'a> {
    pub(super) fn new(client: &'a Client, operation: Operation, project: &'a str) -> Self {
        Call {
            client,
            operation,
            project,
            clock: Mutex::default(),
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Error> {
        self.get_with(path, &[]).await
    }

    pub(super) async fn get_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let answer = self.get_bytes(path, query).await?;
        self.understood(wire::read(answer.bytes()))
    }

    /// What an answer was read as. One that has what was asked for is Aiven's own.
    pub(super) fn understood<T>(&self, read: Result<T, String>) -> Result<T, Error> {
        let read = read.map_err(|what| self.error(Unanswered::Malformed(what)))?;
        self.client.note_clock(self.clock.lock().take());
        Ok(read)
    }

    pub(super) async fn get_bytes(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Answer, Error> {
        let attempt = || async {
            let request = self
                .client
                .http
                .request(Method::GET, self.client.url(path, query));
            self.counted(self.ask(request)).await
        };
        attempt
            .retry(retries())
            .when(ErrorKind::is_transient)
            .await
            .map_err(|kind| self.error(kind))
    }

    pub(super) async fn post(&self, path: &[&str], body: &serde_json::Value) -> Result<(), Error> {
        self.write(Method::POST, path, body).await
    }

    pub(super) async fn write(
        &self,
        method: Method,
        path: &[&str],
        body: &serde_json::Value,
    ) -> Result<(), Error> {
        let url = self.client.url(path, &[]);
        let request = self.client.http.request(method, url).json(body);
        let answer = self.counted(self.ask(request)).await;
        answer.map(drop).map_err(|kind| self.error(kind))
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, ErrorKind> {
        let (mut response, clock) = self.client.send(request).await?;
        *self.clock.lock() = clock;
        let head = Head::of(&response, &self.client.base);
        let mut answer = Answer::default();
        let (room, patience) = (&self.client.answer_room, self.client.request_timeout);
        while let Some(chunk) = self.client.next_chunk(&mut response).await? {
            room.add(&mut answer, &chunk, patience).await?;
        }
        let (body, secrets) = (answer.bytes(), &self.client.secrets);
        if body.is_empty() || !begins_an_object(body) {
            return Err(error::error_of(&head, body, secrets).0);
        }
        match error::hidden_error(body, secrets) {
            Some(message) => Err(ErrorKind::Refused {
                status: 200,
                message,
            }),
            None => Ok(answer),
        }
    }

    /// Runs one attempt and counts it, unless nothing was asked.
    pub(super) async fn counted<T>(
        &self,
        attempt: impl Future<Output = Result<T, ErrorKind>>,
    ) -> Result<T, ErrorKind> {
        let started = Instant::now();
        let answer = attempt.await;
        if matches!(answer, Err(ErrorKind::Unanswered(Unanswered::Postponed(_)))) {
            return answer;
        }
        let code = answer
            .as_ref()
            .err()
            .map_or_else(|| "200".to_owned(), ErrorKind::code);
        let metrics = &self.client.metrics;
        metrics.api_request(self.operation.as_str(), code, started.elapsed());
        answer
    }

    pub(super) fn error(&self, kind: impl Into<ErrorKind>) -> Error {
        Error {
            operation: self.operation,
            project: self.project.to_owned(),
            kind: kind.into(),
        }
    }
}
