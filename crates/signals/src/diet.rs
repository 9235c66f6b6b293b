//! The strict diet: an ops file that keeps exactly what boards, rules, alerts and the guide read.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::table::{Confidence, Table};
use crate::uses::Use;

/// Where it stands in the repository.
pub const PATH: &str = "manifests/operations/keep-only-dashboard-metrics.yml";

const HEADER: &str = "\
# Made of crates/signals/table by `cargo run -q -p signals -- write`; do not edit.
#
# The strict diet: keeps exactly what the boards, the recording rules, the alerts and the
# queries in docs/tenants.md read, and drops all else before it is stored. Types without a board of
# their own keep what every node has. manifests/README.md says what it saves, docs/coverage.md which
# signal needs what.
#
# It replaces the whole list of the scrape job, so the list begins with what
# add-tenant-prometheis.yml has there.

";

const JOB: &str = "/instance_groups/name=prometheus/jobs/name=prometheus/properties/prometheus/scrape_configs/\
                   job_name=aiven/metric_relabel_configs?";

#[derive(Serialize)]
struct Operation {
    r#type: &'static str,
    path: &'static str,
    value: Vec<Relabelling>,
}

#[derive(Serialize, Default)]
struct Relabelling {
    source_labels: Vec<&'static str>,
    regex: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_label: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
}

/// The ops file.
pub fn file(table: &Table, uses: &[Use]) -> String {
    let underscores = Relabelling {
        source_labels: vec!["__name__"],
        regex: "(kafka_[a-z_]+|java_lang|org_apache_[a-z_]+):(.+)".to_owned(),
        target_label: Some("__name__"),
        replacement: Some("${1}_${2}"),
        ..Relabelling::default()
    };
    // Every expression asks for all processors together; a test says so.
    let processors = Relabelling {
        source_labels: vec!["__name__", "cpu"],
        regex: "cpu_usage_.*;cpu[0-9]+".to_owned(),
        action: Some("drop"),
        ..Relabelling::default()
    };
    let names: Vec<_> = kept(table, uses).into_iter().collect();
    let keep = Relabelling {
        source_labels: vec!["__name__"],
        regex: names.join("|"),
        action: Some("keep"),
        ..Relabelling::default()
    };
    let operation = Operation {
        r#type: "replace",
        path: JOB,
        value: vec![underscores, processors, keep],
    };
    let yaml = serde_saphyr::to_string(&[operation]).expect("strings and lists are always YAML");
    format!("{HEADER}{yaml}")
}

/// Names of what nodes expose and tenants read. What Prometheus makes itself passes no relabelling.
pub fn kept(table: &Table, uses: &[Use]) -> BTreeSet<String> {
    let read = uses
        .iter()
        .filter(|used| used.is_tenants(table))
        .flat_map(|used| &used.metrics);
    let of_nodes = read.filter(|name| {
        !name.contains(':')
            && table
                .metrics
                .find(name)
                .is_none_or(|metric| metric.confidence != Confidence::Ours)
    });
    of_nodes.cloned().collect()
}
