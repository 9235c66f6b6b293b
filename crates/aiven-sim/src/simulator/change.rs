//! What a test can do to the simulated Aiven, as people and time do to the real one.

use std::collections::BTreeMap;

use crate::command::{
    AddBulk, AddEndpoint, AddIntegration, AddService, ChangeEndpoint, ChangePlan, Command,
    EndpointId, EnterState, IntegrationId, LinkServices, NodeId, Outcome, RefuseIntegration,
    ServiceId, SetState, SetTags,
};
use crate::conditions::State;
use crate::simulator::Simulator;
use crate::spec::{ServiceSpec, ServiceState};
use crate::token::TokenSpec;

/// Projects, tokens and CAs.
impl Simulator {
    /// Adds an empty project.
    pub fn add_project(&self, name: &str) {
        let project = name.to_owned();
        self.apply(Command::AddProject { project });
    }

    /// Makes a token with these rights and returns it.
    pub fn add_token(&self, spec: TokenSpec) -> String {
        match self.apply(Command::AddToken { rights: spec }) {
            Outcome::Token { token } => token,
            other => unreachable!("no token was made: {other:?}"),
        }
    }

    /// The token is refused with 401 from now on.
    pub fn revoke_token(&self, token: &str) {
        let token = token.to_owned();
        self.apply(Command::RevokeToken { token });
    }

    /// The service types that `integration_types` and `integration_endpoint_types`
    /// name for Prometheus, instead of the usual ones.
    pub fn set_prometheus_types<T: Into<String>>(&self, types: impl IntoIterator<Item = T>) {
        let types = types.into_iter().map(Into::into).collect();
        self.apply(Command::SetPrometheusTypes { types });
    }

    /// The project gets a new CA, which signs all node certificates from the next
    /// connection on.
    #[track_caller]
    pub fn reissue_ca(&self, project: &str) {
        let project = project.to_owned();
        self.apply(Command::ReissueCa { project });
    }
}

/// Services.
impl Simulator {
    /// Adds (or replaces) a service.
    #[track_caller]
    pub fn add_service(&self, project: &str, spec: ServiceSpec) {
        self.apply(Command::AddService(AddService {
            project: project.to_owned(),
            service: spec,
        }));
    }

    /// Adds `services` of mixed types, each about `bytes` long in a listing once
    /// integrated, named `bulk-…-UUID` as a service broker does.
    #[track_caller]
    pub fn add_bulk(&self, project: &str, services: usize, bytes: usize) {
        self.apply(Command::AddBulk(AddBulk {
            project: project.to_owned(),
            services,
            bytes,
        }));
    }

    /// The service is gone: listing, names, nodes, integrations.
    #[track_caller]
    pub fn delete_service(&self, project: &str, service: &str) {
        self.apply(Command::DeleteService(service_id(project, service)));
    }

    /// Powers off: no names, no nodes; integrations stay on record.
    #[track_caller]
    pub fn power_off(&self, project: &str, service: &str) {
        self.apply(Command::PowerOff(service_id(project, service)));
    }

    /// Powers on, with new nodes at new addresses.
    #[track_caller]
    pub fn power_on(&self, project: &str, service: &str) {
        self.apply(Command::PowerOn(service_id(project, service)));
    }

    /// Sets the state that is listed; only [`ServiceState::PowerOff`] stops nodes.
    #[track_caller]
    pub fn set_state(&self, project: &str, service: &str, state: ServiceState) {
        self.apply(Command::SetState(SetState {
            project: project.to_owned(),
            service: service.to_owned(),
            state,
        }));
    }

    /// Puts a service into a state: its pages show it, and its nodes suffer what goes with it.
    /// The state that it was in ends; [`State::Healthy`] ends it, too. A service that cannot be
    /// in the state becomes healthy. A replaced node runs beside the new one for two minutes.
    #[track_caller]
    pub fn enter_state(&self, project: &str, service: &str, state: State) {
        self.apply(Command::EnterState(EnterState {
            state,
            project: Some(project.to_owned()),
            service: Some(service.to_owned()),
            overlap_seconds: 120,
        }));
    }

    /// A new plan with `nodes` nodes, all new, at new addresses.
    #[track_caller]
    pub fn change_plan(&self, project: &str, service: &str, plan: &str, nodes: usize) {
        self.apply(Command::ChangePlan(ChangePlan {
            project: project.to_owned(),
            service: service.to_owned(),
            plan: plan.to_owned(),
            nodes,
        }));
    }

    /// All nodes move to new addresses at once: DNS follows, old servers stop.
    #[track_caller]
    pub fn fail_over(&self, project: &str, service: &str) {
        self.apply(Command::FailOver(service_id(project, service)));
    }

    /// Node recycling begins: new nodes run beside the old ones, DNS has both
    /// (where standbys have a name of their own, the old primary stays primary).
    #[track_caller]
    pub fn start_recycling(&self, project: &str, service: &str) {
        self.apply(Command::StartRecycling(service_id(project, service)));
    }

    /// Node recycling ends: the old nodes are gone.
    #[track_caller]
    pub fn finish_recycling(&self, project: &str, service: &str) {
        self.apply(Command::FinishRecycling(service_id(project, service)));
    }

    /// The first standby becomes primary and the primary the last standby; no
    /// address changes, only what the names resolve to.
    #[track_caller]
    pub fn promote_standby(&self, project: &str, service: &str) {
        self.apply(Command::PromoteStandby(service_id(project, service)));
    }

