//! One Aiven service as this program sees it: of a listed service (6 to 25 KB
//! at Aiven), the few hundred bytes that decide whether and where it is scraped.
//! Immutable; a change at Aiven makes a new one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cloud_foundry::Claim;
use super::cloud_foundry::identity::Word;
use super::detail::{Detail, DetailList};
use super::hosts::ScrapeHost;

/// A service of one project, reduced to what planning and labels need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// `service_name`, unique within the project.
    pub name: Arc<str>,
    /// `service_type`, such as `opensearch`. An open set: an unknown type is data.
    pub service_type: Detail<Arc<str>>,
    /// `plan`, such as `business-4`.
    pub plan: Detail<Arc<str>>,
    /// `cloud_name`, such as `aws-eu-west-2`.
    pub cloud: Detail<Arc<str>>,
    /// `node_count`, or the number of `node_states`; unset while Aiven has told neither.
    pub node_count: Option<u32>,
    /// Whether the service runs at all.
    pub power: Detail<Power>,
    /// Host names to scrape, the primary one first. A part is a guess: `components`
    /// was not readable as a whole.
    pub hosts: DetailList<ScrapeHost>,
    /// The service's own integrations of type `prometheus`.
    pub integrations: DetailList<ServiceIntegration>,
    /// The tags that the configuration uses, in key order. A part is assumed: the
    /// service was saved while the configuration used other tags.
    #[serde(default, skip_serializing_if = "DetailList::is_none")]
    pub tags: DetailList<(Arc<str>, Arc<str>)>,
    /// What its tags say about whose it is; unknown unless `cloud_foundry` is configured.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub claim: Detail<Box<Claim>>,
    /// It served metrics before. Aiven's newest answer no longer says so, although
    /// the integration is still enabled (this happens while nodes are rebuilt).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub served_before: bool,
}

/// The part of `state` that matters here. Services serve metrics in every state
/// but one, even in states that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// `RUNNING`, `REBUILDING`, `REBALANCING`, or a state this version does not know.
    On,
    /// `POWEROFF`.
    Off,
}

/// A service integration of type `prometheus` whose source is the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceIntegration {
    /// `service_integration_id`.
    pub id: Arc<str>,
    /// `dest_endpoint_id`: the integration endpoint whose credentials the nodes ask for.
    pub endpoint_id: Arc<str>,
    /// `enabled`: false when somebody switched it off.
    pub enabled: bool,
    /// `active`: true once Aiven says that it works.
    pub active: bool,
    /// `integration_status.status_user_desc`, when Aiven reports the integration as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Arc<str>>,
}

impl Service {
    /// The value of a tag, if the service has it and it was kept.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.tags.rows().iter();
        let (_, value) = tags.find(|(name, _)| &**name == key)?;
        Some(value)
    }

    /// The integration that we assume the nodes use: an enabled one before a
    /// disabled one, then the one with the endpoint `ours`, then an active one,
    /// then the lowest id, so that two instances choose the same.
    pub fn integration(&self, ours: Option<&str>) -> Option<&ServiceIntegration> {
        self.integrations.rows().iter().min_by_key(|integration| {
            (
                !integration.enabled,
                Some(&*integration.endpoint_id) != ours,
                !integration.active,
                &integration.id,
            )
        })
    }

    /// The integration endpoints whose credentials the nodes may ask for: that of
    /// [`Service::integration`] first, then those of the other enabled ones. A
    /// node uses one of them, and Aiven does not show which.
    pub fn endpoint_ids(&self, ours: Option<&str>) -> Vec<Arc<str>> {
        let first = self.integration(ours);
        let enabled = self.enabled_integrations();
        let mut ids: Vec<Arc<str>> = Vec::new();
        for integration in first.into_iter().chain(enabled) {
            let id = &integration.endpoint_id;
            if !id.is_empty() && !ids.contains(id) {
                ids.push(Arc::clone(id));
            }
        }
        ids
    }

    /// Whether metrics can be expected on the nodes: some integration is
    /// enabled, and Aiven either calls it active or lists its component.
    pub fn serves_metrics(&self) -> bool {
        self.enabled_integrations()
            .any(|integration| integration.active)
            || (self.is_integrated() && (self.served_before || self.has_listed_hosts()))
    }

    /// Whether Aiven lists a host for Prometheus itself.
    pub fn has_listed_hosts(&self) -> bool {
        self.hosts.rows().iter().any(ScrapeHost::is_listed)
    }

    /// Whether an enabled integration exists, working or not.
    pub fn is_integrated(&self) -> bool {
        self.enabled_integrations().next().is_some()
    }

    /// The integrations that nobody has switched off.
    pub fn enabled_integrations(&self) -> impl Iterator<Item = &ServiceIntegration> {
        let integrations = self.integrations.rows().iter();
        integrations.filter(|integration| integration.enabled)
    }

    /// What Aiven says about whose it is.
    pub fn word(&self) -> Word<'_> {
        Word {
            service: &self.name,
            claim: self.claim.known().map(|claim| **claim).unwrap_or_default(),
        }
    }

    /// About how many bytes of memory it takes.
    pub fn memory(&self) -> usize {
        let hosts = self.hosts.rows().iter();
        let hosts = hosts.map(|host| size_of::<ScrapeHost>() + host.name.len());
        let integrations = self.integrations.rows().iter().map(|one| {
            let failure = one.failure.as_ref().map_or(0, |cause| cause.len());
            size_of::<ServiceIntegration>() + one.id.len() + one.endpoint_id.len() + failure
        });
        let tags = self.tags.rows().iter();
        let tags = tags.map(|(key, value)| 2 * size_of::<Arc<str>>() + key.len() + value.len());
        let texts = [&self.service_type, &self.plan, &self.cloud].map(|text| text.text().len());
        let lists = hosts.chain(integrations).chain(tags).sum::<usize>();
        let claim = self.claim.known().map_or(0, |_| size_of::<Claim>());
        size_of::<Service>() + claim + self.name.len() + texts.iter().sum::<usize>() + lists
    }

    /// Whether Aiven reports it as powered off.
    pub fn is_off(&self) -> bool {
        self.power == Detail::Known(Power::Off)
    }

    /// Whether its nodes are to be scraped, once they have an address: it runs, and
    /// serves metrics.
    pub fn is_served(&self) -> bool {
        self.power == Detail::Known(Power::On) && self.serves_metrics()
    }
}

fn is_unknown<T>(detail: &Detail<T>) -> bool {
    !detail.is_known()
}
