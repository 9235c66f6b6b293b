//! Ready-made contents for the demo and the benches.

mod states;

use crate::broker::{Place, service_name, tagged};
use crate::bulk::guid;
use crate::cloud_foundry::{InstanceSpec, Role, UserSpec};
use crate::simulator::Simulator;
use crate::spec::{ServiceSpec, ServiceState};

pub use states::states;
pub(crate) use states::{SPACES, Seeded, services};

pub(crate) const LONDON: &str = "platform-london";
pub(crate) const IRELAND: &str = "platform-ireland";

/// `deploy_env` of London's services.
pub(crate) const PREFIX: &str = "prod-lon";

/// The password of every user of the demo.
pub const DEMO_PASSWORD: &str = "demo-password";

/// Two projects, `platform-london` and `platform-ireland`, with a dozen
/// services: mixed types, several multi-node, one powered off, one of a type
/// without Prometheus integration. Every node counts its scrapes.
pub fn demo(sim: &Simulator) {
    sim.add_project(LONDON);
    sim.add_project(IRELAND);
    for (number, (_, _, spec)) in (1..).zip(london()) {
        let place = Place {
            instance: guid(number),
            plan: "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0003".into(),
            space: "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0002".into(),
            organization: "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0001".into(),
        };
        let mut spec = tagged(spec, PREFIX, &place);
        spec.name = service_name(PREFIX, &place.instance);
        sim.add_service(LONDON, spec);
    }
    for spec in ireland() {
        sim.add_service(IRELAND, spec);
    }
}

/// The same, and London's services belong to service instances in the spaces `production` and
/// `staging` of the organization `retail` and `production` of `payments`. `alice` is a developer
/// in retail's spaces, `bob` manages `payments`, `carol` audits `retail` and sees no space.
pub fn demo_with_cloud_foundry(sim: &Simulator) {
    sim.add_project(LONDON);
    sim.add_project(IRELAND);
    let (retail, payments) = (
        sim.add_organization("retail"),
        sim.add_organization("payments"),
    );
    let spaces = [
        sim.add_space(&retail, "production"),
        sim.add_space(&retail, "staging"),
        sim.add_space(&payments, "production"),
    ];
    for (number, (space, name, spec)) in (1..).zip(london()) {
        let instance = InstanceSpec::new(name, &spaces[space]);
        let instance = instance
            .plan(&spec.service_type, &spec.plan)
            .guid(guid(number));
        sim.provision(LONDON, PREFIX, instance, spec);
    }
    for spec in ireland() {
        sim.add_service(IRELAND, spec);
    }
    for user in ["alice", "bob", "carol"] {
        sim.add_user(UserSpec::new(user, DEMO_PASSWORD));
    }
    sim.grant_role("alice", Role::SpaceDeveloper, &spaces[0]);
    sim.grant_role("alice", Role::SpaceDeveloper, &spaces[1]);
    sim.grant_role("bob", Role::OrganizationManager, &payments);
    sim.grant_role("carol", Role::OrganizationAuditor, &retail);
}

/// Number of the space, name of the service instance, and the service.
fn london() -> [(usize, &'static str, ServiceSpec); 8] {
    let spec = |service_type: &str| ServiceSpec::new("", service_type).counts_scrapes();
    [
        (0, "search", spec("opensearch").plan("business-4").nodes(3)),
        (1, "search", spec("opensearch").plan("startup-4")),
        (
            0,
            "old-search",
            spec("elasticsearch").plan("business-8").nodes(3),
        ),
        (1, "measurements", spec("influxdb").plan("startup-4")),
        (2, "orders", spec("pg").plan("business-4").nodes(2)),
        (2, "events", spec("kafka").plan("business-4").nodes(3)),
        (
            1,
            "unused",
            spec("opensearch").state(ServiceState::PowerOff),
        ),
        (0, "graphs", spec("grafana").plan("startup-1")),
    ]
}

fn ireland() -> [ServiceSpec; 4] {
    let spec = |name: &str, service_type: &str| {
        let spec = ServiceSpec::new(name, service_type).cloud("aws-eu-west-1");
        spec.counts_scrapes()
    };
    [
        spec("shared-mysql", "mysql").plan("business-4").nodes(2),
        spec("shared-valkey", "valkey").plan("business-4").nodes(2),
        spec("clicks", "clickhouse").plan("business-16").nodes(3),
        spec("search", "opensearch")
            .state(ServiceState::Rebuilding)
            .vpc(),
    ]
}

/// One project, `bulk`, whose services are integrated already.
pub fn bulk(sim: &Simulator, services: usize, bytes: usize) {
    sim.add_project("bulk");
    sim.add_bulk("bulk", services, bytes);
    let endpoint = sim.add_endpoint("bulk", "aiven-metrics", "metrics", "a-password-for-bulk");
    sim.integrate_all("bulk", &endpoint);
}
