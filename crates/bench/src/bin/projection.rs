//! Megabytes a second of the listing's projection, beside a plain loop that
//! only finds the services and beside serde_json, on generated listings in
//! Aiven's shape: `cargo run --release -p bench --bin projection [-- only=NAME]`.

// What serde_json parses here is parsed for its cost alone.
#![allow(missing_docs, dead_code, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use aiven_metrics::aiven::SERVICE_MEMBERS;
use aiven_metrics::aiven::projection::{Element, Projection};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Bytes in a chunk, as an HTTP client hands them over.
const CHUNK: usize = 16 * 1024;
const ROUNDS: usize = 9;

#[derive(Deserialize)]
struct Listing {
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    service_name: String,
    service_type: String,
    state: String,
    plan: String,
    cloud_name: String,
    node_count: Option<u32>,
    service_uri_params: Option<Params>,
    components: Vec<Component>,
    node_states: Vec<IgnoredAny>,
    service_integrations: Vec<IgnoredAny>,
    tags: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Params {
    host: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    component: String,
    host: String,
    port: u16,
    route: String,
    usage: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let only = arguments.iter().find_map(|a| a.strip_prefix("only="));
    println!("{:<34}{:>9}{:>10}{:>10}", "listing", "MB/s", "ms", "kept");
    for (services, bytes) in [(10_000, 9_000), (4_000, 25_000), (100, 2_000_000)] {
        for spaced in [false, true] {
            let listing = listing(services, bytes, spaced);
            let form = if spaced { "spaced" } else { "compact" };
            println!(
                "{services} services of {} B, {form}, {} MB",
                listing.len() / services,
                listing.len() / 1_000_000
            );
            for (name, run) in CONTENDERS {
                if only.is_none_or(|only| name.starts_with(only)) {
                    report(name, &listing, *run);
                }
            }
        }
    }
}

/// Reads a listing; returns the bytes that it kept.
type Contender = fn(&[u8]) -> usize;

const CONTENDERS: &[(&str, Contender)] = &[
    ("projection", projection),
    ("projection, slices parsed", projection_parsed),
    ("plain splitter", splitter),
    ("plain splitter, slices parsed", splitter_parsed),
    ("serde_json, whole body", serde_whole),
];

fn report(name: &str, listing: &[u8], run: Contender) {
    let mut kept = 0;
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            kept = black_box(run(black_box(listing)));
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let median = times[ROUNDS / 2];
    println!(
        "  {name:<32}{:>9.0}{:>10.1}{kept:>10}",
        listing.len() as f64 / median / 1e6,
        median * 1e3,
    );
}

fn projection(listing: &[u8]) -> usize {
    let mut kept = 0;
    let mut projection = Projection::new(SERVICE_MEMBERS);
    for chunk in listing.chunks(CHUNK) {
        projection
            .feed(chunk, &mut |element| {
                if let Element::Service(service) = element {
                    kept += service.len();
                }
            })
            .unwrap();
    }
    projection.finish().unwrap();
    kept
}

fn projection_parsed(listing: &[u8]) -> usize {
    let mut kept = 0;
    let mut projection = Projection::new(SERVICE_MEMBERS);
    for chunk in listing.chunks(CHUNK) {
        projection
            .feed(chunk, &mut |element| {
                if let Element::Service(service) = element {
                    black_box(serde_json::from_slice::<Service>(service).unwrap());
                    kept += service.len();
                }
            })
            .unwrap();
    }
    kept
}

/// One byte at a time: the slice of each service.
fn split(listing: &[u8], mut service: impl FnMut(&[u8])) {
    let (mut depth, mut start, mut in_string, mut escaped) = (0, 0, false, false);
    for (at, byte) in listing.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth == 3 {
                    start = at;
                }
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 2 {
                    service(&listing[start..=at]);
                }
            }
            _ => {}
        }
    }
}

fn splitter(listing: &[u8]) -> usize {
    let mut kept = 0;
    split(listing, |service| kept += service.len());
    kept
}

fn splitter_parsed(listing: &[u8]) -> usize {
    let mut kept = 0;
    split(listing, |service| {
        black_box(serde_json::from_slice::<Service>(service).unwrap());
        kept += service.len();
    });
    kept
}

fn serde_whole(listing: &[u8]) -> usize {
    black_box(serde_json::from_slice::<Listing>(listing).unwrap());
    listing.len()
}

/// A listing of that many services, each of about that many bytes.
fn listing(services: usize, bytes: usize, spaced: bool) -> Vec<u8> {
    let mut listing = String::with_capacity(services * bytes * 11 / 10);
    listing.push_str("{\"services\":[");
    for number in 0..services {
        if number > 0 {
            listing.push(',');
        }
        service(&mut listing, number, bytes);
    }
    listing.push_str("]}");
    if spaced {
        listing = spread(&listing);
    }
    listing.into_bytes()
}

/// With a blank after each comma and colon, as Python writes JSON.
fn spread(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 11 / 10);
    let (mut in_string, mut escaped) = (false, false);
    for character in json.chars() {
        out.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            ',' | ':' if !in_string => out.push(' '),
            _ => {}
        }
    }
    out
}

