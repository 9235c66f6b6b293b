//! The one door to the simulated Aiven: everything that can be done to it is a [`Command`],
//! whether a test calls a method of [`Simulator`](crate::Simulator) or a script posts JSON to
//! the control.

mod cloud_foundry;
mod faults;
mod integrations;
mod services;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::token::TokenSpec;

pub(crate) use cloud_foundry::CloudFoundry;
pub(crate) use faults::{Arm, DnsTrouble, NodeTrouble};
pub(crate) use integrations::{
    AddEndpoint, AddIntegration, ChangeEndpoint, EndpointId, IntegrationId, LinkServices,
};
pub(crate) use services::{
    AddBulk, AddService, ChangePlan, EnterState, NodeId, RefuseIntegration, ServiceId, SetState,
    SetTags,
};

/// One command, as its JSON has it. The methods of `Simulator` say what each does.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Command {
    AddProject { project: String },
    ReissueCa { project: String },
    AddToken { rights: TokenSpec },
    RevokeToken { token: String },
    SetPrometheusTypes { types: Vec<String> },
    AddService(AddService),
    AddBulk(AddBulk),
    DeleteService(ServiceId),
    PowerOff(ServiceId),
    PowerOn(ServiceId),
    SetState(SetState),
    EnterState(EnterState),
    ChangePlan(ChangePlan),
    FailOver(ServiceId),
    StartRecycling(ServiceId),
    FinishRecycling(ServiceId),
    PromoteStandby(ServiceId),
    SetTags(SetTags),
    Touch(ServiceId),
    RefuseIntegration(RefuseIntegration),
    AllowIntegration(ServiceId),
    AddEndpoint(AddEndpoint),
    ChangeEndpoint(ChangeEndpoint),
    RollOut(NodeId),
    DeleteEndpoint(EndpointId),
    AddIntegration(AddIntegration),
    IntegrateAll(EndpointId),
    LinkServices(LinkServices),
    Activate(ServiceId),
    DisableIntegration(IntegrationId),
    EnableIntegration(IntegrationId),
    DeleteIntegration(IntegrationId),
    CloudFoundry(CloudFoundry),
    ApiFault(Arm),
    ClearApiFault { id: u64 },
    DnsFault(DnsTrouble),
    ClearDnsFault { name: String },
    NodeFault(NodeTrouble),
    ClearNodeFault(NodeId),
    ClearFaults,
    ForgetRequests,
}

/// What a command gives back, as the control answers it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    Done {},
    Made { id: String },
    Token { token: String },
    Armed { id: u64 },
    Integrated { integrated: usize },
}

/// `Err`: what it names does not exist, or Aiven would refuse it.
type Applied = Result<Outcome, Refusal>;

impl Command {
    /// Carries it out. What follows from it has happened when this returns, except what waits
    /// for a [`Pace`](crate::Pace).
    pub(crate) fn apply(self, to: &Arc<Shared>) -> Applied {
        use Command as C;
        match self {
            C::AddProject { project } => done(to.add_project(&project)),
            C::ReissueCa { project } => done(to.reissue_ca(&project)),
            C::AddToken { rights } => Ok(token(to.add_token(rights))),
            C::RevokeToken { token } => done(to.revoke_token(&token)),
            C::SetPrometheusTypes { types } => {
                to.set_prometheus_types(types.into_iter().collect());
                Ok(Outcome::Done {})
            }
            C::AddService(it) => done(to.add_services(&it.project, [it.service])),
            C::AddBulk(it) => done(it.apply(to)),
            C::DeleteService(it) => done(to.delete_service(&it.project, &it.service)),
            C::PowerOff(it) => done(it.power_off(to)),
            C::PowerOn(it) => done(it.power_on(to)),
            C::SetState(it) => done(it.apply(to)),
            C::EnterState(it) => done(it.apply(to)),
            C::ChangePlan(it) => done(it.apply(to)),
            C::FailOver(it) => done(it.fail_over(to)),
            C::StartRecycling(it) => done(it.start_recycling(to)),
            C::FinishRecycling(it) => done(to.finish_recycling(&it.project, &it.service)),
            C::PromoteStandby(it) => done(it.promote_standby(to)),
            C::SetTags(it) => done(it.apply(to)),
            C::Touch(it) => done(it.touch(to)),
            C::RefuseIntegration(it) => done(it.apply(to)),
            C::AllowIntegration(it) => done(it.allow_integration(to)),
            C::AddEndpoint(it) => it.apply(to),
            C::ChangeEndpoint(it) => done(it.apply(to)),
            C::RollOut(it) => done(to.roll_out_to(&it.project, &it.service, it.node)),
            C::DeleteEndpoint(it) => done(to.delete_endpoint(&it.project, &it.endpoint)),
            C::AddIntegration(it) => it.apply(to),
            C::IntegrateAll(it) => it.integrate_all(to),
            C::LinkServices(it) => it.apply(to),
            C::Activate(it) => done(to.activate(&it.project, &it.service)),
            C::DisableIntegration(it) => done(it.enable(to, false)),
            C::EnableIntegration(it) => done(it.enable(to, true)),
            C::DeleteIntegration(it) => done(to.delete_integration(&it.project, &it.integration)),
            C::CloudFoundry(it) => it.apply(to),
            C::ApiFault(it) => Ok(it.apply(to)),
            C::ClearApiFault { id } => done(faults::disarm(to, id)),
            C::DnsFault(it) => done(it.apply(to)),
            C::ClearDnsFault { name } => done(faults::clear_dns(to, &name)),
            C::NodeFault(it) => done(it.apply(to)),
            C::ClearNodeFault(it) => done(it.clear_fault(to)),
            C::ClearFaults => done(faults::clear_all(to)),
            C::ForgetRequests => done(faults::forget_requests(to)),
        }
    }
}

fn token(token: String) -> Outcome {
    Outcome::Token { token }
}

fn done(result: Result<(), Refusal>) -> Applied {
    result.map(|()| Outcome::Done {})
}
