//! What a test can see: what exists, what was asked, and when something happens.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::Location;
use std::sync::Arc;

use crate::account::{Endpoint, Integration};
use crate::fault::Operation;
use crate::node::{NodeRecord, NodeServer};
use crate::request_log::Request;
use crate::simulator::{Simulator, expect};
use crate::zone::DnsQueries;

/// Requests shown when a wait ends without its condition.
const SHOWN_REQUESTS: usize = 10;

/// One node, also after it has gone.
#[derive(Clone)]
pub struct NodeView {
    server: Arc<NodeServer>,
}

impl NodeView {
    /// Where it serves (or would).
    pub fn addr(&self) -> SocketAddr {
        self.server.address.socket_addr()
    }

    /// What it has seen so far.
    pub fn record(&self) -> NodeRecord {
        self.server.record()
    }

    /// Whether its server runs: integrated, powered on, not replaced.
    pub fn is_running(&self) -> bool {
        self.server.is_running()
    }

    /// When its certificate (without faults) expires.
    ///
    /// # Panics
    ///
    /// When the certificate cannot be made.
    pub fn certificate_expires(&self) -> jiff::Timestamp {
        match self.server.certificate() {
            Ok(certificate) => certificate.expires,
            Err(error) => panic!("no certificate for {}: {error}", self.addr()),
        }
    }
}

impl fmt::Debug for NodeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeView")
            .field("addr", &self.addr())
            .field("record", &self.record())
            .finish()
    }
}

/// What exists.
impl Simulator {
    /// PEM of the project's CA, as `kms/ca` has it.
    #[track_caller]
    pub fn ca_pem(&self, project: &str) -> String {
        expect(self.shared.account().project(project))
            .authority
            .pem()
    }

    /// PEM of the public CA that signs for [`crate::ServiceSpec::public_ca`].
    pub fn public_ca_pem(&self) -> String {
        self.shared.account().public_authority.pem()
    }

    /// Names of all projects, sorted.
    pub fn projects(&self) -> Vec<String> {
        self.shared.account().projects.keys().cloned().collect()
    }

    /// Names of a project's services, in the listing's order.
    #[track_caller]
    pub fn services(&self, project: &str) -> Vec<String> {
        expect(self.shared.account().project(project))
            .services
            .keys()
            .cloned()
            .collect()
    }

    /// A project's integration endpoints, oldest first.
    #[track_caller]
    pub fn endpoints(&self, project: &str) -> Vec<Endpoint> {
        expect(self.shared.account().project(project))
            .endpoints
            .clone()
    }

    /// A project's integrations, by source service, then oldest first.
    #[track_caller]
    pub fn integrations(&self, project: &str) -> Vec<Integration> {
        expect(self.shared.account().project(project))
            .integrations()
            .cloned()
            .collect()
    }

    /// The integrations that start from one service.
    #[track_caller]
    pub fn integrations_of(&self, project: &str, service: &str) -> Vec<Integration> {
        let account = self.shared.account();
        let service = expect(account.service(project, service));
        let own = |integration: &&Integration| integration.source_service == service.spec.name;
        service.integrations.iter().filter(own).cloned().collect()
    }

    /// The service's main host name.
    #[track_caller]
    pub fn host(&self, project: &str, service: &str) -> String {
        expect(self.shared.account().service(project, service))
            .host
            .clone()
    }

    /// `replica-HOST`, whether or not the service has replicas now.
    #[track_caller]
    pub fn replica_host(&self, project: &str, service: &str) -> String {
        format!("replica-{}", self.host(project, service))
    }

    /// Addresses of all nodes with the Prometheus port; none while powered off.
    #[track_caller]
    pub fn addresses(&self, project: &str, service: &str) -> Vec<SocketAddr> {
        let account = self.shared.account();
        let service = expect(account.service(project, service));
        let nodes = service.nodes.iter().filter(|_| service.is_powered());
        nodes
            .map(|node| node.server.address.socket_addr())
            .collect()
    }

