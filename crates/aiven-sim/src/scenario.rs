//! Ready-made worlds for the demo and the benches.

use crate::simulator::Simulator;
use crate::spec::{ServiceSpec, ServiceState};

/// Types of bulk services and their node counts, in turn.
const BULK: [(&str, &str, usize); 5] = [
    ("opensearch", "business-4", 3),
    ("pg", "startup-4", 1),
    ("kafka", "business-4", 3),
    ("mysql", "business-4", 2),
    ("valkey", "hobbyist", 1),
];

/// `count` services of mixed types, `bytes` each.
pub(crate) fn bulk_specs(count: usize, bytes: usize) -> impl Iterator<Item = ServiceSpec> {
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

fn guid(number: usize) -> String {
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
fn broker_tags(spec: ServiceSpec, guid: &str) -> ServiceSpec {
    spec.tag("service_id", guid)
        .tag("organization_id", "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0001")
        .tag("space_id", "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0002")
        .tag("plan_id", "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0003")
        .tag("deploy_env", "prod-lon")
        .tag("broker_name", "aiven-broker")
        .tag("restored_from_backup", "false")
}

/// Two projects, `platform-london` and `platform-ireland`, with a dozen
/// services: mixed types, several multi-node, one powered off, one of a type
/// without Prometheus integration. Every node counts its scrapes.
pub fn demo(sim: &Simulator) {
    let london = "platform-london";
    let ireland = "platform-ireland";
    sim.add_project(london);
    sim.add_project(ireland);
    let spec = |number: usize, service_type: &str| {
        let guid = guid(number);
        let spec = ServiceSpec::new(format!("prod-lon-{guid}"), service_type);
        broker_tags(spec.counts_scrapes(), &guid)
    };
    sim.add_service(london, spec(1, "opensearch").plan("business-4").nodes(3));
    sim.add_service(london, spec(2, "opensearch").plan("startup-4"));
    sim.add_service(london, spec(3, "elasticsearch").plan("business-8").nodes(3));
    sim.add_service(london, spec(4, "influxdb").plan("startup-4"));
    sim.add_service(london, spec(5, "pg").plan("business-4").nodes(2));
    sim.add_service(london, spec(6, "kafka").plan("business-4").nodes(3));
    sim.add_service(london, spec(7, "opensearch").state(ServiceState::PowerOff));
    sim.add_service(london, spec(8, "grafana").plan("startup-1"));
    let dublin = |name: &str, service_type: &str| {
        let spec = ServiceSpec::new(name, service_type).cloud("aws-eu-west-1");
        spec.counts_scrapes()
    };
    sim.add_service(
        ireland,
        dublin("shared-mysql", "mysql").plan("business-4").nodes(2),
    );
    sim.add_service(
        ireland,
        dublin("shared-valkey", "valkey")
            .plan("business-4")
            .nodes(2),
    );
    sim.add_service(
        ireland,
        dublin("clicks", "clickhouse").plan("business-16").nodes(3),
    );
    sim.add_service(
        ireland,
        dublin("search", "opensearch")
            .state(ServiceState::Rebuilding)
            .vpc(),
    );
}

/// One project, `bulk`, whose services are integrated already.
pub fn bulk(sim: &Simulator, services: usize, bytes: usize) {
    sim.add_project("bulk");
    sim.add_bulk("bulk", services, bytes);
    let endpoint = sim.add_endpoint("bulk", "aiven-metrics", "metrics", "a-password-for-bulk");
    sim.integrate_all("bulk", &endpoint);
}
