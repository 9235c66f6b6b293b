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
                format!(
                    "Aiven's API did not answer within {:.0} s",
                    limit.as_secs_f64().ceil()
                )
            }
            ErrorKind::Unanswered(Unanswered::Transport(words)) => {
                format!("the connection to Aiven's API failed: {words}")
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
                "see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy"
            }
            ErrorKind::Forbidden(_) => {
                "in Aiven's console, give the token's user project:services:read and project:integrations:write in this project, if aiven.projects names the right one"
            }
            ErrorKind::NotFound { message, .. } if message.starts_with("Project ") => {
                "look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy"
            }
            ErrorKind::NotFound { .. } | ErrorKind::Refused { .. } => return None,
            ErrorKind::Throttled { .. } => {
                "see what else uses tokens of this user, and give this program a token of a user of its own: Aiven counts the requests of a user together; if nothing else does, raise aiven.poll_interval"
            }
            ErrorKind::Server { .. } => {
                "see Aiven's status page; if it names no trouble, send this line and the time to Aiven's support; it is asked again by itself"
            }
            ErrorKind::Unanswered(Unanswered::Stranger(stranger)) => {
                return Some(stranger.advice());
            }
            ErrorKind::Unanswered(Unanswered::Postponed(_)) => {
                "wait: it is asked again by itself; if it goes on, give this program a token of a user of its own, whose requests Aiven counts apart"
            }
            ErrorKind::Proxy { trouble, .. } => trouble.advice(),
            ErrorKind::Unanswered(Unanswered::Timeout(_)) => {
                "see Aiven's status page; if Aiven is well, see the firewalls and aiven.http_proxy on the way to aiven.api_url; raise aiven.request_timeout only if some requests succeed"
            }
            ErrorKind::Unanswered(Unanswered::Transport(_)) => {
                "let this machine reach that host: see that aiven.api_url is right, then routes, firewalls and aiven.http_proxy; if all is well there, see Aiven's status page"
            }
            ErrorKind::CertificateDates(_) => {
                "check this machine's clock first (timedatectl), by which certificates are judged; if it is right, see what answers at aiven.api_url"
            }
            ErrorKind::Certificate(_) => {
                "run aiven-metrics doctor, which shows who issued it; ask your network team whether they inspect TLS with that CA; only if they do, give it as aiven.ca_cert"
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
