//! The credentials that a node is asked with.

use std::sync::Arc;

use super::node_words::quoted;
use super::route::Route;
use super::scrape::Scrape;
use crate::model::outside_text::OutsideText;
use crate::model::scrape::{Failure, Finding};
use crate::node_access::BasicAuth;

/// Credentials with the id of their endpoint.
pub(super) type Candidate = (Arc<str>, BasicAuth);

impl Scrape {
    /// Notes that the node took these credentials.
    pub(super) fn accepted(&mut self, endpoint_id: &str, credentials: &BasicAuth) {
        self.learnt.accepted = Some(credentials.id());
        let target = (Arc::clone(&self.target.service), self.target.address);
        let node_access = &self.proxy.node_access;
        node_access.accepted(&self.target.project, endpoint_id, target, credentials);
    }

    /// Notes that the node took none of the known credentials.
    pub(super) fn all_refused(
        &self,
        candidates: &[Candidate],
        words: Option<&OutsideText>,
    ) -> Failure {
        let mut endpoints: Vec<&str> = candidates.iter().map(|(id, _)| &**id).collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        let node_access = &self.proxy.node_access;
        for endpoint_id in &endpoints {
            node_access.refused(&self.target.project, endpoint_id);
        }
        let project = &self.target.project;
        let is_ours = |id: &&str| node_access.is_configured(project, id);
        let (endpoint, said) = (endpoints.join(" and "), quoted(words));
        match endpoints.iter().any(is_ours) {
            true => Failure::new(
                Finding::CredentialsRefused,
                format!(
                    "the node refuses the credentials of integration endpoint {endpoint}{said}"
                ),
            ),
            false => Failure::new(
                Finding::OthersCredentialsRefused,
                format!(
                    "the node refuses the password that Aiven gives for integration endpoint {endpoint}, which others made{said}"
                ),
            ),
        }
    }

    /// The known credentials with their endpoints, those that this node took
    /// last in front.
    pub(super) fn candidates(
        &self,
        route: &Route,
        accepted: Option<u64>,
    ) -> Result<Vec<Candidate>, Failure> {
        let node_access = &self.proxy.node_access;
        let project = &self.target.project;
        let endpoint_ids = if route.endpoint_ids.is_empty() {
            node_access.endpoint_ids(project)
        } else {
            route.endpoint_ids.clone()
        };
        let mut candidates: Vec<Candidate> = Vec::new();
        for id in &endpoint_ids {
            let known = node_access.candidates(project, id);
            let known = known.iter();
            candidates.extend(known.map(|credentials| (Arc::clone(id), credentials.clone())));
        }
        if candidates.is_empty() {
            return Err(self.no_candidates(endpoint_ids.first()));
        }
        candidates.sort_by_key(|(_, credentials)| Some(credentials.id()) != accepted);
        Ok(candidates)
    }

    fn no_candidates(&self, endpoint_id: Option<&Arc<str>>) -> Failure {
        let node_access = &self.proxy.node_access;
        let cause = endpoint_id
            .and_then(|id| node_access.missing_credentials_cause(&self.target.project, id));
        let cause = cause
            .as_deref()
            .unwrap_or("they have not been read from Aiven yet");
        let of =
            endpoint_id.map_or_else(String::new, |id| format!(" of integration endpoint {id}"));
        let cause = format!("no credentials{of} are known: {cause}");
        Failure::new(Finding::NoCredentials, cause)
    }
}
