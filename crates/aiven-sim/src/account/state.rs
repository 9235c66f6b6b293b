//! Putting services into states: what their pages show, and what happens to their nodes.

use std::sync::Arc;
use std::time::Duration;

use crate::account::{Account, Service};
use crate::clock;
use crate::conditions::{Life, State};
use crate::fault::NodeFault;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::truth::Truth;

impl Shared {
    /// Puts one service, or all of a project, or all there are, into a state; the state that
    /// they were in ends. A service that cannot be in the state becomes healthy. A node that
    /// is replaced runs beside the new one for `overlap`.
    pub(crate) fn enter_state(
        self: &Arc<Self>,
        project: Option<&str>,
        service: Option<&str>,
        state: State,
        overlap: Duration,
    ) -> Result<(), Refusal> {
        let named = named(&self.account(), project, service);
        if named.is_empty() {
            return Err(Refusal::new(404, "there is no such service"));
        }
        for (project, service) in named {
            self.edit_service(&project, &service, |service| service.leave_state(self))?;
            let now = clock::now();
            let mut entered = State::Healthy;
            self.edit_service(&project, &service, |service| {
                service.life.change(|life| life.enters(state, now));
                entered = service.life.now().moment(now).state;
            })?;
            if entered == State::NodeReplaced {
                self.replace_last_node(&project, &service, overlap)?;
            } else {
                self.edit_service(&project, &service, |service| {
                    service.suffer(self, entered);
                })?;
            }
        }
        Ok(())
    }

    /// A new node beside the others; the last of these leaves after a while.
    fn replace_last_node(
        self: &Arc<Self>,
        project: &str,
        service: &str,
        overlap: Duration,
    ) -> Result<(), Refusal> {
        self.add_node(project, service)?;
        let (shared, project, service) = (Arc::clone(self), project.to_owned(), service.to_owned());
        self.spawn(async move {
            tokio::time::sleep(overlap).await;
            // A service that is gone by then has no nodes either.
            let _ = shared.finish_recycling(&project, &service);
        });
        Ok(())
    }

    /// What each signal must be of the services that are scraped, by what was seeded.
    pub(crate) fn truth(&self) -> Truth {
        let account = self.account();
        let services = account
            .projects
            .values()
            .flat_map(|project| project.services.values());
        let scraped = services.filter(|service| service.serving_endpoint().is_some());
        let lives: Vec<Arc<Life>> = scraped.map(|service| service.life.now()).collect();
        drop(account);
        let now = clock::now();
        let since = now - self.started.elapsed().as_secs_f64();
        Truth::of(lives.iter().map(AsRef::as_ref), since, now)
    }
}

impl Service {
    /// Undoes what the present state has done to its nodes.
    fn leave_state(&mut self, shared: &Arc<Shared>) {
        match self.life.now().moment(clock::now()).state {
            State::NodeDown | State::ServiceDown => {
                for node in &self.nodes {
                    node.server.set_fault(shared, None);
                }
            }
            State::NodeReplaced => self.nodes.retain(|node| !node.leaving),
            _ => {}
        }
    }

    /// Lets happen to its nodes what goes with a state.
    fn suffer(&mut self, shared: &Arc<Shared>, state: State) {
        let unreachable = match state {
            State::NodeDown => 1,
            State::ServiceDown => self.nodes.len(),
            _ => 0,
        };
        for node in self.nodes.iter().rev().take(unreachable) {
            node.server.set_fault(shared, Some(NodeFault::Refuse));
        }
        if matches!(state, State::PrimaryMoved | State::ElectedMoved) {
            self.nodes.rotate_left(1);
        }
    }
}

/// Projects and names of the services that are meant.
fn named(account: &Account, project: Option<&str>, service: Option<&str>) -> Vec<(String, String)> {
    let projects = account.projects.values();
    let projects = projects.filter(|one| project.is_none_or(|name| name == one.name));
    let services = projects.flat_map(|project| {
        let names = project.services.keys();
        names.map(|name| (project.name.clone(), name.clone()))
    });
    services
        .filter(|(_, name)| service.is_none_or(|service| service == name))
        .collect()
}
