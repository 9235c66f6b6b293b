//! What to do about each trouble that comes before the scrapes; theirs are in
//! [`Finding`](super::super::scrape::Finding).

/// The listing lacks it.
pub(in crate::model) const LEAVING: &str = "nothing, if the service was deleted; else see in Aiven's console whether it is in this project, and whether the token may see it";

/// `services.*` excludes it.
pub(in crate::model) const NOT_SELECTED: &str =
    "nothing, if that is meant; else change services.* in the job's properties and deploy";

/// It is powered off.
pub(in crate::model) const POWERED_OFF: &str =
    "nothing, if that is meant; else power the service on at Aiven";

/// Its type is not supported.
pub(in crate::model) const INELIGIBLE: &str = "nothing can be done: the service's metrics are in Aiven's console alone; once Aiven supports the type, it is integrated by itself";

/// Aiven refuses the integration.
pub(in crate::model) const INTEGRATION_REFUSED: &str = "do what Aiven's words in the cause ask for: give the token's user a right, choose a plan, or delete integrations that nobody needs; it is tried again by itself, with growing pauses";

/// Its integration is disabled.
pub(in crate::model) const INTEGRATION_DISABLED: &str = "enable it in Aiven's console, under the service's integrations, if nobody disabled it on purpose";

/// Nothing may be created.
pub(in crate::model) const INTEGRATION_BY_HAND: &str = "make in Aiven's console what is missing, an endpoint of type Prometheus or the service's integration with it; or set integration.create to true and deploy, and it is made";

/// Its integration is requested, or not active yet.
pub(in crate::model) const INTEGRATION_AWAITED: &str =
    "wait some minutes; if it stays so, look at the integrate stage in aiven-metrics status";

/// No host name resolves.
pub(in crate::model) const UNRESOLVED: &str = "look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait: a service that is being built gets its name in some minutes";

/// There is no host name to look up, or none was looked up yet.
pub(in crate::model) const NAMELESS: &str = "wait: a service that is being built gets its name in some minutes; if it stays so, see in Aiven's console whether it is running and has a host";

/// A listing is not trusted.
pub(in crate::model) const LISTING_NOT_TRUSTED: &str = "see in Aiven's console whether the project has its services: if it does, the listing is wrong and nothing can be mended here; if they were deleted, they leave by themselves once Aiven, asked by name, says so";

/// No host name of a project resolves.
pub(in crate::model) const MEND_DNS: &str =
    "look a name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers";

/// A host name is not answered any more.
pub(in crate::model) const STALE: &str = "nothing is lost before an address changes: look the name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers";

/// The target list cannot be written.
pub(in crate::model) const UNWRITTEN: &str = "free space on the disk of the path in the cause (df -h PATH), or mend its permissions; Prometheus keeps the old list, and the daemon goes on";

/// Prometheus asks for nothing.
pub(in crate::model) const NOBODY_ASKS: &str = "run aiven-metrics doctor on this VM, which asks Prometheus what is wrong: whether it runs, reads the daemon's targets.json (file_sd_configs), and scrapes through its proxy (proxy_url: scrape_proxy.listen)";

/// Prometheus asks for other targets.
pub(in crate::model) const NOT_ASKED_YET: &str =
    "wait one scrape interval; then look for the target on Prometheus' page /targets";

/// Aiven or DNS does not answer; the service is scraped all the same.
pub(in crate::model) const KNOWN_BEFORE: &str =
    "the service is scraped meanwhile, as it was known before";
