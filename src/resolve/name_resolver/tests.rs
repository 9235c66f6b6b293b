//! Names that are answered without DNS, files that change while the daemon runs, and
//! name servers of every kind of trouble.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aiven_sim::{DnsFault, ServiceSpec, Simulator};
use tokio::net::{TcpListener, UdpSocket};

use super::*;
use crate::model::address::{Families, NodeAddress};

const RULES: AddressRules = AddressRules {
    families: Families::Both,
    loopback: false,
};

fn resolver(folder: &Path, rules: AddressRules) -> NameResolver {
    let files = SystemFiles {
        resolv_conf: folder.join("resolv.conf"),
        hosts: folder.join("hosts"),
    };
    NameResolver::with_files(&[], Duration::from_millis(100), rules, files)
}

fn servers_of(resolver: &NameResolver) -> String {
    shown(&resolver.inner.known.lock().servers)
}

fn node(address: [u8; 4]) -> NodeAddress {
    address.into()
}

async fn v4(resolver: &NameResolver, host: &str) -> Answer {
    resolver.look_up(host, Family::V4).await
}

#[tokio::test]
async fn a_name_in_the_hosts_file_is_not_asked_for_and_the_file_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    fs::write(&hosts, "10.0.0.7 node.example").unwrap();
    let resolver = resolver(folder.path(), RULES);
    let found = Answer::Addresses(vec![node([10, 0, 0, 7])]);
    assert_eq!(v4(&resolver, "Node.Example").await, found);
    let v6 = resolver.look_up("node.example", Family::V6).await;
    assert_eq!(v6, Answer::Addresses(vec![]));
    fs::write(&hosts, "10.0.0.77 node.example").unwrap();
    resolver.refresh();
    let moved = Answer::Addresses(vec![node([10, 0, 0, 77])]);
    assert_eq!(v4(&resolver, "node.example").await, moved);
}

#[tokio::test]
async fn values_that_cannot_be_a_node_are_no_answer_wherever_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    fs::write(
        &hosts,
        "0.0.0.0 blocked.example\n10.0.0.7 good.example\n169.254.169.254 good.example",
    )
    .unwrap();
    let resolver = resolver(folder.path(), RULES);
    for host in [
        "blocked.example",
        "169.254.169.254",
        "127.0.0.1",
        "localhost",
    ] {
        let answer = v4(&resolver, host).await;
        let Answer::Failed(cause) = answer else {
            panic!("{host}: {answer:?}");
        };
        assert!(cause.contains("is not the address of a node"), "{cause}");
    }
    let good = Answer::Addresses(vec![node([10, 0, 0, 7])]);
    assert_eq!(v4(&resolver, "good.example").await, good);
    let literal = Answer::Addresses(vec![node([10, 1, 2, 3])]);
    assert_eq!(v4(&resolver, "10.1.2.3").await, literal);
}

#[tokio::test]
async fn a_family_that_is_left_out_is_not_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let rules = AddressRules {
        families: Families::Only(Family::V6),
        ..RULES
    };
    let resolver = resolver(folder.path(), rules);
    assert_eq!(v4(&resolver, "10.1.2.3").await, Answer::LeftOut);
}

#[tokio::test]
async fn the_systems_name_servers_are_followed_and_outlive_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let resolv_conf = folder.path().join("resolv.conf");
    let resolver = resolver(folder.path(), RULES);
    assert_eq!(servers_of(&resolver), "127.0.0.1:53");
    fs::write(&resolv_conf, "nameserver 10.0.0.2").unwrap();
    resolver.refresh();
    assert_eq!(servers_of(&resolver), "10.0.0.2:53");
    fs::remove_file(&resolv_conf).unwrap();
    resolver.refresh();
    assert_eq!(servers_of(&resolver), "10.0.0.2:53");
    fs::write(&resolv_conf, "nameserver 10.0.0.3\nnameserver 10.0.0.4").unwrap();
    resolver.refresh();
    assert_eq!(servers_of(&resolver), "10.0.0.3:53, 10.0.0.4:53");
}

#[tokio::test]
async fn the_configured_name_servers_win() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("resolv.conf"), "nameserver 10.0.0.2").unwrap();
    let files = SystemFiles {
        resolv_conf: folder.path().join("resolv.conf"),
        hosts: folder.path().join("hosts"),
    };
    let configured = ["10.9.9.9:5353".parse().unwrap()];
    let resolver = NameResolver::with_files(&configured, Duration::from_millis(100), RULES, files);
    assert_eq!(servers_of(&resolver), "10.9.9.9:5353");
}

