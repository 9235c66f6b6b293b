//! By what a service is found.

use std::sync::Arc;

use super::*;
use crate::model::history::Event;

const GUID: &str = "11111111-1111-4111-8111-111111111111";

/// Two services with a node at one address, one of them of a service instance.
fn services() -> Status {
    let hosts =
        json!([{"hostname": "logs-shop.a.example", "targets": [NODE, "[2001:db8::1]:9273"]}]);
    let ours = changed(&json!({
        "hosts": hosts,
        "cloud_foundry": {
            "service_instance_guid": GUID, "service_instance_name": "my-logs",
            "confirmed": true,
        },
    }));
    let other = changed(&json!({
        "service": "queue",
        "hosts": [{"hostname": "queue-shop.a.example", "targets": ["192.0.2.1:9274", OTHER_NODE]}],
        "unanswered": {"replica-queue-shop.a.example": {"since": AT, "cause": "no answer"}},
    }));
    status(project(), vec![ours, other])
}

fn found(text: &str) -> Vec<(String, MatchedBy)> {
    let explained = explain(&services(), text).unwrap_or_default();
    let found = explained.into_iter();
    found.map(|one| (one.service, one.matched_by)).collect()
}

#[test]
fn a_service_is_found_by_all_that_an_operator_may_have_of_it() {
    for (text, service, by) in [
        ("logs", "logs", MatchedBy::Service),
        ("shop/logs", "logs", MatchedBy::Service),
        ("logs-shop.a.example", "logs", MatchedBy::Host),
        ("Logs-Shop.A.example.", "logs", MatchedBy::Host),
        ("logs-shop.a.example:9273", "logs", MatchedBy::Host),
        ("replica-queue-shop.a.example", "queue", MatchedBy::Host),
        ("192.0.2.1:9273", "logs", MatchedBy::Address),
        ("192.0.2.1:9274", "queue", MatchedBy::Address),
        ("192.0.2.2", "queue", MatchedBy::Address),
        ("2001:db8::1", "logs", MatchedBy::Address),
        ("[2001:DB8::1]", "logs", MatchedBy::Address),
        ("[2001:db8::1]:9273", "logs", MatchedBy::Address),
        ("http://192.0.2.1:9273/metrics", "logs", MatchedBy::Address),
        (
            "https://logs-shop.a.example:9273/metrics",
            "logs",
            MatchedBy::Host,
        ),
        (GUID, "logs", MatchedBy::InstanceGuid),
        ("my-logs", "logs", MatchedBy::InstanceName),
    ] {
        assert_eq!(found(text), [(service.to_owned(), by)], "{text}");
    }
}

#[test]
fn what_stood_around_it_and_capitals_do_not_matter() {
    for text in [
        " logs\n",
        "\"logs\",",
        "'shop/logs'",
        "LOGS",
        "Shop/Logs",
        "shop logs",
        "shop/logs/",
        "shop%2Flogs",
        "http://localhost:9274/?service=shop%2Flogs",
        "https://console.aiven.io/account/a/project/shop/services/logs/overview",
        r#"up{aiven_project="shop", aiven_service_name="logs"}"#,
        // Another service has the address, too.
        "http://192.0.2.2:9273/metrics?aiven_service=shop%2Flogs",
    ] {
        assert_eq!(
            found(text),
            [("logs".to_owned(), MatchedBy::Service)],
            "{text}"
        );
    }
    let by_guid = [("logs".to_owned(), MatchedBy::InstanceGuid)];
    assert_eq!(found(&format!("{{{}}}", GUID.to_uppercase())), by_guid);
    let by_address = [("queue".to_owned(), MatchedBy::Address)];
    assert_eq!(found("\"192.0.2.2:9273\","), by_address);
}

#[test]
fn a_project_means_all_services_of_it() {
    let both = ["logs", "queue"].map(|name| (name.to_owned(), MatchedBy::Project));
    for text in ["shop", "shop/", "SHOP"] {
        assert_eq!(found(text), both, "{text}");
    }
}

#[test]
fn an_address_with_another_port_is_known_to_be_somebodys() {
    let unknown = explain(&services(), "192.0.2.2:1").unwrap_err();
    assert!(unknown.is_address);
    assert_eq!(unknown.near, ["shop/queue"]);
}

/// What the history tells of a service that is gone, and of an address that it had.
fn gone() -> Vec<Arc<Event>> {
    let event = |kind: &str, what: &str| {
        let event = json!({
            "at": AT, "since": AT, "times": 1, "kind": kind, "project": "shop", "service": "old",
            "what": what, "cause": "because",
        });
        serde_json::from_value(event).unwrap()
    };
    vec![
        event("service_gone", "the service is gone"),
        event(
            "addresses_changed",
            "addresses changed: 192.0.2.8:9273 came; 192.0.2.9:9273, [2001:db8::9]:9273 went",
        ),
        event("host_unresolved", "old-shop.a.example does not resolve; …"),
    ]
}

