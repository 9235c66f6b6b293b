//! A client that treats the Caddys as Gorouter does: in turn, with TLS, each
//! only while its health check says so, and another one after a connection
//! that could not be made, for a GET also after one that broke.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::{Certificate, Client, StatusCode};
use serde_json::Value;

use crate::ha::certificates::PUBLIC_NAME;

/// Attempts for one request.
const MAX_ATTEMPTS: usize = 3;

/// How long an endpoint that failed is avoided.
const AVOID_TIME: Duration = Duration::from_secs(30);

/// Longer than Caddy tries.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// How a query is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// With the query in the URL.
    Get,
    /// As Grafana does by default, with a form.
    Post,
}

/// Who asks.
#[derive(Debug)]
pub struct User {
    /// The name.
    pub name: &'static str,
    /// The password.
    pub password: String,
}

/// Gorouter, as far as one route goes.
#[derive(Debug)]
pub struct Gorouter {
    endpoints: Vec<Endpoint>,
    turn: AtomicUsize,
    user: User,
}

#[derive(Debug)]
struct Endpoint {
    http: Client,
    port: u16,
    registered: AtomicBool,
    failed: Mutex<Option<Instant>>,
}

impl Endpoint {
    fn is_avoided(&self) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|failed| failed.elapsed() < AVOID_TIME)
    }

    fn avoid(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn forget_failure(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Gorouter {
    /// In front of the Caddys at `addresses`, none of them registered yet.
    ///
    /// # Errors
    /// When the CA is none.
    pub fn new(addresses: &[SocketAddr], ca: &str, user: User) -> anyhow::Result<Gorouter> {
        let ca = Certificate::from_pem(ca.as_bytes()).context("not a CA")?;
        let endpoints = addresses.iter().map(|address| {
            let http = Client::builder()
                .no_proxy()
                .tls_certs_only([ca.clone()])
                .resolve(PUBLIC_NAME, *address)
                .connect_timeout(Duration::from_secs(5))
                .timeout(REQUEST_TIMEOUT)
                .build()?;
            Ok(Endpoint {
                http,
                port: address.port(),
                registered: AtomicBool::new(false),
                failed: Mutex::new(None),
            })
        });
        Ok(Gorouter {
            endpoints: endpoints.collect::<anyhow::Result<_>>()?,
            turn: AtomicUsize::new(0),
            user,
        })
    }

    /// Name and password, as curl takes them. They guard nothing but this demo.
    pub fn credentials(&self) -> String {
        format!("{}:{}", self.user.name, self.user.password)
    }

    /// What route_registrar says of the Caddy with this number.
    pub fn register(&self, number: usize, registered: bool) {
        self.endpoints[number]
            .registered
            .store(registered, Ordering::Relaxed);
    }

    /// As if enough time had passed: no endpoint is avoided any more.
    pub fn forget_failures(&self) {
        self.endpoints.iter().for_each(Endpoint::forget_failure);
    }

    /// How many Caddys have the route.
    pub fn registered(&self) -> usize {
        let registered = |endpoint: &&Endpoint| endpoint.registered.load(Ordering::Relaxed);
        self.endpoints.iter().filter(registered).count()
    }

    /// The `data` of Prometheus' answer.
    ///
    /// # Errors
    /// What the client would see as an error.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let mut last = anyhow::anyhow!("404: the route is not known");
        for _ in 0..MAX_ATTEMPTS {
            let Some(endpoint) = self.next() else {
                break;
            };
            match self.try_at(endpoint, method, path, parameters).await {
                Ok((StatusCode::OK, answer)) => {
                    let mut answer: Value = serde_json::from_str(&answer)?;
                    return Ok(answer["data"].take());
                }
                Ok((status, answer)) => anyhow::bail!("{status}: {}", answer.trim()),
                Err(error) => {
                    let again =
                        error.is_connect() || (method == Method::Get && !error.is_timeout());
                    last = error.into();
                    if !again {
                        break;
                    }
                    endpoint.avoid();
                }
            }
        }
        Err(last)
    }

    /// Round-robin over the endpoints that are not avoided; over all, if all are.
    fn next(&self) -> Option<&Endpoint> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_order = (0..self.endpoints.len())
            .map(|offset| &self.endpoints[(turn + offset) % self.endpoints.len()])
            .filter(|endpoint| endpoint.registered.load(Ordering::Relaxed));
        let usable = in_order.clone().find(|endpoint| !endpoint.is_avoided());
        if usable.is_none() {
            in_order.clone().for_each(Endpoint::forget_failure);
        }
        usable.or_else(|| in_order.clone().next())
    }

    async fn try_at(
        &self,
        endpoint: &Endpoint,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(StatusCode, String), reqwest::Error> {
        let url = format!("https://{PUBLIC_NAME}:{}/{path}", endpoint.port);
        let form = encode(parameters);
        let request = match method {
            Method::Get => endpoint.http.get(format!("{url}?{form}")),
            Method::Post => endpoint
                .http
                .post(url)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form),
        };
        let answer = request
            .basic_auth(self.user.name, Some(&self.user.password))
            .send()
            .await?;
        Ok((answer.status(), answer.text().await?))
    }
}

/// As in a URL's query.
pub fn encode(parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| {
        let value = value.bytes().map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        });
        format!("{name}={}", value.collect::<String>())
    });
    pairs.collect::<Vec<_>>().join("&")
}
