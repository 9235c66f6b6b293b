//! Why something fails: what was seen, and what to do about it.

use std::fmt;
use std::sync::Arc;

/// Why something fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What was seen, in one line.
    pub cause: Arc<str>,
    /// What to do about it, where the cause tells that.
    pub remedy: Option<Arc<str>>,
}

impl Reason {
    /// A cause with its remedy.
    pub fn new(cause: impl Into<Arc<str>>, remedy: Option<impl Into<Arc<str>>>) -> Reason {
        Reason {
            cause: cause.into(),
            remedy: remedy.map(Into::into),
        }
    }

    /// The same, begun with what it hinders.
    #[must_use]
    pub fn hinders(self, what: &str) -> Reason {
        Reason {
            cause: format!("{what}: {}", self.cause).into(),
            ..self
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl From<Arc<str>> for Reason {
    fn from(cause: Arc<str>) -> Reason {
        let remedy = None;
        Reason { cause, remedy }
    }
}

impl From<&str> for Reason {
    fn from(cause: &str) -> Reason {
        Reason::from(Arc::from(cause))
    }
}

impl From<String> for Reason {
    fn from(cause: String) -> Reason {
        Reason::from(Arc::from(cause))
    }
}
