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
pub(in crate::model) const INELIGIBLE: &str =
    "nothing can be done here: ask Aiven whether it will support the type";

/// Aiven refuses the integration.
pub(in crate::model) const INTEGRATION_REFUSED: &str =
    "read Aiven's reason; it is tried again by itself, with growing pauses";

/// Its integration is disabled.
pub(in crate::model) const INTEGRATION_DISABLED: &str =
    "enable the integration in Aiven's console, under the service's integrations";

/// Nothing may be created.
pub(in crate::model) const INTEGRATION_BY_HAND: &str = "the configuration forbids to create anything (integration.create: false): create what the cause names in Aiven's console, or set it to true and deploy";

/// Its integration is requested, or not active yet.
pub(in crate::model) const INTEGRATION_AWAITED: &str =
    "wait some minutes; if it stays so, look at the integrate stage in aiven-metrics status";

/// No host name resolves.
pub(in crate::model) const UNRESOLVED: &str = "look the name up on this machine (dig NAME); if it fails there, mend DNS or dns.nameservers; a service that is being built gets its name in some minutes";

/// There is no host name to look up, or none was looked up yet.
pub(in crate::model) const NAMELESS: &str = "wait: a service that is being built gets its name in some minutes; if it stays so, see in Aiven's console whether it is running and has a host";

/// The target list cannot be written.
pub(in crate::model) const UNWRITTEN: &str =
    "free space or mend permissions; the old list stays in use, and /sd is current";

/// Prometheus asks for nothing.
pub(in crate::model) const NOBODY_ASKS: &str = "run aiven-metrics doctor on this VM, which asks Prometheus what is wrong: whether it runs, reads our targets.json (file_sd_configs), and scrapes through us (proxy_url: scrape_proxy.listen)";

/// Prometheus asks for other targets.
pub(in crate::model) const NOT_ASKED_YET: &str =
    "wait one scrape interval; then look for the target on Prometheus' page /targets";

/// Aiven or DNS does not answer; the service is scraped all the same.
pub(in crate::model) const KNOWN_BEFORE: &str =
    "the service is scraped as it was known before; mend this before it changes";
