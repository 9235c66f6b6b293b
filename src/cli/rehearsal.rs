//! What the daemon would conclude from one look at Aiven and at DNS.

use jiff::Timestamp;

use crate::aiven::listing::ParseCache;
use crate::aiven::wire::ServiceReader;
use crate::aiven::{Client, Error};
use crate::config::Config;
use crate::model::endpoint::EndpointFact;
use crate::model::inventory::Listing;
use crate::model::odd_rows::ListedTypes;
use crate::model::plan::Rules;
use crate::model::project::{Project, Report, Saved};
use crate::model::resolution::Addresses;
use crate::resolve::{NameResolver, look_up_once};

/// A project as Aiven describes it now.
///
/// # Errors
/// When any of the three calls fails that it takes.
pub(super) async fn observe(
    client: &Client,
    config: &Config,
    name: &str,
) -> Result<Project, Error> {
    let (listing, types, endpoint) = tokio::try_join!(
        list(client, config, name),
        client.supported_types(name),
        client.find_endpoint(name, &config.integration.endpoint),
    )?;
    Ok(project(name, listing, types, endpoint))
}

/// The services of a project.
///
/// # Errors
/// As [`Client::list_services`].
pub(super) async fn list(client: &Client, config: &Config, name: &str) -> Result<Listing, Error> {
    let mut reader = ServiceReader::new(config.services.tags.keys().cloned())
        .reading_claims(config.cloud_foundry.is_some());
    let cache = ParseCache::default();
    let listed = client.list_services(name, &mut reader, &cache).await?;
    Ok(listed.0)
}

/// A project of which all of this was told at once.
pub(super) fn project(
    name: &str,
    listing: Listing,
    types: ListedTypes,
    endpoint: EndpointFact,
) -> Project {
    let mut project = Project::new(name.into(), Saved::default(), None);
    let at = Timestamp::now();
    project.absorb(Report::Listed { at, listing });
    project.absorb(Report::SupportedTypes(types));
    project.absorb(Report::Endpoint(endpoint));
    project
}

/// Plans, looks up the host names that the plan needs, and plans with them.
pub(super) async fn settle(project: &mut Project, config: &Config, resolver: &NameResolver) {
    let rules = Rules {
        selection: &config.services,
        create: config.integration.create,
    };
    project.replan(&Addresses::default(), None, rules);
    let addresses = look_up_once(resolver, project.needed_hosts().to_vec()).await;
    project.surroundings_changed();
    project.replan(&addresses, None, rules);
}
