//! The name server, asked as resolvers ask.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use aiven_sim::{DnsFault, ServiceSpec, Simulator};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use crate::client::HANG;

fn question(name: &str, kind: RecordType, payload: Option<u16>) -> Vec<u8> {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(
        Name::from_ascii(format!("{name}.")).unwrap(),
        kind,
    ));
    if let Some(payload) = payload {
        let mut edns = Edns::new();
        edns.set_max_payload(payload);
        message.set_edns(edns);
    }
    message.to_vec().unwrap()
}

async fn ask_udp(server: SocketAddr, packet: &[u8]) -> Message {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(packet, server).await.unwrap();
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).await.unwrap();
    Message::from_vec(&buffer[..length]).unwrap()
}

async fn ask_tcp(server: SocketAddr, packet: &[u8]) -> Message {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream
        .write_u16(u16::try_from(packet.len()).unwrap())
        .await
        .unwrap();
    stream.write_all(packet).await.unwrap();
    let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut answer).await.unwrap();
    Message::from_vec(&answer).unwrap()
}

fn addresses(message: &Message) -> Vec<IpAddr> {
    let address = |data: &RData| match data {
        RData::A(a) => IpAddr::from(a.0),
        RData::AAAA(aaaa) => IpAddr::from(aaaa.0),
        other => panic!("{other}"),
    };
    message
        .answers
        .iter()
        .map(|record| address(&record.data))
        .collect()
}

async fn lookup(sim: &Simulator, name: &str, kind: RecordType) -> (ResponseCode, Vec<IpAddr>) {
    let message = ask_udp(sim.dns_addr(), &question(name, kind, None)).await;
    (message.metadata.response_code, addresses(&message))
}

async fn a(sim: &Simulator, name: &str) -> Vec<IpAddr> {
    lookup(sim, name, RecordType::A).await.1
}

async fn simulator() -> Simulator {
    let sim = Simulator::builder()
        .project("proj")
        .dns_ttl(7)
        .start()
        .await
        .unwrap();
    sim.add_service(
        "proj",
        ServiceSpec::new("os-1", "opensearch")
            .nodes(3)
            .aaaa(["fd00::1".parse().unwrap()]),
    );
    sim.add_service("proj", ServiceSpec::new("pg-1", "pg").nodes(3));
    sim
}

fn ips(sim: &Simulator, service: &str) -> Vec<IpAddr> {
    sim.addresses("proj", service)
        .iter()
        .map(SocketAddr::ip)
        .collect()
}

#[tokio::test]
async fn names_resolve_by_udp_and_tcp_whatever_their_case() {
    let sim = simulator().await;
    let host = sim.host("proj", "os-1");
    let packet = question(&host.to_uppercase(), RecordType::A, Some(1232));
    for answer in [
        ask_udp(sim.dns_addr(), &packet).await,
        ask_tcp(sim.dns_addr(), &packet).await,
    ] {
        assert_eq!(answer.metadata.id, 4711);
        assert_eq!(addresses(&answer), ips(&sim, "os-1"));
        assert!(answer.answers.iter().all(|record| record.ttl == 7));
        assert_eq!(
            answer.queries[0].name().to_ascii(),
            format!("{}.", host.to_uppercase())
        );
    }
    assert_eq!(
        lookup(&sim, &host, RecordType::AAAA).await.1,
        ["fd00::1".parse::<IpAddr>().unwrap()]
    );
}

#[tokio::test]
async fn primary_and_standbys_have_different_names() {
    let sim = simulator().await;
    let all = ips(&sim, "pg-1");
    assert_eq!(a(&sim, &sim.host("proj", "pg-1")).await, all[..1]);
    assert_eq!(a(&sim, &sim.replica_host("proj", "pg-1")).await, all[1..]);
    let (code, none) = lookup(&sim, &sim.replica_host("proj", "os-1"), RecordType::A).await;
    assert_eq!((code, none.len()), (ResponseCode::NXDomain, 0));
    sim.promote_standby("proj", "pg-1");
    assert_eq!(a(&sim, &sim.host("proj", "pg-1")).await, all[1..2]);
}

