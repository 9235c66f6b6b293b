//! A small JSON-over-HTTP control for shell scripts: what [`Simulator`]'s
//! methods do, by `POST /` with `{"do": "fail_over", "project": …}`, and
//! `GET /state`, `GET /requests`.
//!
//! Loopback only and without a token: it is for tests.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::fault::{ApiFault, DnsFault, Fault, NodeFault};
use crate::refusal::Refusal;
use crate::simulator::Simulator;
use crate::spec::{ServiceSpec, ServiceState};
use crate::world::{NewIntegration, Replacement};

/// Larger commands are refused.
const MAX_BODY: usize = 1 << 20;

/// One command, as its JSON has it.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    AddProject {
        project: String,
    },
    AddService {
        project: String,
        service: ServiceSpec,
    },
    AddBulk {
        project: String,
        services: usize,
        bytes: usize,
    },
    DeleteService {
        project: String,
        service: String,
    },
    PowerOff {
        project: String,
        service: String,
    },
    PowerOn {
        project: String,
        service: String,
    },
    SetState {
        project: String,
        service: String,
        state: ServiceState,
    },
    ChangePlan {
        project: String,
        service: String,
        plan: String,
        nodes: usize,
    },
    FailOver {
        project: String,
        service: String,
    },
    StartRecycling {
        project: String,
        service: String,
    },
    FinishRecycling {
        project: String,
        service: String,
    },
    AddEndpoint {
        project: String,
        name: String,
        username: String,
        password: String,
    },
    ChangeEndpoint {
        project: String,
        endpoint: String,
        username: String,
        password: String,
    },
    DeleteEndpoint {
        project: String,
        endpoint: String,
    },
    AddIntegration {
        project: String,
        service: String,
        endpoint: String,
    },
    IntegrateAll {
        project: String,
        endpoint: String,
    },
    Activate {
        project: String,
        service: String,
    },
    DeleteIntegration {
        project: String,
        integration: String,
    },
    ReissueCa {
        project: String,
    },
    ApiFault {
        #[serde(default)]
        on: Fault,
        fault: ApiFault,
    },
    DnsFault {
        name: String,
        fault: DnsFault,
    },
    NodeFault {
        project: String,
        service: String,
        node: usize,
        fault: NodeFault,
    },
    ClearFaults,
    ForgetRequests,
}

