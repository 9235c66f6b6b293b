//! A small JSON-over-HTTP control for shell scripts: what [`Simulator`]'s
//! methods do, by `POST /` with `{"do": "fail_over", "project": …}`, and
//! `GET /state`, `GET /truth`, `GET /requests`.
//!
//! Loopback only and without a token: it is for tests.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::command::Command;
use crate::shared::Shared;
use crate::simulator::Simulator;

/// A status and the JSON that goes with it.
type Answer = (StatusCode, Json<Value>);

/// Serves the control on a free loopback port until the simulator stops.
///
/// # Errors
///
/// When no port can be had.
pub async fn serve(sim: &Simulator) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/", post(command))
        .route("/state", get(state))
        .route("/requests", get(requests))
        .route("/truth", get(truth))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(Arc::clone(sim.shared()));
    sim.shared().spawn(async move {
        // Ends only with an error, and then scripts see that nothing answers.
        let _ = axum::serve(listener, routes).await;
    });
    Ok(address)
}

async fn command(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let command: Command = match serde_json::from_slice(&body) {
        Ok(command) => command,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error),
    };
    match command.apply(&shared) {
        Ok(outcome) => (StatusCode::OK, Json(json!(outcome))),
        Err(refusal) => failure(StatusCode::UNPROCESSABLE_ENTITY, &refusal),
    }
}

async fn requests(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.log().requests()))
}

/// What each signal must be now.
async fn truth(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.truth()))
}

async fn unknown() -> Answer {
    let routes = "POST / with a command, GET /state, GET /truth or GET /requests";
    failure(StatusCode::NOT_FOUND, &routes)
}

fn failure(status: StatusCode, cause: &impl ToString) -> Answer {
    (status, Json(json!({"error": cause.to_string()})))
}

/// Projects, services and their nodes, as far as scripts need them.
async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let account = shared.account();
    let service = |service: &crate::account::Service| {
        let node = |node: &crate::account::Node| {
            json!({"address": node.server.address.socket_addr().to_string(), "running": node.server.is_running(),
                "pages": node.server.record().pages})
        };
        json!({
            "host": service.host,
            "integrated": service.serving_endpoint().is_some(),
            "nodes": service.nodes.iter().map(node).collect::<Vec<_>>(),
            "state": service.spec.state,
            "type": service.spec.service_type,
        })
    };
    let projects = account.projects.iter().map(|(name, project)| {
        let services = project
            .services
            .iter()
            .map(|(name, it)| (name.clone(), service(it)));
        let endpoints = project
            .endpoints
            .iter()
            .map(|endpoint| json!({"id": endpoint.id, "name": endpoint.name}));
        let value = json!({
            "endpoints": endpoints.collect::<Vec<_>>(),
            "services": services.collect::<serde_json::Map<_, _>>(),
        });
        (name.clone(), value)
    });
    let projects = projects.collect::<serde_json::Map<_, _>>();
    drop(account);
    match shared.cloud_foundry() {
        Ok(it) => Json(json!({"projects": projects, "cloud_foundry": it.foundation().summary()})),
        Err(_) => Json(json!({"projects": projects})),
    }
}
