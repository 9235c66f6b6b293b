//! Rows as Aiven may show them: true, changed, and with members that cannot be read.

use proptest::prelude::*;

use super::super::service;
use crate::model::detail::{Detail, DetailList};
use crate::model::service::{Power, Service};
use std::sync::Arc;

/// What a row says about a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// All is as it was.
    Good,
    /// Powered off.
    Off,
    /// Without an integration.
    Bare,
    /// Its integration is switched off.
    Disabled,
    /// Integrated with another endpoint.
    OtherEndpoint,
    /// Its node has another name.
    OtherHost,
    /// Of a type that is not selected.
    OtherType,
    /// Being rebuilt: integrated, with no host for Prometheus.
    Rebuilt,
}

/// A row, without some details. Bits select these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    kind: Kind,
    lacks: u8,
}

const STATE: u8 = 1;
const TYPE: u8 = 1 << 1;
const INTEGRATIONS: u8 = 1 << 2;
const HOSTS: u8 = 1 << 3;
const CLOUD: u8 = 1 << 4;
const TAGS: u8 = 1 << 5;
/// A host that is a guess stands for the hosts that cannot be read.
const GUESS: u8 = 1 << 6;

pub(super) fn row() -> impl Strategy<Value = Row> {
    let kind = prop_oneof![
        8 => Just(Kind::Good),
        2 => Just(Kind::Off),
        1 => Just(Kind::Bare),
        1 => Just(Kind::Disabled),
        1 => Just(Kind::OtherEndpoint),
        1 => Just(Kind::OtherHost),
        1 => Just(Kind::OtherType),
        1 => Just(Kind::Rebuilt),
    ];
    let lacks = prop_oneof![3 => Just(0_u8), 2 => 0_u8..128];
    (kind, lacks).prop_map(|(kind, lacks)| Row { kind, lacks })
}

impl Row {
    pub(super) fn whole(kind: Kind) -> Row {
        Row { kind, lacks: 0 }
    }

    fn has(self, detail: u8) -> bool {
        self.lacks & detail == 0
    }

    pub(super) fn says_off(self) -> bool {
        self.kind == Kind::Off && self.has(STATE)
    }

    pub(super) fn power_is_unsaid(self) -> bool {
        !self.has(STATE)
    }

    /// Whether it says that there is no integration; unset if it does not say.
    pub(super) fn says_bare(self) -> Option<bool> {
        self.has(INTEGRATIONS).then_some(self.kind == Kind::Bare)
    }

    /// Whether, said by name, it ends the service's targets.
    pub(super) fn ends_targets(self) -> bool {
        match self.kind {
            Kind::Off => self.has(STATE),
            Kind::Bare | Kind::Disabled => self.has(INTEGRATIONS),
            Kind::OtherHost => self.has(HOSTS),
            Kind::OtherType => self.has(TYPE),
            Kind::Good | Kind::OtherEndpoint | Kind::Rebuilt => false,
        }
    }

    pub(super) fn service(self, name: &str) -> Arc<Service> {
        let mut service = Service::clone(&service(name));
        let mut integrations = service.integrations.rows().to_vec();
        let mut hosts = service.hosts.rows().to_vec();
        match self.kind {
            Kind::Good => {}
            Kind::Off => service.power = Power::Off.into(),
            Kind::Bare => integrations.clear(),
            Kind::Disabled => integrations[0].enabled = false,
            Kind::OtherEndpoint => integrations[0].endpoint_id = "other".into(),
            Kind::OtherHost => hosts[0].name = format!("{name}.elsewhere").into(),
            Kind::OtherType => service.service_type = "other".into(),
            Kind::Rebuilt => {
                integrations[0].active = false;
                hosts.clear();
            }
        }
        service.integrations = integrations.into();
        service.hosts = hosts.into();
        self.drop_details(&mut service);
        Arc::new(service)
    }

    fn drop_details(self, service: &mut Service) {
        if !self.has(STATE) {
            service.power = Detail::Unknown;
        }
        if !self.has(TYPE) {
            service.service_type = Detail::Unknown;
        }
        if !self.has(CLOUD) {
            service.cloud = Detail::Unknown;
            service.plan = Detail::Unknown;
            service.node_count = None;
        }
        if !self.has(INTEGRATIONS) {
            service.integrations = DetailList::unknown();
        }
        if !self.has(TAGS) {
            service.tags = DetailList::unknown();
        }
        if !self.has(HOSTS) {
            let mut guess = service.hosts.rows().to_vec();
            guess.truncate(usize::from(!self.has(GUESS)));
            service.hosts = DetailList::part(guess);
        }
    }
}
