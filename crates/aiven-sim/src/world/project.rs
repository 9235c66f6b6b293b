//! Projects, tokens, CAs.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::authority::Authority;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::token::{Token, TokenSpec};
use crate::world::Project;

impl Shared {
    pub(crate) fn add_project(&self, name: &str) -> Result<(), rcgen::Error> {
        let project = Project::new(name)?;
        self.world()
            .projects
            .entry(name.to_owned())
            .or_insert(project);
        self.changed();
        Ok(())
    }

    pub(crate) fn add_token(&self, spec: TokenSpec) -> String {
        let token = Token::new(spec);
        let secret = token.secret.clone();
        self.world().tokens.push(token);
        secret
    }

    pub(crate) fn revoke_token(&self, secret: &str) {
        for token in self
            .world()
            .tokens
            .iter_mut()
            .filter(|token| token.secret == secret)
        {
            token.revoked = true;
        }
        self.changed();
    }

    pub(crate) fn set_prometheus_types(&self, types: BTreeSet<String>) {
        self.world().prometheus_types = types;
        self.changed();
    }

    /// A new CA for the project; nodes show its certificates from now on.
    pub(crate) fn reissue_ca(&self, project: &str) -> Result<(), Refusal> {
        let authority = Authority::new(&format!("{project} Project CA (re-issued)"))
            .map_err(|error| Refusal::new(500, error.to_string()))?;
        let authority = Arc::new(authority);
        let mut world = self.world();
        let project = world.project_mut(project)?;
        project.authority = Arc::clone(&authority);
        for service in project
            .services
            .values()
            .filter(|service| !service.spec.public_ca)
        {
            for node in &service.nodes {
                node.server.set_authority(Arc::clone(&authority));
            }
        }
        drop(world);
        self.changed();
        Ok(())
    }
}
