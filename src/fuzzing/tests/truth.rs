//! What the simulated Aiven says of a few integrated services.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aiven_sim::{ServiceSpec, Simulator};
use serde_json::{Value, json};

use crate::aiven::wire::SERVICE_MEMBERS;

/// The services, in the order of their names.
pub(super) const SERVICES: [&str; 4] = ["kafka-1", "my-1", "os-1", "pg-1"];

const PROJECT: &str = "london";

/// The listing, and the answer about each service.
pub(super) struct Truth {
    pub listing: Value,
    pub by_name: BTreeMap<String, Value>,
}

impl Truth {
    pub fn of_the_simulator() -> Truth {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let sim = Simulator::builder()
            .project(PROJECT)
            .without_nodes()
            .own_threads(1);
        let sim = runtime.unwrap().block_on(sim.start()).unwrap();
        for (name, (service_type, nodes)) in
            SERVICES
                .iter()
                .zip([("kafka", 3), ("mysql", 2), ("opensearch", 3), ("pg", 2)])
        {
            let spec = ServiceSpec::new(*name, service_type)
                .nodes(nodes)
                .listed_bytes(0)
                .topics(1);
            let spec = spec.tag("team", "red");
            sim.add_service(PROJECT, if nodes == 2 { spec.vpc() } else { spec });
        }
        let endpoint = sim.add_endpoint(PROJECT, "aiven-metrics", "scraper", "correct-horse");
        assert_eq!(sim.integrate_all(PROJECT, &endpoint), SERVICES.len());
        let path = |name: &str| format!("/v1/project/{PROJECT}/service{name}");
        let by_name = SERVICES.map(|name| (name.to_owned(), get(&sim, &path(&format!("/{name}")))));
        Truth {
            listing: without_filler(get(&sim, &path(""))),
            by_name: by_name.into(),
        }
    }

    /// Aiven's answer about a service that does not exist.
    pub fn denial(&self, name: &str) -> Value {
        let message = format!("Service {name} does not exist");
        json!({"message": message, "errors": [{"message": message, "status": 404, "error_code": "service_not_found"}]})
    }
}

/// A listing less the members that nobody reads, but a few: oddities shall meet the
/// others more often.
fn without_filler(mut listing: Value) -> Value {
    for row in listing["services"].as_array_mut().unwrap() {
        let read = |key: &str| {
            SERVICE_MEMBERS.contains(&key) || ["users", "topics", "update_time"].contains(&key)
        };
        row.as_object_mut().unwrap().retain(|key, _| read(key));
    }
    listing
}

/// The body of an answer. HTTP/1.0 has no chunks, and closes the connection.
fn get(sim: &Simulator, path: &str) -> Value {
    let (_, address) = sim
        .api_url()
        .rsplit_once('/')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let address = address.parse().unwrap();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(30)).unwrap();
    let token = sim.token();
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: aivenv1 {token}\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{head}");
    serde_json::from_str(body).unwrap()
}
