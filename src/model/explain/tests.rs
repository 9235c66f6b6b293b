//! Each way to fail, from the status alone.

use serde_json::{Value, json};

use super::*;
use crate::model::scrape::{Failure, FailureKind, Finding};

mod asked;

const AT: &str = "2026-01-02T03:04:05Z";
const NODE: &str = "192.0.2.1:9273";
const OTHER_NODE: &str = "192.0.2.2:9273";

fn stage() -> Value {
    json!({"last_success": AT, "failing": null})
}

fn failing(cause: &str) -> Value {
    json!({"last_success": AT, "failing": {"since": AT, "cause": cause}})
}

fn project() -> Value {
    json!({
        "name": "shop", "origin": {"from": "api"}, "endpoint_id": "e-1",
        "stages": {"list": stage(), "integrate": stage(), "resolve": stage(), "publish": stage()},
        "verdicts": {}, "targets": 1,
    })
}

fn scrape(failure: Value) -> Value {
    json!({"at": AT, "seconds": 0.1, "failure": failure, "last_success": null,
           "certificate_expires": null, "verified_name": null})
}

fn failure(finding: Finding, cause: &str) -> Value {
    scrape(json!(Failure::new(finding, cause)))
}

/// A service that is scraped well.
fn service() -> Value {
    json!({
        "project": "shop", "service": "logs", "service_type": "opensearch",
        "plan": "startup-4", "cloud": "aws-eu-west-2", "node_count": 1, "verdict": "scraped",
        "integrations": [{"id": "i-1", "endpoint_id": "e-1", "enabled": true, "active": true}],
        "hosts": [{"hostname": "logs.test", "targets": [NODE]}],
        "scrapes": {NODE: scrape(Value::Null)},
    })
}

fn status(project: Value, services: Vec<Value>) -> Status {
    serde_json::from_value(json!({
        "version": "1", "instance_index": 0, "at": AT, "ready": true,
        "scrape_proxy": {"last_request": AT},
        "projects": [project], "services": services,
    }))
    .unwrap()
}

/// The service with these fields changed.
fn changed(changes: &Value) -> Value {
    let mut service = service();
    for (field, value) in changes.as_object().unwrap() {
        service[field] = value.clone();
    }
    service
}

fn explain_changed(changes: &Value) -> Explanation {
    explain_in(project(), changes)
}

fn explain_in(project: Value, changes: &Value) -> Explanation {
    let status = status(project, vec![changed(changes)]);
    explain(&status, "logs").unwrap().remove(0)
}

#[test]
fn who_has_no_name_is_not_looked_up() {
    let remedy = |unanswered: Value| {
        let changes = json!({"verdict": "unresolved", "hosts": [], "unanswered": unanswered});
        explain_changed(&changes).trouble.unwrap().remedy
    };
    assert!(!remedy(json!({})).contains("dig"));
    let failing = json!({"logs.test": {"since": AT, "cause": "NXDOMAIN"}});
    assert!(remedy(failing).contains("dig"));
}

#[test]
fn what_was_tried_in_vain_has_the_remedy_of_its_cause() {
    let remedy = |verdict: &str, own: Value| {
        let mut changes = json!({"verdict": verdict, "cause": "no"});
        if own.is_string() {
            changes["remedy"] = own;
        }
        explain_changed(&changes).trouble.unwrap().remedy
    };
    for verdict in ["integration_failed", "awaiting_integration"] {
        assert_eq!(
            remedy(verdict, json!("give the right")),
            "give the right; it is tried again by itself, with growing pauses"
        );
    }
    let otherwise = remedy("integration_failed", Value::Null);
    assert!(
        otherwise.starts_with("do what Aiven's words"),
        "{otherwise}"
    );
    let waiting = remedy("awaiting_integration", Value::Null);
    assert!(waiting.starts_with("wait"), "{waiting}");
}

#[test]
fn all_is_well_when_all_steps_are_done() {
    let explanation = explain_changed(&json!({}));
    let names: Vec<_> = explanation.steps.iter().map(|step| step.name).collect();
    assert_eq!(
        names,
        [
            "listed",
            "selected",
            "eligible",
            "integrated",
            "resolved",
            "published",
            "scraped"
        ]
    );
    assert!(explanation.steps.iter().all(|step| step.ok));
    assert_eq!(explanation.trouble, None);
}

