//! One service of each type, to be put into any state.

use crate::broker::{Place, tagged};
use crate::bulk::guid;
use crate::cloud_foundry::InstanceSpec;
use crate::scenario::{IRELAND, LONDON, PREFIX};
use crate::service_type::TYPES;
use crate::simulator::Simulator;
use crate::spec::ServiceSpec;

/// A service of the scenario.
pub(crate) struct Seeded {
    pub(crate) project: &'static str,
    /// The service instance that it belongs to, if it is anybody's.
    pub(crate) instance: Option<Instance>,
    pub(crate) spec: ServiceSpec,
}

/// A service instance of Cloud Foundry.
pub(crate) struct Instance {
    pub(crate) guid: String,
    pub(crate) name: &'static str,
    /// Its place in [`SPACES`].
    pub(crate) space: usize,
}

/// A space and its organization, by name and GUID.
pub(crate) struct Space {
    pub(crate) name: &'static str,
    pub(crate) guid: &'static str,
    pub(crate) organization: &'static str,
    pub(crate) organization_guid: &'static str,
}

const RETAIL: &str = "0a9a0000-0000-4000-8000-000000000001";
const PAYMENTS: &str = "0a9a0000-0000-4000-8000-000000000002";

pub(crate) const SPACES: [Space; 3] = [
    Space {
        name: "production",
        guid: "5face000-0000-4000-8000-000000000001",
        organization: "retail",
        organization_guid: RETAIL,
    },
    Space {
        name: "staging",
        guid: "5face000-0000-4000-8000-000000000002",
        organization: "retail",
        organization_guid: RETAIL,
    },
    Space {
        name: "production",
        guid: "5face000-0000-4000-8000-000000000003",
        organization: "payments",
        organization_guid: PAYMENTS,
    },
];

/// One service of each type that has families of its own, and three that have only their
/// machines'. Those in London belong to somebody, those in Ireland to nobody.
pub(crate) fn services() -> Vec<Seeded> {
    let london = [
        (0, "search", "opensearch", "business-8", 3),
        (1, "old-search", "elasticsearch", "business-4", 3),
        (2, "orders", "pg", "business-8", 2),
        (0, "shop", "mysql", "business-4", 2),
        (0, "cache", "valkey", "business-4", 2),
        (1, "sessions", "redis", "startup-4", 1),
        (2, "events", "kafka", "business-8", 3),
        (1, "measurements", "influxdb", "startup-4", 1),
    ];
    let ireland = [
        ("flags", "dragonfly", "startup-4", 1),
        ("sinks", "kafka_connect", "startup-4", 1),
        ("mirror", "kafka_mirrormaker", "startup-4", 1),
        ("clicks", "clickhouse", "business-16", 3),
        ("graphs", "grafana", "startup-1", 1),
        ("ledger", "cassandra", "startup-4", 3),
        ("jobs", "flink", "business-4", 1),
    ];
    let spec = |name: &str, service_type: &str, plan: &str, nodes| {
        let spec = ServiceSpec::new(name, service_type).plan(plan).nodes(nodes);
        // Both spellings are to be met.
        if service_type == "valkey" {
            spec.valkey_names()
        } else {
            spec
        }
    };
    let owned = (1..).zip(london);
    let owned = owned.map(
        |(number, (space, name, service_type, plan, nodes))| Seeded {
            project: LONDON,
            instance: Some(Instance {
                guid: guid(number),
                name,
                space,
            }),
            spec: spec(name, service_type, plan, nodes),
        },
    );
    let others = ireland.map(|(name, service_type, plan, nodes)| Seeded {
        project: IRELAND,
        instance: None,
        spec: spec(name, service_type, plan, nodes).cloud("aws-eu-west-1"),
    });
    owned.chain(others).collect()
}

/// One service of each type, all healthy; every type can be integrated. With a Cloud Foundry
/// those in London belong to service instances of the same names.
pub fn states(sim: &Simulator) {
    sim.add_project(LONDON);
    sim.add_project(IRELAND);
    sim.set_prometheus_types(TYPES.iter().map(|facts| facts.name));
    let with_cloud_foundry = sim.shared().cloud_foundry().is_ok();
    let mut spaces = Vec::new();
    if with_cloud_foundry {
        let (retail, payments) = (
            sim.add_organization("retail"),
            sim.add_organization("payments"),
        );
        spaces = vec![
            (sim.add_space(&retail, "production"), retail.clone()),
            (sim.add_space(&retail, "staging"), retail),
            (sim.add_space(&payments, "production"), payments),
        ];
    }
    for seeded in services() {
        let mut spec = seeded.spec;
        if let Some(instance) = seeded.instance {
            let known = &SPACES[instance.space];
            let (space, organization) = spaces
                .get(instance.space)
                .cloned()
                .unwrap_or_else(|| (known.guid.to_owned(), known.organization_guid.to_owned()));
            if with_cloud_foundry {
                let made = InstanceSpec::new(instance.name, &space).guid(instance.guid.clone());
                sim.add_instance(made.plan(&spec.service_type, &spec.plan));
            }
            let place = Place {
                instance: instance.guid,
                plan: "6f0a2f6c-3b52-4b4a-9f0b-0c6c5a0e0003".into(),
                space,
                organization,
            };
            spec = tagged(spec, PREFIX, &place);
        }
        sim.add_service(seeded.project, spec);
    }
}
