//! What can go wrong while Cloud Foundry is asked, each with what to do about it.
//!
//! The words of Cloud Controller and UAA are believed only where an answer has their
//! form. Whatever else answers in their place is a stranger ([`Unanswered`]).

use std::fmt;
use std::time::Duration;

use crate::api_client::gate::Pressure;
use crate::api_client::unanswered::Unanswered;
use crate::model::backoff::Trouble;
use crate::model::outside_text::OutsideText;
use crate::model::reason::Reason;

/// What a client lacks that does not see everything.
pub(crate) const GIVE_AUTHORITY: &str = "add the authority cloud_controller.global_auditor to the client where it is defined (uaa.clients in the deployment), and deploy";

/// The calls that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `GET /`
    Root,
    /// `POST UAA/oauth/token`
    Token,
    /// `GET /v3/service_instances`
    ListServiceInstances,
    /// `GET /v3/service_instances/GUID/relationships/shared_spaces`
    ListSharedSpaces,
    /// `GET /v3/spaces`, by `doctor` alone
    ListSpaces,
}

impl Operation {
    /// The label value in metrics, and the name in messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Operation::Root => "cf_root",
            Operation::Token => "uaa_token",
            Operation::ListServiceInstances => "list_service_instances",
            Operation::ListSharedSpaces => "list_shared_spaces",
            Operation::ListSpaces => "list_spaces",
        }
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} at {server}: {kind}", .operation.as_str())]
pub(crate) struct Error {
    /// Which call.
    pub(crate) operation: Operation,
    /// The host that was asked.
    pub(crate) server: OutsideText,
    /// What went wrong.
    pub(crate) kind: ErrorKind,
}

impl Error {
    /// Why the stage fails.
    pub(crate) fn reason(&self) -> Reason {
        let (call, server) = (self.operation.as_str(), &self.server);
        let reason = self.kind.reason();
        reason.hinders(&format!("{call} at {server}"))
    }
}

/// What went wrong with a call: what was found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// An error of Cloud Controller or UAA, in its form.
    Answered {
        /// HTTP status.
        status: u16,
        /// Its words.
        words: OutsideText,
        /// What they mean.
        meaning: Meaning,
        /// How long it asks to wait, if it does.
        wait: Option<Duration>,
    },
    /// No answer of theirs.
    Unanswered(Unanswered),
    /// Cloud Controller's answer does not say where UAA is.
    NoUaa(OutsideText),
    /// An empty list or a 401, for a client that may not see what there is: the scopes of
    /// its token.
    SeesNothing(OutsideText),
    /// The server's certificate was refused.
    Certificate {
        /// Why.
        words: OutsideText,
        /// What to do.
        advice: &'static str,
    },
    /// The pages did not end in time.
    Unfinished(Duration),
}

/// What an error of Cloud Controller or UAA means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// UAA: wrong id or secret.
    ClientRejected,
    /// UAA: the client may not get a token in this way.
    NoGrant,
    /// Cloud Controller: 401.
    TokenRejected,
    /// The client lacks an authority.
    Forbidden,
    /// 404.
    NotFound,
    /// 429.
    Throttled,
    /// 5xx or 408.
    Server,
    /// Any other 4xx.
    Refused,
}

