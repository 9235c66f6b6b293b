//! Why a call brought no answer of the API that was asked, whichever API that is.

use std::fmt;
use std::time::Duration;

use super::answer_room::NoRoom;
use super::gate::Postponed;
use super::stranger::Stranger;
use crate::model::outside_text::OutsideText;

/// No answer of the API. Shown is what was found; what to do about it depends on the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Something else answered in its place.
    Stranger(Box<Stranger>),
    /// Not asked: an earlier answer asks to wait.
    Postponed(Postponed),
    /// The answer, or the rest of it, did not arrive in time.
    Timeout(Duration),
    /// The connection could not be made, or broke.
    Transport(OutsideText),
    /// The answer is not what was asked for.
    Malformed(String),
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unanswered::Stranger(stranger) => write!(f, "{}", stranger.answered()),
            Unanswered::Postponed(Postponed { wait, because }) => {
                let seconds = wait.as_secs().max(1);
                write!(
                    f,
                    "not asked for another {seconds} s, as an earlier answer asks for ({because})"
                )
            }
            Unanswered::Timeout(limit) => write!(f, "no whole answer within {limit:?}"),
            Unanswered::Transport(words) => write!(f, "{words}"),
            Unanswered::Malformed(what) => write!(f, "the answer is not understood ({what})"),
        }
    }
}

impl Unanswered {
    /// Whether the same call may succeed in a moment.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Unanswered::Stranger(stranger) => stranger.is_transient(),
            Unanswered::Timeout(_) | Unanswered::Transport(_) => true,
            Unanswered::Postponed(_) | Unanswered::Malformed(_) => false,
        }
    }

    /// How long it has to be waited, if that was asked for.
    pub(crate) fn asked_wait(&self) -> Option<Duration> {
        match self {
            Unanswered::Stranger(stranger) => stranger.wait,
            Unanswered::Postponed(postponed) => Some(postponed.wait),
            _ => None,
        }
    }

    /// Whether it says that too much was asked, perhaps not for how long.
    pub(crate) fn asks_too_much(&self) -> bool {
        matches!(self, Unanswered::Stranger(stranger) if stranger.status == 429)
    }

    /// The code in `api_requests_total`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Unanswered::Stranger(_) => "stranger",
            Unanswered::Postponed(_) => "postponed",
            Unanswered::Timeout(_) => "timeout",
            Unanswered::Transport(_) => "transport",
            Unanswered::Malformed(_) => "malformed",
        }
    }
}

impl From<Postponed> for Unanswered {
    fn from(postponed: Postponed) -> Unanswered {
        Unanswered::Postponed(postponed)
    }
}

impl From<NoRoom> for Unanswered {
    fn from(none: NoRoom) -> Unanswered {
        match none {
            NoRoom::TooLong => Unanswered::Malformed(none.to_string()),
            NoRoom::InTime(patience) => Unanswered::Timeout(patience),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_room_in_time_is_late_and_one_without_end_is_odd() {
        let patience = Duration::from_secs(30);
        let late = Unanswered::from(NoRoom::InTime(patience));
        assert_eq!(late, Unanswered::Timeout(patience));
        assert!(late.is_transient());
        let odd = Unanswered::from(NoRoom::TooLong);
        assert!(
            odd.to_string().contains("more than 16777216 bytes"),
            "{odd}"
        );
        assert!(!odd.is_transient());
    }
}
