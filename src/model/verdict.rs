//! Why a service is or is not scraped: one word for each service, the same in
//! `/status`, in metrics and on the command line.

use serde::{Deserialize, Serialize};

/// The one word that describes a service now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Published, and the last scrape of at least one node succeeded.
    Scraped,
    /// Published, not scraped yet (or the scrape proxy is off).
    Published,
    /// Eligible, but not integrated yet, or the integration is not active yet.
    AwaitingIntegration,
    /// Aiven refused the integration.
    IntegrationFailed,
    /// Integrated, but no address is known.
    Unresolved,
    /// Every node's last scrape failed, none at TLS or credentials.
    Unreachable,
    /// Every node's last scrape failed, at least one at verifying the node.
    TlsFailed,
    /// Every node's last scrape failed, at least one for its credentials.
    Unauthorised,
    /// `POWEROFF` at Aiven.
    PoweredOff,
    /// Missing from the listing; not confirmed yet, or the removal grace is not over.
    Leaving,
    /// Aiven's integration does not support its type.
    Ineligible,
    /// Excluded by `services.*`.
    NotSelected,
}

impl Verdict {
    /// Every verdict, in the order in which tables list them.
    pub const ALL: [Verdict; 12] = [
        Verdict::IntegrationFailed,
        Verdict::Unresolved,
        Verdict::Unreachable,
        Verdict::TlsFailed,
        Verdict::Unauthorised,
        Verdict::AwaitingIntegration,
        Verdict::Leaving,
        Verdict::Published,
        Verdict::Scraped,
        Verdict::PoweredOff,
        Verdict::Ineligible,
        Verdict::NotSelected,
    ];

    /// The word used in JSON, labels and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Scraped => "scraped",
            Verdict::Published => "published",
            Verdict::AwaitingIntegration => "awaiting_integration",
            Verdict::IntegrationFailed => "integration_failed",
            Verdict::Unresolved => "unresolved",
            Verdict::Unreachable => "unreachable",
            Verdict::TlsFailed => "tls_failed",
            Verdict::Unauthorised => "unauthorised",
            Verdict::PoweredOff => "powered_off",
            Verdict::Leaving => "leaving",
            Verdict::Ineligible => "ineligible",
            Verdict::NotSelected => "not_selected",
        }
    }

    /// Whether an operator should look: the service should be scraped and is not.
    pub fn is_problem(self) -> bool {
        matches!(
            self,
            Verdict::IntegrationFailed
                | Verdict::Unresolved
                | Verdict::Unreachable
                | Verdict::TlsFailed
                | Verdict::Unauthorised
        )
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_json_is_the_word_everywhere() {
        for verdict in Verdict::ALL {
            let json = serde_json::to_value(verdict).unwrap();
            assert_eq!(json, verdict.as_str());
        }
    }
}
