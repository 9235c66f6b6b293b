//! One line of the doctor's: what was tried, what was found, and what to do about it.

use serde::Serialize;

/// A check that was made, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct Check {
    /// What of the daemon's surroundings it is about.
    pub(in crate::cli) area: Area,
    /// What exactly was tried.
    pub(in crate::cli) subject: String,
    /// How it ended.
    #[serde(flatten)]
    pub(in crate::cli) outcome: Outcome,
}

/// What the daemon depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Area {
    /// The file.
    Configuration,
    /// Name servers.
    Dns,
    /// Aiven's API.
    Api,
    /// One node of each type.
    Node,
    /// Cloud Controller and UAA, if labels come from there.
    CloudFoundry,
    /// The daemon itself, if it runs.
    Daemon,
    /// The Prometheus beside it.
    Prometheus,
    /// The time.
    Clock,
    /// `state_dir` and the target list's folder.
    Disk,
    /// Files and connections that may be open.
    Descriptors,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(in crate::cli) enum Outcome {
    /// As it should be.
    Ok {
        /// What shows it.
        found: String,
    },
    /// The daemon works, but not as well as it could, or not for long.
    Warning {
        /// What shows it.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// The daemon cannot work like this.
    Failed {
        /// What shows it.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// Not tried.
    Skipped {
        /// Why.
        because: String,
    },
}

impl Area {
    /// The word in the table and in JSON.
    pub(in crate::cli) fn as_str(self) -> &'static str {
        match self {
            Area::Configuration => "configuration",
            Area::Dns => "dns",
            Area::Api => "api",
            Area::Node => "node",
            Area::CloudFoundry => "cloud_foundry",
            Area::Daemon => "daemon",
            Area::Prometheus => "prometheus",
            Area::Clock => "clock",
            Area::Disk => "disk",
            Area::Descriptors => "descriptors",
        }
    }

    pub(super) fn ok(self, subject: impl Into<String>, found: impl Into<String>) -> Check {
        let found = found.into();
        self.check(subject, Outcome::Ok { found })
    }

    pub(super) fn warning(
        self,
        subject: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Check {
        let (found, remedy) = (found.into(), remedy.into());
        self.check(subject, Outcome::Warning { found, remedy })
    }

    pub(super) fn failed(
        self,
        subject: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Check {
        let (found, remedy) = (found.into(), remedy.into());
        self.check(subject, Outcome::Failed { found, remedy })
    }

    pub(super) fn skipped(self, subject: impl Into<String>, because: impl Into<String>) -> Check {
        let because = because.into();
        self.check(subject, Outcome::Skipped { because })
    }

    fn check(self, subject: impl Into<String>, outcome: Outcome) -> Check {
        let subject = subject.into();
        Check {
            area: self,
            subject,
            outcome,
        }
    }
}

impl Outcome {
    /// The word that the line begins with.
    pub(in crate::cli) fn word(&self) -> &'static str {
        match self {
            Outcome::Ok { .. } => "ok",
            Outcome::Warning { .. } => "warning",
            Outcome::Failed { .. } => "FAILED",
            Outcome::Skipped { .. } => "skipped",
        }
    }

    /// Whether the daemon cannot work like this.
    pub(in crate::cli) fn is_failure(&self) -> bool {
        matches!(self, Outcome::Failed { .. })
    }
}
