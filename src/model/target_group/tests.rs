//! The form that Prometheus reads, byte for byte.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::model::cloud_foundry::{Identity, Ownership};
use crate::model::detail::DetailList;
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::service::{Power, Service};
use crate::model::verdict::Verdict;

fn planned(addresses: &[&str], node_count: Option<u32>) -> PlannedService {
    let host = ScrapeHost {
        name: "a-proj.example".into(),
        port: 9273,
        source: HostSource::Component,
    };
    PlannedService {
        service: Arc::new(Service {
            name: "a".into(),
            service_type: "pg".into(),
            plan: "business-4".into(),
            cloud: "aws-eu-west-2".into(),
            node_count,
            power: Power::On.into(),
            hosts: DetailList::whole([host.clone()]),
            integrations: DetailList::default(),
            tags: DetailList::default(),
            served_before: false,
            claim: Default::default(),
        }),
        verdict: Verdict::Published,
        cause: None,
        remedy: None,
        stuck: false,
        hosts: Box::new([PublishedHost {
            host,
            addresses: addresses.iter().map(|ip| ip.parse().unwrap()).collect(),
        }]),
        failing: Box::default(),
        missing: None,
        ownership: None,
    }
}

fn written(planned: &[PlannedService], through_proxy: bool) -> String {
    let groups = planned.iter().map(|planned| TargetGroup {
        project: "proj",
        planned,
        host: &planned.hosts[0],
        through_proxy,
    });
    let mut bytes = Vec::new();
    write_groups(groups, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn whose_a_service_is_follows_its_other_labels_as_far_as_it_is_known() {
    let mut planned = planned(&["192.0.2.1"], None);
    let mut labels = std::collections::BTreeMap::from([
        (
            "service_instance_guid",
            "11111111-1111-4111-8111-111111111111",
        ),
        ("service_instance_name", "a \"quoted\" name"),
        ("space_guid", "22222222-2222-4222-8222-222222222222"),
    ]);
    let identity = Identity::of_labels(|key: &str| labels.get(key).map(ToString::to_string));
    planned.ownership = Some(Box::new(Ownership {
        identity: Arc::new(identity.unwrap()),
        disagreements: Box::default(),
        shared_with: Arc::default(),
    }));
    let text = written(&[planned], false);
    let groups: Vec<Value> = serde_json::from_str(&text).unwrap();
    let written = groups[0]["labels"].as_object().unwrap();
    for (label, value) in &labels {
        assert_eq!(written[*label], *value);
    }
    labels.extend([
        ("aiven_cloud", ""),
        ("aiven_hostname", ""),
        ("aiven_plan", ""),
        ("aiven_project", ""),
        ("aiven_service_name", ""),
        ("aiven_service_type", ""),
    ]);
    assert!(written.keys().eq(labels.keys()), "{written:?}");
    let places: Vec<_> = labels
        .keys()
        .map(|label| text.find(&format!("\"{label}\"")))
        .collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn the_list_is_written_one_group_a_line() {
    let text = written(
        &[
            planned(&["192.0.2.1", "2001:db8::1"], Some(2)),
            planned(&["192.0.2.9"], None),
        ],
        false,
    );
    let expected = concat!(
        "[\n",
        r#"{"targets":["192.0.2.1:9273","[2001:db8::1]:9273"],"labels":{"aiven_cloud":"aws-eu-west-2","aiven_hostname":"a-proj.example","aiven_node_count":"2","aiven_plan":"business-4","aiven_project":"proj","aiven_service_name":"a","aiven_service_type":"pg"}},"#,
        "\n",
        r#"{"targets":["192.0.2.9:9273"],"labels":{"aiven_cloud":"aws-eu-west-2","aiven_hostname":"a-proj.example","aiven_plan":"business-4","aiven_project":"proj","aiven_service_name":"a","aiven_service_type":"pg"}}"#,
        "\n]\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn an_empty_list_is_a_list() {
    assert_eq!(written(&[], false), "[]\n");
}

#[test]
fn through_the_proxy_a_label_names_the_service() {
    let text = written(&[planned(&["192.0.2.1"], None)], true);
    let groups: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(groups[0]["labels"]["__param_aiven_service"], "proj/a");
}

#[test]
fn a_group_has_the_two_keys_that_prometheus_allows_and_string_labels() {
    let text = written(&[planned(&["192.0.2.1"], Some(1))], true);
    let groups: Value = serde_json::from_str(&text).unwrap();
    let group = groups[0].as_object().unwrap();
    assert_eq!(group.keys().collect::<Vec<_>>(), ["labels", "targets"]);
    assert!(
        group["labels"]
            .as_object()
            .unwrap()
            .values()
            .all(Value::is_string)
    );
}
