//! What to do about each trouble that comes before the scrapes; theirs are in
//! [`Finding`](super::super::scrape::Finding).

/// The listing lacks it.
pub(super) const LEAVING: &str = "nothing, if the service was deleted; else see in Aiven's console whether it is in this project, and whether the token may see it";

/// `services.*` excludes it.
pub(super) const NOT_SELECTED: &str =
    "nothing, if that is meant; else change services.* in the job's properties and deploy";

/// It is powered off.
pub(super) const POWERED_OFF: &str =
    "nothing, if that is meant; else power the service on at Aiven";

/// Its type is not supported.
pub(super) const INELIGIBLE: &str =
    "nothing can be done here: ask Aiven whether it will support the type";

/// Aiven refuses the integration.
pub(super) const INTEGRATION_REFUSED: &str =
    "read Aiven's reason; it is tried again by itself, with growing pauses";

/// Its integration is disabled.
pub(super) const INTEGRATION_DISABLED: &str =
    "enable the integration in Aiven's console, under the service's integrations";

/// Its integration is requested, or not active yet.
pub(super) const INTEGRATION_AWAITED: &str =
    "wait some minutes; if it stays so, look at the integrate stage in aiven-metrics status";

/// No host name resolves.
pub(super) const UNRESOLVED: &str = "look the name up on this machine (dig NAME); if it fails there, mend DNS or dns.nameservers; a service that is being built gets its name in some minutes";

/// The target list cannot be written.
pub(super) const UNWRITTEN: &str =
    "free space or mend permissions; the old list stays in use meanwhile";

/// Prometheus asks for nothing.
pub(super) const NOBODY_ASKS: &str = "check that Prometheus runs, that its file_sd_configs name our targets.json, and that its proxy_url is scrape_proxy.listen";

/// Prometheus asks for other targets.
pub(super) const NOT_ASKED_YET: &str =
    "wait one scrape interval; then look for the target on Prometheus' page /targets";

/// Aiven or DNS does not answer; the service is scraped all the same.
pub(super) const KNOWN_BEFORE: &str =
    "the service is scraped as it was known before; mend this before it changes";
