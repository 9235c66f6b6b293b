//! The daemon's counters.
//!
//! What describes the present state (services, targets, ages) is no counter: it
//! is read from the published snapshot when Prometheus asks, so that it cannot
//! differ from what is published.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::log;
use crate::model::inventory::Distrust;
use crate::model::resolution::Lookup;
use crate::model::scrape::FailureKind;
use crate::model::task::Task;

/// Seconds: from a local answer to the default request timeout.
const API_BUCKETS: [f64; 8] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Seconds: from a kept connection to the default scrape timeout.
const SCRAPE_BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0, 30.0];

/// The daemon's counters; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    api_requests: Family<ApiRequest, Counter>,
    api_duration: Family<ApiOperation, Histogram, fn() -> Histogram>,
    integrations_created: Family<InProject, Counter>,
    dns_lookups: Family<LookedUp, Counter>,
    snapshot_changes: Counter,
    labels_renamed: Counter,
    listings_distrusted: Family<Distrusted, Counter>,
    task_restarts: Family<OfTask, Counter>,
    scrapes: Family<Scrape, Counter>,
    scrape_duration: Histogram,
    scrape_bytes: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiRequest {
    operation: &'static str,
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiOperation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InProject {
    project: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookedUp {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Distrusted {
    project: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTask {
    task: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Scrape {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

impl Metrics {
    /// Begins all counters whose labels are known beforehand at zero, so that
    /// alerts on their growth see the first event.
    pub fn expect_projects<'a>(&self, projects: impl Iterator<Item = &'a str>) {
        for project in projects {
            let project = project.to_owned();
            for reason in Distrust::ALL.map(Distrust::as_str) {
                let project = project.clone();
                let labels = Distrusted { project, reason };
                drop(self.0.listings_distrusted.get_or_create(&labels));
            }
            let labels = InProject { project };
            drop(self.0.integrations_created.get_or_create(&labels));
        }
        let classes = FailureKind::ALL.map(FailureKind::as_str);
        for outcome in ["ok", "refused"].into_iter().chain(classes) {
            drop(self.0.scrapes.get_or_create(&Scrape { outcome }));
        }
        for task in Task::ALL.map(Task::as_str) {
            drop(self.0.task_restarts.get_or_create(&OfTask { task }));
        }
        for outcome in Lookup::OUTCOMES {
            drop(self.0.dns_lookups.get_or_create(&LookedUp { outcome }));
        }
    }

    /// Counts one attempt at a call; `code` is the HTTP status or one word.
    pub fn api_request(&self, operation: &'static str, code: String, elapsed: Duration) {
        let request = ApiRequest { operation, code };
        self.0.api_requests.get_or_create(&request).inc();
        self.0
            .api_duration
            .get_or_create(&ApiOperation { operation })
            .observe(elapsed.as_secs_f64());
    }

    /// Counts an integration that this instance created.
    pub fn integration_created(&self, project: &str) {
        let project = project.to_owned();
        self.0
            .integrations_created
            .get_or_create(&InProject { project })
            .inc();
    }

    /// Counts a DNS lookup by how it ended.
    pub fn dns_lookup(&self, outcome: &'static str) {
        self.0
            .dns_lookups
            .get_or_create(&LookedUp { outcome })
            .inc();
    }

    /// Counts a change of what is published.
    pub fn snapshot_changed(&self) {
        self.0.snapshot_changes.inc();
    }

    /// Counts labels that got another name of the same thing, and so began new series.
    pub fn labels_renamed(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.0.labels_renamed.inc_by(count);
    }

    /// Counts a listing that is not to be trusted as it stands.
    pub fn listing_distrusted(&self, project: &str, distrust: Distrust) {
        let labels = Distrusted {
            project: project.to_owned(),
            reason: distrust.as_str(),
        };
        self.0.listings_distrusted.get_or_create(&labels).inc();
    }

    /// Counts a task that failed and was started again.
    pub fn task_restarted(&self, task: Task) {
        let task = task.as_str();
        self.0.task_restarts.get_or_create(&OfTask { task }).inc();
    }

    /// Counts a request to the scrape proxy that is not for a published target.
    pub fn scrape_refused(&self) {
        let outcome = "refused";
        self.0.scrapes.get_or_create(&Scrape { outcome }).inc();
    }

    /// Counts a scrape by how it ended; `bytes` are those of the page as relayed.
    pub fn scraped(&self, failure: Option<FailureKind>, took: Duration, bytes: u64) {
        let outcome = failure.map_or("ok", FailureKind::as_str);
        self.0.scrapes.get_or_create(&Scrape { outcome }).inc();
        self.0.scrape_duration.observe(took.as_secs_f64());
        self.0.scrape_bytes.inc_by(bytes);
    }

    /// A registry with all counters.
    pub fn registry(&self) -> Registry {
        let mut root = Registry::default();
        let registry = root.sub_registry_with_prefix("aiven_metrics");
        registry.register(
            "api_requests",
            "Requests to Aiven's API, and to Cloud Foundry's, by operation and HTTP status, or how they failed",
            self.0.api_requests.clone(),
        );
        registry.register(
            "api_request_duration_seconds",
            "Time from sending a request to an API to the end of its answer",
            self.0.api_duration.clone(),
        );
        registry.register(
            "integrations_created",
            "Service integrations that this instance created",
            self.0.integrations_created.clone(),
        );
        registry.register(
            "dns_lookups",
            "Host names looked up, by outcome",
            self.0.dns_lookups.clone(),
        );
        registry.register(
            "snapshot_changes",
            "Changes of the published targets",
            self.0.snapshot_changes.clone(),
        );
        registry.register(
            "labels_renamed",
            "Names of Cloud Foundry that changed on published services; each begins new series",
            self.0.labels_renamed.clone(),
        );
        registry.register(
            "listings_distrusted",
            "Listings of services that were not believed as they stood, by reason",
            self.0.listings_distrusted.clone(),
        );
        registry.register(
            "task_restarts",
            "Tasks of the daemon that failed and were started again; each is a defect to report",
            self.0.task_restarts.clone(),
        );
        registry.register(
            "log_lines_lost",
            "Log lines that could not be written: disk full, or nobody reads them",
            log::count_of_lost_lines(),
        );
        self.register_scrapes(registry);
        register_build(registry);
        root
    }

    fn register_scrapes(&self, registry: &mut Registry) {
        registry.register(
            "scrape_proxy_requests",
            "Scrapes through the proxy, by outcome",
            self.0.scrapes.clone(),
        );
        registry.register(
            "scrape_proxy_duration_seconds",
            "Time from Prometheus' request to the end of the page",
            self.0.scrape_duration.clone(),
        );
        registry.register(
            "scrape_proxy_response_bytes",
            "Bytes of pages relayed, as they went over the wire",
            self.0.scrape_bytes.clone(),
        );
    }
}

fn register_build(registry: &mut Registry) {
    let build = Family::<Build, Gauge>::default();
    let version = env!("CARGO_PKG_VERSION");
    build.get_or_create(&Build { version }).set(1);
    registry.register("build_info", "The running version; always 1", build);
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            api_requests: Family::default(),
            api_duration: Family::new_with_constructor(|| Histogram::new(API_BUCKETS)),
            integrations_created: Family::default(),
            dns_lookups: Family::default(),
            snapshot_changes: Counter::default(),
            labels_renamed: Counter::default(),
            listings_distrusted: Family::default(),
            task_restarts: Family::default(),
            scrapes: Family::default(),
            scrape_duration: Histogram::new(SCRAPE_BUCKETS),
            scrape_bytes: Counter::default(),
        }
    }
}
