//! Ready-made contents for the demo and the benches.

use crate::bulk::{broker_tags, guid};
use crate::simulator::Simulator;
use crate::spec::{ServiceSpec, ServiceState};

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
