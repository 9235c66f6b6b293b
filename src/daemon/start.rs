//! Before anything runs: restores what an earlier run saved. Whatever is wrong
//! with it, the daemon starts with the rest.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Config;
use crate::model::detail::DetailList;
use crate::model::inventory::Inventory;
use crate::model::resolution::Resolution;
use crate::model::service::Service;
use crate::publish::atomic_file::remove_drafts;
use crate::publish::file_sd::{RecoveredService, TargetsFile};
use crate::publish::state::{State, StateFile};

/// Restores the saved state, and services that only `targets.json` has.
pub(super) fn restore(config: &Config) -> State {
    let targets = TargetsFile::open(config.targets.path.clone());
    let file = StateFile::new(&config.state_dir);
    remove_drafts(&config.targets.path);
    file.remove_drafts();
    let mut state = match file.load(Timestamp::now()) {
        Ok(Some(state)) => state,
        Ok(None) => State::default(),
        Err(unusable) => {
            let kept = file
                .keep_unusable()
                .map_or_else(|error| error.to_string(), |path| path.display().to_string());
            tracing::warn!(%unusable, kept, "the saved state is not usable; starting with the services in targets.json");
            State::default()
        }
    };
    add_recovered(&mut state, &targets, config);
    state.addresses.restrict(config.address_rules());
    trust_unknown_tags(&mut state, config);
    state
}

/// Adds the services that `targets.json` has and the state lacks, so that published
/// services stay published even if the state could not be saved.
fn add_recovered(state: &mut State, targets: &TargetsFile, config: &Config) {
    let recovered = match targets.recover() {
        Ok(recovered) => recovered,
        Err(error) => {
            tracing::warn!(%error, path = %config.targets.path.display(), "targets.json is not usable; it is left alone until there is something to publish");
            return;
        }
    };
    let is_unknown = |recovered: &RecoveredService| {
        let project = state.projects.get(recovered.project.as_str());
        project.is_none_or(|project| project.inventory.get(&recovered.service.name).is_none())
    };
    let unknown: Vec<_> = recovered.into_iter().filter(is_unknown).collect();
    if unknown.is_empty() {
        return;
    }
    match state.saved_at {
        None => tracing::warn!(
            services = unknown.len(),
            "no saved state; starting from the services in targets.json"
        ),
        Some(_) => tracing::info!(
            services = unknown.len(),
            "targets.json has services that the saved state lacks; they are kept"
        ),
    }
    state.saved_at.get_or_insert_with(Timestamp::now);
    let mut by_project: BTreeMap<String, Vec<Arc<Service>>> = BTreeMap::new();
    for mut recovered in unknown {
        if let Some(identity) = recovered.identity.take() {
            let name = Arc::clone(&recovered.service.name);
            let project = state.projects.entry(recovered.project.as_str().into());
            let identities = &mut project.or_default().identities;
            identities.insert(name, Arc::new(identity));
        }
        for (host, addresses) in recovered.addresses {
            let resolution = Resolution::restored(addresses, None);
            state.addresses.restore(host, resolution);
        }
        let services = by_project.entry(recovered.project).or_default();
        let mut service = recovered.service;
        assume_tags(&mut service, config.services.tags.iter());
        services.push(Arc::new(service));
    }
    for (project, services) in by_project {
        let project = state.projects.entry(project.into()).or_default();
        let known = project.inventory.iter();
        let known = known.map(|known| (Arc::clone(&known.service), known.missing.clone()));
        let unknown = services.into_iter().map(|service| (service, None));
        project.inventory = Inventory::restore(known.chain(unknown).collect::<Vec<_>>());
    }
}

/// A saved service lacks the tags that the configuration did not use when it was
/// saved. Until Aiven shows the service again, it is assumed to have the wanted
/// tags, so that no target is dropped without an answer from Aiven.
fn trust_unknown_tags(state: &mut State, config: &Config) {
    let unknown: Vec<_> = config
        .services
        .tags
        .iter()
        .filter(|(key, _)| !state.tag_keys.contains(*key))
        .collect();
    if unknown.is_empty() {
        return;
    }
    for project in state.projects.values_mut() {
        let services = project.inventory.iter().map(|known| {
            let mut service = (*known.service).clone();
            assume_tags(&mut service, unknown.iter().copied());
            (Arc::new(service), known.missing.clone())
        });
        project.inventory = Inventory::restore(services.collect::<Vec<_>>());
    }
}

/// Lets a service have these tags, as far as it is not known to have others. They
/// are a part: what Aiven says of its tags counts at once.
fn assume_tags<'a>(service: &mut Service, tags: impl Iterator<Item = (&'a String, &'a String)>) {
    let mut assumed = service.tags.rows().to_vec();
    for (key, value) in tags {
        if service.tag(key).is_none() {
            assumed.push((key.as_str().into(), value.as_str().into()));
        }
    }
    service.tags = DetailList::part(assumed);
}
