//! What to do about each trouble that comes before the scrapes; theirs are in
//! [`Finding`](super::super::scrape::Finding).

/// The listing lacks it.
pub(in crate::model) const LEAVING: &str = "nothing, if the service was deleted; else see in Aiven's console whether it is in this project, and whether the token may see it";

/// `services.*` excludes it.
pub(in crate::model) const NOT_SELECTED: &str = "nothing, if that is meant; else change what the cause names: the tag at the service, or services.* in the job's properties";

/// It is powered off.
pub(in crate::model) const POWERED_OFF: &str =
    "nothing, if that is meant; else power the service on at Aiven";

/// Its type is not supported.
pub(in crate::model) const INELIGIBLE: &str = "nothing can be done: the service's metrics are in Aiven's console alone; once Aiven supports the type, it is integrated by itself";

/// Aiven refuses the integration.
pub(in crate::model) const INTEGRATION_REFUSED: &str = "do what Aiven's words in the cause ask for: have a limit raised, or what is unused deleted by its owners; ask the service's owner for another plan, if that is what they name";

/// What could not be made is tried again.
pub(in crate::model) const TRIED_AGAIN: &str = "it is tried again by itself, with growing pauses";

/// Its integration is disabled.
pub(in crate::model) const INTEGRATION_DISABLED: &str = "enable it in Aiven's console, under the service's integrations, if nobody disabled it on purpose";

/// Nothing may be created, and the service has no integration.
pub(in crate::model) const INTEGRATION_BY_HAND: &str = "integrate the service with the project's Prometheus endpoint in Aiven's console; or set integration.create to true and deploy, and it is done";

/// Nothing may be created, and the project has no endpoint.
pub(crate) const ENDPOINT_BY_HAND: &str = "make in Aiven's console an integration endpoint of type Prometheus with the name of integration.endpoint_name, and integrate the service with it; or set integration.create to true and deploy, and both are made";

/// Its integration is requested, or not active yet.
pub(in crate::model) const INTEGRATION_AWAITED: &str =
    "wait some minutes; if it stays so, look at the integrate stage in aiven-metrics status";

/// DNS knows none of its host names.
pub(crate) const UNRESOLVED: &str = "look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait while the service is built (some minutes); if it runs and no server knows its name after an hour, send service and name to Aiven's support";

/// There is no host name to look up, or none was looked up yet.
pub(in crate::model) const NAMELESS: &str = "wait: a service that is being built gets its name in some minutes; if it stays so, see in Aiven's console whether it is running and has a host";

/// A listing is not trusted.
pub(in crate::model) const LISTING_NOT_TRUSTED: &str = "see in Aiven's console whether the project has its services: if it does, and the token's user still has its rights, the listing is wrong: if it stays so for an hour, send project and time to Aiven's support; if they were deleted, they leave by themselves once Aiven, asked by name, says so";

/// No host name of a project resolves.
pub(crate) const MEND_DNS: &str = "look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones";

/// A host name is not answered any more.
pub(in crate::model) const STALE: &str = "nothing is lost before an address changes: look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if no server knows it, see in Aiven's console whether the service still has that host";

/// The target list cannot be written.
pub(in crate::model) const UNWRITTEN: &str = "if the disk of the path in the cause is full (df -h PATH, df -i PATH), free space, but delete nothing in state_dir, or enlarge the disk; if access is denied, mend the permissions; Prometheus keeps the old list, and the daemon goes on";

/// Prometheus asks for nothing.
pub(in crate::model) const NOBODY_ASKS: &str = "run aiven-metrics doctor on this VM, which asks Prometheus what is wrong: whether it runs, reads the daemon's targets.json (file_sd_configs), and scrapes through its proxy (proxy_url: scrape_proxy.listen)";

/// Prometheus asks for other targets.
pub(in crate::model) const NOT_ASKED_YET: &str =
    "wait one scrape interval; then look for the target on Prometheus' page /targets";

/// Aiven or DNS does not answer; the service is scraped all the same.
pub(in crate::model) const KNOWN_BEFORE: &str =
    "the service is scraped meanwhile, as it was known before";
