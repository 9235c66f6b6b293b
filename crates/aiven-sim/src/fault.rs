//! The vocabulary of faults: what goes wrong, where, and how often.
//!
//! Faults are scripts, never probabilities: "the next three listings of project
//! `p`", "until cleared". `fault_book` keeps the armed ones; `api`, `dns` and
//! `node` carry them out.

mod cloud_foundry;
mod operation;

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

pub use cloud_foundry::{OddInstance, PageLoop, ServerFault};
pub use operation::{Operation, Server};

/// Which API requests a fault is for, and how many of them.
///
/// Faults are tried in the order of their injection; the first that matches
/// answers, except that delays and holds add up with what follows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    pub(crate) operation: Option<Operation>,
    /// Whose requests, if no operation says it.
    #[serde(default)]
    pub(crate) server: Server,
    #[serde(default)]
    pub(crate) project: Option<String>,
    #[serde(default)]
    pub(crate) service: Option<String>,
    #[serde(default)]
    pub(crate) times: Option<u32>,
    #[serde(default)]
    pub(crate) after_effect: bool,
}

impl Fault {
    /// Every request of `operation`, until cleared.
    pub fn new(operation: Operation) -> Self {
        Self {
            operation: Some(operation),
            ..Self::default()
        }
    }

    /// Every request to Aiven's API whatever the operation, until cleared.
    pub fn any() -> Self {
        Self::default()
    }

    /// Every request to this server, until cleared.
    pub fn on(server: Server) -> Self {
        Self {
            server,
            ..Self::default()
        }
    }

    /// Only requests about this project.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Only requests about this service (for [`Operation::CreateIntegration`],
    /// the `source_service` in the body).
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Exactly the next `times` matching requests.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Carries the request out first and spoils only its answer: the write
    /// happened, the client does not know.
    pub fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }

    pub(crate) fn matches(
        &self,
        op: Operation,
        project: Option<&str>,
        service: Option<&str>,
    ) -> bool {
        self.operation
            .map_or(self.server == op.server(), |wanted| wanted == op)
            && self
                .project
                .as_deref()
                .is_none_or(|wanted| Some(wanted) == project)
            && self
                .service
                .as_deref()
                .is_none_or(|wanted| Some(wanted) == service)
    }
}

