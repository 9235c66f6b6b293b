//! One question by UDP, from a port of its own: who forges an answer must guess the port
//! and the id.
//!
//! Most of what a question costs is the kernel's work for its socket, so the runtime does
//! not watch the socket unless it must: an answer from a near server is there once the
//! other questions that are due were sent, too.

use std::io::{self, Read};
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio::task::yield_now;

use super::no_answer::NoAnswer;
use super::wire::{Question, SentQuestion, WireAnswer, answer_from_wire};

/// Room for an answer; some servers do not keep to the size that was asked for.
const RECEIVE_BYTES: usize = 4096;

/// What was read from a socket.
enum Received {
    Answer(WireAnswer),
    /// What is no answer to the question, whoever sent it.
    Stray,
    Nothing,
}

/// What the server answers. With `udp_payload`, the question has an OPT record (EDNS) that
/// allows an answer of so many bytes. Waits without end.
///
/// # Errors
/// When the system or the network refuses, or the answer is of no use.
pub(super) async fn exchange(
    server: SocketAddr,
    question: &Question,
    udp_payload: Option<u16>,
) -> Result<WireAnswer, NoAnswer> {
    let sent = question.to_send(udp_payload).ok_or(NoAnswer::NotSent)?;
    let socket = connected(server)?;
    socket.send(&sent.bytes)?;
    yield_now().await;
    let first = received(question, &sent, |buffer| (&socket).read(buffer))?;
    if let Received::Answer(answer) = first {
        return Ok(answer);
    }
    let socket = UdpSocket::from_std(socket.into())?;
    loop {
        socket.readable().await?;
        match received(question, &sent, |buffer| socket.try_recv(buffer))? {
            Received::Answer(answer) => return Ok(answer),
            // However many there are, the deadline gets its turn.
            Received::Stray => yield_now().await,
            Received::Nothing => {}
        }
    }
}

/// A socket that takes answers of the server only. Connecting it is what gives it a random
/// port, and the kernel reports to it that nobody listens there.
fn connected(server: SocketAddr) -> io::Result<Socket> {
    let kind = Type::DGRAM.nonblocking();
    let socket = Socket::new(Domain::for_address(server), kind, None)?;
    socket.connect(&server.into())?;
    Ok(socket)
}

fn received(
    question: &Question,
    sent: &SentQuestion,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> Result<Received, NoAnswer> {
    let mut buffer = [0; RECEIVE_BYTES];
    let bytes = match read(&mut buffer) {
        Ok(length) => buffer.get(..length).unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Received::Nothing),
        Err(error) => return Err(error.into()),
    };
    match question.is_answered_by(sent.id, bytes) {
        true => Ok(Received::Answer(answer_from_wire(question, bytes)?)),
        false => Ok(Received::Stray),
    }
}

#[cfg(test)]
mod tests;
