//! Many services of mixed types, named and tagged as a service broker does.

use crate::broker::{Place, service_name, tagged};
use crate::spec::ServiceSpec;

/// `deploy_env` of bulk services.
const PREFIX: &str = "bulk";

/// Service instances in a space, and spaces in an organization.
const INSTANCES: usize = 50;
const SPACES: usize = 10;

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
            let place = place(number);
            let name = service_name(PREFIX, &place.instance);
            tagged(ServiceSpec::new(name, service_type), PREFIX, &place)
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

/// Where the service instance of this number is.
pub(crate) fn place(number: usize) -> Place {
    let space = number / INSTANCES;
    let organization = space / SPACES;
    Place {
        instance: guid(number),
        plan: "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0003".into(),
        space: format!("5face000-0000-4000-8000-{space:012x}"),
        organization: format!("0a9a0000-0000-4000-8000-{organization:012x}"),
    }
}
