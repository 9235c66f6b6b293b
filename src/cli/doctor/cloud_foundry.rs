//! Cloud Foundry, where labels come from there: the way to Cloud Controller and to the UAA
//! that it names, the client's token and what it may see, and whose Aiven's services are.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::chain::Server;
use super::check::{Area, Check};
use super::{Listed, MAX_REQUEST_TIMEOUT};
use crate::cloud_foundry::error::{Error, GIVE_AUTHORITY};
use crate::cloud_foundry::{Look, MAX_LOOKED_FOR, Sight};
use crate::config::{self, Config};
use crate::model::cloud_foundry::identity::Word;
use crate::model::cloud_foundry::{Foundation, Guid, Identity};
use crate::model::outside_text::Secrets;
use crate::model::service::Service;
use crate::resolve::NameResolver;

const AREA: Area = Area::CloudFoundry;

const CONTROLLER: &str = "Cloud Controller";
const UAA_TLS: &str = "TLS of UAA";
const TOKEN: &str = "token";
const AUTHORITY: &str = "authority";
const SPACES: &str = "spaces";
const INSTANCES: &str = "service instances";
const LABELS: &str = "labels";

/// Most services that one line names.
const MAX_NAMED: usize = 3;

const UNBELIEVED: &str = "if the issuer is the CA of your Gorouter, give its certificate in cloud_foundry.ca_cert (trust-router-ca.yml does it); if the name is another one, correct cloud_foundry.api_url; an expired one may be this machine's clock";
const UNREACHED: &str = "let this machine reach it: see cloud_foundry.api_url, DNS, routes and firewalls; aiven.http_proxy is not used for it";
const WAIT: &str = "wait, and try again";

/// What a client may see, and how much that is.
struct Seen {
    sight: Sight,
    spaces: Result<u64, Error>,
    instances: Result<u64, Error>,
}

/// Tries what labels need, step by step; `services` tells Aiven's services once they are
/// listed.
pub(super) async fn check(
    config: &Config,
    resolver: &NameResolver,
    secrets: Secrets,
    services: oneshot::Receiver<Listed>,
) -> Vec<Check> {
    let Some(config) = &config.cloud_foundry else {
        let because = "cloud_foundry.* is not set: targets carry Aiven's names alone";
        return vec![AREA.skipped(LABELS, because)];
    };
    match Look::new(config, resolver.clone(), secrets, MAX_REQUEST_TIMEOUT) {
        Ok(look) => tried(config, resolver, look, services).await,
        Err(error) => {
            let remedy = "correct the keys of cloud_foundry";
            vec![AREA.failed(CONTROLLER, format!("{error:#}"), remedy)]
        }
    }
}

async fn tried(
    config: &config::CloudFoundry,
    resolver: &NameResolver,
    mut look: Look,
    services: oneshot::Receiver<Listed>,
) -> Vec<Check> {
    let controller = server(config, CONTROLLER, &config.api_url);
    let (chain, uaa) = tokio::join!(controller.check(resolver), look.find_uaa());
    let subject = format!("{CONTROLLER} at {}", config.api_url);
    let mut checks = vec![chain];
    let uaa = match uaa {
        Ok(uaa) => uaa,
        Err(error) => {
            checks.push(failed(subject, &error));
            let because = "Cloud Controller did not say where UAA is";
            let rest = [UAA_TLS, TOKEN, AUTHORITY, SPACES, INSTANCES, LABELS];
            checks.extend(rest.map(|subject| AREA.skipped(subject, because)));
            return checks;
        }
    };
    checks.push(AREA.ok(subject, format!("answers, and names the UAA {uaa}")));
    let server = server(config, "UAA", &uaa);
    let (chain, sight) = tokio::join!(server.check(resolver), look.token());
    checks.push(chain);
    let subject = format!("{TOKEN} of the client {}", config.client_id);
    let sight = match sight {
        Ok(sight) => sight,
        Err(error) => {
            checks.push(failed(subject, &error));
            let rest = [AUTHORITY, SPACES, INSTANCES, LABELS];
            let because = "there is no token to ask with";
            checks.extend(rest.map(|subject| AREA.skipped(subject, because)));
            return checks;
        }
    };
    checks.push(AREA.ok(subject, "UAA gives one"));
    let mut other = look.clone();
    let (spaces, instances) = tokio::join!(look.spaces(), other.instances());
    let seen = Seen {
        sight,
        spaces,
        instances,
    };
    checks.extend([seen.authority(), seen.spaces(), seen.instances()]);
    checks.push(match services.await {
        _ if seen.instances.is_err() => AREA.skipped(
            LABELS,
            "service instances cannot be read: see the line above",
        ),
        Ok(listed) => labels(&mut look, &listed).await,
        Err(_) => AREA.skipped(
            LABELS,
            "Aiven's services are not known: see the lines about the API",
        ),
    });
    checks
}

fn server<'a>(
    config: &'a config::CloudFoundry,
    name: &'static str,
    url: &'a reqwest::Url,
) -> Server<'a> {
    Server {
        area: AREA,
        name,
        url,
        ca: &config.ca_cert,
        unbelieved: UNBELIEVED,
        unreached: UNREACHED,
    }
}

/// A call that failed. Its error says what it is, and what to do.
fn failed(subject: impl Into<String>, error: &Error) -> Check {
    let remedy = error.kind.advice().unwrap_or_else(|| WAIT.to_owned());
    AREA.failed(subject, error.kind.found(), remedy)
}