/// What an API request meets instead of a good answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiFault {
    /// The answer comes this much later.
    Delay(#[serde(with = "duration")] Duration),
    /// The request waits until the fault is cleared, then goes on as usual.
    /// Lets a test put two clients at the same point.
    Hold,
    /// Accepted, never answered, not even when the fault is cleared.
    Hang,
    /// The connection is reset (RST) without an answer.
    Reset,
    /// The connection is reset after half of the body.
    ResetMidBody,
    /// An error in the form that the server's own errors have.
    Status {
        /// HTTP status.
        code: u16,
        /// Aiven's `message`, Cloud Controller's `detail`, UAA's `error_description`.
        message: String,
    },
    /// A whole answer as given, for what nothing else here says.
    Answer {
        /// HTTP status.
        code: u16,
        /// `Content-Type` header.
        content_type: String,
        /// The body, sent as it is.
        body: String,
    },
    /// The same with these headers, and a body in Aiven's form with this message, or
    /// none if it is empty.
    WithHeaders {
        /// HTTP status.
        code: u16,
        /// Names and values of headers.
        headers: Vec<(String, String)>,
        /// Aiven's `message`.
        message: String,
    },
    /// 429 in Aiven's words: `… Rate limit 120 exceeded - try again in 28s`; from the Cloud
    /// Controller 10013 with `X-RateLimit-*`, which end the wait in as many seconds.
    RateLimited {
        /// The wait, in seconds.
        seconds: u32,
        /// Value of a `Retry-After` header. Aiven documents none; without one, Cloud Controller
        /// sends its own: the *time* of `X-RateLimit-Reset`, in epoch seconds
        /// [cc middleware/base_rate_limiter.rb].
        retry_after: Option<String>,
    },
    /// A proxy's HTML page with this status.
    Html(u16),
    /// 200 with `{}`.
    EmptyObject,
    /// 200 with an empty list where rows belong.
    EmptyList,
    /// 200 with the first half of the rows, well-formed.
    HalfList,
    /// 200 without the rows of these services, well-formed.
    Without(Vec<String>),
    /// 200 with this member of every row replaced, or left out if there is no value.
    EveryRow {
        /// The member's name.
        member: String,
        /// What replaces it.
        value: Option<Value>,
    },
    /// The same in the one row with this GUID (Cloud Controller). A member further in is written
    /// as a path, such as `relationships/space/data/guid`, here and in [`ApiFault::EveryRow`].
    OneRow {
        /// The row's `guid`.
        guid: String,
        /// The member's path.
        member: String,
        /// What replaces it.
        value: Option<Value>,
    },
    /// The same with a member of the whole answer (Cloud Controller, UAA), such as
    /// `pagination/total_results` or `expires_in`.
    Member {
        /// The member's path.
        member: String,
        /// What replaces it.
        value: Option<Value>,
    },
    /// Pages lead nowhere (Cloud Controller).
    PagesLoop(PageLoop),
    /// `pagination.next.href` has this origin (`https://elsewhere.test`) (Cloud Controller).
    NextOn(String),
    /// The first row once more, with the name and the space of the last (Cloud Controller).
    DuplicateGuid,
    /// One more row, odd in this way, in the middle of the page (Cloud Controller).
    OddInstance(OddInstance),
    /// The body begins well and never ends.
    Endless,
    /// The answer's `Date` is this many seconds ahead, or behind.
    ClockOff(i64),
    /// 200 with a syntax error in the middle row.
    Malformed,
    /// `Content-Length` promises all, the connection closes after half.
    CutConnection,
    /// Half of the body with a matching `Content-Length`: cut JSON that HTTP calls complete.
    CutJson,
    /// 200 with a truthy `error` key, which Aiven's Python client treats as failure.
    ErrorKey(String),
    /// Every row has fields that nobody knows yet.
    UnknownFields,
    /// One more row, odd in this way, in the middle of the list.
    OddRow(OddRow),
    /// The body trickles: this many bytes at a time.
    Trickle {
        /// Bytes sent at once.
        bytes: usize,
        /// Pause between them.
        #[serde(with = "duration")]
        every: Duration,
    },
}

impl ApiFault {
    /// An error with the usual reason phrase of `code`.
    pub fn status(code: u16) -> Self {
        let message = hyper::StatusCode::from_u16(code)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Unknown");
        Self::Status {
            code,
            message: message.into(),
        }
    }

    /// Whether it spoils the answer of a request that is otherwise carried out.
    pub(crate) fn needs_answer(&self) -> bool {
        !matches!(
            self,
            Self::Hang
                | Self::Reset
                | Self::Status { .. }
                | Self::Answer { .. }
                | Self::WithHeaders { .. }
                | Self::RateLimited { .. }
                | Self::Html(_)
                | Self::EmptyObject
                | Self::ErrorKey(_)
        )
    }
}

/// A row of a service list that breaks an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddRow {
    /// `service_name` is a number.
    NumericName,
    /// No `service_type`.
    MissingType,
    /// Named `odd-service`, with `port`s as strings; otherwise usual.
    PortAsString,
    /// Named `odd-service`, with unknown values in every enumeration.
    UnknownEnums,
    /// The row is `null`.
    Null,
}