/// Serves the control on a free loopback port until the simulator stops.
///
/// # Errors
///
/// When no port can be had.
pub async fn serve(sim: &Arc<Simulator>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let addr = listener.local_addr()?;
    // Weak: the control must not keep alive what it controls.
    let sim_for_task = Arc::downgrade(sim);
    let shared = Arc::clone(sim.shared());
    sim.shared().spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let sim = sim_for_task.clone();
            shared.spawn(async move {
                let service = service_fn(|request| {
                    let sim = sim.upgrade();
                    async move {
                        let sim = sim.ok_or(io::ErrorKind::ConnectionAborted)?;
                        respond(&sim, request).await
                    }
                });
                // Clients may go whenever they like.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    Ok(addr)
}

async fn respond(sim: &Simulator, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    let (status, value) = match (&head.method, head.uri.path()) {
        (&Method::GET, "/state") => (StatusCode::OK, state(sim)),
        (&Method::GET, "/requests") => (StatusCode::OK, json!(sim.requests())),
        (&Method::POST, "/") => match serde_json::from_slice::<Command>(&body) {
            Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error.to_string()})),
            Ok(command) => match carry_out(sim, command) {
                Ok(value) => (StatusCode::OK, value),
                Err(refusal) => (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    json!({"error": refusal.to_string()}),
                ),
            },
        },
        _ => (
            StatusCode::NOT_FOUND,
            json!({"error": "POST / with a command, GET /state or GET /requests"}),
        ),
    };
    let mut response = Response::new(Full::from(format!("{value}\n")));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn carry_out(sim: &Simulator, command: Command) -> Result<Value, Refusal> {
    use Command as C;
    let shared = sim.shared();
    let done = |result: Result<(), Refusal>| result.map(|()| json!({}));
    match command {
        C::AddProject { project } => done(
            shared
                .add_project(&project)
                .map_err(|error| Refusal::new(500, error.to_string())),
        ),
        C::AddService { project, service } => done(shared.add_service(&project, service)),
        C::AddBulk {
            project,
            services,
            bytes,
        } => done(shared.add_services(&project, crate::scenario::bulk_specs(services, bytes))),
        C::DeleteService { project, service } => done(shared.delete_service(&project, &service)),
        C::PowerOff { project, service } => {
            done(set_state(sim, &project, &service, ServiceState::PowerOff))
        }
        C::PowerOn { project, service } => {
            shared.replace_nodes(&project, &service, None, Replacement::AtOnce)?;
            done(set_state(sim, &project, &service, ServiceState::Running))
        }
        C::SetState {
            project,
            service,
            state,
        } => done(set_state(sim, &project, &service, state)),
        C::ChangePlan {
            project,
            service,
            plan,
            nodes,
        } => {
            shared.replace_nodes(&project, &service, Some(nodes), Replacement::AtOnce)?;
            done(shared.edit_service(&project, &service, |service| service.spec.plan = plan))
        }
        C::FailOver { project, service } => {
            done(shared.replace_nodes(&project, &service, None, Replacement::AtOnce))
        }
        C::StartRecycling { project, service } => {
            done(shared.replace_nodes(&project, &service, None, Replacement::Beside))
        }
        C::FinishRecycling { project, service } => {
            done(shared.finish_recycling(&project, &service))
        }
        C::ReissueCa { project } => done(shared.reissue_ca(&project)),
        C::Activate { project, service } => done(shared.activate(&project, &service)),
        C::ApiFault { on, fault } => Ok(json!({"id": sim.inject(on, fault).0})),
        C::DnsFault { name, fault } => {
            sim.dns_fault(&name, fault);
            Ok(json!({}))
        }
        C::NodeFault {
            project,
            service,
            node,
            fault,
        } => {
            shared.world().service(&project, &service)?.node(node)?;
            sim.node_fault(&project, &service, node, fault);
            Ok(json!({}))
        }
        C::ClearFaults => {
            sim.clear_faults();
            Ok(json!({}))
        }
        C::ForgetRequests => {
            sim.forget_requests();
            Ok(json!({}))
        }
        command => integrate(sim, command),
    }
}

/// Commands on endpoints and integrations.
fn integrate(sim: &Simulator, command: Command) -> Result<Value, Refusal> {
    use Command as C;
    let shared = sim.shared();
    let pair = |username: String, password: String| json!({"basic_auth_username": username, "basic_auth_password": password});
    match command {
        C::AddEndpoint {
            project,
            name,
            username,
            password,
        } => {
            let endpoint =
                shared.create_endpoint(&project, &name, "prometheus", &pair(username, password))?;
            Ok(json!({"id": endpoint.id}))
        }
        C::ChangeEndpoint {
            project,
            endpoint,
            username,
            password,
        } => {
            shared.update_endpoint(&project, &endpoint, &pair(username, password))?;
            Ok(json!({}))
        }
        C::DeleteEndpoint { project, endpoint } => {
            shared.delete_endpoint(&project, &endpoint)?;
            Ok(json!({}))
        }
        C::AddIntegration {
            project,
            service,
            endpoint,
        } => {
            let new = NewIntegration {
                integration_type: "prometheus",
                source_service: &service,
                dest_endpoint_id: &endpoint,
                user_config: json!({}),
            };
            Ok(json!({"id": shared.create_integration(&project, new)?.id}))
        }
        C::IntegrateAll { project, endpoint } => {
            Ok(json!({"integrated": shared.integrate_all(&project, &endpoint)?}))
        }
        C::DeleteIntegration {
            project,
            integration,
        } => {
            shared.delete_integration(&project, &integration)?;
            Ok(json!({}))
        }
        other => Err(Refusal::new(
            500,
            format!("not an integration command: {other:?}"),
        )),
    }
}

fn set_state(
    sim: &Simulator,
    project: &str,
    service: &str,
    state: ServiceState,
) -> Result<(), Refusal> {
    sim.shared()
        .edit_service(project, service, |service| service.spec.state = state)
}

/// Projects, services and their nodes, as far as scripts need them.
fn state(sim: &Simulator) -> Value {
    let world = sim.shared().world();
    let service = |service: &crate::world::Service| {
        let node = |node: &crate::world::Node| {
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
    let projects = world.projects.iter().map(|(name, project)| {
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
    json!({"projects": projects.collect::<serde_json::Map<_, _>>()})
}