    /// Replaces all tags.
    #[track_caller]
    pub fn set_tags<K: Into<String>, V: Into<String>>(
        &self,
        project: &str,
        service: &str,
        tags: impl IntoIterator<Item = (K, V)>,
    ) {
        let tags = tags.into_iter();
        let tags: BTreeMap<String, String> = tags
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        self.apply(Command::SetTags(SetTags {
            project: project.to_owned(),
            service: service.to_owned(),
            tags,
        }));
    }

    /// Moves only `update_time` in the listing on by a second, as
    /// backups and notifications do: other bytes, nothing new.
    #[track_caller]
    pub fn touch(&self, project: &str, service: &str) {
        self.apply(Command::Touch(service_id(project, service)));
    }

    /// Every attempt to integrate the service is refused so, until
    /// [`Simulator::allow_integration`].
    #[track_caller]
    pub fn refuse_integration(&self, project: &str, service: &str, status: u16, message: &str) {
        self.apply(Command::RefuseIntegration(RefuseIntegration {
            project: project.to_owned(),
            service: service.to_owned(),
            status,
            message: message.to_owned(),
        }));
    }

    /// Ends [`Simulator::refuse_integration`].
    #[track_caller]
    pub fn allow_integration(&self, project: &str, service: &str) {
        self.apply(Command::AllowIntegration(service_id(project, service)));
    }
}

/// Endpoints and integrations, as made and unmade by hand.
impl Simulator {
    /// Makes a prometheus endpoint and returns its id.
    #[track_caller]
    pub fn add_endpoint(
        &self,
        project: &str,
        name: &str,
        username: &str,
        password: &str,
    ) -> String {
        self.make(Command::AddEndpoint(AddEndpoint {
            project: project.to_owned(),
            name: name.to_owned(),
            username: username.to_owned(),
            password: password.to_owned(),
        }))
    }

    /// Changes an endpoint's credentials; nodes follow as
    /// [`crate::Builder::rollout_delay`] says.
    #[track_caller]
    pub fn change_endpoint(
        &self,
        project: &str,
        endpoint_id: &str,
        username: &str,
        password: &str,
    ) {
        self.apply(Command::ChangeEndpoint(ChangeEndpoint {
            project: project.to_owned(),
            endpoint: endpoint_id.to_owned(),
            username: username.to_owned(),
            password: password.to_owned(),
        }));
    }

    /// One node takes over the credentials that its endpoint has now.
    #[track_caller]
    pub fn roll_out(&self, project: &str, service: &str, node: usize) {
        self.apply(Command::RollOut(NodeId {
            project: project.to_owned(),
            service: service.to_owned(),
            node,
        }));
    }

    /// Deletes an endpoint and the integrations with it.
    #[track_caller]
    pub fn delete_endpoint(&self, project: &str, endpoint_id: &str) {
        self.apply(Command::DeleteEndpoint(endpoint(project, endpoint_id)));
    }

    /// Integrates a service with an endpoint and returns the integration's id.
    #[track_caller]
    pub fn add_integration(&self, project: &str, service: &str, endpoint_id: &str) -> String {
        self.make(Command::AddIntegration(AddIntegration {
            project: project.to_owned(),
            service: service.to_owned(),
            endpoint: endpoint_id.to_owned(),
        }))
    }

    /// Integrates every eligible service that isn't, at once and active; returns how many.
    #[track_caller]
    pub fn integrate_all(&self, project: &str, endpoint_id: &str) -> usize {
        match self.apply(Command::IntegrateAll(endpoint(project, endpoint_id))) {
            Outcome::Integrated { integrated } => integrated,
            other => unreachable!("nothing was integrated: {other:?}"),
        }
    }

    /// An integration of another type between two services (`logs`, `metrics`,
    /// …), which is listed with both; returns its id.
    #[track_caller]
    pub fn link_services(
        &self,
        project: &str,
        integration_type: &str,
        source: &str,
        dest: &str,
    ) -> String {
        self.make(Command::LinkServices(LinkServices {
            project: project.to_owned(),
            integration_type: integration_type.to_owned(),
            source: source.to_owned(),
            dest: dest.to_owned(),
        }))
    }

    /// The service's waiting integrations become active ([`crate::Pace::ByHand`]).
    #[track_caller]
    pub fn activate(&self, project: &str, service: &str) {
        self.apply(Command::Activate(service_id(project, service)));
    }

    /// Disables an integration, as the console can; the port closes.
    #[track_caller]
    pub fn disable_integration(&self, project: &str, integration_id: &str) {
        let integration = integration(project, integration_id);
        self.apply(Command::DisableIntegration(integration));
    }

    /// Enables it again.
    #[track_caller]
    pub fn enable_integration(&self, project: &str, integration_id: &str) {
        let integration = integration(project, integration_id);
        self.apply(Command::EnableIntegration(integration));
    }

    /// Deletes an integration; the port closes.
    #[track_caller]
    pub fn delete_integration(&self, project: &str, integration_id: &str) {
        let integration = integration(project, integration_id);
        self.apply(Command::DeleteIntegration(integration));
    }
}

fn service_id(project: &str, service: &str) -> ServiceId {
    ServiceId {
        project: project.to_owned(),
        service: service.to_owned(),
    }
}

fn endpoint(project: &str, id: &str) -> EndpointId {
    EndpointId {
        project: project.to_owned(),
        endpoint: id.to_owned(),
    }
}

fn integration(project: &str, id: &str) -> IntegrationId {
    IntegrationId {
        project: project.to_owned(),
        integration: id.to_owned(),
    }
}
