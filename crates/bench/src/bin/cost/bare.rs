//! The reference: the least that any program must do for a target list, with
//! nothing remembered, checked, bounded or told. One listing over HTTP, split
//! into one slice for each service and each slice parsed borrowed; A and AAAA
//! of every name over one socket; one file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufWriter, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::http::Connection;
use super::{ALLOCATOR, simulated};

/// Queries under way at once.
const WINDOW: usize = 64;
const TYPES: [u16; 2] = [1, 28];

/// What it tells when it is done.
#[derive(Serialize, Deserialize)]
pub struct Done {
    pub list: Duration,
    pub resolve: Duration,
    pub bytes: u64,
    pub lookups: usize,
    pub groups: usize,
    pub allocations: usize,
}

#[derive(Deserialize)]
struct Service<'a> {
    service_name: Cow<'a, str>,
    service_type: Cow<'a, str>,
    plan: Cow<'a, str>,
    cloud_name: Cow<'a, str>,
    node_count: u32,
    #[serde(borrow)]
    components: Vec<Component<'a>>,
}

#[derive(Deserialize)]
struct Component<'a> {
    component: Cow<'a, str>,
    host: Cow<'a, str>,
    port: u16,
}

struct Host {
    name: Box<str>,
    port: u16,
    addresses: Vec<IpAddr>,
    /// Of the service: its labels but the host name, as they are written.
    labels: Rc<str>,
}

#[derive(Serialize)]
struct Labels<'a> {
    aiven_cloud: &'a str,
    aiven_node_count: u32,
    aiven_plan: &'a str,
    aiven_project: &'a str,
    aiven_service_name: &'a str,
    aiven_service_type: &'a str,
}

/// Does it all, tells how it went, and stays until its standard input ends.
pub fn run(arguments: &[String]) {
    let [api, token, dns, folder] = arguments else {
        panic!("four arguments")
    };
    let start = Instant::now();
    let (mut hosts, bytes) = list(simulated::host(api), token);
    let list = start.elapsed();
    resolve(dns.parse().unwrap(), &mut hosts);
    let resolve = start.elapsed() - list;
    write(Path::new(folder), &hosts);
    let done = Done {
        list,
        resolve,
        bytes,
        lookups: hosts.len(),
        groups: hosts
            .iter()
            .filter(|host| !host.addresses.is_empty())
            .count(),
        allocations: ALLOCATOR.stats().allocations + ALLOCATOR.stats().reallocations,
    };
    println!("{}", serde_json::to_string(&done).unwrap());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn list(api: SocketAddr, token: &str) -> (Vec<Host>, u64) {
    let mut connection = Connection::open(api);
    let head = "GET /v1/project/bulk/service?limit=100000";
    let mut body = connection.ask_as(token, head);
    let mut hosts = Vec::new();
    let mut splitter = Splitter::default();
    let mut bytes = 0;
    loop {
        let chunk = body.fill_buf().unwrap();
        if chunk.is_empty() {
            break;
        }
        splitter.feed(chunk, |service| take(service, &mut hosts));
        let length = chunk.len();
        bytes += length as u64;
        body.consume(length);
    }
    (hosts, bytes)
}

fn take(json: &[u8], hosts: &mut Vec<Host>) {
    let service: Service<'_> = serde_json::from_slice(json).unwrap();
    let labels = Labels {
        aiven_cloud: &service.cloud_name,
        aiven_node_count: service.node_count,
        aiven_plan: &service.plan,
        aiven_project: "bulk",
        aiven_service_name: &service.service_name,
        aiven_service_type: &service.service_type,
    };
    let labels: Rc<str> = serde_json::to_string(&labels).unwrap().into();
    let listed = service.components.iter();
    for row in listed.filter(|row| row.component == "prometheus") {
        hosts.push(Host {
            name: (*row.host).into(),
            port: row.port,
            addresses: vec![],
            labels: Rc::clone(&labels),
        });
    }
}

/// Finds the slice of each service; keeps one that chunks cut.
#[derive(Default)]
struct Splitter {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The part of a service that stood in earlier chunks.
    kept: Vec<u8>,
}

impl Splitter {
    fn feed(&mut self, chunk: &[u8], mut service: impl FnMut(&[u8])) {
        let mut start = 0;
        for (at, byte) in chunk.iter().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth == 3 {
                        start = at;
                    }
                }
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 2 && self.kept.is_empty() {
                        service(&chunk[start..=at]);
                    } else if self.depth == 2 {
                        self.kept.extend_from_slice(&chunk[..=at]);
                        service(&self.kept);
                        self.kept.clear();
                    }
                }
                _ => {}
            }
        }
        if self.depth >= 3 {
            self.kept.extend_from_slice(&chunk[start..]);
        }
    }
}

