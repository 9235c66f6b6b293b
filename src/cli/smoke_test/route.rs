//! The route: tenants get one answer, and only with a password.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::plan::RoutePlan;
use super::{Errand, Finding, beginning};
use crate::cli::ask::{Answer, Http, NoAnswer};

/// Enough queries to see every instance by: Gorouter takes them in turn.
const QUERIES: usize = 20;

impl Errand {
    /// Makes all checks of the route, asked through `http`.
    pub(super) async fn check_route(&mut self, route: &RoutePlan, http: &Http) {
        let check = "route: a query is answered";
        match self.attempt(async || answers(route, http).await).await {
            Ok(found) => self.report.pass(check, &found),
            Err(finding) => {
                self.report.fail(check, &finding.found, remedy(&finding));
                return;
            }
        }
        self.check_strangers(route, http).await;

        let check = "route: all instances ask the same Prometheus";
        match self
            .attempt(async || has_one_answer(route, http).await)
            .await
        {
            Ok(found) => self.report.pass(check, &found),
            Err(Finding { found, .. }) => {
                let remedy = "'sudo tail /var/vcap/sys/log/prometheus-failover/*' on the instances says which Prometheus each one misses; a missing instance has left the route: bosh ssh it and run /var/vcap/jobs/prometheus-failover/bin/health-check";
                self.report.fail(check, &found, remedy);
            }
        }
    }

    async fn check_strangers(&mut self, route: &RoutePlan, http: &Http) {
        let check = "route: nobody gets in without a password";
        let found = match http.get(&query(route)).await {
            Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                self.report.pass(check, "answer 401");
                return;
            }
            Ok(answer) => Finding::unexpected_status(&answer).found,
            Err(error) => error.to_string(),
        };
        let remedy = format!(
            "find out what answers at {}: it is not prometheus-failover",
            route.url
        );
        self.report.fail(check, &found, &remedy);
    }
}

/// What to do about a query that was not answered well.
fn remedy(finding: &Finding) -> &'static str {
    match finding.status.map(|status| status.as_u16()) {
        Some(401) => "compare route.username and route.password with prometheus-failover's users",
        Some(404) => {
            "compare route.url with the uris in route_registrar's routes; if they agree: 'sudo tail /var/vcap/sys/log/route_registrar/*' on the instances"
        }
        Some(_) => {
            "'sudo tail /var/vcap/sys/log/prometheus-failover/*' on the instances; if it says nothing, what answers there is not prometheus-failover"
        }
        None if finding.is_untrusted => {
            "route.ca_cert has to be the CA of the certificate in front of Gorouter (trust-router-ca.yml sets cf-deployment's own), and that certificate good for the host of route.url"
        }
        None => {
            "the host of route.url has to lead to Gorouter, or to the load balancer before it, from this VM too"
        }
    }
}

fn query(route: &RoutePlan) -> String {
    format!("{}/api/v1/query?query=vector(1)", route.url)
}

async fn query_as_user(route: &RoutePlan, http: &Http) -> Result<Answer, NoAnswer> {
    http.get_with(&query(route), |request| route.authorise(request))
        .await
}

/// Whether Prometheus answered, and with success.
fn is_success(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Outcome {
        status: String,
    }
    let outcome = serde_json::from_str::<Outcome>(&answer.body);
    answer.status == StatusCode::OK && outcome.is_ok_and(|outcome| outcome.status == "success")
}

async fn answers(route: &RoutePlan, http: &Http) -> Result<String, Finding> {
    let answer = query_as_user(route, http).await?;
    let found = format!("answer {} from {}", answer.status.as_u16(), route.url);
    if is_success(&answer) {
        return Ok(found);
    }
    let found = format!("{found}: {}", beginning(&answer.body).trim());
    Err(Finding::of(&answer, found))
}

/// Each answer says through which instance it came, and from which Prometheus.
async fn has_one_answer(route: &RoutePlan, http: &Http) -> Result<String, Finding> {
    let (mut through, mut from) = (BTreeSet::new(), BTreeSet::new());
    for number in 1..=QUERIES {
        let failed = |why: &str| format!("query {number} of {QUERIES} failed: {why}");
        match query_as_user(route, http).await {
            Ok(answer) if is_success(&answer) => {
                through.extend(values(&answer.headers, "x-prometheus-failover"));
                from.extend(values(&answer.headers, "x-prometheus"));
            }
            Ok(answer) => return Err(failed(&Finding::unexpected_status(&answer).found).into()),
            Err(error) => return Err(failed(&error.to_string()).into()),
        }
    }
    let found = format!(
        "{QUERIES} queries through {} came from {}",
        named(&through),
        named(&from)
    );
    match through.len() == route.instances && from.len() == 1 {
        true => Ok(found),
        false => Err(found.into()),
    }
}

fn values(headers: &HeaderMap, name: &str) -> impl Iterator<Item = String> {
    let values = headers.get_all(name).iter();
    values.filter_map(|value| value.to_str().ok().map(str::to_owned))
}

fn named(names: &BTreeSet<String>) -> String {
    match names.is_empty() {
        true => "nobody".to_owned(),
        false => names
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" "),
    }
}
