//! The integration endpoint of a project: what is known of it, and which one
//! of several to use.

use std::sync::Arc;

use super::credentials::Credentials;
use super::reason::Reason;

/// The integration endpoint that services are integrated with.
#[derive(Debug, Clone)]
pub enum EndpointChoice {
    /// The endpoint of that name in each project, created where it is missing.
    Named {
        /// `integration.endpoint_name`: default `aiven-metrics`.
        name: String,
        /// `None` only if `integration.create` is false.
        credentials: Option<Credentials>,
    },
    /// An endpoint that exists already, in the only project. Its credentials
    /// are read from the API; configured ones are validated but not used.
    Existing {
        /// `integration.endpoint_id`: up to 64 letters, digits and `-`.
        id: String,
    },
}

/// What is known of a project's integration endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EndpointFact {
    /// Aiven has not been asked, or did not answer.
    #[default]
    Unknown,
    /// Aiven lists none that fits the configuration.
    Missing {
        /// Why it could not be created, if creating it was tried.
        why: Option<Reason>,
    },
    /// The configured endpoint cannot be used, for this reason.
    Unusable(Reason),
    /// Its `endpoint_id`.
    Present(Arc<str>),
}

/// One row of the project's endpoints of type `prometheus`.
#[derive(Debug, Clone, Copy)]
pub struct ListedEndpoint<'a> {
    /// `endpoint_id`.
    pub id: &'a str,
    /// `endpoint_name`, which need not be unique.
    pub name: &'a str,
}

impl EndpointFact {
    /// The endpoint's id, if it exists.
    pub fn id(&self) -> Option<&str> {
        match self {
            EndpointFact::Present(id) => Some(id),
            _ => None,
        }
    }

    /// Why it cannot be used or created, if it cannot.
    pub fn obstacle(&self) -> Option<&Reason> {
        match self {
            EndpointFact::Unusable(why) | EndpointFact::Missing { why: Some(why) } => Some(why),
            _ => None,
        }
    }
}

impl EndpointChoice {
    /// Chooses the endpoint to use from all that the project has. If several have
    /// the configured name, the lowest id wins, so that all instances choose the
    /// same one.
    pub fn find<'a>(&self, listed: impl Iterator<Item = ListedEndpoint<'a>>) -> EndpointFact {
        let mut listed = listed;
        match self {
            EndpointChoice::Named { name, .. } => listed
                .filter(|endpoint| endpoint.name == name)
                .map(|endpoint| endpoint.id)
                .min()
                .map_or(EndpointFact::Missing { why: None }, |id| {
                    EndpointFact::Present(id.into())
                }),
            EndpointChoice::Existing { id } if listed.any(|endpoint| endpoint.id == id) => {
                EndpointFact::Present(id.as_str().into())
            }
            EndpointChoice::Existing { id } => EndpointFact::Unusable(Reason::new(
                format!(
                    "integration.endpoint_id {id} is not a Prometheus endpoint of this project"
                ),
                Some("correct integration.endpoint_id, and deploy"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(
        rows: &[(&'static str, &'static str)],
    ) -> impl Iterator<Item = ListedEndpoint<'static>> {
        let rows = rows.to_vec();
        rows.into_iter()
            .map(|(id, name)| ListedEndpoint { id, name })
    }

    fn named(name: &str) -> EndpointChoice {
        EndpointChoice::Named {
            name: name.to_owned(),
            credentials: None,
        }
    }

    #[test]
    fn of_two_endpoints_with_the_name_the_lowest_id_is_used() {
        let rows = [("b", "ours"), ("a", "ours"), ("0", "theirs")];
        let chosen = named("ours").find(listed(&rows));
        assert_eq!(chosen, EndpointFact::Present("a".into()));
        let missing = named("nobody's").find(listed(&rows));
        assert_eq!(missing, EndpointFact::Missing { why: None });
    }

    #[test]
    fn an_endpoint_given_by_id_is_never_created() {
        let rows = [("a", "theirs")];
        let by_id = |id: &str| EndpointChoice::Existing { id: id.to_owned() };
        assert_eq!(
            by_id("a").find(listed(&rows)),
            EndpointFact::Present("a".into())
        );
        assert!(matches!(
            by_id("b").find(listed(&rows)),
            EndpointFact::Unusable(_)
        ));
    }
}