impl Seen {
    /// Whether the client may see everything: a list that lacks most of it looks as well.
    fn authority(&self) -> Check {
        match &self.sight {
            Sight::All(scope) => AREA.ok(AUTHORITY, format!("{scope}, which shows every space")),
            Sight::Part(scopes) => AREA.failed(
                AUTHORITY,
                format!(
                    "the token's scopes (\"{scopes}\") show the spaces alone in which the client has a role"
                ),
                GIVE_AUTHORITY,
            ),
            Sight::Untold => AREA.warning(
                AUTHORITY,
                "UAA does not tell the token's scopes, so whether it shows every space is not known",
                format!("compare the numbers below with Cloud Foundry's; if they are too small, {GIVE_AUTHORITY}"),
            ),
        }
    }

    /// `…, which are all` of a client that sees everything.
    fn extent(&self) -> &'static str {
        match self.sight {
            Sight::All(_) => "all that there are",
            Sight::Part(_) => "those alone of the client's roles",
            Sight::Untold => "perhaps not all",
        }
    }

    fn spaces(&self) -> Check {
        match &self.spaces {
            Ok(0) => AREA.warning(
                SPACES,
                format!("none is shown, {}", self.extent()),
                "see the line about the authority, and check that cloud_foundry.api_url is the Cloud Foundry of your tenants",
            ),
            Ok(spaces) => AREA.ok(SPACES, format!("{spaces}, {}", self.extent())),
            Err(error) => failed(SPACES, error),
        }
    }

    fn instances(&self) -> Check {
        match &self.instances {
            Ok(instances) => AREA.ok(
                INSTANCES,
                format!("{instances} of brokers, {}", self.extent()),
            ),
            Err(error) => failed(INSTANCES, error),
        }
    }
}

/// The services that are looked for, of those that Aiven lists.
struct Sample<'a> {
    /// With their projects. Each names an instance or two.
    services: Vec<&'a (String, Arc<Service>)>,
    /// The instances that they name.
    guids: BTreeSet<Guid>,
    /// How many services name none.
    nameless: usize,
    /// How many services there are.
    all: usize,
}

impl<'a> Sample<'a> {
    /// The first services that name an instance, as many as can be looked for at once.
    fn of(listed: &'a Listed) -> Sample<'a> {
        let mut sample = Sample {
            services: Vec::new(),
            guids: BTreeSet::new(),
            nameless: 0,
            all: listed.len(),
        };
        for one in listed {
            let instances: Vec<Guid> = one.1.word().instances().collect();
            let room = MAX_LOOKED_FOR.saturating_sub(sample.guids.len());
            match instances.len() {
                0 => sample.nameless = sample.nameless.saturating_add(1),
                count if count > room => {}
                _ => {
                    sample.guids.extend(instances);
                    sample.services.push(one);
                }
            }
        }
        sample
    }

    /// What becomes of their labels, by what Cloud Controller tells.
    fn judge(&self, foundation: &Foundation) -> Check {
        let is_unknown = |one: &&&(String, Arc<Service>)| !is_confirmed(one.1.word(), foundation);
        let unknown: Vec<_> = self.services.iter().filter(is_unknown).collect();
        let asked = self.services.len();
        let confirmed = asked.saturating_sub(unknown.len());
        let (nameless, all) = (self.nameless, self.all);
        let mut found = match asked.saturating_add(nameless) == all {
            true => format!(
                "Cloud Controller knows the instances of {confirmed} of Aiven's {all} services"
            ),
            false => format!(
                "Cloud Controller knows the instances of {confirmed} of the first {asked} of Aiven's {all} services"
            ),
        };
        if nameless > 0 {
            found = format!("{found}; {nameless} name none, in a tag or at the end of the name");
        }
        let Some(first) = unknown.first() else {
            return AREA.ok(LABELS, found);
        };
        let named = unknown.iter().take(MAX_NAMED);
        let named = named.map(|(project, service)| format!("{project}/{}", service.name));
        let named = named.collect::<Vec<_>>().join(", ");
        let found = format!("{found}; of {} it does not ({named})", unknown.len());
        let guid = first.1.word().instances().next();
        let guid = guid.map_or_else(String::new, |guid| guid.to_string());
        let remedy = format!(
            "ask with an administrator's login: if `cf curl /v3/service_instances/{guid}` finds it, see the line about the authority; else it was deleted, or is another Cloud Foundry's than that of cloud_foundry.api_url"
        );
        match confirmed {
            0 => AREA.failed(LABELS, found, remedy),
            _ => AREA.warning(LABELS, found, remedy),
        }
    }
}

/// Whose Aiven's services are.
async fn labels(look: &mut Look, listed: &Listed) -> Check {
    let sample = Sample::of(listed);
    if sample.all == 0 {
        return AREA.skipped(LABELS, "Aiven lists no service");
    }
    if sample.services.is_empty() {
        return AREA.failed(
            LABELS,
            format!("none of Aiven's {} services names a service instance, in a tag or at the end of its name", sample.all),
            "find out which broker made them: labels come of the tags service_id, space_id and organization_id, or of a GUID at the end of a name",
        );
    }
    match look.look_for(&sample.guids).await {
        Ok(foundation) => sample.judge(&foundation),
        Err(error) => failed(LABELS, &error),
    }
}

/// Whether the daemon would publish labels that Cloud Controller has confirmed.
fn is_confirmed(word: Word<'_>, foundation: &Foundation) -> bool {
    Identity::settled(None, word, foundation).is_some_and(|identity| identity.confirmed)
}

#[cfg(test)]
mod tests;