const PROJECT: &str = "shop";

/// Long enough for a busy machine; what is silent is waited for no longer than it
/// takes to ask somebody else.
const LONG: Duration = Duration::from_secs(20);

/// Nodes are on loopback.
const ON_LOOPBACK: AddressRules = AddressRules {
    loopback: true,
    ..RULES
};

/// A name server that knows a service with three nodes, and its host name.
async fn dns() -> (Simulator, String) {
    let builder = Simulator::builder().project(PROJECT).own_threads(1);
    let sim = builder.start().await.unwrap();
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    let host = sim.host(PROJECT, "logs");
    (sim, host)
}

fn asking(servers: &[SocketAddr], deadline: Duration) -> NameResolver {
    NameResolver::new(servers, deadline, ON_LOOPBACK)
}

/// The addresses of the nodes.
fn nodes(sim: &Simulator) -> BTreeSet<IpAddr> {
    let addresses = sim.addresses(PROJECT, "logs").into_iter();
    let addresses = addresses.map(|one| one.to_string().parse::<SocketAddr>().unwrap());
    addresses.map(|one| one.ip()).collect()
}

fn found(answer: &Answer) -> BTreeSet<IpAddr> {
    match answer {
        Answer::Addresses(found) => found.iter().map(|one| one.ip()).collect(),
        other => panic!("{other:?}"),
    }
}

