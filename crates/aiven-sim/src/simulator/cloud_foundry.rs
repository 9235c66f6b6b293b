//! Cloud Foundry: what a test can do to it, and see of it. For simulators that were built with
//! [`crate::Builder::cloud_foundry`]; on others these methods panic.

use std::time::Duration;

use crate::cloud_foundry::{CLIENT_ID, ClientSpec, InstanceSpec, RateLimit, Role, UserSpec};
use crate::command::{CloudFoundry as C, Command};
use crate::fault::{Server, ServerFault};
use crate::simulator::{Simulator, expect};
use crate::spec::ServiceSpec;

/// Where it is.
impl Simulator {
    /// Base URL of the Cloud Controller, `https://127.0.0.1:PORT`.
    #[track_caller]
    pub fn cf_url(&self) -> String {
        expect(self.shared.cloud_foundry()).controller.url()
    }

    /// Base URL of the UAA, `https://127.0.0.1:PORT`.
    #[track_caller]
    pub fn uaa_url(&self) -> String {
        expect(self.shared.cloud_foundry()).uaa.url()
    }

    /// PEM of the CA that both servers' certificates are by.
    #[track_caller]
    pub fn cf_ca_pem(&self) -> String {
        expect(self.shared.cloud_foundry()).ca_pem()
    }

    /// Id and secret of a client with the authority `cloud_controller.global_auditor`.
    #[track_caller]
    pub fn cf_client(&self) -> (String, String) {
        let foundation = expect(self.shared.cloud_foundry()).foundation();
        let secret = foundation.uaa.client_secret(CLIENT_ID);
        (CLIENT_ID.to_owned(), secret.to_owned())
    }
}

/// Organizations, spaces, service instances.
impl Simulator {
    #[track_caller]
    fn change(&self, what: C) {
        self.apply(Command::CloudFoundry(what));
    }

    #[track_caller]
    fn make_in_cloud_foundry(&self, what: C) -> String {
        self.make(Command::CloudFoundry(what))
    }

    /// Adds an organization and returns its GUID.
    #[track_caller]
    pub fn add_organization(&self, name: &str) -> String {
        self.make_in_cloud_foundry(C::AddOrganization {
            name: name.to_owned(),
            guid: None,
        })
    }

    /// Adds a space to an organization and returns its GUID.
    #[track_caller]
    pub fn add_space(&self, organization: &str, name: &str) -> String {
        self.make_in_cloud_foundry(C::AddSpace {
            organization: organization.to_owned(),
            name: name.to_owned(),
            guid: None,
        })
    }

    /// Adds a service instance that Aiven knows nothing of, and returns its GUID. The name may be
    /// taken, and be any text.
    #[track_caller]
    pub fn add_instance(&self, instance: InstanceSpec) -> String {
        self.make_in_cloud_foundry(C::AddInstance(instance))
    }

    /// Adds a service instance and the Aiven service for it, as the broker does: named
    /// [`crate::service_name`] and tagged. Returns the instance's GUID.
    #[track_caller]
    pub fn provision(
        &self,
        project: &str,
        prefix: &str,
        instance: InstanceSpec,
        service: ServiceSpec,
    ) -> String {
        self.make_in_cloud_foundry(C::Provision {
            project: project.to_owned(),
            prefix: prefix.to_owned(),
            instance,
            service: Box::new(service),
        })
    }

    /// Deletes a service instance and its Aiven service.
    #[track_caller]
    pub fn deprovision(&self, project: &str, instance: &str) {
        self.change(C::Deprovision {
            project: project.to_owned(),
            instance: instance.to_owned(),
        });
    }

    /// Renames an organization, a space or a service instance, to any text.
    #[track_caller]
    pub fn rename(&self, guid: &str, name: &str) {
        self.change(C::Rename {
            guid: guid.to_owned(),
            name: name.to_owned(),
        });
    }

    /// Deletes an organization or a space, with all in it, or a service instance: from Cloud
    /// Foundry alone, Aiven keeps its services.
    #[track_caller]
    pub fn delete(&self, guid: &str) {
        self.change(C::Delete {
            guid: guid.to_owned(),
        });
    }

    /// The instance is in another space. No real one moves.
    #[track_caller]
    pub fn move_instance(&self, instance: &str, space: &str) {
        self.change(C::MoveInstance {
            instance: instance.to_owned(),
            space: space.to_owned(),
        });
    }

    /// The space is in another organization. No real one moves.
    #[track_caller]
    pub fn move_space(&self, space: &str, organization: &str) {
        self.change(C::MoveSpace {
            space: space.to_owned(),
            organization: organization.to_owned(),
        });
    }