    /// Every address of a project on which Prometheus' metrics should be found,
    /// sorted: nodes of powered-on services whose integration is in force.
    #[track_caller]
    pub fn serving_addresses(&self, project: &str) -> Vec<SocketAddr> {
        let account = self.shared.account();
        let services = expect(account.project(project)).services.values();
        let serving = services.filter(|service| service.serving_endpoint().is_some());
        let nodes = serving.flat_map(|service| &service.nodes);
        let mut addresses: Vec<_> = nodes
            .map(|node| node.server.address.socket_addr())
            .collect();
        addresses.sort_unstable();
        addresses
    }

    /// What each signal must be now, by what was seeded and not by what pages say: by the
    /// signal's id, values with the labels that its query aggregates by.
    pub fn truth(&self) -> serde_json::Value {
        serde_json::json!(self.shared.truth())
    }

    /// One node; hold it to see what reaches it after it was replaced.
    #[track_caller]
    pub fn node(&self, project: &str, service: &str, node: usize) -> NodeView {
        let account = self.shared.account();
        let node = expect(
            account
                .service(project, service)
                .and_then(|service| service.node(node)),
        );
        NodeView {
            server: Arc::clone(&node.server),
        }
    }

    /// All nodes of a service.
    #[track_caller]
    pub fn nodes(&self, project: &str, service: &str) -> Vec<NodeView> {
        let account = self.shared.account();
        let nodes = &expect(account.service(project, service)).nodes;
        nodes
            .iter()
            .map(|node| NodeView {
                server: Arc::clone(&node.server),
            })
            .collect()
    }
}

/// What was asked.
impl Simulator {
    /// Requests of one operation that have arrived.
    pub fn count(&self, operation: Operation) -> usize {
        self.shared.log().count(operation)
    }

    /// Every request in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log().requests().to_vec()
    }

    /// DNS queries for a name.
    pub fn dns_queries(&self, name: &str) -> DnsQueries {
        self.shared.zone.queries(name)
    }

    /// DNS queries for all names together.
    pub fn dns_queries_total(&self) -> usize {
        self.shared.zone.queries_of_all()
    }

    /// Starts the request log and every count of API and DNS anew.
    pub fn forget_requests(&self) {
        self.shared.log().forget();
        self.shared.zone.forget_queries();
    }
}

/// Waiting.
impl Simulator {
    /// Returns once `condition` holds. It is tried now and after everything that
    /// happens here (a request, a query, a connection, a change); `what` is for the panic
    /// if it does not hold within [`crate::Builder::wait_deadline`].
    ///
    /// # Panics
    ///
    /// At the deadline, naming the caller, `what` and the last requests.
    #[track_caller]
    pub fn wait_until<'a>(
        &'a self,
        what: &'a str,
        condition: impl Fn(&Self) -> bool + 'a,
    ) -> impl Future<Output = ()> + 'a {
        let caller = Location::caller();
        async move {
            let deadline = self.shared.settings.wait_deadline;
            let mut changes = self.shared.subscribe();
            let holds = async {
                while !condition(self) {
                    if changes.changed().await.is_err() {
                        return;
                    }
                }
            };
            if tokio::time::timeout(deadline, holds).await.is_err() {
                let last = self.last_requests();
                panic!("{caller}: not within {deadline:?}: {what}; last requests:\n{last}");
            }
        }
    }

    fn last_requests(&self) -> String {
        let log = self.shared.log();
        let requests = log.requests();
        let shown = &requests[requests.len().saturating_sub(SHOWN_REQUESTS)..];
        let line = |request: &Request| {
            let status = request
                .status
                .map_or("unanswered".into(), |status| status.to_string());
            format!(
                "  {:>8.3?} {} {} → {status}\n",
                request.at, request.method, request.uri
            )
        };
        shown.iter().map(line).collect()
    }
}