#[test]
fn each_verdict_fails_at_its_step_with_its_cause() {
    let table = [
        ("leaving", "listed"),
        ("not_selected", "selected"),
        ("powered_off", "eligible"),
        ("ineligible", "eligible"),
        ("awaiting_integration", "integrated"),
        ("integration_failed", "integrated"),
        ("unresolved", "resolved"),
    ];
    for (verdict, step) in table {
        let explanation = explain_changed(&json!({"verdict": verdict, "cause": "the true one"}));
        let last = explanation.steps.last().unwrap();
        assert_eq!((last.name, last.ok), (step, false), "{verdict}");
        assert!(explanation.steps.iter().rev().skip(1).all(|step| step.ok));
        let trouble = explanation.trouble.unwrap();
        assert_eq!(trouble.cause, "the true one", "{verdict}");
        assert_eq!(last.evidence, trouble.cause);
        assert!(!trouble.remedy.is_empty());
    }
}

#[test]
fn each_finding_of_a_failed_scrape_is_told_with_its_own_remedy() {
    for finding in Finding::ALL {
        let verdict = match finding.class() {
            FailureKind::Tls => "tls_failed",
            FailureKind::Unauthorised => "unauthorised",
            _ => "unreachable",
        };
        let scrapes = json!({NODE: failure(finding, "the true one")});
        let changes = json!({"verdict": verdict, "cause": "the true one", "scrapes": scrapes});
        let trouble = explain_changed(&changes).trouble.unwrap();
        assert_eq!(trouble.cause, format!("node {NODE}: the true one"));
        assert_eq!(trouble.remedy, finding.remedy());
    }
}

#[test]
fn of_several_failures_cause_and_remedy_are_of_the_same() {
    let scrapes = json!({NODE: failure(Finding::Refused, "refused"), OTHER_NODE: failure(Finding::OtherName, "name")});
    let hosts = json!([{"hostname": "logs.test", "targets": [NODE, OTHER_NODE]}]);
    let changes =
        json!({"verdict": "tls_failed", "cause": "name", "hosts": hosts, "scrapes": scrapes});
    let trouble = explain_changed(&changes).trouble.unwrap();
    assert_eq!(trouble.cause, format!("node {OTHER_NODE}: name"));
    assert!(
        trouble.remedy.contains("nothing was sent"),
        "{}",
        trouble.remedy
    );
}

#[test]
fn a_node_that_fails_is_told_though_others_are_scraped() {
    let scrapes =
        json!({NODE: scrape(Value::Null), OTHER_NODE: failure(Finding::NoAnswer, "it hangs")});
    let explanation = explain_changed(&json!({"scrapes": scrapes}));
    assert!(explanation.steps.iter().all(|step| step.ok));
    let trouble = explanation.trouble.unwrap();
    assert!(trouble.cause.contains(OTHER_NODE) && trouble.cause.contains("it hangs"));
    assert!(trouble.remedy.contains("ip_filter"));
}

#[test]
fn without_a_request_of_prometheus_that_is_the_cause() {
    let changes = json!({"verdict": "published", "scrapes": {}});
    let mut status = status(project(), vec![changed(&changes)]);
    let trouble = |status: &Status| explain(status, "logs").unwrap().remove(0).trouble;
    let cause = trouble(&status).unwrap().cause;
    assert!(cause.contains("asks for other targets"), "{cause}");
    status.scrape_proxy = Some(crate::model::status::ProxyStatus { last_request: None });
    let cause = trouble(&status).unwrap().cause;
    assert!(cause.contains("has not asked"), "{cause}");
    status.scrape_proxy = None;
    assert_eq!(trouble(&status), None, "only Prometheus knows");
}

#[test]
fn what_fails_behind_a_service_that_does_well_is_told() {
    for stage in ["list", "resolve"] {
        let mut project = project();
        project["stages"][stage] = failing("no answer");
        let explanation = explain_in(project, &json!({}));
        assert!(explanation.steps.iter().all(|step| step.ok));
        let trouble = explanation.trouble.unwrap();
        assert!(trouble.cause.contains("shop: no answer"), "{stage}");
    }
    let mut project = project();
    project["stages"]["publish"] = failing("disk full");
    let explanation = explain_in(project, &json!({}));
    assert_eq!(explanation.steps.last().unwrap().name, "published");
    assert_eq!(explanation.trouble.unwrap().cause, "disk full");
}

#[test]
fn a_name_that_is_not_answered_is_told_though_the_service_is_scraped() {
    let unanswered = json!({"unanswered": {"logs.test": {"since": AT, "cause": "NXDOMAIN"}}});
    let trouble = explain_changed(&unanswered).trouble.unwrap();
    assert_eq!(trouble.cause, "logs.test: NXDOMAIN");
    assert_eq!(trouble.remedy, remedy::STALE);
    assert!(trouble.since.is_some());
}

