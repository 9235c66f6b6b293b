//! Services and their nodes: what changes about them, and what follows from it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::account::{Credentials, Endpoint, Integration, Project};
use crate::address::ServerAddress;
use crate::authority::Authority;
use crate::clock;
use crate::conditions::{Life, LifeSoFar};
use crate::node::{NodeServer, PageSpec};
use crate::refusal::Refusal;
use crate::render::Row;
use crate::service_type;
use crate::shared::{Settings, Shared};
use crate::spec::{ServiceSpec, ServiceState};
use crate::zone::Records;

/// One service.
pub(crate) struct Service {
    pub(crate) spec: ServiceSpec,
    pub(crate) project: String,
    pub(crate) host: String,
    pub(crate) nodes: Vec<Node>,
    /// What its nodes' pages follow.
    pub(crate) life: Arc<LifeSoFar>,
    pub(crate) integrations: Vec<Integration>,
    pub(crate) creation_lag: u32,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// Seconds added to `updated` so that each touch shows.
    pub(crate) touches: i64,
    /// Its row in a listing, as long as nothing about it changes.
    pub(crate) listed: Option<Arc<Row>>,
    /// Endpoint whose credentials the nodes were started with.
    served_by: Option<String>,
    vms: usize,
}

/// One node; its server runs only while there is something to serve.
pub(crate) struct Node {
    pub(crate) name: String,
    /// That of its name.
    number: usize,
    pub(crate) leaving: bool,
    pub(crate) server: Arc<NodeServer>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.stop();
    }
}

impl Service {
    fn new(
        project: &Project,
        spec: ServiceSpec,
        shared: &Shared,
        public: &Arc<Authority>,
    ) -> Result<Self, Refusal> {
        let now = Timestamp::now();
        let mut service = Self {
            project: project.name.clone(),
            host: host_name(&spec.name, &project.name, &shared.settings.domain),
            nodes: Vec::new(),
            life: LifeSoFar::new(Life::of(&project.name, &spec)),
            integrations: Vec::new(),
            creation_lag: spec.creation_lag,
            refusal: None,
            created: now,
            updated: now,
            touches: 0,
            listed: None,
            served_by: None,
            vms: 0,
            spec,
        };
        let authority = if service.spec.public_ca {
            public
        } else {
            &project.authority
        };
        service.add_nodes(service.spec.nodes, authority, &shared.settings)?;
        Ok(service)
    }

    pub(super) fn add_nodes(
        &mut self,
        count: usize,
        authority: &Arc<Authority>,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        for _ in 0..count {
            let address = ServerAddress::take(self.spec.port, settings.with_nodes)
                .map_err(|error| Refusal::new(500, error.to_string()))?;
            self.vms += 1;
            let name = format!("{}-{}", self.spec.name, self.vms);
            let page = PageSpec {
                life: Arc::clone(&self.life),
                number: self.vms,
                series: self.spec.series,
                bytes: self.spec.page_bytes,
                counts_scrapes: self.spec.counts_scrapes,
            };
            let server = NodeServer::new(
                address,
                self.certificate_names(),
                Arc::clone(authority),
                page,
            );
            self.nodes.push(Node {
                name,
                number: self.vms,
                leaving: false,
                server: Arc::new(server),
            });
        }
        Ok(())
    }

    fn certificate_names(&self) -> Vec<String> {
        self.spec.certificate_names.clone().unwrap_or_else(|| {
            ["", "replica-", "public-", "public-replica-"]
                .map(|prefix| format!("{prefix}{}", self.host))
                .into()
        })
    }

    /// Powered-off services have no addresses and serve nothing.
    pub(crate) fn is_powered(&self) -> bool {
        self.spec.state != ServiceState::PowerOff
    }

    /// Standbys have a name of their own, and there are some.
    pub(crate) fn has_replicas(&self) -> bool {
        service_type::of(&self.spec.service_type).has_replica_name && self.nodes.len() > 1
    }

    /// The endpoint that the Prometheus port has its credentials from: that of
    /// the oldest integration in force. One node serves one pair (?).
    pub(crate) fn serving_endpoint(&self) -> Option<&str> {
        let in_force = |integration: &&Integration| {
            integration.integration_type == "prometheus"
                && integration.source_service == self.spec.name
                && integration.active
                && integration.enabled
        };
        let integration = self.integrations.iter().find(in_force)?;
        integration
            .dest_endpoint_id
            .as_deref()
            .filter(|_| self.is_powered())
    }

    pub(crate) fn credentials(&self, endpoints: &[Endpoint]) -> Option<Credentials> {
        let id = self.serving_endpoint()?;
        endpoints
            .iter()
            .find(|endpoint| endpoint.id == id)
            .map(Endpoint::credentials)
    }

    pub(crate) fn node(&self, index: usize) -> Result<&Node, Refusal> {
        self.nodes.get(index).ok_or_else(|| {
            Refusal::new(
                404,
                format!("Service {} has no node {index}", self.spec.name),
            )
        })
    }

