//! One request's way from arrival to answer, for both servers: arrival is logged; faults that
//! need no answer strike first; then comes the call itself, then the faults that spoil an answer.

use std::future::pending;
use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, COOKIE};
use hyper::{HeaderMap, Method, Request, Response, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::body::Body;
use crate::cloud_foundry::answer::Answer;
use crate::cloud_foundry::{controller, spoil, uaa};
use crate::fault::{Operation, Server};
use crate::request_log;
use crate::shared::Shared;
use crate::wire::ResetSwitch;

/// Larger request bodies are refused; no form comes near.
const MAX_BODY: usize = 1 << 20;

/// A request, read and decoded.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) method: Method,
    pub(super) uri: Uri,
    /// The decoded parts of the path.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) form: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
}

impl Call {
    async fn read(server: Server, request: Request<Incoming>) -> io::Result<Self> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(io::Error::other)?
            .to_bytes();
        let path = head.uri.path().trim_start_matches('/').split('/');
        let path: Vec<String> = path
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let operation = match server {
            Server::Uaa => uaa::operation(&head.method, &words),
            _ => controller::operation(&head.method, &words),
        };
        Ok(Self {
            operation,
            query: pairs(head.uri.query().unwrap_or("").as_bytes()),
            form: pairs(&body),
            method: head.method,
            uri: head.uri,
            path,
            headers: head.headers,
        })
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A field of the form; UAA takes it from the query, too.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        find(&self.form, name).or_else(|| self.query(name))
    }

    /// What follows `bearer` in `Authorization`, whatever its case.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.authorization("bearer")
    }

    /// User and password of basic authentication, decoded as forms are.
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let pair = BASE64_STANDARD.decode(self.authorization("basic")?).ok()?;
        let pair = String::from_utf8(pair).ok()?;
        let (user, password) = pair.split_once(':')?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some((decoded(user), decoded(password)))
    }

    fn authorization(&self, wanted: &str) -> Option<&str> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, rest) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.get_all(COOKIE).iter();
        let cookies = headers.filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(|value| value.split(';'));
        cookies.find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
    }

    fn logged(&self, shared: &Shared) -> request_log::Request {
        let form: serde_json::Map<String, Value> = self
            .form
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        request_log::Request {
            operation: self.operation,
            method: self.method.to_string(),
            uri: self.uri.to_string(),
            project: None,
            service: None,
            token: None,
            body: (!form.is_empty()).then_some(Value::Object(form)),
            at: shared.started.elapsed(),
            status: None,
        }
    }
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(bytes);
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

fn find<'a>(pairs: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str())
}

/// An error closes the connection without an answer.
pub(super) async fn respond(
    shared: &Arc<Shared>,
    server: Server,
    request: Request<Incoming>,
    reset: ResetSwitch,
) -> io::Result<Response<Body>> {
    let call = Call::read(server, request).await?;
    let number = shared.log().arrived(call.logged(shared));
    shared.changed();
    let meeting = shared.faults().meet(call.operation, None, None);
    meeting.wait(shared).await;
    let answer = match &meeting.fault {
        Some(fault) if !fault.needs_answer() && !meeting.after_effect => None,
        _ => Some(carry_out(shared, server, &call).await),
    };
    let outcome = match (meeting.fault, answer) {
        (Some(fault), answer) => spoil::spoil(server, fault, answer, reset),
        (None, Some(answer)) => answer.into_response().into(),
        (None, None) => unreachable!("without a fault there is an answer"),
    };
    let response = match outcome {
        spoil::Outcome::Response(response) => *response,
        spoil::Outcome::Silence => pending().await,
        spoil::Outcome::Abort => return Err(io::ErrorKind::ConnectionReset.into()),
    };
    shared.log().answered(number, response.status().as_u16());
    shared.changed();
    Ok(response)
}

async fn carry_out(shared: &Shared, server: Server, call: &Call) -> Answer {
    let Ok(cloud_foundry) = shared.cloud_foundry() else {
        unreachable!("its ports are open")
    };
    match server {
        Server::Uaa => uaa::answer(cloud_foundry, call),
        _ => controller::answer(cloud_foundry, call).await,
    }
}