#[test]
fn a_cause_says_when_aiven_cannot_be_asked_either() {
    let mut project = project();
    project["stages"]["list"] = failing("token refused");
    let changes = json!({"verdict": "awaiting_integration", "cause": "not integrated yet"});
    let cause = explain_in(project, &changes).trouble.unwrap().cause;
    assert!(
        cause.starts_with("not integrated yet") && cause.contains("token refused"),
        "{cause}"
    );
}

#[test]
fn a_disabled_integration_is_to_be_enabled() {
    let integrations =
        json!([{"id": "i-1", "endpoint_id": "e-1", "enabled": false, "active": false}]);
    let changes =
        json!({"verdict": "awaiting_integration", "cause": "c", "integrations": integrations});
    let remedy = explain_changed(&changes).trouble.unwrap().remedy;
    assert!(remedy.contains("enable"), "{remedy}");
}

#[test]
fn an_adopted_endpoint_is_evidence() {
    let integrations =
        json!([{"id": "i-9", "endpoint_id": "e-9", "enabled": true, "active": true}]);
    let explanation = explain_changed(&json!({"integrations": integrations}));
    let evidence = &explanation.steps[3].evidence;
    assert!(
        evidence.contains("e-9") && evidence.contains("adopted"),
        "{evidence}"
    );
}

#[test]
fn names_are_found_in_one_project_or_in_all_and_near_ones_are_suggested() {
    let named = |project: &str, name: &str| changed(&json!({"project": project, "service": name}));
    let services = vec![
        named("bank", "logs"),
        named("shop", "logs"),
        named("shop", "orders-pg"),
        named("shop", "orders-pg-2"),
        named("shop", "queue"),
    ];
    let mut project = project();
    project["stages"]["list"] = failing("token refused");
    let status = status(project, services);
    assert_eq!(explain(&status, "logs").unwrap().len(), 2);
    let one = explain(&status, "bank/logs").unwrap();
    assert_eq!((one.len(), &*one[0].project), (1, "bank"));
    let unknown = explain(&status, "order-pg").unwrap_err();
    assert_eq!(unknown.near[0], "shop/orders-pg");
    assert!(unknown.near.len() <= meant::MAX_SUGGESTIONS);
    assert_eq!(unknown.unlisted, ["shop: token refused"]);
    let elsewhere = explain(&status, "bank/queue").unwrap_err();
    assert_eq!(elsewhere.near, ["shop/queue"]);
    assert!(explain(&status, "zzz").unwrap_err().near.is_empty());
}

#[test]
fn whose_a_service_is_is_said_with_how_sure_that_is() {
    let mut status = status(project(), vec![service()]);
    let whose = |status: &Status| explain(status, "logs").unwrap()[0].ownership.clone();
    assert_eq!(whose(&status), None, "Cloud Foundry is not to be asked");
    status.cloud_foundry = serde_json::from_value(stage()).unwrap();
    let nobodys = whose(&status).unwrap();
    assert!(
        nobodys.starts_with("nobody's but the operators'"),
        "{nobodys}"
    );
    let (instance, space) = (
        "11111111-1111-4111-8111-111111111111",
        "22222222-2222-4222-8222-222222222222",
    );
    let ownership = json!({
        "service_instance_guid": instance, "service_instance_name": "db",
        "space_guid": space, "space_name": "dev", "confirmed": true,
        "disagreements": [{"label": "space_guid", "aiven": instance, "published": space}],
        "shared_with": [space],
    });
    status.services[0].cloud_foundry = serde_json::from_value(ownership).unwrap();
    let said = whose(&status).unwrap();
    assert_eq!(
        said,
        format!(
            "service instance db ({instance}) in space dev ({space}) (confirmed by Cloud Controller); space_guid is published as {space}, and the tag space_id at Aiven says {instance}; shared with the spaces {space}"
        )
    );
    let only_claimed = json!({"service_instance_guid": instance, "confirmed": false});
    status.services[0].cloud_foundry = serde_json::from_value(only_claimed).unwrap();
    status.cloud_foundry = serde_json::from_value(failing("UAA is down")).unwrap();
    let said = whose(&status).unwrap();
    assert!(said.contains("in a space that is not known"), "{said}");
    assert!(said.contains("does not list the instance"), "{said}");
    assert!(
        said.ends_with("cannot be read since 2026-01-02T03:04:05Z: UAA is down"),
        "{said}"
    );
}
