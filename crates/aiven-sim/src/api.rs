//! The HTTP API: connections, and one request's way from arrival to answer.
//!
//! Arrival is logged; faults that need no answer strike first, as a broken
//! load balancer would; then comes the token, then the call itself (`call`), then
//! the faults that spoil an answer (`spoil`).

mod answer;
mod call;
mod route;
pub(crate) mod spoil;

use std::future::pending;
use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use crate::body::Body;
use crate::fault::Operation;
use crate::fault_book::Meeting;
use crate::refusal::Refusal;
use crate::request_log;
use crate::shared::Shared;
use crate::token::Permission;
use crate::wire::{ResetSwitch, Wire};
use answer::Answer;
use route::Route;

/// Larger request bodies are refused; nothing a client sends here comes near.
const MAX_BODY: usize = 1 << 20;

/// Serves the API until the simulator stops.
pub(crate) fn serve(shared: &Arc<Shared>, listener: TcpListener) {
    let task_shared = Arc::clone(shared);
    shared.spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            task_shared.spawn(connection(Arc::clone(&task_shared), stream));
        }
    });
}

async fn connection(shared: Arc<Shared>, stream: TcpStream) {
    let reset = ResetSwitch::default();
    let wire = Wire::new(stream, reset.clone());
    let service = service_fn(|request| respond(&shared, request, reset.clone()));
    // Clients may go whenever they like.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(wire), service)
        .await;
}

/// An error closes the connection without an answer.
async fn respond(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
    reset: ResetSwitch,
) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let mut route = Route::of(&head.method, &head.uri);
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    let body: Option<Value> = serde_json::from_slice(&body).ok();
    if route.operation == Operation::CreateIntegration {
        let source = body
            .as_ref()
            .and_then(|body| body["source_service"].as_str());
        route.service = source.map(str::to_owned);
    }
    let authorization = head
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let token = shared.token(authorization);
    let number = shared.log().arrived(request_log::Request {
        operation: route.operation,
        method: head.method.to_string(),
        uri: head.uri.to_string(),
        project: route.project.clone(),
        service: route.service.clone(),
        token,
        body: body.clone(),
        at: shared.started.elapsed(),
        status: None,
    });
    shared.changed();
    let meeting = shared.faults().meet(
        route.operation,
        route.project.as_deref(),
        route.service.as_deref(),
    );
    let response = answer_under(shared, &route, token, body, meeting, reset).await?;
    shared.log().answered(number, response.status().as_u16());
    shared.changed();
    Ok(response)
}

async fn answer_under(
    shared: &Arc<Shared>,
    route: &Route,
    token: Option<usize>,
    body: Option<Value>,
    meeting: Meeting,
    reset: ResetSwitch,
) -> io::Result<Response<Body>> {
    meeting.wait(shared).await;
    let Some(fault) = meeting.fault else {
        return Ok(shared.carry_out(route, token, body).into_response());
    };
    let answer = (meeting.after_effect || fault.needs_answer())
        .then(|| shared.carry_out(route, token, body));
    match spoil::spoil(fault, answer, reset) {
        spoil::Outcome::Response(response) => Ok(*response),
        spoil::Outcome::Silence => pending().await,
        spoil::Outcome::Abort => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

impl Shared {
    /// Number of the token in an `Authorization` header, if it is a good one.
    fn token(&self, authorization: &str) -> Option<usize> {
        let (scheme, secret) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("aivenv1") {
            return None;
        }
        self.account()
            .tokens
            .iter()
            .position(|token| token.secret == secret && !token.revoked)
    }

    fn carry_out(
        self: &Arc<Self>,
        route: &Route,
        token: Option<usize>,
        body: Option<Value>,
    ) -> Answer {
        let allowed = self.authorize(route, token);
        allowed
            .and_then(|()| self.call(route, token, body.unwrap_or_default()))
            .unwrap_or_else(Answer::refused)
    }

    fn authorize(&self, route: &Route, token: Option<usize>) -> Result<(), Refusal> {
        let account = self.account();
        let token = token.and_then(|number| account.tokens.get(number));
        let token = token.ok_or_else(|| Refusal::new(401, "Invalid token"))?;
        let Some(project) = &route.project else {
            return Ok(());
        };
        account.project(project)?;
        if !token.spec.is_member(project) {
            return Err(Refusal::new(403, "Not a project member"));
        }
        match Permission::needed_for(route.operation, route.include_secrets) {
            Some(permission) if !token.spec.allows(project, permission) => Err(Refusal::new(
                403,
                format!("Missing permission {}", permission.name()),
            )),
            _ => Ok(()),
        }
    }
}
