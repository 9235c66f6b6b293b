//! The name server: UDP and TCP on one loopback port.
//!
//! Answers from [`Zone`] only, never asks anybody. Answers that don't fit a
//! datagram are truncated (TC), so that clients come again over TCP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::shared::Shared;
use crate::zone::{Question, Reply, Transport, Zone};

/// Kernel buffer for queries that wait; the kernel may allow less.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Tries to find a port that is free for both protocols.
const TRIES: usize = 50;

/// The two sockets, bound to the same port.
#[derive(Debug)]
pub(crate) struct DnsSockets {
    udp: UdpSocket,
    tcp: TcpListener,
}

impl DnsSockets {
    /// Binds a free port of 127.0.0.1 for both protocols.
    pub(crate) async fn bind() -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let tcp = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
            match UdpSocket::bind(tcp.local_addr()?).await {
                Ok(udp) => {
                    socket2::SockRef::from(&udp).set_recv_buffer_size(RECEIVE_BUFFER)?;
                    return Ok(Self { udp, tcp });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(crate) fn addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves until the simulator stops.
    pub(crate) fn serve(self, shared: &Arc<Shared>) {
        shared.spawn(serve_udp(Arc::clone(shared), Arc::new(self.udp)));
        shared.spawn(serve_tcp(Arc::clone(shared), self.tcp));
    }
}

async fn serve_udp(shared: Arc<Shared>, socket: Arc<UdpSocket>) {
    let mut packet = [0; 4096];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut packet).await else {
            continue;
        };
        let Ok(reply) = answer(&shared, &packet[..length], true) else {
            continue;
        };
        let Some((reply, delay)) = reply else {
            continue;
        };
        if delay.is_zero() {
            // A failure here is the client's: it has gone.
            let _ = socket.send_to(&reply, client).await;
        } else {
            let socket = Arc::clone(&socket);
            shared.spawn(async move {
                tokio::time::sleep(delay).await;
                let _ = socket.send_to(&reply, client).await;
            });
        }
    }
}

async fn serve_tcp(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let connection = Arc::clone(&shared);
        shared.spawn(async move {
            // Ends with the client's, which is how every DNS connection ends.
            let _ = serve_stream(&connection, stream).await;
        });
    }
}

async fn serve_stream(shared: &Shared, mut stream: TcpStream) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut packet = vec![0; usize::from(length)];
        stream.read_exact(&mut packet).await?;
        let Ok(reply) = answer(shared, &packet, false) else {
            return Ok(());
        };
        let Some((reply, delay)) = reply else {
            continue;
        };
        tokio::time::sleep(delay).await;
        let length = u16::try_from(reply.len()).map_err(io::Error::other)?;
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(&reply).await?;
    }
}

/// The connection is to be closed.
struct Closed;

/// The bytes to send for a packet and when; `None` for silence.
fn answer(
    shared: &Shared,
    packet: &[u8],
    is_datagram: bool,
) -> Result<Option<(Vec<u8>, Duration)>, Closed> {
    let Ok(query) = Message::from_vec(packet) else {
        return Ok(None);
    };
    if query.metadata.message_type != MessageType::Query {
        return Ok(None);
    }
    let answered = respond(&shared.zone, shared.settings.dns_ttl, &query, is_datagram);
    shared.changed();
    let Some((response, delay)) = answered? else {
        return Ok(None);
    };
    let Ok(bytes) = response.to_vec() else {
        return Ok(None);
    };
    if is_datagram && bytes.len() > usize::from(query.max_payload()) {
        let cut = response.truncate().to_vec();
        return Ok(cut.ok().map(|bytes| (bytes, delay)));
    }
    Ok(Some((bytes, delay)))
}

fn respond(
    zone: &Zone,
    ttl: u32,
    query: &Message,
    is_datagram: bool,
) -> Result<Option<(Message, Duration)>, Closed> {
    let mut response = Message::response(query.metadata.id, query.metadata.op_code);
    response.metadata.recursion_desired = query.metadata.recursion_desired;
    response.metadata.recursion_available = true;
    response.queries = query.queries.clone();
    if query.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        response.edns = Some(edns);
    }
    let ([question], OpCode::Query) = (query.queries.as_slice(), query.metadata.op_code) else {
        response.metadata.response_code = ResponseCode::NotImp;
        return Ok(Some((response, Duration::ZERO)));
    };
    let kind = match question.query_type() {
        RecordType::A => Question::A,
        RecordType::AAAA => Question::Aaaa,
        _ => Question::Other,
    };
    let mut name = question.name().to_ascii();
    name.make_ascii_lowercase();
    let transport = Transport {
        is_datagram,
        has_edns: query.edns.is_some(),
    };
    let (reply, delay) = zone.ask(name.trim_end_matches('.'), kind, transport);
    if reply == Reply::Closed {
        return Err(Closed);
    }
    Ok(fill(&mut response, question.name(), ttl, reply).then_some((response, delay)))
}

/// Puts the reply into the response. Returns whether it is to be sent.
fn fill(response: &mut Message, name: &Name, ttl: u32, reply: Reply) -> bool {
    let mut add = |name: &Name, addresses: Vec<IpAddr>| {
        let records = addresses.into_iter();
        let records = records.map(|address| record(name, ttl, address));
        response.answers.extend(records);
    };
    match reply {
        Reply::Silence | Reply::Closed => return false,
        Reply::EmptyWithoutSoa => {}
        Reply::WithOthers(own, others) => {
            add(name, own);
            let other = Name::from_ascii("other.example.").unwrap_or_else(|_| Name::root());
            add(&other, others);
        }
        Reply::Truncated(addresses) => {
            add(name, addresses.into_iter().take(1).collect());
            response.metadata.truncation = true;
        }
        Reply::Alias(target) => {
            let target = Name::from_ascii(&target).unwrap_or_else(|_| Name::root());
            let data = RData::CNAME(CNAME(target));
            let alias = Record::from_rdata(name.clone(), ttl, data);
            response.answers.push(alias);
        }
        Reply::FormErr => response.metadata.response_code = ResponseCode::FormErr,
        Reply::NotImp => response.metadata.response_code = ResponseCode::NotImp,
        Reply::Refused => response.metadata.response_code = ResponseCode::Refused,
        Reply::ServFail => response.metadata.response_code = ResponseCode::ServFail,
        Reply::NxDomain => {
            response.metadata.response_code = ResponseCode::NXDomain;
            response.authorities.push(soa(name, ttl));
        }
        Reply::Addresses(addresses) if addresses.is_empty() => {
            response.authorities.push(soa(name, ttl));
        }
        Reply::Addresses(addresses) => add(name, addresses),
    }
    true
}

fn record(name: &Name, ttl: u32, address: IpAddr) -> Record {
    let data = match address {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    Record::from_rdata(name.clone(), ttl, data)
}

/// Says for how long a client may remember that there is nothing.
fn soa(name: &Name, ttl: u32) -> Record {
    let zone = name.base_name();
    let data = SOA::new(zone.clone(), zone.clone(), 1, 3600, 600, 86_400, ttl);
    Record::from_rdata(zone, ttl, RData::SOA(data))
}
