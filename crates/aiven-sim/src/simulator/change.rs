//! What a test can do to the simulated Aiven, as people and time do to the real one.

use std::collections::BTreeMap;

use serde_json::json;

use crate::scenario;
use crate::simulator::{Simulator, expect};
use crate::spec::{ServiceSpec, ServiceState};
use crate::token::TokenSpec;
use crate::world::Replacement;

/// Projects, tokens and CAs.
impl Simulator {
    /// Adds an empty project.
    pub fn add_project(&self, name: &str) {
        if let Err(error) = self.shared.add_project(name) {
            panic!("no CA for project {name}: {error}");
        }
    }

    /// Makes a token with these rights and returns it.
    pub fn add_token(&self, spec: TokenSpec) -> String {
        self.shared.add_token(spec)
    }

    /// The token is refused with 401 from now on.
    pub fn revoke_token(&self, token: &str) {
        self.shared.revoke_token(token);
    }

    /// The service types that `integration_types` and `integration_endpoint_types`
    /// name for Prometheus, instead of the usual ones.
    pub fn set_prometheus_types<T: Into<String>>(&self, types: impl IntoIterator<Item = T>) {
        self.shared
            .set_prometheus_types(types.into_iter().map(Into::into).collect());
    }

    /// The project gets a new CA, which signs all node certificates from the next
    /// connection on.
    #[track_caller]
    pub fn reissue_ca(&self, project: &str) {
        expect(self.shared.reissue_ca(project));
    }
}

/// Services.
impl Simulator {
    /// Adds (or replaces) a service.
    #[track_caller]
    pub fn add_service(&self, project: &str, spec: ServiceSpec) {
        expect(self.shared.add_service(project, spec));
    }

    /// Adds `services` of mixed types, each about `bytes` long in a listing once
    /// integrated, named `bulk-…-UUID` as a service broker does.
    #[track_caller]
    pub fn add_bulk(&self, project: &str, services: usize, bytes: usize) {
        expect(
            self.shared
                .add_services(project, scenario::bulk_specs(services, bytes)),
        );
    }

    /// The service is gone: listing, names, nodes, integrations.
    #[track_caller]
    pub fn delete_service(&self, project: &str, service: &str) {
        expect(self.shared.delete_service(project, service));
    }

    /// Powers off: no names, no nodes; integrations stay on record.
    #[track_caller]
    pub fn power_off(&self, project: &str, service: &str) {
        self.set_state(project, service, ServiceState::PowerOff);
    }

    /// Powers on, with new nodes at new addresses.
    #[track_caller]
    pub fn power_on(&self, project: &str, service: &str) {
        expect(
            self.shared
                .replace_nodes(project, service, None, Replacement::AtOnce),
        );
        self.set_state(project, service, ServiceState::Running);
    }

    /// Sets the state that is listed; only [`ServiceState::PowerOff`] stops nodes.
    #[track_caller]
    pub fn set_state(&self, project: &str, service: &str, state: ServiceState) {
        expect(
            self.shared
                .edit_service(project, service, |service| service.spec.state = state),
        );
    }

    /// A new plan with `nodes` nodes, all new, at new addresses.
    #[track_caller]
    pub fn change_plan(&self, project: &str, service: &str, plan: &str, nodes: usize) {
        expect(
            self.shared
                .replace_nodes(project, service, Some(nodes), Replacement::AtOnce),
        );
        expect(self.shared.edit_service(project, service, |service| {
            service.spec.plan = plan.to_owned()
        }));
    }

    /// All nodes move to new addresses at once: DNS follows, old servers stop.
    #[track_caller]
    pub fn fail_over(&self, project: &str, service: &str) {
        expect(
            self.shared
                .replace_nodes(project, service, None, Replacement::AtOnce),
        );
    }

    /// Node recycling begins: new nodes run beside the old ones, DNS has both
    /// (where standbys have a name of their own, the old primary stays primary).
    #[track_caller]
    pub fn start_recycling(&self, project: &str, service: &str) {
        expect(
            self.shared
                .replace_nodes(project, service, None, Replacement::Beside),
        );
    }

    /// Node recycling ends: the old nodes are gone.
    #[track_caller]
    pub fn finish_recycling(&self, project: &str, service: &str) {
        expect(self.shared.finish_recycling(project, service));
    }

