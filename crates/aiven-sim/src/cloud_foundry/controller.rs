//! Cloud Controller's V3 API, as far as names and roles need it.
//!
//! A request is authenticated, counted against the rate limit, and then answered with what its
//! user or client may see, as the real one's middlewares do.

mod authenticate;
mod list;
mod query;
mod rate_limit;
mod render;
mod sight;

use hyper::Method;
use serde_json::{Value, json};

use crate::cloud_foundry::CloudFoundry;
use crate::cloud_foundry::answer::{Answer, controller_error, controller_status};
use crate::cloud_foundry::serve::Call;
use crate::fault::Operation;
use query::Query;
use sight::Sight;

pub(super) use rate_limit::rate_limited;
pub(crate) use rate_limit::{Limiter, RateLimit};

pub(super) fn operation(method: &Method, path: &[&str]) -> Operation {
    match (method.as_str(), path) {
        ("GET", [""]) => Operation::ReadRoot,
        ("GET", ["v3", "organizations"]) => Operation::ListOrganizations,
        ("GET", ["v3", "spaces"]) => Operation::ListSpaces,
        ("GET", ["v3", "service_instances"]) => Operation::ListServiceInstances,
        (
            "GET",
            [
                "v3",
                "service_instances",
                _,
                "relationships",
                "shared_spaces",
            ],
        ) => Operation::ListSharedSpaces,
        _ => Operation::UnknownAtCloudController,
    }
}

pub(super) async fn answer(cloud_foundry: &CloudFoundry, call: &Call) -> Answer {
    match call.operation {
        Operation::ReadRoot => root(cloud_foundry),
        Operation::UnknownAtCloudController => {
            controller_error(404, 10000, "NotFound", "Unknown request")
        }
        _ => listing(cloud_foundry, call)
            .await
            .unwrap_or_else(|refusal| *refusal),
    }
}

/// A refusal, in the form in which it is sent.
type Refused = Box<Answer>;

async fn listing(cloud_foundry: &CloudFoundry, call: &Call) -> Result<Answer, Refused> {
    let caller = authenticate::caller(cloud_foundry, call).await?;
    let mut foundation = cloud_foundry.foundation();
    let limits = foundation.limiter.count(&caller)?;
    if !caller.reads_globally() && !caller.has("cloud_controller.read") {
        let detail = "You are not authorized to perform the requested action";
        return Err(Box::new(limits.on(controller_status(403, detail))));
    }
    let sight = Sight::of(&caller, &foundation);
    let url = cloud_foundry.controller.url();
    let answer = match call.operation {
        Operation::ListSharedSpaces => list::shared_spaces(&foundation, &sight, call, &url),
        operation => Query::read(operation, call)
            .map(|query| list::answer(&foundation, &sight, operation, &query, &url)),
    };
    Ok(limits.on(answer.unwrap_or_else(|refusal| *refusal)))
}

/// Where everything is [cc root_controller.rb].
fn root(cloud_foundry: &CloudFoundry) -> Answer {
    let url = cloud_foundry.controller.url();
    let uaa = cloud_foundry.foundation().uaa_url();
    let link = |href: &str| json!({"href": href});
    Answer::json(
        200,
        json!({"links": {
            "self": link(&url),
            "cloud_controller_v2": Value::Null,
            "cloud_controller_v3": {"href": format!("{url}/v3"), "meta": {"version": "3.216.0"}},
            "network_policy_v0": link(&format!("{url}/networking/v0/external")),
            "network_policy_v1": link(&format!("{url}/networking/v1/external")),
            "login": link(&uaa),
            "uaa": link(&uaa),
            "credhub": Value::Null,
            "routing": Value::Null,
            "logging": Value::Null,
            "log_cache": Value::Null,
            "log_stream": Value::Null,
            "app_ssh": Value::Null,
        }}),
    )
}
