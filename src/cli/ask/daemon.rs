//! The running daemon, as its commands ask it.
//!
//! Whatever listens at an address may answer there: another daemon of ours, another version
//! of it, Grafana, a proxy, an SSH server, a process that is stopped. What answers is
//! believed to be the daemon when it says so ([`BY`]) or when its answer reads as one.

use std::net::SocketAddr;

use anyhow::bail;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, SERVER};
use serde::de::DeserializeOwned;

use super::{ANSWER_TIMEOUT, Answer, Http, NoAnswer, Reached};
use crate::model::outside_text::cut;
use crate::model::status::{BY, Status};

/// The most characters that are shown of what a stranger answers.
const MAX_SHOWN: usize = 60;

/// The running daemon.
pub(in crate::cli) struct Daemon {
    address: SocketAddr,
    http: Http,
}

/// Who gave an answer.
#[derive(Debug, PartialEq, Eq)]
enum Who {
    /// A daemon of this command's version.
    Ours,
    /// A daemon of another version.
    OfVersion(String),
    /// One that does not say that it is a daemon.
    Stranger,
}

impl Daemon {
    /// The daemon that listens at `address`.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(in crate::cli) fn at(address: SocketAddr) -> anyhow::Result<Self> {
        let http = Http::of_addresses(ANSWER_TIMEOUT)?;
        Ok(Daemon { address, http })
    }

    /// Its `/status`, as it came and read.
    ///
    /// # Errors
    /// As [`Daemon::read`].
    pub(in crate::cli) async fn status(&self) -> anyhow::Result<(String, Status)> {
        self.read("/status").await
    }

    /// Its answer at `path`, as it came and read.
    ///
    /// # Errors
    /// When there is no answer, it is not the daemon's, or the daemon does not tell.
    pub(in crate::cli) async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> anyhow::Result<(String, T)> {
        let url = format!("http://{}{path}", self.address);
        let answer = self.http.get(&url).await;
        let answer = answer.map_err(|error| self.unanswered(error))?;
        if answer.status != StatusCode::OK {
            bail!(self.refused(path, &answer));
        }
        match serde_json::from_str(&answer.body) {
            Ok(read) => Ok((answer.body, read)),
            Err(error) => bail!(self.unreadable(path, &answer, &error)),
        }
    }

    /// Why nobody answers.
    fn unanswered(&self, error: NoAnswer) -> anyhow::Error {
        let address = self.address;
        let what = match error.reached {
            Reached::Nobody => format!(
                "no daemon answers at {address}; is it running (monit summary), and is this its web.listen?"
            ),
            Reached::Silence => format!(
                "something listens at {address} and gives no answer; if it is the daemon, it hangs: see its log, then monit restart aiven-metrics"
            ),
            Reached::OtherWords => format!(
                "no daemon answers at {address}: what listens there does not speak HTTP; name the daemon's web.listen with --address"
            ),
            Reached::NoEnd => format!(
                "what answers at {address} is not the daemon; name the daemon's web.listen with --address"
            ),
        };
        anyhow::Error::new(error).context(what)
    }

    /// Why an answer is no view of the daemon's.
    fn refused(&self, path: &str, answer: &Answer) -> String {
        let address = self.address;
        let words = first_words(&answer.body);
        match (who(&answer.headers), answer.status) {
            (Who::Stranger, status) => self.stranger(path, status, answer),
            (Who::OfVersion(version), StatusCode::NOT_FOUND) => {
                other_version(address, &version, path)
            }
            (_, StatusCode::FORBIDDEN) => {
                format!(
                    "the daemon at {address} does not tell: {}",
                    answer.body.trim()
                )
            }
            (_, StatusCode::SERVICE_UNAVAILABLE) => {
                format!("nothing is published: {}", answer.body.trim())
            }
            (_, status) => format!("the daemon at {address} answers {path} with {status}: {words}"),
        }
    }

    fn unreadable(&self, path: &str, answer: &Answer, error: &serde_json::Error) -> String {
        let address = self.address;
        match who(&answer.headers) {
            Who::Stranger => self.stranger(path, answer.status, answer),
            Who::OfVersion(version) => {
                format!("{}: {error}", other_version(address, &version, path))
            }
            Who::Ours => format!(
                "the answer of the daemon at {address} to {path} cannot be read, which is a defect to report: {error}"
            ),
        }
    }

    fn stranger(&self, path: &str, status: StatusCode, answer: &Answer) -> String {
        let kind = answer.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok());
        format!(
            "what answers at {} is not the daemon: {path} gives {status}, {}, {}; name the daemon's web.listen with --address",
            self.address,
            kind.unwrap_or("without a Content-Type"),
            first_words(&answer.body)
        )
    }
}

fn other_version(address: SocketAddr, version: &str, path: &str) -> String {
    format!(
        "the daemon at {address} is version {version} and this command {}, which do not understand each other's {path}; use the command that was deployed with the daemon",
        env!("CARGO_PKG_VERSION")
    )
}

/// Who says that the answer is theirs.
fn who(headers: &HeaderMap) -> Who {
    let said = headers.get(SERVER).and_then(|by| by.to_str().ok());
    let Some(said) = said else {
        return Who::Stranger;
    };
    match said.split_once('/') {
        _ if said == BY => Who::Ours,
        Some((name, version)) if BY.starts_with(&format!("{name}/")) => {
            Who::OfVersion(version.to_owned())
        }
        _ => Who::Stranger,
    }
}

/// The beginning of what somebody says, in quotes.
fn first_words(body: &str) -> String {
    let words: Vec<_> = body.split_whitespace().take(10).collect();
    match words.is_empty() {
        true => "an empty body".to_owned(),
        false => format!("'{}'", cut(&words.join(" "), MAX_SHOWN)),
    }
}
