//! One name server: a question goes out by UDP, each from a port of its own, and by
//! TCP if the answer does not fit.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::base::iana::OptRcode;
use domain::net::client::request::{Error, RequestMessage, RequestMessageMulti, SendRequest};
use domain::net::client::stream;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::health::Health;
use super::no_answer::NoAnswer;
use super::udp;
use super::wire::{Question, Unusable, WireAnswer, answer_from_wire};
use crate::net::socket::socket;

/// The longest answer that is asked for by UDP: it crosses every network in one piece
/// (<https://www.dnsflagday.net/2020/>).
pub(super) const UDP_PAYLOAD: u16 = 1232;

/// A connection of its own for each answer that did not fit: on a shared one, a name
/// that hangs could hold others up.
type TcpConnection = stream::Connection<RequestMessage<Vec<u8>>, RequestMessageMulti<Vec<u8>>>;

/// One name server.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    tcp_patience: Duration,
    health: Mutex<Health>,
}

/// An answer, and what is to be said of it.
pub(super) struct Answered {
    pub(super) answer: WireAnswer,
    /// Set if it is [`WireAnswer::Cut`] and TCP did not give the rest, for this cause.
    pub(super) tcp_failure: Option<String>,
}

impl Server {
    /// A server whose questions are given up after `deadline`.
    pub(super) fn new(address: SocketAddr, deadline: Duration) -> Server {
        Server {
            address,
            // What UDP gave is of use, too, and must not be lost at the deadline.
            tcp_patience: deadline / 2,
            health: Mutex::default(),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn health(&self) -> parking_lot::MutexGuard<'_, Health> {
        self.health.lock()
    }

    /// Its answer to a question. What it shows of itself thereby is remembered.
    ///
    /// # Errors
    /// When it gives none.
    pub(super) async fn ask(
        &self,
        question: &Question,
        with_edns: bool,
    ) -> Result<Answered, NoAnswer> {
        let first = self.exchange(question, with_edns).await;
        let is_refusal = |failure: &NoAnswer| match failure {
            NoAnswer::Unusable(Unusable::Error(
                OptRcode::FORMERR | OptRcode::NOTIMP | OptRcode::BADVERS,
            )) => true,
            // Some old servers and middle boxes say it with other codes, or garbage.
            NoAnswer::Unusable(_) => !self.health().knows_edns(),
            NoAnswer::NotSent | NoAnswer::Transport(_) | NoAnswer::Silence => false,
        };
        let answered = match first {
            Err(failure) if with_edns && is_refusal(&failure) => {
                let answered = self.exchange(question, false).await?;
                let mut health = self.health();
                health.answered(false);
                health.refused_edns(Instant::now());
                drop(health);
                answered
            }
            first => {
                let answered = first?;
                self.health().answered(with_edns);
                answered
            }
        };
        Ok(answered)
    }

    async fn exchange(&self, question: &Question, with_edns: bool) -> Result<Answered, NoAnswer> {
        let udp_payload = with_edns.then_some(UDP_PAYLOAD);
        let answer = udp::exchange(self.address, question, udp_payload).await?;
        if !matches!(answer, WireAnswer::Cut(_)) {
            return Ok(Answered {
                answer,
                tcp_failure: None,
            });
        }
        let by_tcp = timeout(self.tcp_patience, self.exchange_by_tcp(question)).await;
        Ok(match by_tcp.unwrap_or(Err(NoAnswer::Silence)) {
            Ok(whole) => Answered {
                answer: whole,
                tcp_failure: None,
            },
            Err(failure) => Answered {
                answer,
                tcp_failure: Some(failure.to_string()),
            },
        })
    }

    /// Its answer over a connection, however long that takes.
    ///
    /// # Errors
    /// When it gives none.
    pub(super) async fn exchange_by_tcp(
        &self,
        question: &Question,
    ) -> Result<WireAnswer, NoAnswer> {
        let request = question.request().ok_or(NoAnswer::NotSent)?;
        let stream = connect(self.address).await?;
        let (connection, transport) = TcpConnection::new(stream);
        let mut response = SendRequest::send_request(&connection, request);
        let bytes = tokio::select! {
            biased;
            bytes = response.get_response() => bytes?,
            () = transport.run() => return Err(Error::ConnectionClosed.into()),
        };
        Ok(answer_from_wire(question, bytes.as_slice())?)
    }
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    socket(address)?.connect(address).await
}
