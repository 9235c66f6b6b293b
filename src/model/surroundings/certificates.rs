//! Certificates that the daemon shows or trusts, and when they end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{About, Trouble};

/// So long before its end a certificate is worth a look.
pub const WORTH_A_LOOK: Duration = Duration::from_secs(30 * 24 * 3600);

/// One that ends within this time is a trouble.
pub const ENDS_SOON: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most that are told.
const MAX_TOLD: usize = 20;

/// Where a certificate of ours stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Holder {
    /// What the daemon's own port shows.
    #[serde(rename = "web.tls.certificate")]
    WebCertificate,
    /// Whom the daemon's own port answers.
    #[serde(rename = "web.tls.client_ca")]
    WebClientCa,
    /// What is trusted for Aiven's API.
    #[serde(rename = "aiven.ca_cert")]
    Api,
    /// What is trusted for nodes.
    #[serde(rename = "scrape_proxy.ca_cert")]
    Nodes,
    /// What is trusted for Cloud Foundry.
    #[serde(rename = "cloud_foundry.ca_cert")]
    CloudFoundry,
    /// The CA that a project has at Aiven.
    #[serde(rename = "project_ca")]
    Project,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

/// A certificate that the daemon shows or trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCertificate {
    /// Where it stands.
    pub certificate: Holder,
    /// The project, of a project's CA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Arc<str>>,
    /// Whose it is, as it says itself.
    pub subject: String,
    /// When it ends.
    pub ends: Timestamp,
}

/// All certificates of ours.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    configured: Vec<OwnCertificate>,
    of_projects: BTreeMap<Arc<str>, Vec<OwnCertificate>>,
}

impl Certificates {
    /// These are those of the configuration.
    pub fn configured(&mut self, certificates: Vec<OwnCertificate>) {
        self.configured = certificates;
    }

    /// These are the CA of a project.
    pub fn of_project(&mut self, project: &Arc<str>, certificates: Vec<OwnCertificate>) {
        self.of_projects.insert(Arc::clone(project), certificates);
    }

    /// Those that end within 30 days or have ended, the first first. Of two of one name at
    /// one place, as while a CA is replaced, the one that ends last counts.
    pub fn ending(&self, now: Timestamp) -> Vec<OwnCertificate> {
        let all = || {
            let projects = self.of_projects.values().flatten();
            self.configured.iter().chain(projects)
        };
        let limit = now.checked_add(WORTH_A_LOOK).unwrap_or(Timestamp::MAX);
        let ending = all().filter(|one| one.ends < limit);
        let is_replaced = |one: &&OwnCertificate| all().any(|other| other.replaces(one));
        let mut ending: Vec<_> = ending.filter(|one| !is_replaced(one)).cloned().collect();
        ending.sort_by_key(|one| one.ends);
        ending.dedup();
        ending.truncate(MAX_TOLD);
        ending
    }
}

impl OwnCertificate {
    fn replaces(&self, other: &OwnCertificate) -> bool {
        self.certificate == other.certificate
            && self.project == other.project
            && self.subject == other.subject
            && self.ends > other.ends
    }

    /// What it is: `certificate web.tls.certificate`, `the CA of project shop`.
    pub fn place(&self) -> String {
        match &self.project {
            Some(project) => format!("the CA of project {project}"),
            None => format!("certificate {}", self.certificate),
        }
    }

    /// A trouble once it ends within seven days.
    pub(super) fn trouble(&self, now: Timestamp) -> Option<Trouble> {
        let limit = now.checked_add(ENDS_SOON).unwrap_or(Timestamp::MAX);
        if self.ends > limit {
            return None;
        }
        let place = self.place();
        let has_ended = self.ends <= now;
        let (about, what, verb) = match has_ended {
            true => (About::CertificateEnded, "has ended", "ended"),
            false => (About::CertificateEnds, "ends within seven days", "ends"),
        };
        let (subject, ends) = (&self.subject, self.ends.strftime("%Y-%m-%d %H:%M UTC"));
        Some(Trouble {
            about,
            subject: format!("{place} '{subject}'"),
            what: format!("{place} {what}"),
            cause: format!("'{subject}' {verb} {ends}"),
            remedy: self.certificate.remedy().to_owned(),
            since: has_ended.then_some(self.ends),
        })
    }
}

impl Holder {
    fn remedy(self) -> &'static str {
        match self {
            Holder::WebCertificate => {
                "issue it again and deploy: other machines refuse the daemon's port once it has ended, so its metrics and alerts stop; this machine's commands go on"
            }
            Holder::WebClientCa => {
                "give the next CA beside it and deploy, before clients on other machines get certificates of the next one: they would be refused"
            }
            Holder::Api | Holder::Nodes | Holder::CloudFoundry => {
                "give the next CA beside it and deploy, before servers get certificates of the next one: they would not be believed; take it out if it is not needed any more"
            }
            Holder::Project => {
                "nothing in the daemon, which reads the project's next CA by itself: see in Aiven's console when it comes, since the service's other clients need it, too"
            }
            Holder::Other => "issue it again",
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Holder::WebCertificate => "web.tls.certificate",
            Holder::WebClientCa => "web.tls.client_ca",
            Holder::Api => "aiven.ca_cert",
            Holder::Nodes => "scrape_proxy.ca_cert",
            Holder::CloudFoundry => "cloud_foundry.ca_cert",
            Holder::Project => "a project's CA",
            Holder::Other => "of ours",
        })
    }
}
