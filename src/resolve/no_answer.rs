//! Why a name server gave no answer.

use std::io;

use domain::net::client::request::Error;

use super::wire::Unusable;

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the question cannot be written")]
    NotSent,
    #[error("{0}")]
    Transport(String),
    #[error("no answer in time")]
    Silence,
}

impl From<Error> for NoAnswer {
    fn from(error: Error) -> NoAnswer {
        match error {
            Error::StreamReadTimeout => NoAnswer::Silence,
            Error::MessageParseError | Error::ShortMessage => Unusable::Malformed.into(),
            Error::WrongReplyForQuery => Unusable::OtherQuestion.into(),
            Error::StreamReadError(io) | Error::StreamWriteError(io) => {
                NoAnswer::Transport(io.to_string())
            }
            other => NoAnswer::Transport(other.to_string()),
        }
    }
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> NoAnswer {
        NoAnswer::Transport(error.to_string())
    }
}