/// One OpenSearch or Kafka service with three nodes, filled up with what such
/// services have most of: access rules, topics, backups, users, notices.
fn service(out: &mut String, number: usize, bytes: usize) {
    let start = out.len();
    let kafka = number % 4 == 3;
    let (kind, guid) = (
        if kafka { "kafka" } else { "opensearch" },
        format!("{:08x}-4f3a-4c57-9d0e-2f6c5a7b9e10", number * 7919),
    );
    let name = format!("prod-lon-{guid}");
    let host = format!("{name}-paas-prod.a.aivencloud.com");
    write!(
        out,
        r#"{{"acl":[],"backups":[{{"backup_name":"2026-11-22_00-{:02}_0.00000000.pghoard","backup_time":"2026-11-22T00:07:31.581000Z","data_size":35{number},"storage_location":"aws-eu-west-2"}}],"cloud_description":"Europe, England - Amazon Web Services: London","cloud_name":"aws-eu-west-2","components":["#,
        number % 60
    )
    .unwrap();
    for (component, port, route) in [
        (kind, 23417, "dynamic"),
        ("opensearch_dashboards", 443, "dynamic"),
        ("prometheus", 9273, "dynamic"),
        ("prometheus", 9273, "public"),
    ] {
        write!(out, r#"{{"component":"{component}","host":"{host}","port":{port},"route":"{route}","usage":"primary"}},"#).unwrap();
    }
    out.pop();
    write!(
        out,
        r#"],"connection_info":{{"opensearch":["https://avnadmin@{host}:23417"],"opensearch_dashboards_uri":"https://avnadmin@{host}:443"}},"connection_pools":[],"create_time":"2024-03-01T09:12:33Z","databases":[],"disk_space_mb":179200,"features":{{"enhanced_logging":true,"service_integrations":true,"index_templates":true,"opensearch_security":false}},"group_list":[],"maintenance":{{"dow":"sunday","enabled":true,"time":"02:30:00","updates":[{{"deadline":null,"description":"Maintenance update, \"rolling\": see https://aiven.io/docs\/maintenance","start_after":"2026-11-01T00:00:00Z","start_at":null}}]}},"metadata":{{}},"node_count":3,"node_cpu_count":2,"node_memory_mb":8192,"node_states":["#
    )
    .unwrap();
    for node in 0..3 {
        write!(out, r#"{{"name":"{name}-{node}","progress_updates":[],"role":"master","state":"running","availability_zone":"eu-west-2{node}"}},"#).unwrap();
    }
    out.pop();
    write!(
        out,
        r#"],"plan":"business-4","powered":true,"project_vpc_id":null,"service_integrations":[{{"active":true,"description":"Metrics","dest_endpoint":"aiven-metrics","dest_endpoint_id":"b2a6c9e4-0000-4c57-9d0e-2f6c5a7b9e10","dest_project":"paas-prod","enabled":true,"integration_type":"prometheus","service_integration_id":"{guid}","source_project":"paas-prod","source_service":"{name}","source_service_type":"{kind}"}}],"service_name":"{name}","service_notifications":[],"service_type":"{kind}","service_type_description":"OpenSearch - Search & Analyze Data in Real Time, derived from Elasticsearch v7.10.2","service_uri":"https://avnadmin@{host}:23417","service_uri_params":{{"dbname":"","host":"{host}","port":"23417","ssl_mode":"require","user":"avnadmin"}},"state":"RUNNING","tags":{{"broker_name":"aiven","deploy_env":"prod-lon","organization_id":"{guid}","plan_id":"{guid}","service_id":"{guid}","space_id":"{guid}"}},"tech_emails":[],"termination_protection":false,"update_time":"2026-11-22T04:12:33Z","user_config":{{"ip_filter":["#
    )
    .unwrap();
    for rule in 0..8 {
        write!(
            out,
            r#"{{"description":"cf egress {rule}","network":"192.0.2.{rule}/32"}},"#
        )
        .unwrap();
    }
    out.pop();
    let certificate =
        "MIIEQTCCAqmgAwIBAgIUWJv6Yk3x0a1nQ5N0bJz1b1h9Zb8wDQYJKoZIhvcNAQEM\\n".repeat(20);
    write!(
        out,
        r#"],"opensearch_version":"2","opensearch":{{"action_auto_create_index_enabled":true,"http_max_content_length":100000000}}}},"users":[{{"access_cert":"-----BEGIN CERTIFICATE-----\n{certificate}-----END CERTIFICATE-----\n","authentication":"x","type":"primary","username":"avnadmin"}}],"topics":["#
    )
    .unwrap();
    let mut topic = 0;
    while out.len() - start < bytes.saturating_sub(170) {
        write!(out, r#"{{"cleanup_policy":"delete","min_insync_replicas":2,"partitions":12,"replication":3,"retention_bytes":-1,"retention_hours":168,"state":"ACTIVE","topic_name":"orders.v1.{topic}"}},"#).unwrap();
        topic += 1;
    }
    if topic > 0 {
        out.pop();
    }
    out.push_str("]}");
}
