//! A Cloud Controller and a UAA on loopback, for one request a connection. Each test
//! scripts what they answer.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use backon::ExponentialBuilder;
use parking_lot::Mutex;
use reqwest::Url;
use reqwest::dns::{Name, Resolve, Resolving};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::cloud_foundry::Reader;
use crate::config;
use crate::metrics::Metrics;
use crate::model::cloud_foundry::Guid;
use crate::model::outside_text::Secrets;

/// The secret of the client, with letters that a form encodes.
pub(in crate::cloud_foundry) const SECRET: &str = "s3cr3t+/%of:the-client";

/// A request.
#[derive(Debug, Clone)]
pub(in crate::cloud_foundry) struct Asked {
    /// As in `GET /v3/spaces?page=1`.
    pub line: String,
    /// The header lines.
    pub head: String,
    pub body: String,
    /// Where this foundation is.
    base: String,
}

/// What is answered.
pub(in crate::cloud_foundry) enum Reply {
    /// These bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing, for ever.
    Hang,
}

/// The server; ends with its owner.
pub(in crate::cloud_foundry) struct Server {
    pub url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Asked {
    pub fn is_root(&self) -> bool {
        self.line == "GET / HTTP/1.1"
    }

    pub fn is_token(&self) -> bool {
        self.line.starts_with("POST /uaa/oauth/token ")
    }

    pub fn is_list(&self) -> bool {
        self.line.starts_with("GET /v3/service_instances?")
    }

    /// Whether it looks for some by GUID.
    pub fn is_look(&self) -> bool {
        self.is_list() && self.line.contains("guids=")
    }

    pub fn is_shared(&self) -> bool {
        self.line.contains("/relationships/shared_spaces ")
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let path = self.line.split(' ').nth(1)?;
        let url = Url::parse("http://cf").unwrap().join(path).unwrap();
        let mut pairs = url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

impl Reply {
    pub fn new(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Reply {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 {status} Words\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        Reply::Bytes([head.as_bytes(), body].concat())
    }

    pub fn json(status: u16, body: &Value) -> Reply {
        let body = body.to_string();
        Reply::new(status, "Content-Type: application/json\r\n", body)
    }

    /// An error of Cloud Controller.
    pub fn error(status: u16, title: &str) -> Reply {
        let error = json!({"code": 1, "title": title, "detail": "some details"});
        Reply::json(status, &json!({"errors": [error]}))
    }

    pub fn html(status: u16) -> Reply {
        let page = "<html><title>Bad gateway</title><p>nginx</html>";
        Reply::new(status, "Content-Type: text/html\r\n", page)
    }
}

/// A GUID, another for each number.
pub(in crate::cloud_foundry) fn guid(number: u64) -> Guid {
    format!("00000000-0000-4000-8000-{number:012x}")
        .parse()
        .unwrap()
}

/// The space of instance `number`; its organization has one more.
pub(in crate::cloud_foundry) fn space_of(number: u64) -> Guid {
    guid(1_000_000 + number * 10)
}

pub(in crate::cloud_foundry) fn organization_of(number: u64) -> Guid {
    guid(1_000_001 + number * 10)
}

/// A page with these instances, each in a space of its own.
pub(in crate::cloud_foundry) fn page(numbers: &[u64], total: u64, has_next: bool) -> Value {
    let to = |guid: Guid| json!({"data": {"guid": guid}});
    let rows = numbers.iter().map(|number| {
        json!({
            "guid": guid(*number), "name": format!("instance-{number}"), "type": "managed",
            "relationships": {"space": to(space_of(*number)), "service_plan": to(guid(7))},
        })
    });
    let spaces = numbers.iter().map(|number| {
        json!({
            "guid": space_of(*number), "name": format!("space-{number}"),
            "relationships": {"organization": to(organization_of(*number))},
        })
    });
    let organizations = numbers.iter().map(|number| {
        json!({"guid": organization_of(*number), "name": format!("organization-{number}")})
    });
    let next = has_next.then(|| json!({"href": "https://elsewhere.example/v3/steal?page=2"}));
    json!({
        "pagination": {"total_results": total, "total_pages": 1, "next": next},
        "resources": Vec::from_iter(rows),
        "included": {
            "spaces": Vec::from_iter(spaces),
            "organizations": Vec::from_iter(organizations),
        },
    })
}

/// The answer of a foundation in order that has these instances.
pub(in crate::cloud_foundry) fn good(asked: &Asked, instances: &[u64]) -> Reply {
    if asked.is_root() {
        let links = json!({"uaa": {"href": format!("{}uaa", asked.base)}, "self": {"href": "x"}});
        return Reply::json(200, &json!({"links": links}));
    }
    if asked.is_token() {
        return token(600);
    }
    if asked.is_shared() {
        return Reply::json(200, &json!({"data": [{"guid": guid(77)}], "links": {}}));
    }
    if let Some(guids) = asked.parameter("guids") {
        let is_meant = |number: &&u64| guids.contains(&guid(**number).to_string());
        let found: Vec<u64> = instances.iter().filter(is_meant).copied().collect();
        return Reply::json(200, &page(&found, found.len() as u64, false));
    }
    Reply::json(200, &page(instances, instances.len() as u64, false))
}

/// A token that lives for so many seconds.
pub(in crate::cloud_foundry) fn token(seconds: i64) -> Reply {
    Reply::json(
        200,
        &json!({
            "access_token": "eyJhbGciOiJSUzI1NiJ9.the-token.of-the-client", "token_type": "bearer",
            "expires_in": seconds, "scope": "cloud_controller.global_auditor", "jti": "x",
        }),
    )
}

impl Server {
    /// Answers each request as `answer` says.
    pub async fn start(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let url = base.parse().unwrap();
        let asked = Arc::default();
        let serving = serve(listener, base, Arc::clone(&asked), answer);
        Server {
            url,
            asked,
            _serving: AbortOnDropHandle::new(tokio::spawn(serving)),
        }
    }

    /// How many requests of a kind there were.
    pub fn count(&self, is_meant: impl Fn(&Asked) -> bool) -> usize {
        self.asked.lock().iter().filter(|one| is_meant(one)).count()
    }

    pub fn all(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }

    /// A reader of this foundation, that loses no time.
    pub fn reader(&self, interval: Duration) -> (Reader, Secrets) {
        reader(&config(self.url.clone(), interval))
    }
}

async fn serve(
    listener: TcpListener,
    base: String,
    all: Arc<Mutex<Vec<Asked>>>,
    mut answer: impl FnMut(&Asked) -> Reply,
) {
    let mut hanging = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(asked) = read(&mut stream, &base).await else {
            continue;
        };
        all.lock().push(asked.clone());
        match answer(&asked) {
            Reply::Bytes(bytes) => {
                // Whoever has read enough hangs up.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            }
            Reply::Hang => hanging.push(stream),
        }
    }
}

async fn read(stream: &mut TcpStream, base: &str) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lower = head.to_ascii_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            let (line, head) = head.split_once("\r\n").unwrap();
            return Some(Asked {
                line: line.to_owned(),
                head: head.to_owned(),
                body: body.to_owned(),
                base: base.to_owned(),
            });
        }
    }
}

/// The configuration of a foundation at `api_url`.
pub(in crate::cloud_foundry) fn config(api_url: Url, interval: Duration) -> config::CloudFoundry {
    config::CloudFoundry {
        api_url,
        client_id: "aiven-metrics".to_owned(),
        client_secret: SECRET.into(),
        ca_cert: Vec::new(),
        poll_interval: interval,
    }
}

/// A reader that loses no time between attempts.
pub(in crate::cloud_foundry) fn reader(config: &config::CloudFoundry) -> (Reader, Secrets) {
    let secrets = Secrets::default();
    let metrics = Metrics::default();
    let mut reader = Reader::new(config, NoNames, metrics, secrets.clone()).unwrap();
    let delay = Duration::from_millis(1);
    reader.client.retries = ExponentialBuilder::default()
        .with_min_delay(delay)
        .with_max_delay(delay)
        .with_max_times(2);
    (reader, secrets)
}

/// No test has a name to look up.
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Err("no names".into()) })
    }
}
