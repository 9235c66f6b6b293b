//! Which host names of a service to scrape, and on which port.
//!
//! The API's own answer is preferred: the `prometheus` rows of `components`.
//! Until those exist, the service's host and port 9273 are used, the port of
//! every public example (Aiven docs, *prometheus-metrics*). Services with one
//! primary have their standbys behind a second, *replica* name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The port of Aiven's Prometheus integration, unless a component names another.
pub const DEFAULT_PORT: u16 = 9273;

/// Service types whose main name resolves to the primary only, so that the
/// standbys have only the replica name (aiven-docs, *service-ip-address*). Used
/// to derive a name that the API does not list.
const TYPES_WITH_HIDDEN_STANDBYS: [&str; 6] =
    ["pg", "alloydbomni", "mysql", "redis", "valkey", "dragonfly"];

/// A host name whose every address is a scrape target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrapeHost {
    /// The host name as Aiven gave it, which is also the name in the certificate.
    pub name: Arc<str>,
    /// TCP port of the metrics server on each node.
    pub port: u16,
    /// Where the name comes from.
    pub source: HostSource,
}

/// Where a host name comes from, the most trusted source first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostSource {
    /// A `prometheus` row of `components`.
    Component,
    /// The service's own host, or the replica row of another component.
    Service,
    /// Derived from the primary name; it may not exist.
    Derived,
}

/// The fields of a row of `components` that matter here.
#[derive(Debug, Clone, Copy)]
pub struct Component<'a> {
    /// `component`: `prometheus`, or the service's own protocol.
    pub component: &'a str,
    /// `host`.
    pub host: &'a str,
    /// `port`.
    pub port: u16,
    /// `route`; absent on services outside a VPC in older answers.
    pub route: Option<&'a str>,
    /// `usage`; absent means primary.
    pub usage: Option<&'a str>,
}

impl ScrapeHost {
    /// Whether Aiven lists this host for Prometheus.
    pub fn is_listed(&self) -> bool {
        self.source == HostSource::Component
    }

    /// Whether it is normal that this name does not resolve.
    pub fn may_not_exist(&self) -> bool {
        self.source == HostSource::Derived
    }
}

impl Component<'_> {
    /// Lower is better; `None` cannot be reached from this platform. `dynamic`
    /// is best, because it resolves to what suits the service's network.
    fn preference(&self) -> Option<u8> {
        match self.route {
            Some("dynamic") | None => Some(0),
            Some("public") => Some(1),
            Some("private") => Some(2),
            Some("privatelink") => None,
            Some(_) => Some(3),
        }
    }

    fn is_replica(&self) -> bool {
        matches!(self.usage, Some("replica" | "ha_replica"))
    }

    fn is_primary(&self) -> bool {
        matches!(self.usage, None | Some("primary"))
    }
}

