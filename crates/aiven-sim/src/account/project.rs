//! Projects, tokens, CAs.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::account::Project;
use crate::authority::Authority;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::token::{Token, TokenSpec};

impl Shared {
    pub(crate) fn add_project(&self, name: &str) -> Result<(), Refusal> {
        let project = Project::new(name).map_err(|error| Refusal::new(500, error.to_string()))?;
        self.account()
            .projects
            .entry(name.to_owned())
            .or_insert(project);
        self.changed();
        Ok(())
    }

    pub(crate) fn add_token(&self, spec: TokenSpec) -> String {
        let token = Token::new(spec);
        let secret = token.secret.clone();
        self.account().tokens.push(token);
        secret
    }

    pub(crate) fn revoke_token(&self, secret: &str) -> Result<(), Refusal> {
        let mut account = self.account();
        let mut tokens = account.tokens.iter_mut();
        let token = tokens.find(|token| token.secret == secret);
        token.ok_or_else(Refusal::no_token)?.revoked = true;
        drop(account);
        self.changed();
        Ok(())
    }

    pub(crate) fn set_prometheus_types(&self, types: BTreeSet<String>) {
        self.account().prometheus_types = types;
        self.changed();
    }

    /// A new CA for the project; nodes show its certificates from now on.
    pub(crate) fn reissue_ca(&self, project: &str) -> Result<(), Refusal> {
        let authority = Authority::new(&format!("{project} Project CA (re-issued)"))
            .map_err(|error| Refusal::new(500, error.to_string()))?;
        let authority = Arc::new(authority);
        let mut account = self.account();
        let project = account.project_mut(project)?;
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
        drop(account);
        self.changed();
        Ok(())
    }
}
