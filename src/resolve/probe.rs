//! One question to one name server, in one way: for somebody who wants to know which of
//! them work, and how fast. Nothing is remembered of it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::no_answer::NoAnswer;
use super::server::{Server, UDP_PAYLOAD};
use super::udp;
use super::wire::{Question, WireAnswer};
use crate::model::address::Family;

/// How a question is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In a packet, as before 1999.
    Udp,
    /// In a packet that allows a longer answer (EDNS), as the daemon asks first.
    Edns,
    /// Over a connection, as the daemon asks for what does not fit into a packet.
    Tcp,
}

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The addresses of this family, perhaps none; perhaps not all that there are.
    Addresses(Vec<IpAddr>),
    /// There is no such name.
    NoSuchName,
    /// The name is an alias of another one.
    Alias,
}

/// Why a server gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeFailure {
    /// In one line.
    pub cause: String,
    /// Whether it replied, with something that is no answer, as SERVFAIL.
    pub replied: bool,
}

impl From<NoAnswer> for ProbeFailure {
    fn from(why: NoAnswer) -> ProbeFailure {
        ProbeFailure {
            cause: why.to_string(),
            replied: matches!(why, NoAnswer::Unusable(_)),
        }
    }
}

/// Asks `server` for the addresses of `name`. Returns what it said, and how long that took.
///
/// # Errors
/// Why there is no answer.
pub async fn probe(
    server: SocketAddr,
    name: &str,
    family: Family,
    way: Way,
    limit: Duration,
) -> Result<(Told, Duration), ProbeFailure> {
    let Some(question) = Question::new(name.trim_end_matches('.'), family) else {
        return Err(ProbeFailure {
            cause: format!("{name} cannot be a host name"),
            replied: false,
        });
    };
    let began = Instant::now();
    let asked = async {
        match way {
            Way::Udp => udp::exchange(server, &question, None).await,
            Way::Edns => udp::exchange(server, &question, Some(UDP_PAYLOAD)).await,
            Way::Tcp => {
                let server = Server::new(server, limit);
                server.exchange_by_tcp(&question).await
            }
        }
    };
    let answer = timeout(limit, asked).await;
    let answer = answer.unwrap_or(Err(NoAnswer::Silence));
    let told = match answer? {
        WireAnswer::Addresses(addresses) | WireAnswer::Cut(addresses) => Told::Addresses(addresses),
        WireAnswer::NoSuchName => Told::NoSuchName,
        WireAnswer::Alias(_) => Told::Alias,
    };
    Ok((told, began.elapsed()))
}
