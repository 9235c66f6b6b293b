//! Commands on Cloud Foundry.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::cloud_foundry::{ClientSpec, Foundation, InstanceSpec, RateLimit, Role, UserSpec};
use crate::command::{Applied, Outcome};
use crate::fault::{Server, ServerFault};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::spec::ServiceSpec;

/// What is done to Cloud Foundry. Whatever exists there goes by its GUID.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum CloudFoundry {
    AddOrganization {
        name: String,
        #[serde(default)]
        guid: Option<String>,
    },
    AddSpace {
        organization: String,
        name: String,
        #[serde(default)]
        guid: Option<String>,
    },
    AddInstance(InstanceSpec),
    Provision {
        project: String,
        prefix: String,
        instance: InstanceSpec,
        service: Box<ServiceSpec>,
    },
    Deprovision {
        project: String,
        instance: String,
    },
    Rename {
        guid: String,
        name: String,
    },
    Delete {
        guid: String,
    },
    MoveInstance {
        instance: String,
        space: String,
    },
    MoveSpace {
        space: String,
        organization: String,
    },
    ShareInstance {
        instance: String,
        space: String,
    },
    UnshareInstance {
        instance: String,
        space: String,
    },
    GrantRole {
        user: String,
        role: Role,
        at: String,
    },
    RevokeRole {
        user: String,
        role: Role,
        at: String,
    },
    SetRateLimit(RateLimit),
    ClearRateLimit,
    AddUser(UserSpec),
    RemoveUser {
        name: String,
    },
    SetPassword {
        name: String,
        password: String,
    },
    UnlockUser {
        name: String,
    },
    AddClient(ClientSpec),
    RemoveClient {
        id: String,
    },
    SetTokenLifetime {
        #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
        lifetime: Duration,
    },
    SetJwtRefreshTokens {
        jwt: bool,
    },
    RotateKeys,
    RetireKey {
        kid: String,
    },
    TrustUaa {
        url: String,
    },
    ServerFault {
        server: Server,
        fault: ServerFault,
    },
    ClearServerFault {
        server: Server,
    },
}

fn made(id: Result<String, Refusal>) -> Applied {
    id.map(|id| Outcome::Made { id })
}

impl CloudFoundry {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Applied {
        use CloudFoundry as C;
        match self {
            C::Provision {
                project,
                prefix,
                instance,
                service,
            } => made(to.provision(&project, &prefix, instance, *service)),
            C::Deprovision { project, instance } => to
                .deprovision(&project, &instance)
                .map(|()| Outcome::Done {}),
            C::ServerFault { server, fault } => set_fault(to, server, Some(fault)),
            C::ClearServerFault { server } => set_fault(to, server, None),
            C::AddOrganization { name, guid } => {
                made(to.edit_foundation(|it| it.add_organization(name, guid)))
            }
            C::AddSpace {
                organization,
                name,
                guid,
            } => made(to.edit_foundation(|it| it.add_space(organization, name, guid))),
            C::AddInstance(spec) => made(to.edit_foundation(|it| it.add_instance(spec))),
            C::AddUser(spec) => made(to.edit_foundation(|it| Ok(it.uaa.add_user(spec)))),
            C::RotateKeys => made(to.edit_foundation(|it| Ok(it.uaa.rotate_keys()))),
            other => {
                to.edit_foundation(|it| other.edit(it))?;
                Ok(Outcome::Done {})
            }
        }
    }

    /// What gives nothing back.
    fn edit(self, it: &mut Foundation) -> Result<(), Refusal> {
        use CloudFoundry as C;
        match self {
            C::Rename { guid, name } => it.rename(&guid, name),
            C::Delete { guid } => it.delete(&guid),
            C::MoveInstance { instance, space } => it.move_instance(&instance, space),
            C::MoveSpace {
                space,
                organization,
            } => it.move_space(&space, organization),
            C::ShareInstance { instance, space } => it.share(&instance, space),
            C::UnshareInstance { instance, space } => it.unshare(&instance, &space),
            C::GrantRole { user, role, at } => it.grant(&user, role, at),
            C::RevokeRole { user, role, at } => it.revoke(&user, role, at),
            C::SetRateLimit(limit) => {
                it.limiter.set(Some(limit));
                Ok(())
            }
            C::ClearRateLimit => {
                it.limiter.set(None);
                Ok(())
            }
            C::RemoveUser { name } => it.uaa.remove_user(&name),
            C::SetPassword { name, password } => it.uaa.set_password(&name, password),
            C::UnlockUser { name } => it.uaa.unlock_user(&name),
            C::AddClient(spec) => {
                it.uaa.add_client(spec);
                Ok(())
            }
            C::RemoveClient { id } => it.uaa.remove_client(&id),
            C::SetTokenLifetime { lifetime } => {
                it.uaa.set_token_lifetime(lifetime);
                Ok(())
            }
            C::SetJwtRefreshTokens { jwt } => {
                it.uaa.set_jwt_refresh_tokens(jwt);
                Ok(())
            }
            C::RetireKey { kid } => it.uaa.retire_key(&kid),
            C::TrustUaa { url } => {
                it.trust_uaa(&url);
                Ok(())
            }
            other => unreachable!("{other:?} was carried out already"),
        }
    }
}

fn set_fault(to: &Arc<Shared>, server: Server, fault: Option<ServerFault>) -> Applied {
    to.cloud_foundry()?.door(server)?.set_fault(to, fault);
    to.changed();
    Ok(Outcome::Done {})
}
