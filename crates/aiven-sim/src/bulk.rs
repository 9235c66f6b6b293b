//! Many services of mixed types, named and tagged as a service broker does.

use crate::spec::ServiceSpec;

/// Types of bulk services and their node counts, in turn.
const BULK: [(&str, &str, usize); 5] = [
    ("opensearch", "business-4", 3),
    ("pg", "startup-4", 1),
    ("kafka", "business-4", 3),
    ("mysql", "business-4", 2),
    ("valkey", "hobbyist", 1),
];

/// `count` services of mixed types, `bytes` each.
pub(crate) fn specs(count: usize, bytes: usize) -> impl Iterator<Item = ServiceSpec> {
    (0..count)
        .zip(BULK.into_iter().cycle())
        .map(move |(number, (service_type, plan, nodes))| {
            let guid = guid(number);
            broker_tags(
                ServiceSpec::new(format!("bulk-{guid}"), service_type),
                &guid,
            )
            .plan(plan)
            .nodes(nodes)
            .listed_bytes(bytes)
        })
}

/// Looks like a UUID; the same for the same number.
pub(crate) fn guid(number: usize) -> String {
    let mixed = u64::try_from(number)
        .unwrap_or(0)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4000-8000-{number:012x}",
        mixed >> 32,
        mixed & 0xffff
    )
}

/// The tags that a Cloud Foundry service broker sets.
pub(crate) fn broker_tags(spec: ServiceSpec, guid: &str) -> ServiceSpec {
    spec.tag("service_id", guid)
        .tag("organization_id", "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0001")
        .tag("space_id", "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0002")
        .tag("plan_id", "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0003")
        .tag("deploy_env", "prod-lon")
        .tag("broker_name", "aiven-broker")
        .tag("restored_from_backup", "false")
}
