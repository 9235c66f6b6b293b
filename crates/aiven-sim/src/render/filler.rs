//! The bulk of a listed service: fields that a discovery client reads past.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::render::SERVICE_PASSWORD;
use crate::service_type;

/// Which filler; services with the same key share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FillerKey {
    pub(crate) service_type: String,
    /// Bytes wanted, in steps, so that few different ones are made.
    pub(crate) bytes: usize,
    /// Topics, for Kafka.
    pub(crate) topics: usize,
    /// One of a few looks, so that neighbours differ.
    pub(crate) variant: u64,
    pub(crate) with_secrets: bool,
}

/// `,"name":value` by field name.
#[derive(Debug)]
pub(crate) struct Filler {
    pub(crate) fields: BTreeMap<&'static str, Bytes>,
}

impl Filler {
    pub(crate) fn new(key: &FillerKey) -> Self {
        let mut fields = BTreeMap::from([
            ("backups", backups(key)),
            ("connection_pools", json!([])),
            ("databases", json!(["defaultdb"])),
            ("disk_space_mb", json!(358_400)),
            ("features", features(key)),
            (
                "maintenance",
                json!({"dow": "monday", "enabled": true, "time": "10:21:31", "updates": []}),
            ),
            (
                "metadata",
                json!({"end_of_life_help_article_url": Value::Null, "end_of_life_policy": {},
                "service_version": format!("{}.{}", 8 + key.variant, key.variant)}),
            ),
            ("node_cpu_count", json!(2)),
            ("node_memory_mb", json!(4096)),
            ("service_notifications", json!([])),
            (
                "service_type_description",
                json!(service_type::of(&key.service_type).description),
            ),
            ("tech_emails", json!([{"email": "platform@example.com"}])),
            ("termination_protection", json!(false)),
            ("users", users(key)),
        ]);
        if key.service_type.starts_with("kafka") {
            fields.insert("topics", topics(key));
        }
        let used: usize = fields
            .iter()
            .map(|(name, value)| name.len() + 4 + value.to_string().len())
            .sum();
        fields.insert("acl", acl(key.bytes.saturating_sub(used)));
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name, Bytes::from(format!(",\"{name}\":{value}"))))
            .collect();
        Self { fields }
    }
}

fn backups(key: &FillerKey) -> Value {
    let backup = |day: u64| {
        json!({"additional_regions": [], "backup_name": format!("2026-11-{:02}_06-{:02}_0.00000000.pghoard", 1 + day, key.variant),
            "backup_time": format!("2026-11-{:02}T06:{:02}:12.583961+00:00", 1 + day, key.variant),
            "data_size": 37_683_200 + day * 65_537, "storage_location": Value::Null})
    };
    (0..4).map(backup).collect()
}

fn features(key: &FillerKey) -> Value {
    let names = [
        "acl_management",
        "enhanced_logging",
        "federated_auth",
        "index_pattern_retention",
        "kafka_strict_acls",
        "karapace_json",
        "letsencrypt_supported",
        "read_only_replicas",
        "service_integrations",
        "standby_reads",
        "topic_management",
        "user_config_change",
        "vector_search",
        "zero_downtime_upgrade",
    ];
    let flag = |(index, name): (u64, &str)| {
        (
            name.to_owned(),
            json!(!(index + key.variant).is_multiple_of(3)),
        )
    };
    Value::Object((0..).zip(names).map(flag).collect())
}

fn users(key: &FillerKey) -> Value {
    let user = |name: &str| {
        let mut user = json!({"access_control": {}, "type": if name == "avnadmin" { "primary" } else { "regular" },
            "username": name});
        if key.bytes > 8000 {
            let line = format!("MIIE{:060}\n", key.variant);
            let certificate = format!(
                "-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n",
                line.repeat(20)
            );
            user["access_cert"] = json!(certificate);
            user["access_cert_not_valid_after_time"] = json!("2028-11-20T00:00:00Z");
        }
        if key.with_secrets {
            user["password"] = json!(SERVICE_PASSWORD);
        }
        user
    };
    json!([user("avnadmin"), user("tenant")])
}

fn topics(key: &FillerKey) -> Value {
    let topic = |number: usize| {
        json!({"cleanup_policy": "delete", "diskless_enable": false, "min_insync_replicas": 1, "owner_user_group_id": Value::Null,
            "partitions": 3, "remote_storage_enable": false, "replication": 3, "retention_bytes": -1, "retention_hours": 168,
            "state": "ACTIVE", "tags": [], "topic_description": "", "topic_name": format!("topic-{}-{number:05}", key.variant)})
    };
    (0..key.topics).map(topic).collect()
}

/// Rules until about `bytes` are used: the one field that takes up the slack.
fn acl(bytes: usize) -> Value {
    let rule = |number: usize| json!({"index": format!("tenant-logs-{number:06}-*"), "permission": "readwrite"});
    let length = rule(0).to_string().len() + 1;
    let rules: Vec<Value> = (0..bytes.saturating_sub(80) / length).map(rule).collect();
    json!({"acls": [{"rules": rules, "username": "tenant"}], "enabled": true, "extended_acl_enabled": false})
}