#[tokio::test]
async fn absence_is_nxdomain_and_a_missing_type_is_an_empty_answer_both_with_soa() {
    let sim = simulator().await;
    let nothing = ask_udp(
        sim.dns_addr(),
        &question("nobody.test", RecordType::A, None),
    )
    .await;
    assert_eq!(nothing.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(nothing.authorities[0].record_type(), RecordType::SOA);
    let host = sim.host("proj", "pg-1");
    let empty = ask_udp(sim.dns_addr(), &question(&host, RecordType::AAAA, None)).await;
    assert_eq!(
        (empty.metadata.response_code, empty.answers.len()),
        (ResponseCode::NoError, 0)
    );
    assert_eq!(empty.authorities[0].ttl, 7);
}

#[tokio::test]
async fn names_follow_failover_power_and_deletion() {
    let sim = simulator().await;
    let host = sim.host("proj", "os-1");
    let before = a(&sim, &host).await;
    sim.fail_over("proj", "os-1");
    let after = a(&sim, &host).await;
    assert_eq!(after, ips(&sim, "os-1"));
    assert_ne!(before, after);
    sim.power_off("proj", "os-1");
    assert_eq!(
        lookup(&sim, &host, RecordType::A).await.0,
        ResponseCode::NXDomain
    );
    sim.power_on("proj", "os-1");
    assert_eq!(a(&sim, &host).await.len(), 3);
    sim.delete_service("proj", "os-1");
    assert_eq!(
        lookup(&sim, &host, RecordType::A).await.0,
        ResponseCode::NXDomain
    );
}

#[tokio::test]
async fn large_answers_are_truncated_for_udp_and_whole_for_tcp() {
    let sim = Simulator::builder()
        .project("proj")
        .without_nodes()
        .start()
        .await
        .unwrap();
    sim.add_service("proj", ServiceSpec::new("big", "kafka").nodes(100));
    let host = sim.host("proj", "big");
    let packet = question(&host, RecordType::A, None);
    let small = ask_udp(sim.dns_addr(), &packet).await;
    assert!(small.metadata.truncation && small.to_vec().unwrap().len() <= 512);
    assert_eq!(ask_tcp(sim.dns_addr(), &packet).await.answers.len(), 100);
    let large = ask_udp(sim.dns_addr(), &question(&host, RecordType::A, Some(4096))).await;
    assert_eq!(
        (large.metadata.truncation, large.answers.len()),
        (false, 100)
    );
}

#[tokio::test]
async fn dns_faults_do_what_they_say_to_the_name_they_name() {
    let sim = simulator().await;
    let (host, other) = (sim.host("proj", "os-1"), sim.host("proj", "pg-1"));
    let code = async |kind| lookup(&sim, &host, kind).await.0;
    sim.dns_fault(&host, DnsFault::NxDomain);
    assert_eq!(code(RecordType::A).await, ResponseCode::NXDomain);
    assert_eq!(a(&sim, &other).await.len(), 1, "others are unaffected");
    sim.dns_fault(&host, DnsFault::ServFail);
    assert_eq!(code(RecordType::A).await, ResponseCode::ServFail);
    sim.dns_fault(&host, DnsFault::AaaaFails);
    assert_eq!(code(RecordType::A).await, ResponseCode::NoError);
    assert_eq!(code(RecordType::AAAA).await, ResponseCode::ServFail);
    sim.dns_fault(&host, DnsFault::Empty);
    assert_eq!(
        lookup(&sim, &host, RecordType::A).await,
        (ResponseCode::NoError, vec![])
    );
    let theirs = ips(&sim, "pg-1");
    sim.dns_fault(&host, DnsFault::Answer(theirs.clone()));
    assert_eq!(a(&sim, &host).await, theirs);
    assert!(lookup(&sim, &host, RecordType::AAAA).await.1.is_empty());
    sim.dns_fault("*", DnsFault::Timeout);
    assert!(tokio::time::timeout(HANG, a(&sim, &other)).await.is_err());
    assert_eq!(
        a(&sim, &host).await,
        theirs,
        "a name's own fault goes before that of all"
    );
    sim.clear_dns_fault(&host);
    sim.clear_dns_fault("*");
    assert_eq!(a(&sim, &host).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn delayed_answers_come_late() {
    let sim = simulator().await;
    let host = sim.host("proj", "os-1");
    sim.dns_fault(&host, DnsFault::Delay(Duration::from_secs(3)));
    let asked = tokio::time::Instant::now();
    assert_eq!(a(&sim, &host).await.len(), 3);
    assert!(asked.elapsed() >= Duration::from_secs(3));
}

#[tokio::test]
async fn queries_are_counted_by_name_and_type() {
    let sim = simulator().await;
    let host = sim.host("proj", "os-1");
    a(&sim, &host).await;
    a(&sim, &host.to_uppercase()).await;
    lookup(&sim, &host, RecordType::AAAA).await;
    lookup(&sim, "nobody.test", RecordType::TXT).await;
    let queries = sim.dns_queries(&host);
    assert_eq!(
        (queries.a, queries.aaaa, queries.other, queries.total()),
        (2, 1, 0, 3)
    );
    assert_eq!(sim.dns_queries("nobody.test").other, 1);
    assert_eq!(sim.dns_queries_total(), 4);
}

#[tokio::test]
async fn nonsense_is_ignored_and_service_goes_on() {
    let sim = simulator().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for packet in [&[][..], &[1, 2, 3], &[0xff; 600]] {
        socket.send_to(packet, sim.dns_addr()).await.unwrap();
    }
    assert_eq!(a(&sim, &sim.host("proj", "os-1")).await.len(), 3);
}