#[test]
fn what_is_gone_is_remembered_and_no_typing_mistake() {
    let (status, events) = (services(), gone());
    let remembered = |text: &str| {
        let unknown = explain(&status, text).unwrap_err();
        let unknown = unknown.remembering(&events, text);
        let kinds = unknown.remembered.iter().map(|event| event.kind.as_str());
        (kinds.collect::<Vec<_>>(), unknown.near)
    };
    let all = vec!["service_gone", "addresses_changed", "host_unresolved"];
    for text in ["old", "shop/old", "OLD", "shop old", "\"old\""] {
        assert_eq!(remembered(text), (all.clone(), vec![]), "{text}");
    }
    for text in [
        "192.0.2.9:9273",
        "192.0.2.9",
        "[2001:db8::9]:9273",
        "http://192.0.2.9:9273/metrics",
    ] {
        assert_eq!(remembered(text).0, ["addresses_changed"], "{text}");
    }
    assert_eq!(remembered("old-shop.a.example").0, ["host_unresolved"]);
    for text in ["bank/old", "192.0.2.99", "192.0.2.9:1", "", "the", "old2"] {
        assert!(remembered(text).0.is_empty(), "{text}");
    }
}

#[test]
fn an_address_of_two_services_finds_both() {
    let both = ["logs", "queue"].map(|name| (name.to_owned(), MatchedBy::Address));
    assert_eq!(found("192.0.2.1"), both);
}

#[test]
fn what_is_nearly_right_finds_nothing_by_itself() {
    for text in [
        "",
        "/",
        " ",
        "bank/logs",
        "shop/my-logs",
        "log",
        "192.0.2.1:9275",
        "192.0.2.3",
        "a.example",
        "logs-shop.a.example.org",
        ":9273",
        "http://",
        "22222222-2222-4222-8222-222222222222",
    ] {
        assert_eq!(found(text), [], "{text:?}");
    }
}

#[test]
fn near_names_are_those_of_instances_and_hosts_too() {
    let status = services();
    let near = |text: &str| explain(&status, text).unwrap_err().near;
    assert_eq!(near("my-log"), ["shop/logs"]);
    assert_eq!(near("logs-shop.b.example")[0], "shop/logs");
    assert_eq!(near("replica-queue-shop.x"), ["shop/queue"]);
    let address = explain(&status, "192.0.2.9").unwrap_err();
    assert!(address.is_address && address.near.is_empty());
}

#[test]
fn what_happened_last_at_each_node_is_told_with_its_time() {
    let failing = json!({
        "at": AT, "seconds": 0.5, "last_success": "2026-01-02T02:00:00Z",
        "failing_since": "2026-01-02T02:01:00Z", "certificate_expires": null, "verified_name": null,
        "failure": Failure::new(Finding::Refused, "refused"),
    });
    let never = json!({
        "at": AT, "seconds": 0.5, "last_success": null, "failing_since": "2026-01-02T02:02:00Z",
        "certificate_expires": null, "verified_name": null,
        "failure": Failure::new(Finding::Refused, "refused, too"),
    });
    let changes = json!({
        "verdict": "unreachable", "cause": "refused",
        "hosts": [{"hostname": "logs.test", "targets": [NODE, OTHER_NODE]}],
        "scrapes": {NODE: failing, OTHER_NODE: never},
    });
    let explanation = explain_changed(&changes);
    let [first, second] = &explanation.nodes[..] else {
        panic!("{:?}", explanation.nodes);
    };
    assert_eq!(first.target.to_string(), NODE);
    assert_eq!(first.cause.as_deref(), Some("refused"));
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    assert_eq!(text(first.last_success), "2026-01-02T02:00:00Z");
    assert_eq!(text(first.failing_since), "2026-01-02T02:01:00Z");
    assert_eq!(second.last_success, None);
    // The service fails since the last of its nodes does.
    let since = explanation.trouble.unwrap().since;
    assert_eq!(text(since), "2026-01-02T02:02:00Z");
}

#[test]
fn trouble_is_told_with_its_beginning_where_that_is_known() {
    let since = |changes: &Value| explain_changed(changes).trouble.unwrap().since;
    let at: Option<Timestamp> = AT.parse().ok();
    assert_eq!(
        since(&json!({"verdict": "leaving", "cause": "gone", "missing_since": AT})),
        at
    );
    let unanswered = json!({"logs.test": {"since": AT, "cause": "no answer"}});
    assert_eq!(
        since(&json!({"verdict": "unresolved", "cause": "c", "unanswered": unanswered})),
        at
    );
    assert_eq!(
        since(&json!({"verdict": "not_selected", "cause": "c"})),
        None
    );
    let mut project = project();
    project["stages"]["publish"] = failing("disk full");
    assert_eq!(explain_in(project, &json!({})).trouble.unwrap().since, at);
}
