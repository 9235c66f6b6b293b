//! A row of `service_integrations`, in a service or in a list of its own.

use std::sync::Arc;

use serde::Deserialize;

use super::PROMETHEUS;
use crate::api_client::lenient::{Member, Rows, Text};
use crate::model::outside_text::{OutsideText, Secrets};
use crate::model::service::ServiceIntegration;

#[derive(Deserialize)]
pub(super) struct WireIntegration<'a> {
    #[serde(borrow, default)]
    integration_type: Member<Text<'a>>,
    #[serde(borrow, default)]
    service_integration_id: Member<Text<'a>>,
    #[serde(borrow, default)]
    source_service: Member<Text<'a>>,
    #[serde(borrow, default)]
    dest_endpoint_id: Member<Text<'a>>,
    #[serde(default)]
    enabled: Member<bool>,
    #[serde(default)]
    active: Member<bool>,
    #[serde(borrow, default)]
    integration_status: Member<WireStatus<'a>>,
}

/// What a row is to a service.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Relation<'a> {
    /// A Prometheus integration whose source is the service, with its id.
    Own(&'a str),
    /// Something else.
    None,
    /// Too little can be read of it: it may be either.
    Unknown,
}

impl WireIntegration<'_> {
    pub(super) fn relation_to(&self, service: &str) -> Relation<'_> {
        let kind = self.integration_type.name();
        if kind.is_some_and(|kind| kind != PROMETHEUS) {
            return Relation::None;
        }
        match &self.source_service {
            Member::Told(source) if **source != *service => return Relation::None,
            Member::Odd => return Relation::Unknown,
            Member::Told(_) | Member::Absent => {}
        }
        match (kind, self.service_integration_id.name()) {
            (Some(_), Some(id)) => Relation::Own(id),
            _ => Relation::Unknown,
        }
    }

    /// Whether it says with which endpoint it is, and whether it is switched on.
    pub(super) fn is_complete(&self) -> bool {
        self.dest_endpoint_id.name().is_some() && self.enabled.told().is_some()
    }

    pub(super) fn read(
        &self,
        id: &str,
        secrets: &Secrets,
        mut share: impl FnMut(&str) -> Arc<str>,
    ) -> ServiceIntegration {
        ServiceIntegration {
            id: Arc::from(id),
            endpoint_id: share(self.dest_endpoint_id.name().unwrap_or_default()),
            enabled: self.enabled.told().copied().unwrap_or(true),
            active: self.active.told().copied().unwrap_or(false),
            failure: self.failure(secrets),
        }
    }

    /// Aiven's description, if it reports the integration as failed.
    fn failure(&self, secrets: &Secrets) -> Option<Arc<str>> {
        let status = self.integration_status.told()?;
        let state = status.state.told()?.status.told()?;
        if **state != *"failed" {
            return None;
        }
        let described = status.status_user_desc.told();
        let cause = match described {
            Some(text) => OutsideText::prose(text, secrets),
            None => OutsideText::from("Aiven reports the integration as failed"),
        };
        Some(cause.into())
    }
}

#[derive(Deserialize)]
struct WireStatus<'a> {
    #[serde(borrow, default)]
    status_user_desc: Member<Text<'a>>,
    #[serde(borrow, default)]
    state: Member<WireState<'a>>,
}

#[derive(Deserialize)]
struct WireState<'a> {
    #[serde(borrow, default)]
    status: Member<Text<'a>>,
}

/// `GET …/service/{s}/integration`.
#[derive(Deserialize)]
pub struct Integrations<'a> {
    #[serde(borrow)]
    service_integrations: Rows<WireIntegration<'a>>,
}

impl Integrations<'_> {
    /// Whether the service has a Prometheus integration, with any endpoint; unset
    /// if the answer has none, but something in it that cannot be read.
    pub fn has_prometheus(&self, service: &str) -> Option<bool> {
        let rows = &self.service_integrations;
        let mut is_sure = rows.is_whole;
        for row in &rows.rows {
            match row.relation_to(service) {
                Relation::Own(_) => return Some(true),
                Relation::None => {}
                Relation::Unknown => is_sure = false,
            }
        }
        is_sure.then_some(false)
    }
}