impl OddRow {
    pub(crate) fn row(self) -> Value {
        let component = |port: Value, route: &str, usage: &str| {
            json!([{"component": "prometheus", "host": "odd-service.test", "port": port,
                    "route": route, "usage": usage}])
        };
        match self {
            Self::NumericName => {
                json!({"service_name": 12345, "service_type": "pg", "state": "RUNNING",
                "plan": "startup-4", "cloud_name": "aws-eu-west-2", "service_integrations": []})
            }
            Self::MissingType => json!({"service_name": "odd-service", "state": "RUNNING",
                "plan": "startup-4", "cloud_name": "aws-eu-west-2", "service_integrations": []}),
            Self::PortAsString => {
                json!({"service_name": "odd-service", "service_type": "pg", "state": "RUNNING",
                "plan": "startup-4", "cloud_name": "aws-eu-west-2", "service_integrations": [],
                "components": component(json!("9273"), "dynamic", "primary")})
            }
            Self::UnknownEnums => {
                json!({"service_name": "odd-service", "service_type": "quantumdb",
                "state": "HIBERNATING", "plan": "cosmic-1", "cloud_name": "moon-north-1",
                "service_integrations": [{"integration_type": "telepathy", "service_integration_id": "x",
                    "enabled": true, "active": true, "source_service": "odd-service"}],
                "node_states": [{"name": "odd-service-1", "state": "dreaming", "role": "oracle"}],
                "components": component(json!(9273), "wormhole", "ornament")})
            }
            Self::Null => Value::Null,
        }
    }
}

/// What the name server does with a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsFault {
    /// The name does not exist.
    NxDomain,
    /// The server failed.
    ServFail,
    /// No answer at all.
    Timeout,
    /// The server refuses to answer.
    Refused,
    /// A as usual, AAAA fails with SERVFAIL.
    AaaaFails,
    /// A as usual, AAAA is never answered.
    AaaaSilent,
    /// FORMERR to a question with an OPT record (EDNS); the usual answer to others.
    EdnsFormErr,
    /// NOTIMP to a question with an OPT record.
    EdnsNotImp,
    /// Silence to a question with an OPT record.
    EdnsSilent,
    /// The first address and TC over UDP; the usual answer over TCP.
    Truncated,
    /// The first address and TC over UDP; TCP connections are closed.
    TruncatedWithoutTcp,
    /// The usual answer, and these addresses for another name.
    WithOthers(Vec<IpAddr>),
    /// Only a CNAME to this name.
    Alias(String),
    /// NOERROR without a record, not even SOA.
    EmptyWithoutSoa,
    /// NOERROR without a record.
    Empty,
    /// These addresses, such as another service's node.
    Answer(Vec<IpAddr>),
    /// The usual answer, this much later.
    Delay(#[serde(with = "duration")] Duration),
}

/// What one node does instead of serving metrics.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeFault {
    /// Nothing listens.
    Refuse,
    /// Accepts and says nothing, before TLS.
    Hang,
    /// Completes TLS, reads the request, says nothing until this fault ends.
    HangAfterRequest,
    /// Resets every connection.
    Reset,
    /// Answers with this HTTP status.
    Status(u16),
    /// Answers with this, instead of its page.
    Answer {
        /// HTTP status.
        code: u16,
        /// All headers but those about length; a name may come twice.
        headers: Vec<(String, String)>,
        /// The body, as it is.
        body: String,
    },
    /// Answers the first request of each connection, and no further one, as if something on the
    /// way had forgotten the connection.
    SilentOnceRested,
    /// 401 whatever the credentials.
    WrongPassword,
    /// A certificate for another service's name, by the right CA.
    OtherName,
    /// An expired certificate, by the right CA.
    Expired,
    /// A certificate for the right name, by an unknown CA.
    OtherCa,
    /// A certificate that has the right name only in its subject.
    NameInSubject,
    /// The page trickles: this many bytes at a time.
    Trickle {
        /// Bytes sent at once.
        bytes: usize,
        /// Pause between them.
        #[serde(with = "duration")]
        every: Duration,
    },
    /// The connection is reset after half of the page.
    ResetMidBody,
}

/// Durations as `"250ms"` in the control API.
mod duration {
    pub(super) use jiff::fmt::serde::unsigned_duration::friendly::compact::required::deserialize;
}
