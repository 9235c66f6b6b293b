//! What the service broker does: it names and tags an Aiven service after the service instance
//! that it is made for [alphagov/paas-aiven-broker provider/provider.go].

use std::sync::Arc;

use crate::bulk;
use crate::cloud_foundry::{InstanceSpec, InstanceType};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::spec::ServiceSpec;

/// Name of the Aiven service of a service instance: `lower(PREFIX-INSTANCE_GUID)`.
pub fn service_name(prefix: &str, instance: &str) -> String {
    format!("{prefix}-{instance}").to_lowercase()
}

/// Where a service instance is, by GUIDs.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) instance: String,
    pub(crate) plan: String,
    pub(crate) space: String,
    pub(crate) organization: String,
}

/// With the tags that the broker sets at creation; `prefix` begins with `DEPLOY_ENV`.
pub(crate) fn tagged(spec: ServiceSpec, prefix: &str, place: &Place) -> ServiceSpec {
    spec.tag("service_id", &place.instance)
        .tag("plan_id", &place.plan)
        .tag("organization_id", &place.organization)
        .tag("space_id", &place.space)
        .tag("deploy_env", prefix)
        .tag("broker_name", "aiven-broker")
        .tag("restored_from_backup", "false")
}

impl Shared {
    /// A service instance, and the Aiven service for it; returns the instance's GUID.
    pub(crate) fn provision(
        self: &Arc<Self>,
        project: &str,
        prefix: &str,
        instance: InstanceSpec,
        service: ServiceSpec,
    ) -> Result<String, Refusal> {
        if instance.instance_type != InstanceType::Managed {
            return Err(Refusal::new(
                422,
                "a broker makes managed service instances only",
            ));
        }
        let place = self.edit_foundation(|foundation| {
            let organization = foundation.space(&instance.space)?.organization.clone();
            let space = instance.space.clone();
            let guid = foundation.add_instance(instance)?;
            let plan = foundation.plan_guid(foundation.instance(&guid)?);
            Ok(Place {
                instance: guid,
                plan,
                space,
                organization,
            })
        })?;
        let mut service = tagged(service, prefix, &place);
        service.name = service_name(prefix, &place.instance);
        self.add_services(project, [service])?;
        Ok(place.instance)
    }

    /// The service instance and its Aiven service are gone.
    pub(crate) fn deprovision(
        self: &Arc<Self>,
        project: &str,
        instance: &str,
    ) -> Result<(), Refusal> {
        let is_its = |tags: &std::collections::BTreeMap<String, String>| {
            tags.get("service_id").is_some_and(|id| id == instance)
        };
        let services: Vec<String> = {
            let account = self.account();
            let services = account.project(project)?.services.values();
            let its = services.filter(|service| is_its(&service.spec.tags));
            its.map(|service| service.spec.name.clone()).collect()
        };
        self.edit_foundation(|foundation| foundation.delete(instance))?;
        services
            .iter()
            .try_for_each(|service| self.delete_service(project, service))
    }

    /// Service instances for what [`bulk::specs`] makes, if there is a Cloud Foundry.
    pub(crate) fn add_bulk_instances(&self, count: usize) -> Result<(), Refusal> {
        if self.cloud_foundry().is_err() {
            return Ok(());
        }
        self.edit_foundation(|foundation| {
            for number in 0..count {
                let place = bulk::place(number);
                if foundation.organization(&place.organization).is_err() {
                    let name = format!("bulk-organization-{number}");
                    foundation.add_organization(name, Some(place.organization.clone()))?;
                }
                if foundation.space(&place.space).is_err() {
                    let name = format!("bulk-space-{number}");
                    foundation.add_space(place.organization, name, Some(place.space.clone()))?;
                }
                let spec = InstanceSpec::new(format!("bulk-instance-{number}"), place.space);
                foundation.add_instance(spec.guid(place.instance))?;
            }
            Ok(())
        })
    }
}