    /// Lets pages, DNS, the nodes' servers and the listing follow what was changed.
    pub(crate) fn settle(&mut self, shared: &Arc<Shared>, endpoints: &[Endpoint]) {
        let numbers: Vec<usize> = self.nodes.iter().map(|node| node.number).collect();
        self.life.change(|life| {
            life.plan.clone_from(&self.spec.plan);
            life.has_nodes(&numbers, clock::now());
        });
        self.listed = None;
        self.publish_names(shared);
        let serving = self.serving_endpoint().map(str::to_owned);
        let credentials = self.credentials(endpoints);
        for node in &self.nodes {
            if serving.is_none() || !shared.settings.with_nodes {
                node.server.stop();
                continue;
            }
            if serving != self.served_by {
                node.server.set_credentials(credentials.clone());
            }
            node.server.start(shared, credentials.clone());
        }
        self.served_by = serving;
    }

    fn publish_names(&self, shared: &Shared) {
        let addresses = |nodes: &[Node]| -> Vec<Ipv4Addr> {
            if self.is_powered() {
                nodes.iter().map(|node| node.server.address.ip()).collect()
            } else {
                Vec::new()
            }
        };
        let split = if self.has_replicas() {
            1
        } else {
            self.nodes.len()
        };
        let (main, standbys) = self.nodes.split_at(split);
        let main = Records {
            a: addresses(main),
            aaaa: if self.is_powered() {
                self.spec.aaaa.clone()
            } else {
                Vec::new()
            },
        };
        let standbys = Records {
            a: addresses(standbys),
            aaaa: Vec::new(),
        };
        if self.spec.vpc {
            shared
                .zone
                .set(&format!("public-{}", self.host), main.clone());
            shared
                .zone
                .set(&format!("public-replica-{}", self.host), standbys.clone());
        }
        shared.zone.set(&self.host, main);
        shared.zone.set(&format!("replica-{}", self.host), standbys);
    }

    fn unpublish_names(&self, shared: &Shared) {
        for prefix in ["", "replica-", "public-", "public-replica-"] {
            shared
                .zone
                .set(&format!("{prefix}{}", self.host), Records::default());
        }
    }
}

/// The longest first label of a host: `public-replica-` before it must still
/// make a DNS label, of 63 octets at most.
const LONGEST_LABEL: usize = 48;

/// `SERVICE-PROJECT.DOMAIN`; too long for a DNS label, it is cut and made
/// distinct with letters, since clients may assume nothing about its form.
fn host_name(service: &str, project: &str, domain: &str) -> String {
    let label = format!("{service}-{project}");
    if label.len() <= LONGEST_LABEL {
        return format!("{label}.{domain}");
    }
    let hash = label.bytes().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33) ^ u32::from(byte)
    });
    format!(
        "{}-{:06x}.{domain}",
        &label[..LONGEST_LABEL - 7],
        hash & 0xff_ffff
    )
}

impl Shared {
    pub(crate) fn add_services(
        self: &Arc<Self>,
        project: &str,
        specs: impl IntoIterator<Item = ServiceSpec>,
    ) -> Result<(), Refusal> {
        let mut account = self.account();
        let public = Arc::clone(&account.public_authority);
        let project = account.project_mut(project)?;
        for spec in specs {
            if spec.name.is_empty() {
                return Err(Refusal::new(422, "a service needs a name"));
            }
            let mut service = Service::new(project, spec, self, &public)?;
            service.settle(self, &project.endpoints);
            project.services.insert(service.spec.name.clone(), service);
        }
        drop(account);
        self.changed();
        Ok(())
    }

    pub(crate) fn delete_service(&self, project: &str, service: &str) -> Result<(), Refusal> {
        let mut account = self.account();
        let project = account.project_mut(project)?;
        let service = project
            .services
            .remove(service)
            .ok_or_else(|| Refusal::no_service(service))?;
        service.unpublish_names(self);
        for other in project.services.values_mut() {
            let before = other.integrations.len();
            other.integrations.retain(|integration| {
                integration.source_service != service.spec.name
                    && integration.dest_service.as_deref() != Some(&service.spec.name)
            });
            if other.integrations.len() != before {
                other.listed = None;
            }
        }
        drop(account);
        self.changed();
        Ok(())
    }

    /// Changes a service in any way; everything follows.
    pub(crate) fn edit_service(
        self: &Arc<Self>,
        project: &str,
        service: &str,
        edit: impl FnOnce(&mut Service),
    ) -> Result<(), Refusal> {
        let mut account = self.account();
        let project = account.project_mut(project)?;
        let service = project
            .services
            .get_mut(service)
            .ok_or_else(|| Refusal::no_service(service))?;
        edit(service);
        service.updated = Timestamp::now();
        service.settle(self, &project.endpoints);
        drop(account);
        self.changed();
        Ok(())
    }
}
