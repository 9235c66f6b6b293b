//! An answer of something that stands before an API.

use std::fmt;
use std::time::Duration;

use crate::model::outside_text::OutsideText;

/// The API that was asked, for the words about what answered in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its name.
    pub(crate) name: &'static str,
    /// The key of the configuration that says where it is.
    pub(crate) key: &'static str,
}

/// Something before the API answered. Its words are for people; nothing follows from
/// them about tokens, nor about what the API is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The API in whose place it answered.
    pub(crate) asked: Asked,
    /// HTTP status.
    pub status: u16,
    /// Its name for itself, as the header `Server` has it.
    pub server: Option<OutsideText>,
    /// The host that it redirects to, if it redirects.
    pub redirects_to: Option<OutsideText>,
    /// What it answered, in short.
    pub said: Said,
    /// How long it asks to wait, if it does.
    pub wait: Option<Duration>,
}

/// What a stranger answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// No body.
    Nothing,
    /// JSON that is not the API's. It is not shown: it may hold anybody's secrets.
    OtherJson,
    /// The first printable words.
    Words(OutsideText),
}

impl Stranger {
    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500..)
    }

    /// What it answered, without what to do about it.
    pub(crate) fn answered(&self) -> impl fmt::Display + '_ {
        Answered(self)
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> String {
        let Asked { name, key } = self.asked;
        format!(
            "find out what answers in {name}'s place: see {key}, and the proxies and firewalls on the way to it"
        )
    }
}

impl std::error::Error for Stranger {}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.answered(), self.advice())
    }
}

struct Answered<'a>(&'a Stranger);

impl fmt::Display for Answered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answered(stranger) = self;
        let (name, status) = (stranger.asked.name, stranger.status);
        match &stranger.server {
            Some(server) => write!(
                f,
                "something between this machine and {name} (Server: {server}) answered {status}"
            )?,
            None => write!(
                f,
                "something between this machine and {name} answered {status}"
            )?,
        }
        if let Some(host) = &stranger.redirects_to {
            write!(f, ", a redirect to {host}, which is not followed")?;
        }
        match &stranger.said {
            Said::Nothing => write!(f, ", with an empty body"),
            Said::OtherJson => write!(f, " with JSON that is not {name}'s"),
            Said::Words(words) => write!(f, ": \"{words}\""),
        }
    }
}