fn cause(answer: Answer) -> String {
    match answer {
        Answer::Failed(cause) => cause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_does_not_know_edns_is_asked_without() {
    for fault in [
        DnsFault::EdnsFormErr,
        DnsFault::EdnsNotImp,
        DnsFault::EdnsSilent,
    ] {
        let (sim, host) = dns().await;
        sim.dns_fault(&host, fault.clone());
        let resolver = asking(&[sim.dns_addr()], LONG);
        // Silence could be a lost packet, so it takes some questions to believe it.
        for _ in 0..3 {
            assert_eq!(found(&v4(&resolver, &host).await), nodes(&sim), "{fault:?}");
        }
        let asked = sim.dns_queries(&host).a;
        assert_eq!(found(&v4(&resolver, &host).await), nodes(&sim));
        assert_eq!(
            sim.dns_queries(&host).a,
            asked + 1,
            "{fault:?} is remembered"
        );
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_read_over_tcp() {
    let (sim, host) = dns().await;
    sim.dns_fault(&host, DnsFault::Truncated);
    let resolver = asking(&[sim.dns_addr()], LONG);
    assert_eq!(found(&v4(&resolver, &host).await), nodes(&sim));
}

#[tokio::test]
async fn without_tcp_a_cut_answer_is_a_part() {
    let (sim, host) = dns().await;
    sim.dns_fault(&host, DnsFault::TruncatedWithoutTcp);
    let resolver = asking(&[sim.dns_addr()], LONG);
    let Answer::Part(part, cause) = v4(&resolver, &host).await else {
        panic!("a part");
    };
    assert_eq!(part.len(), 1);
    assert!(nodes(&sim).contains(&part[0].ip()));
    assert!(cause.contains("TCP"), "{cause}");
}

/// A name server whose answers never fit, and that says nothing by TCP.
async fn silent_by_tcp() -> (SocketAddr, TcpListener) {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        // The same port may be another's by UDP.
        let Ok(udp) = UdpSocket::bind(address).await else {
            continue;
        };
        tokio::spawn(async move {
            let mut message = [0; 512];
            while let Ok((length, client)) = udp.recv_from(&mut message).await {
                // An answer (QR) that is cut off (TC).
                message[2] |= 0x82;
                let _ = udp.send_to(&message[..length], client).await;
            }
        });
        return (address, tcp);
    }
}

#[tokio::test]
async fn a_server_that_is_silent_by_tcp_is_named_for_that() {
    let (server, _tcp) = silent_by_tcp().await;
    let resolver = asking(&[server], Duration::from_secs(4));
    let silent = cause(v4(&resolver, "logs.example").await);
    assert!(silent.contains("TCP failed: no answer in time"), "{silent}");
}

#[tokio::test]
async fn the_next_server_is_asked_when_the_first_is_in_trouble_and_then_asked_first() {
    let (sim, host) = dns().await;
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (servfail, refusing) = (dns().await.0, dns().await.0);
    servfail.dns_fault("*", DnsFault::ServFail);
    refusing.dns_fault("*", DnsFault::Refused);
    let dead = {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.local_addr().unwrap()
    };
    let troubled = [
        silent.local_addr().unwrap(),
        dead,
        servfail.dns_addr(),
        refusing.dns_addr(),
    ];
    for first in troubled {
        let resolver = asking(&[first, sim.dns_addr()], LONG);
        assert_eq!(found(&v4(&resolver, &host).await), nodes(&sim));
        let known = Arc::clone(&resolver.inner.known.lock().servers);
        let mut health: Vec<_> = known.iter().map(|server| server.health()).collect();
        let now = std::time::Instant::now();
        let order = crate::resolve::health::order(health.iter_mut().map(|one| &mut **one), now);
        assert_eq!(order, [1, 0], "{first}");
    }
}

#[tokio::test]
async fn a_failure_names_the_server_and_what_it_said() {
    let (sim, host) = dns().await;
    sim.dns_fault(&host, DnsFault::Refused);
    let resolver = asking(&[sim.dns_addr()], LONG);
    let refused = cause(v4(&resolver, &host).await);
    assert!(refused.contains("REFUSED") && refused.contains(&sim.dns_addr().to_string()));
    // With EDNS and without: who has refused is not asked until the deadline.
    assert_eq!(sim.dns_queries(&host).a, 2);
    sim.dns_fault(&host, DnsFault::Timeout);
    let resolver = asking(&[sim.dns_addr()], Duration::from_millis(50));
    let silent = cause(v4(&resolver, &host).await);
    assert!(silent.contains("no answer from"), "{silent}");
    sim.dns_fault(&host, DnsFault::NxDomain);
    let resolver = asking(&[sim.dns_addr()], LONG);
    assert_eq!(v4(&resolver, &host).await, Answer::NoSuchName);
}

#[tokio::test]
async fn empty_answers_with_and_without_soa_are_the_same() {
    let (sim, host) = dns().await;
    let resolver = asking(&[sim.dns_addr()], LONG);
    for fault in [DnsFault::Empty, DnsFault::EmptyWithoutSoa] {
        sim.dns_fault(&host, fault);
        assert_eq!(v4(&resolver, &host).await, Answer::Addresses(vec![]));
    }
}

#[tokio::test]
async fn an_alias_without_addresses_is_followed_and_a_circle_ends() {
    let (sim, host) = dns().await;
    let resolver = asking(&[sim.dns_addr()], LONG);
    sim.dns_fault("alias.example", DnsFault::Alias(format!("{host}.")));
    assert_eq!(found(&v4(&resolver, "alias.example").await), nodes(&sim));
    sim.dns_fault("one.example", DnsFault::Alias("two.example.".to_owned()));
    sim.dns_fault("two.example", DnsFault::Alias("one.example.".to_owned()));
    let circle = cause(v4(&resolver, "one.example").await);
    assert!(circle.contains("alias"), "{circle}");
}

#[tokio::test]
async fn addresses_of_other_names_are_not_believed() {
    let (sim, host) = dns().await;
    let others = vec!["127.77.1.51".parse().unwrap()];
    sim.dns_fault(&host, DnsFault::WithOthers(others));
    let resolver = asking(&[sim.dns_addr()], LONG);
    assert_eq!(found(&v4(&resolver, &host).await), nodes(&sim));
}

#[tokio::test]
async fn sixty_addresses_and_other_ones_each_time_are_taken_as_they_come() {
    let (sim, host) = dns().await;
    let resolver = asking(&[sim.dns_addr()], LONG);
    let all: Vec<IpAddr> = (1..=120).map(|last| [127, 9, 0, last].into()).collect();
    for part in all.chunks(60) {
        sim.dns_fault(&host, DnsFault::Answer(part.to_vec()));
        let part: BTreeSet<_> = part.iter().copied().collect();
        assert_eq!(found(&v4(&resolver, &host).await), part);
    }
    let many: Vec<IpAddr> = (0..4000_u16)
        .map(|index| {
            let [high, low] = index.to_be_bytes();
            [127, 78, high, low].into()
        })
        .collect();
    sim.dns_fault(&host, DnsFault::Answer(many));
    let too_many = cause(v4(&resolver, &host).await);
    assert!(too_many.contains("256"), "{too_many}");
}

#[tokio::test]
async fn the_api_is_found_while_a_family_is_silent() {
    let (sim, host) = dns().await;
    sim.dns_fault(&host, DnsFault::AaaaSilent);
    // Nobody would wait so long.
    let resolver = asking(&[sim.dns_addr()], Duration::from_secs(60));
    let asking = tokio::spawn(async move { resolver.find_all(&host).await });
    let found = timeout(LONG, asking).await.unwrap().unwrap().unwrap();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), nodes(&sim));
}
