//! Services as a broker makes them for tenants of a Cloud Foundry, and a daemon that labels them.

use std::time::Duration;

use aiven_sim::{InstanceSpec, Operation, ServiceSpec, Simulator, service_name};
use serde_json::Value;
use testkit::{Config, Daemon, PROJECT, integrate_all};

use crate::binary::start;

/// `DEPLOY_ENV` of the simulated broker.
pub const PREFIX: &str = "prod-lon";

/// One service instance and the Aiven service for it, by GUIDs.
pub struct Tenant {
    pub organization: String,
    pub space: String,
    pub instance: String,
    /// Name of the Aiven service.
    pub service: String,
}

impl Tenant {
    /// A service instance `name` in a new space `SPACE` of a new organization.
    pub fn new(sim: &Simulator, organization: &str, space: &str, name: &str) -> Tenant {
        let organization = sim.add_organization(organization);
        let space = sim.add_space(&organization, space);
        Tenant::in_space(sim, &organization, &space, name)
    }

    /// One more in a space.
    pub fn in_space(sim: &Simulator, organization: &str, space: &str, name: &str) -> Tenant {
        let spec = ServiceSpec::new("", "opensearch");
        let instance = sim.provision(PROJECT, PREFIX, InstanceSpec::new(name, space), spec);
        integrate_all(sim);
        Tenant {
            organization: organization.to_owned(),
            space: space.to_owned(),
            service: service_name(PREFIX, &instance),
            instance,
        }
    }

    /// Its labels in `targets.json`; null while it has no target.
    pub fn labels(&self, config: &Config) -> Value {
        labels_of(config, &self.service)
    }

    /// Waits until a label is published with this value; `null` for none.
    pub async fn has(
        &self,
        config: &Config,
        daemon: &Daemon,
        label: &str,
        value: impl Into<Value>,
    ) {
        let value = value.into();
        let what = format!("{label} of {} is {value}", self.service);
        daemon
            .until(&what, async || {
                let labels = self.labels(config);
                (!labels.is_null() && labels[label] == value).then_some(())
            })
            .await;
    }
}

/// The labels of the first target of an Aiven service in `targets.json`; null if it has none.
pub fn labels_of(config: &Config, service: &str) -> Value {
    let groups = config.groups();
    let mut labels = groups.into_iter().map(|mut group| group["labels"].take());
    let own = labels.find(|labels| labels["aiven_service_name"] == service);
    own.unwrap_or_default()
}

/// A quick daemon that reads the simulated Cloud Foundry four times a second.
pub fn labelling(sim: &Simulator) -> Config {
    Config::quick(sim)
        .cloud_foundry(sim)
        .with("cloud_foundry.poll_interval", "250ms")
        .list_every(Duration::from_millis(500))
}

/// A running daemon that has read the names of both tenants.
pub async fn labelled(config: &Config, tenants: &[&Tenant]) -> Daemon {
    let daemon = start(config).await;
    for tenant in tenants {
        let what = format!("{} has its names", tenant.service);
        daemon
            .until(&what, async || {
                let labels = tenant.labels(config);
                labels["organization_name"].is_string().then_some(())
            })
            .await;
    }
    daemon
}

/// Waits until Cloud Controller has been asked for so many more pages of instances.
pub async fn lists(sim: &Simulator, more: usize) {
    let before = sim.count(Operation::ListServiceInstances);
    sim.wait_until("service instances are listed", |sim| {
        sim.count(Operation::ListServiceInstances) >= before + more
    })
    .await;
}