    /// The first standby becomes primary and the primary the last standby; no
    /// address changes, only what the names resolve to.
    #[track_caller]
    pub fn promote_standby(&self, project: &str, service: &str) {
        expect(
            self.shared
                .edit_service(project, service, |service| service.nodes.rotate_left(1)),
        );
    }

    /// Replaces all tags.
    #[track_caller]
    pub fn set_tags<K: Into<String>, V: Into<String>>(
        &self,
        project: &str,
        service: &str,
        tags: impl IntoIterator<Item = (K, V)>,
    ) {
        let tags: BTreeMap<String, String> = tags
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        expect(
            self.shared
                .edit_service(project, service, |service| service.spec.tags = tags),
        );
    }

    /// Moves only `update_time` in the listing on by a second, as
    /// backups and notifications do: other bytes, nothing new.
    #[track_caller]
    pub fn touch(&self, project: &str, service: &str) {
        expect(
            self.shared
                .edit_service(project, service, |service| service.touches += 1),
        );
    }

    /// Every attempt to integrate the service is refused so, until
    /// [`Simulator::allow_integration`].
    #[track_caller]
    pub fn refuse_integration(&self, project: &str, service: &str, status: u16, message: &str) {
        let refusal = crate::Refusal::new(status, message);
        expect(
            self.shared
                .edit_service(project, service, |service| service.refusal = Some(refusal)),
        );
    }

    /// Ends [`Simulator::refuse_integration`].
    #[track_caller]
    pub fn allow_integration(&self, project: &str, service: &str) {
        expect(
            self.shared
                .edit_service(project, service, |service| service.refusal = None),
        );
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
        let user_config = json!({"basic_auth_username": username, "basic_auth_password": password});
        expect(
            self.shared
                .create_endpoint(project, name, "prometheus", &user_config),
        )
        .id
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
        let user_config = json!({"basic_auth_username": username, "basic_auth_password": password});
        expect(
            self.shared
                .update_endpoint(project, endpoint_id, &user_config),
        );
    }

    /// One node takes over the credentials that its endpoint has now.
    #[track_caller]
    pub fn roll_out(&self, project: &str, service: &str, node: usize) {
        expect(self.shared.roll_out_to(project, service, node));
    }

    /// Deletes an endpoint and the integrations with it.
    #[track_caller]
    pub fn delete_endpoint(&self, project: &str, endpoint_id: &str) {
        expect(self.shared.delete_endpoint(project, endpoint_id));
    }

    /// Integrates a service with an endpoint and returns the integration's id.
    #[track_caller]
    pub fn add_integration(&self, project: &str, service: &str, endpoint_id: &str) -> String {
        let new = crate::world::NewIntegration {
            integration_type: "prometheus",
            source_service: service,
            dest_endpoint_id: endpoint_id,
            user_config: json!({}),
        };
        expect(self.shared.create_integration(project, new)).id
    }

    /// Integrates every eligible service that isn't, at once and active; returns how many.
    #[track_caller]
    pub fn integrate_all(&self, project: &str, endpoint_id: &str) -> usize {
        expect(self.shared.integrate_all(project, endpoint_id))
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
        expect(
            self.shared
                .link_services(project, integration_type, source, dest),
        )
    }

    /// The service's waiting integrations become active ([`crate::Pace::ByHand`]).
    #[track_caller]
    pub fn activate(&self, project: &str, service: &str) {
        expect(self.shared.activate(project, service));
    }

    /// Disables an integration, as the console can; the port closes.
    #[track_caller]
    pub fn disable_integration(&self, project: &str, integration_id: &str) {
        self.enable(project, integration_id, false);
    }

    /// Enables it again.
    #[track_caller]
    pub fn enable_integration(&self, project: &str, integration_id: &str) {
        self.enable(project, integration_id, true);
    }

    #[track_caller]
    fn enable(&self, project: &str, integration_id: &str, enabled: bool) {
        expect(
            self.shared
                .edit_integration(project, integration_id, |integration| {
                    integration.enabled = enabled;
                    integration.active = enabled;
                }),
        );
    }

    /// Deletes an integration; the port closes.
    #[track_caller]
    pub fn delete_integration(&self, project: &str, integration_id: &str) {
        expect(self.shared.delete_integration(project, integration_id));
    }
}
