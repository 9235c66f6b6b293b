//! Aiven's API: what an answer's head tells, and the token's rights in each project, one by
//! one, all with reading calls.

use std::sync::Arc;

use super::check::{Area, Check};
use super::dns::milliseconds;
use crate::aiven::client::Look;
use crate::aiven::{Client, ErrorKind};
use crate::cli::rehearsal;
use crate::config::Config;
use crate::model::endpoint::EndpointFact;
use crate::model::explain::remedy::ENDPOINT_BY_HAND;
use crate::model::project::Project;
use crate::model::service::Service;
use crate::model::surroundings::SET_THE_CLOCK;

/// A clock that is wrong by so many seconds makes new certificates look as if they were not
/// valid yet; one that is wrong by less dates samples wrongly.
const CLOCK_IS_FAR_OFF: i64 = 300;

/// So few requests left are soon used up.
const FEW_REQUESTS: u64 = 20;

/// What came of one project.
pub(super) struct Asked {
    pub(super) checks: Vec<Check>,
    /// Its services, if they could be listed.
    pub(super) services: Option<Vec<Arc<Service>>>,
    /// The project, if all was told that a plan needs.
    pub(super) project: Option<Project>,
    /// Its CA, as PEM.
    pub(super) ca: Option<String>,
}

/// What the head of an answer tells.
pub(super) fn head(config: &Config, client: &Client, look: Option<&Look>) -> Vec<Check> {
    let way = match client.proxy_name() {
        Some(proxy) => format!("{} by way of {proxy}", config.aiven.api_url),
        None => config.aiven.api_url.to_string(),
    };
    let Some(look) = look else {
        let because = "the API gives no answer";
        return vec![
            Area::Api.failed(way, "no answer", "read the lines below, which name the cause; see aiven.api_url, aiven.http_proxy, firewalls and DNS"),
            Area::Api.skipped("requests left", because),
            Area::Clock.skipped("this machine's clock", because),
        ];
    };
    let took = milliseconds(look.took);
    vec![
        Area::Api.ok(way, format!("answers {} in {took}", look.status)),
        requests_left(look),
        clock(look),
    ]
}

fn requests_left(look: &Look) -> Check {
    let subject = "requests left";
    match look.remaining {
        None => Area::Api.skipped(subject, "Aiven's answers do not tell how many are left"),
        Some(left) if left < FEW_REQUESTS => Area::Api.warning(
            subject,
            format!("{left}"),
            "give this program a token of a user of its own: Aiven counts the requests of all tools of a user together",
        ),
        Some(left) => Area::Api.ok(subject, format!("{left}")),
    }
}

fn clock(look: &Look) -> Check {
    let subject = "this machine's clock";
    let Some(seen) = look.clock else {
        return Area::Clock.skipped(subject, "the API's answer has no date");
    };
    let Some(clock) = seen.wrong() else {
        let differs = seen.ahead().as_secs_f64().abs();
        let found = format!("differs from the API's by {differs:.0} s, about");
        return Area::Clock.ok(subject, found);
    };
    let found = format!("{}, as one answer shows", clock.difference());
    match clock.ahead_seconds.saturating_abs() >= CLOCK_IS_FAR_OFF {
        true => Area::Clock.failed(subject, found, SET_THE_CLOCK),
        false => Area::Clock.warning(subject, found, SET_THE_CLOCK),
    }
}

/// Tries the token's rights in a project.
pub(super) async fn project(client: &Client, config: &Config, name: &str) -> Asked {
    let choice = &config.integration.endpoint;
    let (listed, types, endpoint, ca) = tokio::join!(
        rehearsal::list(client, config, name),
        client.supported_types(name),
        client.find_endpoint(name, choice),
        client.project_ca(name),
    );
    let reads_services = match &listed {
        Ok(listing) => ok(
            name,
            SERVICES_READ,
            format!("{} services", listing.services.len()),
        ),
        Err(error) => refused(name, SERVICES_READ, &error.kind),
    };
    let reads_integrations = match (&types, &endpoint) {
        (Ok(_), Ok(fact)) => endpoint_shown(name, fact, config.integration.create),
        (Err(error), _) | (_, Err(error)) => refused(name, INTEGRATIONS_READ, &error.kind),
    };
    let mut checks = vec![reads_services, reads_integrations];
    let of_others = listed.as_ref().ok().and_then(|listing| {
        let services = listing.services.iter();
        let mut integrations = services.flat_map(|one| one.enabled_integrations());
        Some(Arc::clone(&integrations.next()?.endpoint_id))
    });
    let ours = endpoint.as_ref().ok().and_then(|fact| fact.id());
    let endpoint_id = ours.or(of_others.as_deref());
    checks.push(match (endpoint_id, &endpoint) {
        (Some(id), _) => writes_integrations(client, config, name, id).await,
        (None, Ok(_)) => untried(
            "without an integration endpoint it cannot be tried, and the project has none",
            name,
        ),
        (None, Err(_)) => untried(
            "the project's integration endpoints could not be read",
            name,
        ),
    });
    checks.push(match &ca {
        Ok(_) => ok(name, PROJECTS_WRITE, "the project's CA can be read"),
        Err(error) => no_ca(name, &error.kind, config),
    });
    let services = listed.as_ref().ok();
    let services = services.map(|listing| listing.services.clone());
    let project = match (listed, types, endpoint) {
        (Ok(listing), Ok(types), Ok(endpoint)) => {
            Some(rehearsal::project(name, listing, types, endpoint))
        }
        _ => None,
    };
    let ca = ca.ok();
    Asked {
        checks,
        services,
        project,
        ca,
    }
}

