//! One thing that changed. Its JSON form is stable: fields are added, not changed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// All of `/events`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Events {
    /// When this was put together.
    pub at: Timestamp,
    /// The newest first.
    pub events: Vec<Arc<Event>>,
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was last seen.
    pub at: Timestamp,
    /// When it was first seen; the same as `at` unless it happened more than once.
    pub since: Timestamp,
    /// How often it happened from `since` to `at`; of an event about many services,
    /// how many events it stands for.
    pub times: u64,
    /// What kind of change it is.
    pub kind: EventKind,
    /// The project that it is about, unless it is about all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Arc<str>>,
    /// The service that it is about, unless it is about many or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Arc<str>>,
    /// What of it: a target, a host name, a stage, a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// What happened, in one sentence.
    pub what: Arc<str>,
    /// Why, if that is known; of several times the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Arc<str>>,
}

/// A target, a host name, a stage, a task or a part of the surroundings.
pub type Subject = Arc<str>;

/// Kinds, each with its word in JSON and what is said when it happens to many services.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $word:literal $many:literal)*) => {
        /// What kind of change it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
            /// One that this version does not know.
            #[serde(other)]
            Other,
        }

        impl EventKind {
            /// Every kind that this version knows.
            pub const ALL: &[EventKind] = &[$(EventKind::$kind,)*];

            /// The word in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(EventKind::$kind => $word,)*
                    EventKind::Other => "other",
                }
            }

            /// What happened to many services at once.
            fn many(self) -> &'static str {
                match self {
                    $(EventKind::$kind => $many,)*
                    EventKind::Other => "changes",
                }
            }
        }
    };
}

kinds! {
    /// The daemon started.
    DaemonStarted "daemon_started" "starts of the daemon"
    /// The services of a project are known for the first time.
    ServicesKnown "services_known" "first listings"
    /// A service came.
    ServiceAppeared "service_appeared" "services appeared"
    /// A service is gone for good.
    ServiceGone "service_gone" "services are gone"
    /// A service has another verdict.
    VerdictChanged "verdict_changed" "verdicts changed"
    /// A service has a Prometheus integration now.
    IntegrationMade "integration_made" "services are integrated now"
    /// Aiven refuses the integration.
    IntegrationRefused "integration_refused" "integrations were refused"
    /// A service has no enabled Prometheus integration any more.
    IntegrationEnded "integration_ended" "integrations ended"
    /// A project has another integration endpoint, or its use fails.
    EndpointChanged "endpoint_changed" "integration endpoints changed"
    /// The first targets of a service are published.
    TargetsAppeared "targets_appeared" "services are published now"
    /// A service has no published target any more.
    TargetsGone "targets_gone" "services are published no more"
    /// Some addresses of a published service came or went.
    AddressesChanged "addresses_changed" "services have other addresses"
    /// DNS does not answer for a host name any more.
    HostUnresolved "host_unresolved" "host names do not resolve"
    /// DNS answers for it again.
    HostResolved "host_resolved" "host names resolve again"
    /// Whose a service is changed, or what it is called.
    LabelsChanged "labels_changed" "services have other labels of Cloud Foundry"
    /// Aiven says otherwise than what is published of whose a service is.
    LabelsDisagree "labels_disagree" "services have tags that disagree with their labels"
    /// That is over.
    LabelsAgree "labels_agree" "services have tags that agree with their labels again"
    /// A listing is not believed as it stands.
    ListingDistrusted "listing_distrusted" "listings were not trusted"
    /// A stage of the daemon's work fails.
    StageFailing "stage_failing" "stages fail"
    /// It works again.
    StageRecovered "stage_recovered" "stages work again"
    /// The scrapes of a target fail, or fail in another way.
    ScrapeFailing "scrape_failing" "targets cannot be scraped"
    /// They succeed again.
    ScrapeRecovered "scrape_recovered" "targets are scraped again"
    /// A task of the daemon failed and was started again.
    TaskRestarted "task_restarted" "tasks failed and were started again"
    /// Something is wrong around the daemon: the clock, the log, a name server, a certificate of
    /// ours.
    SurroundingsFailing "surroundings_failing" "troubles of the daemon's surroundings"
    /// That is over.
    SurroundingsRecovered "surroundings_recovered" "troubles of the daemon's surroundings are over"
}

impl Event {
    /// An event that happened once.
    pub(super) fn new(kind: EventKind, at: Timestamp, what: impl Into<Arc<str>>) -> Event {
        Event {
            at,
            since: at,
            times: 1,
            kind,
            project: None,
            service: None,
            subject: None,
            what: what.into(),
            cause: None,
        }
    }

    /// The same about a project.
    #[must_use]
    pub(super) fn in_project(self, project: &Arc<str>) -> Event {
        Event {
            project: Some(Arc::clone(project)),
            ..self
        }
    }

    /// The same about a service.
    #[must_use]
    pub(super) fn of_service(self, service: &Arc<str>) -> Event {
        Event {
            service: Some(Arc::clone(service)),
            ..self
        }
    }

    /// The same about a target, a host name, a stage or a task.
    #[must_use]
    pub(super) fn about(self, subject: impl Into<Subject>) -> Event {
        Event {
            subject: Some(subject.into()),
            ..self
        }
    }

    /// The same with its cause, if that is known.
    #[must_use]
    pub(super) fn because(self, cause: Option<impl Into<Arc<str>>>) -> Event {
        Event {
            cause: cause.map(Into::into),
            ..self
        }
    }

    /// `PROJECT/SERVICE` or `PROJECT`, if it is about one.
    pub fn whose(&self) -> Option<String> {
        let project = self.project.as_ref()?;
        Some(match &self.service {
            Some(service) => format!("{project}/{service}"),
            None => project.to_string(),
        })
    }

    /// Whether it matters to this service: it is about it, or about its whole project,
    /// or about all projects. Without a project it is any project's.
    pub fn concerns(&self, project: Option<&str>, service: &str) -> bool {
        let is_in_project = match (&self.project, project) {
            (Some(of), Some(asked)) => **of == *asked,
            _ => true,
        };
        is_in_project && self.service.as_ref().is_none_or(|of| **of == *service)
    }

    /// About how many bytes of memory it takes.
    pub(super) fn memory(&self) -> usize {
        let texts = [&self.project, &self.service, &self.subject, &self.cause];
        let texts = texts.into_iter().flatten().chain([&self.what]);
        size_of::<Event>() + texts.map(|text| text.len() + 16).sum::<usize>()
    }
}

impl EventKind {
    /// What happened to many services, a few of which are named.
    pub(super) fn of_many(self, count: u64, examples: &[Arc<str>]) -> String {
        let examples: Vec<_> = examples.iter().map(|name| &**name).collect();
        format!("{count} {}; the last: {}", self.many(), examples.join(", "))
    }
}

impl std::fmt::Display for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
