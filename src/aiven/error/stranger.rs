//! An answer of something that stands before Aiven.

use std::fmt;
use std::time::Duration;

use crate::model::outside_text::OutsideText;

/// Something before Aiven answered. Its words are for people; nothing follows from
/// them about tokens, projects and services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
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
    /// JSON that is not Aiven's. It is not shown: it may hold anybody's secrets.
    OtherJson,
    /// The first printable words.
    Words(OutsideText),
}

impl Stranger {
    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500..)
    }
}

impl std::error::Error for Stranger {}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status;
        match &self.server {
            Some(server) => write!(
                f,
                "something before Aiven (Server: {server}) answered {status}"
            )?,
            None => write!(f, "something before Aiven answered {status}")?,
        }
        if let Some(host) = &self.redirects_to {
            write!(f, ", a redirect to {host}, which is not followed")?;
        }
        match &self.said {
            Said::Nothing => write!(f, ", without a word of Aiven's")?,
            Said::OtherJson => write!(f, " with JSON that is not Aiven's")?,
            Said::Words(words) => write!(f, ": \"{words}\"")?,
        }
        write!(
            f,
            "; check aiven.api_url, and the proxies and firewalls on the way to it"
        )
    }
}