/// The hosts to scrape, the primary first.
///
/// `service_host` is `service_uri_params.host`; some types and states have none.
pub fn scrape_hosts(
    service_type: &str,
    node_count: Option<u32>,
    service_host: Option<&str>,
    components: &[Component<'_>],
) -> Box<[ScrapeHost]> {
    let (listed, others): (Vec<_>, Vec<_>) = components
        .iter()
        .partition(|row| row.component == "prometheus");
    let listed_primary = best(&listed, Component::is_primary);
    let primary = match (listed_primary, service_host) {
        (Some(row), _) => host(row.host, row.port, HostSource::Component),
        (None, Some(name)) => host(name, DEFAULT_PORT, HostSource::Service),
        (None, None) => return best(&listed, |_| true).map_or_else(Default::default, only),
    };
    let replica = best(&listed, Component::is_replica)
        .map(|row| host(row.host, row.port, HostSource::Component))
        .or_else(|| {
            best(&others, Component::is_replica)
                .map(|row| host(row.host, primary.port, HostSource::Service))
        })
        .or_else(|| derived_replica(service_type, node_count, &primary));
    std::iter::once(primary.clone())
        .chain(replica.filter(|replica| replica.name != primary.name))
        .collect()
}

/// Whether the standbys of this type have a name of their own, which may have to be
/// derived. The number of nodes decides then whether there is one.
pub fn has_hidden_standbys(service_type: &str) -> bool {
    TYPES_WITH_HIDDEN_STANDBYS.contains(&service_type)
}

fn only(row: &Component<'_>) -> Box<[ScrapeHost]> {
    Box::new([host(row.host, row.port, HostSource::Component)])
}

fn host(name: &str, port: u16, source: HostSource) -> ScrapeHost {
    ScrapeHost {
        name: name.into(),
        port,
        source,
    }
}

fn best<'a, 'b>(
    rows: &[&'a Component<'b>],
    fits: impl Fn(&Component<'b>) -> bool,
) -> Option<&'a Component<'b>> {
    rows.iter()
        .copied()
        .filter(|row| fits(row))
        .filter_map(|row| Some((row.preference()?, row.host, row)))
        .min_by_key(|(preference, name, _)| (*preference, *name))
        .map(|(_, _, row)| row)
}

/// `replica-HOST`, as Aiven's documentation shows it, for a service that must
/// have standbys but lists no name for them.
fn derived_replica(
    service_type: &str,
    node_count: Option<u32>,
    primary: &ScrapeHost,
) -> Option<ScrapeHost> {
    let has_standbys = node_count.is_some_and(|count| count > 1);
    if !has_standbys || !has_hidden_standbys(service_type) {
        return None;
    }
    let name = match primary.name.strip_prefix("public-") {
        Some(rest) => format!("public-replica-{rest}"),
        None => format!("replica-{}", primary.name),
    };
    Some(host(&name, primary.port, HostSource::Derived))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(
        component: &'a str,
        host: &'a str,
        route: Option<&'a str>,
        usage: Option<&'a str>,
    ) -> Component<'a> {
        let port = if component == "prometheus" {
            9999
        } else {
            5432
        };
        Component {
            component,
            host,
            port,
            route,
            usage,
        }
    }

    fn names(hosts: &[ScrapeHost]) -> Vec<(&str, u16)> {
        hosts.iter().map(|host| (&*host.name, host.port)).collect()
    }

    #[test]
    fn a_listed_component_gives_host_and_port_and_dynamic_is_preferred() {
        let rows = [
            row("prometheus", "public-a", Some("public"), Some("primary")),
            row("prometheus", "a", Some("dynamic"), Some("primary")),
        ];
        let hosts = scrape_hosts("opensearch", Some(3), Some("other"), &rows);
        assert_eq!(names(&hosts), [("a", 9999)]);
        assert!(hosts[0].is_listed());
    }

    #[test]
    fn the_service_host_is_used_until_a_component_is_listed() {
        let rows = [row("opensearch", "a", Some("dynamic"), Some("primary"))];
        let hosts = scrape_hosts("opensearch", Some(3), Some("a"), &rows);
        assert_eq!(names(&hosts), [("a", 9273)]);
        assert!(!hosts[0].is_listed());
    }

    #[test]
    fn a_privatelink_host_is_not_used() {
        let rows = [row(
            "prometheus",
            "pl",
            Some("privatelink"),
            Some("primary"),
        )];
        assert!(scrape_hosts("kafka", Some(3), None, &rows).is_empty());
        let hosts = scrape_hosts("kafka", Some(3), Some("a"), &rows);
        assert_eq!(names(&hosts), [("a", 9273)]);
    }

    #[test]
    fn an_unknown_route_is_the_last_choice() {
        let rows = [
            row("prometheus", "new", Some("wormhole"), None),
            row("prometheus", "private-a", Some("private"), None),
        ];
        let hosts = scrape_hosts("kafka", None, None, &rows);
        assert_eq!(names(&hosts), [("private-a", 9999)]);
    }

    #[test]
    fn standbys_come_from_the_api_before_they_are_derived() {
        let listed = [
            row("prometheus", "a", Some("dynamic"), Some("primary")),
            row("prometheus", "r", Some("dynamic"), Some("replica")),
        ];
        let other = [
            row("prometheus", "a", Some("dynamic"), Some("primary")),
            row("pg", "r", Some("dynamic"), Some("replica")),
        ];
        for rows in [listed, other] {
            let hosts = scrape_hosts("pg", Some(2), Some("a"), &rows);
            assert_eq!(names(&hosts), [("a", 9999), ("r", 9999)]);
            assert!(!hosts[1].may_not_exist());
        }
        let hosts = scrape_hosts("pg", Some(2), Some("a"), &[]);
        assert_eq!(names(&hosts), [("a", 9273), ("replica-a", 9273)]);
        assert!(hosts[1].may_not_exist());
    }

    #[test]
    fn no_replica_name_is_invented_for_one_node_or_for_other_types() {
        assert_eq!(scrape_hosts("pg", Some(1), Some("a"), &[]).len(), 1);
        assert_eq!(scrape_hosts("kafka", Some(3), Some("a"), &[]).len(), 1);
    }

    #[test]
    fn no_host_is_invented_when_aiven_names_none() {
        assert!(scrape_hosts("pg", Some(2), None, &[]).is_empty());
    }
}