const SERVICES_READ: &str = "project:services:read";
const INTEGRATIONS_READ: &str = "project:integrations:read";
const INTEGRATIONS_WRITE: &str = "project:integrations:write";
const PROJECTS_WRITE: &str = "organization:projects:write";

/// The endpoints can be read, and this is what is there.
fn endpoint_shown(project: &str, fact: &EndpointFact, may_create: bool) -> Check {
    let found = match fact {
        EndpointFact::Present(id) => format!("the integration endpoint is {id}"),
        EndpointFact::Missing { .. } if may_create => {
            "there is no integration endpoint yet; the daemon makes it".to_owned()
        }
        EndpointFact::Missing { .. } => {
            return Area::Api.failed(
                right(project, INTEGRATIONS_READ),
                "it can be read, but there is no integration endpoint of the name in integration.endpoint_name, and integration.create is false",
                ENDPOINT_BY_HAND,
            );
        }
        EndpointFact::Unusable(why) => {
            let remedy = why.remedy.as_deref().unwrap_or_default();
            return Area::Api.failed(right(project, INTEGRATIONS_READ), &*why.cause, remedy);
        }
        EndpointFact::Unknown => "the integration endpoint is not known".to_owned(),
    };
    ok(project, INTEGRATIONS_READ, found)
}

/// Reading an endpoint's secrets takes the right to write, and changes nothing.
async fn writes_integrations(
    client: &Client,
    config: &Config,
    project: &str,
    endpoint_id: &str,
) -> Check {
    match client.endpoint_credentials(project, endpoint_id).await {
        Ok(_) => ok(project, INTEGRATIONS_WRITE, "an endpoint's secrets can be read"),
        Err(error) if !config.integration.create && is_missing_right(&error.kind) => {
            Area::Api.warning(
                right(project, INTEGRATIONS_WRITE),
                error.kind.to_string(),
                "nothing, while integration.username and .password are those of every endpoint in use; without this right they cannot be read at Aiven",
            )
        }
        Err(error) => refused(project, INTEGRATIONS_WRITE, &error.kind),
    }
}

fn untried(because: &str, project: &str) -> Check {
    Area::Api.skipped(right(project, INTEGRATIONS_WRITE), because)
}

/// Few tokens have this right, and most nodes have certificates of the project's CA.
fn no_ca(project: &str, kind: &ErrorKind, config: &Config) -> Check {
    let subject = right(project, PROJECTS_WRITE);
    if !is_missing_right(kind) {
        return refused(project, PROJECTS_WRITE, kind);
    }
    match config.scrape_proxy.ca_cert.is_empty() {
        true => Area::Api.warning(
            subject,
            "the token may not read the project's CA",
            "copy the CA from Aiven's console into scrape_proxy.ca_cert, or nodes that have certificates of it are not believed",
        ),
        false => Area::Api.ok(
            subject,
            "the token may not read the project's CA; scrape_proxy.ca_cert is trusted in its place",
        ),
    }
}

fn is_missing_right(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Forbidden(_))
}

fn right(project: &str, right: &str) -> String {
    format!("{project}: {right}")
}

fn ok(project: &str, name: &str, found: impl Into<String>) -> Check {
    Area::Api.ok(right(project, name), found)
}

/// A call that failed. Its error says what it is, and what to look at.
fn refused(project: &str, name: &str, kind: &ErrorKind) -> Check {
    let remedy = match kind {
        ErrorKind::Forbidden(_) => format!(
            "give the token's user the right {name} in the project {project}, in Aiven's console"
        ),
        kind => kind
            .advice()
            .unwrap_or_else(|| "read Aiven's words".to_owned()),
    };
    Area::Api.failed(right(project, name), kind.found(), remedy)
}