    /// Another space can use the instance, too.
    #[track_caller]
    pub fn share_instance(&self, instance: &str, space: &str) {
        self.change(C::ShareInstance {
            instance: instance.to_owned(),
            space: space.to_owned(),
        });
    }

    /// Ends [`Simulator::share_instance`].
    #[track_caller]
    pub fn unshare_instance(&self, instance: &str, space: &str) {
        self.change(C::UnshareInstance {
            instance: instance.to_owned(),
            space: space.to_owned(),
        });
    }

    /// Every user and client may make so many requests in that time. Counting begins anew.
    #[track_caller]
    pub fn set_rate_limit(&self, requests: u32, every: Duration) {
        self.change(C::SetRateLimit(RateLimit { requests, every }));
    }

    /// Ends [`Simulator::set_rate_limit`].
    #[track_caller]
    pub fn clear_rate_limit(&self) {
        self.change(C::ClearRateLimit);
    }
}

/// Users, clients, keys.
impl Simulator {
    /// Adds a user and returns the GUID.
    #[track_caller]
    pub fn add_user(&self, user: UserSpec) -> String {
        self.make_in_cloud_foundry(C::AddUser(user))
    }

    /// The user is gone: no new tokens. Access tokens that are out stay good until they expire.
    #[track_caller]
    pub fn remove_user(&self, name: &str) {
        self.change(C::RemoveUser {
            name: name.to_owned(),
        });
    }

    /// A new password.
    #[track_caller]
    pub fn set_password(&self, name: &str, password: &str) {
        self.change(C::SetPassword {
            name: name.to_owned(),
            password: password.to_owned(),
        });
    }

    /// Opens an account that five wrong passwords have locked.
    #[track_caller]
    pub fn unlock_user(&self, name: &str) {
        self.change(C::UnlockUser {
            name: name.to_owned(),
        });
    }

    /// Gives a user a role in a space or an organization. `user` is a name, or the GUID of a user
    /// of the UAA that [`Simulator::trust_uaa`] names.
    #[track_caller]
    pub fn grant_role(&self, user: &str, role: Role, at: &str) {
        self.change(C::GrantRole {
            user: user.to_owned(),
            role,
            at: at.to_owned(),
        });
    }

    /// Takes a role away.
    #[track_caller]
    pub fn revoke_role(&self, user: &str, role: Role, at: &str) {
        self.change(C::RevokeRole {
            user: user.to_owned(),
            role,
            at: at.to_owned(),
        });
    }

    /// Adds a client, or replaces one.
    #[track_caller]
    pub fn add_client(&self, client: ClientSpec) {
        self.change(C::AddClient(client));
    }

    /// The client gets no more tokens.
    #[track_caller]
    pub fn remove_client(&self, id: &str) {
        self.change(C::RemoveClient { id: id.to_owned() });
    }

    /// How long access tokens live that are issued from now on (default 1200 s).
    #[track_caller]
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.change(C::SetTokenLifetime { lifetime });
    }

    /// Refresh tokens are JWTs, signed as access tokens are, whatever the release.
    #[track_caller]
    pub fn set_jwt_refresh_tokens(&self, jwt: bool) {
        self.change(C::SetJwtRefreshTokens { jwt });
    }

    /// UAA signs with a new key, whose id is returned; the old ones stay listed.
    #[track_caller]
    pub fn rotate_keys(&self) -> String {
        self.make_in_cloud_foundry(C::RotateKeys)
    }

    /// UAA lists a key no longer, and its tokens are refused.
    #[track_caller]
    pub fn retire_key(&self, kid: &str) {
        self.change(C::RetireKey {
            kid: kid.to_owned(),
        });
    }

    /// The Cloud Controller sends users to the UAA at this `http://` URL of this machine, and
    /// takes its tokens instead of those of the simulated one.
    #[track_caller]
    pub fn trust_uaa(&self, url: &str) {
        self.change(C::TrustUaa {
            url: url.to_owned(),
        });
    }
}

/// What goes wrong before HTTP; the rest is [`Simulator::inject`].
impl Simulator {
    /// What the Cloud Controller or the UAA does with every connection, until cleared.
    /// Connections that are open end.
    #[track_caller]
    pub fn server_fault(&self, server: Server, fault: ServerFault) {
        self.change(C::ServerFault { server, fault });
    }

    /// Ends [`Simulator::server_fault`].
    #[track_caller]
    pub fn clear_server_fault(&self, server: Server) {
        self.change(C::ClearServerFault { server });
    }
}
