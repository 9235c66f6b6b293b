//! What was found when a call failed, and what to do about it: the two are shown apart.

use super::ErrorKind;
use crate::api_client::unanswered::Unanswered;
use crate::model::reason::Reason;

impl ErrorKind {
    /// What was found, without what to do about it.
    pub fn found(&self) -> String {
        match self {
            ErrorKind::TokenRejected(words) => format!("Aiven does not accept the token ({words})"),
            ErrorKind::Forbidden(words) => format!("the token lacks a right ({words})"),
            ErrorKind::NotFound { message, .. } => format!("not found ({message})"),
            ErrorKind::Throttled { message, .. } => format!("throttled ({message})"),
            ErrorKind::Refused { status, message } => format!("refused with {status} ({message})"),
            ErrorKind::Server {
                status, message, ..
            } => format!("Aiven answered {status} ({message})"),
            ErrorKind::Unanswered(Unanswered::Timeout(limit)) => {
                format!("no answer within {:.0} s", limit.as_secs_f64().ceil())
            }
            ErrorKind::Unanswered(Unanswered::Transport(words)) => {
                format!("the connection to the API failed: {words}")
            }
            // The same for all that wait for it, however long it lasts yet.
            ErrorKind::Unanswered(Unanswered::Postponed(postponed)) => {
                let because = &postponed.because;
                format!("{because}; until that is over, nothing is asked")
            }
            ErrorKind::Unanswered(unanswered) => unanswered.to_string(),
            ErrorKind::Proxy { proxy, trouble } => {
                format!("the proxy {proxy} (aiven.http_proxy) {trouble}")
            }
            ErrorKind::CertificateDates(words) | ErrorKind::Certificate(words) => {
                format!("the certificate of the API is not believed: {words}")
            }
            ErrorKind::Truncated(bytes) => {
                format!("the answer ended after {bytes} bytes, in the middle of the document")
            }
        }
    }

    /// What to do about it; nothing but to read Aiven's words, if there is none.
    pub fn advice(&self) -> Option<String> {
        let advice = match self {
            ErrorKind::TokenRejected(_) => {
                "make a new token of the same user in Aiven's console, since this one is wrong, expired or revoked; set aiven.api_token to all of it, and deploy"
            }
            ErrorKind::Forbidden(_) => {
                "in Aiven's console, give the token's user project:services:read and project:integrations:write in this project, if aiven.projects names the right one"
            }
            ErrorKind::NotFound { message, .. } if message.starts_with("Project ") => {
                "write the project's name in aiven.projects as Aiven's console shows it, and deploy: it may be misspelt, or renamed"
            }
            ErrorKind::NotFound { .. } | ErrorKind::Refused { .. } => return None,
            ErrorKind::Throttled { .. } => {
                "see what else uses tokens of this user, and give this program a token of a user of its own: Aiven counts the requests of a user together"
            }
            ErrorKind::Server { .. } => {
                "nothing can be mended here: see Aiven's status page; it is asked again by itself"
            }
            ErrorKind::Unanswered(Unanswered::Stranger(stranger)) => {
                return Some(stranger.advice());
            }
            ErrorKind::Unanswered(Unanswered::Postponed(_)) => {
                "wait: it is asked again by itself; if it goes on, give this program a token of a user of its own, whose requests Aiven counts apart"
            }
            ErrorKind::Proxy { trouble, .. } => trouble.advice(),
            ErrorKind::Unanswered(Unanswered::Timeout(_)) => {
                "see Aiven's status page; if Aiven is well, see the firewalls and aiven.http_proxy on the way to aiven.api_url, or raise aiven.request_timeout"
            }
            ErrorKind::Unanswered(Unanswered::Transport(_)) => {
                "let this machine reach the host of aiven.api_url: see DNS, routes, firewalls and aiven.http_proxy; if all is well there, see Aiven's status page"
            }
            ErrorKind::CertificateDates(_) => {
                "check this machine's clock first (timedatectl), by which certificates are judged; if it is right, see what answers at aiven.api_url"
            }
            ErrorKind::Certificate(_) => {
                "ask your network team whether something on the way inspects TLS, as the issuer that aiven-metrics doctor shows may tell; only if that is meant, give its CA as aiven.ca_cert"
            }
            ErrorKind::Truncated(_) | ErrorKind::Unanswered(Unanswered::Malformed(_)) => {
                "see what answers at aiven.api_url, and the proxies and firewalls on the way to it; if it is Aiven itself, send this line and the time to Aiven's support"
            }
        };
        Some(advice.to_owned())
    }

    /// Both, for a stage that fails for it.
    pub fn reason(&self) -> Reason {
        Reason::new(self.found(), self.advice())
    }
}