impl Meaning {
    fn what(self) -> &'static str {
        match self {
            Meaning::ClientRejected => "UAA does not accept the client",
            Meaning::NoGrant => "UAA gives this client no token",
            Meaning::TokenRejected => "Cloud Controller does not accept UAA's token, nor a new one",
            Meaning::Forbidden => "the client lacks a right",
            Meaning::NotFound => "not found",
            Meaning::Throttled => "too many requests",
            Meaning::Server => "it has trouble of its own",
            Meaning::Refused => "refused",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Meaning::ClientRejected => {
                "see that the client cloud_foundry.client_id is in UAA (uaac client get ID), and that cloud_foundry.client_secret is the secret that it was deployed with; UAA answers the same to an unknown client and to a wrong secret"
            }
            Meaning::NoGrant => "give the client authorized_grant_types: client_credentials in UAA",
            Meaning::TokenRejected => {
                "check that both are of one foundation, and the clocks of their machines"
            }
            Meaning::Forbidden => GIVE_AUTHORITY,
            Meaning::NotFound => {
                "check that cloud_foundry.api_url is the one that `cf api` shows, of a Cloud Controller with V3"
            }
            Meaning::Throttled => {
                "give this program a UAA client of its own, or raise cloud_foundry.poll_interval"
            }
            Meaning::Server => "look at its health",
            Meaning::Refused => "look into its log, and report it if the request is at fault",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl ErrorKind {
    fn reason(&self) -> Reason {
        Reason::new(self.found(), self.advice())
    }

    /// What was found, without what to do about it.
    pub(crate) fn found(&self) -> String {
        match self {
            ErrorKind::Answered {
                status,
                words,
                meaning,
                ..
            } => format!("{} ({status}, {words})", meaning.what()),
            ErrorKind::Unanswered(unanswered) => unanswered.to_string(),
            ErrorKind::NoUaa(why) => format!("the answer names no UAA that can be asked ({why})"),
            ErrorKind::SeesNothing(scopes) => format!(
                "Cloud Controller shows this client nothing, as it has no authority to see everything (its token has the scopes \"{scopes}\")"
            ),
            ErrorKind::Certificate { words, .. } => {
                format!("its certificate is not accepted ({words})")
            }
            ErrorKind::Unfinished(limit) => format!("not all pages came within {limit:?}"),
        }
    }

    /// What to do about it; nothing but to wait, if there is none.
    pub(crate) fn advice(&self) -> Option<String> {
        let advice = match self {
            ErrorKind::Unanswered(unanswered) => match unanswered {
                Unanswered::Stranger(stranger) => return Some(stranger.advice()),
                Unanswered::Postponed(_) => return None,
                Unanswered::Timeout(_) => {
                    "see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them"
                }
                Unanswered::Transport(_) => {
                    "see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url"
                }
                Unanswered::Malformed(_) => "check what answers there",
            },
            ErrorKind::Answered { meaning, .. } => meaning.advice(),
            ErrorKind::NoUaa(_) => {
                "check that cloud_foundry.api_url is the one that `cf api` shows"
            }
            ErrorKind::SeesNothing(_) => GIVE_AUTHORITY,
            ErrorKind::Certificate { advice, .. } => advice,
            ErrorKind::Unfinished(_) => "look at Cloud Controller's health",
        };
        Some(advice.to_owned())
    }

    /// What an answer means, if it is one of Cloud Controller or UAA.
    pub(crate) fn meaning(&self) -> Option<Meaning> {
        match self {
            ErrorKind::Answered { meaning, .. } => Some(*meaning),
            _ => None,
        }
    }

    /// Whether the same call may succeed in a moment.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            ErrorKind::Answered { meaning, .. } => {
                matches!(meaning, Meaning::Throttled | Meaning::Server)
            }
            ErrorKind::Unanswered(unanswered) => unanswered.is_transient(),
            _ => false,
        }
    }

    /// How long the answer asks to wait, if it does.
    pub(crate) fn asked_wait(&self) -> Option<Duration> {
        match self {
            ErrorKind::Answered { wait, .. } => *wait,
            ErrorKind::Unanswered(unanswered) => unanswered.asked_wait(),
            _ => None,
        }
    }

    /// What the answer asks of this client.
    pub(crate) fn pressure(&self) -> Pressure {
        let asks_too_much = match self {
            ErrorKind::Answered { status, .. } => *status == 429,
            ErrorKind::Unanswered(unanswered) => unanswered.asks_too_much(),
            _ => false,
        };
        match self.asked_wait() {
            Some(wait) => Pressure::Wait(wait),
            None if asks_too_much => Pressure::TooMany,
            None => Pressure::None,
        }
    }

    /// What the error means for the next pass.
    pub(crate) fn trouble(&self) -> Trouble {
        if self.asked_wait().is_some() {
            return Trouble::Throttled(self.asked_wait());
        }
        match self {
            ErrorKind::Answered { meaning, .. } => match meaning {
                Meaning::Throttled => Trouble::Throttled(None),
                Meaning::Server => Trouble::Transient,
                Meaning::ClientRejected | Meaning::NoGrant | Meaning::TokenRejected => {
                    Trouble::TokenRejected
                }
                Meaning::Forbidden | Meaning::NotFound | Meaning::Refused => Trouble::Permanent,
            },
            ErrorKind::SeesNothing(_) | ErrorKind::NoUaa(_) | ErrorKind::Certificate { .. } => {
                Trouble::Permanent
            }
            _ => Trouble::Transient,
        }
    }

    /// The code in `api_requests_total`: the HTTP status, or one word.
    pub(crate) fn code(&self) -> String {
        let word = match self {
            ErrorKind::Answered { status, .. } => return status.to_string(),
            ErrorKind::Unanswered(unanswered) => unanswered.code(),
            ErrorKind::Unfinished(_) => "timeout",
            ErrorKind::Certificate { .. } => "transport",
            ErrorKind::NoUaa(_) | ErrorKind::SeesNothing(_) => "malformed",
        };
        word.to_owned()
    }
}

impl<T: Into<Unanswered>> From<T> for ErrorKind {
    fn from(unanswered: T) -> ErrorKind {
        ErrorKind::Unanswered(unanswered.into())
    }
}