fn resolve(server: SocketAddr, hosts: &mut [Host]) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(server).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let queries = hosts.len() * TYPES.len();
    let mut open: HashMap<u16, usize> = HashMap::with_capacity(WINDOW);
    let (mut sent, mut packet) = (0, [0; 4096]);
    while sent < queries || !open.is_empty() {
        while sent < queries && open.len() < WINDOW {
            let id = sent as u16;
            let (host, record) = (&hosts[sent / 2], TYPES[sent % 2]);
            socket.send(&query(id, &host.name, record)).unwrap();
            open.insert(id, sent / 2);
            sent += 1;
        }
        let length = socket.recv(&mut packet).unwrap();
        let id = u16::from_be_bytes([packet[0], packet[1]]);
        if let Some(host) = open.remove(&id) {
            answers(&packet[..length], &mut hosts[host].addresses);
        }
    }
    for host in hosts {
        host.addresses.sort_unstable();
    }
}

fn query(id: u16, name: &str, record: u16) -> Vec<u8> {
    let mut packet = Vec::with_capacity(name.len() + 18);
    packet.extend(id.to_be_bytes());
    packet.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        packet.push(label.len() as u8);
        packet.extend(label.as_bytes());
    }
    packet.push(0);
    packet.extend(record.to_be_bytes());
    packet.extend([0, 1]);
    packet
}

/// The addresses in the answer section (RFC 1035, 4.1.3).
fn answers(packet: &[u8], addresses: &mut Vec<IpAddr>) {
    let number = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    let mut at = after_name(packet, 12) + 4;
    for _ in 0..number(6) {
        at = after_name(packet, at);
        let data = at + 10;
        let length = usize::from(number(at + 8));
        match (number(at), &packet[data..data + length]) {
            (1, &[a, b, c, d]) => addresses.push(Ipv4Addr::new(a, b, c, d).into()),
            (28, v6) => addresses.push(Ipv6Addr::from(<[u8; 16]>::try_from(v6).unwrap()).into()),
            _ => {}
        }
        at = data + length;
    }
}

fn after_name(packet: &[u8], mut at: usize) -> usize {
    loop {
        match packet[at] {
            0 => return at + 1,
            pointer if pointer >= 0xc0 => return at + 2,
            length => at += 1 + usize::from(length),
        }
    }
}

fn write(folder: &Path, hosts: &[Host]) {
    let draft = folder.join("targets.json.tmp");
    let mut file = BufWriter::new(File::create(&draft).unwrap());
    let groups = hosts.iter().filter(|host| !host.addresses.is_empty());
    let mut separator = "[\n";
    for host in groups {
        file.write_all(separator.as_bytes()).unwrap();
        file.write_all(b"{\"targets\":[").unwrap();
        let mut comma = "";
        for ip in &host.addresses {
            let target = SocketAddr::new(*ip, host.port);
            write!(file, "{comma}\"{target}\"").unwrap();
            comma = ",";
        }
        let labels = &host.labels[1..];
        write!(
            file,
            "],\"labels\":{{\"aiven_hostname\":\"{}\",{labels}}}",
            host.name
        )
        .unwrap();
        separator = ",\n";
    }
    file.write_all(b"\n]\n").unwrap();
    file.into_inner().unwrap().sync_all().unwrap();
    fs::rename(draft, folder.join("targets.json")).unwrap();
}
