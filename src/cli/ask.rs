//! The one HTTP client of the commands: short questions to the running daemon,
//! and in the errand to Prometheus and to the route.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use rustls::RootCertStore;

use crate::model::address::AddressRules;
use crate::model::scrape::Target;
use crate::net::tls;
use crate::resolve::NameResolver;

mod daemon;

pub(super) use daemon::Daemon;

/// For connecting; the rest of an answer's time is for the answer itself.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The daemon is on the same machine or network: one that takes longer hangs.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of a page, decompressed: as the scrape proxy relays.
pub(super) const MAX_PAGE: usize = 64 << 20;

/// The most bytes of any other answer: `/status` and `/sd` of 10,000 services have 5 MB.
const MAX_ANSWER: usize = 64 << 20;

/// For a page through the scrape proxy, which has a shorter one of its own as a rule.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(60);

/// Asks without proxy and without following redirects, so that the answer is
/// that of the host in the URL.
pub(super) struct Http {
    client: reqwest::Client,
    timeout: Duration,
}

/// What somebody answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer from {url}: {cause}")]
pub(super) struct NoAnswer {
    url: String,
    cause: String,
    /// How far the question came.
    pub(super) reached: Reached,
    /// Whether the server's certificate was refused.
    pub(super) is_untrusted: bool,
}

/// How far a question came that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// Nobody took the connection.
    Nobody,
    /// Somebody took it and did not answer in time.
    Silence,
    /// Somebody took it and did not speak HTTP, or not to the end.
    OtherWords,
    /// Somebody answers more than anybody asks for.
    NoEnd,
}

impl Http {
    /// Asks with plain HTTP, and with HTTPS those that a certificate in `roots`
    /// vouches for; names are looked up with the system's name servers.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(super) fn new(roots: RootCertStore, timeout: Duration) -> anyhow::Result<Self> {
        let resolver = NameResolver::new(&[], CONNECT_TIMEOUT, AddressRules::default());
        Http::build(roots, timeout, |client| {
            client.dns_resolver(Arc::new(resolver))
        })
    }

    /// Asks with plain HTTP, at addresses only.
    fn of_addresses(timeout: Duration) -> anyhow::Result<Self> {
        Http::build(RootCertStore::empty(), timeout, |client| client)
    }

    /// Asks by way of a scrape proxy, under this name. It has as much time as a scrape.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(super) fn through(proxy: SocketAddr, user_agent: &'static str) -> anyhow::Result<Self> {
        let way = reqwest::Proxy::http(format!("http://{proxy}"))?;
        Http::build(RootCertStore::empty(), SCRAPE_TIMEOUT, |client| {
            client.proxy(way).user_agent(user_agent)
        })
    }

    fn build(
        roots: RootCertStore,
        timeout: Duration,
        with: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> anyhow::Result<Self> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client(roots))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Each question tries the whole way: name, connection, TLS.
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout);
        let client = with(builder)
            .build()
            .context("setting the HTTP client up failed")?;
        Ok(Http { client, timeout })
    }

    /// The answer to `GET url`.
    pub(super) async fn get(&self, url: &str) -> Result<Answer, NoAnswer> {
        self.get_with(url, |request| request).await
    }

    /// The answer to `GET url` with more than that in the request.
    pub(super) async fn get_with(
        &self,
        url: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, NoAnswer> {
        let no_answer = |error: reqwest::Error| self.no_answer(url, &error);
        let request = with(self.client.get(url));
        let mut answer = request.send().await.map_err(no_answer)?;
        let body = body_of(&mut answer, MAX_ANSWER).await.map_err(no_answer)?;
        let body = body.ok_or_else(|| NoAnswer {
            url: url.to_owned(),
            cause: format!("its answer has more than {MAX_ANSWER} bytes"),
            reached: Reached::NoEnd,
            is_untrusted: false,
        })?;
        Ok(Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: String::from_utf8(body)
                .unwrap_or_else(|body| String::from_utf8_lossy(body.as_bytes()).into_owned()),
        })
    }

    /// The answer's status and all of its body, decompressed.
    ///
    /// # Errors
    /// When there is no answer, and when its body has more than `most` bytes.
    pub(super) async fn get_bounded(
        &self,
        url: &str,
        most: usize,
    ) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let no_answer = |error: reqwest::Error| self.no_answer(url, &error);
        let mut answer = self.client.get(url).send().await.map_err(no_answer)?;
        match body_of(&mut answer, most).await.map_err(no_answer)? {
            Some(body) => Ok((answer.status(), body)),
            None => anyhow::bail!("the answer from {url} has more than {most} bytes"),
        }
    }

    /// What a scrape proxy answers to a scrape of this target.
    ///
    /// # Errors
    /// As [`Http::get_bounded`].
    pub(super) async fn scrape(
        &self,
        target: &Target,
        most: usize,
    ) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let Target {
            project,
            service,
            address,
        } = target;
        let parameter = form_urlencoded::Serializer::new(String::new())
            .append_pair("aiven_service", &format!("{project}/{service}"))
            .finish();
        let url = format!("http://{address}/metrics?{parameter}");
        self.get_bounded(&url, most).await
    }

    fn no_answer(&self, url: &str, error: &reqwest::Error) -> NoAnswer {
        let cause = match error.is_timeout() {
            true if error.is_connect() => format!("connecting timed out after {CONNECT_TIMEOUT:?}"),
            true => format!("timed out after {:?}", self.timeout),
            false => innermost(error).to_string(),
        };
        NoAnswer {
            url: url.to_owned(),
            cause,
            reached: match (error.is_connect(), error.is_timeout()) {
                (true, _) => Reached::Nobody,
                (false, true) => Reached::Silence,
                (false, false) => Reached::OtherWords,
            },
            is_untrusted: matches!(
                innermost(error).downcast_ref(),
                Some(rustls::Error::InvalidCertificate(_))
            ),
        }
    }
}

/// All of an answer's body, decompressed; none if it has more than `most` bytes.
async fn body_of(answer: &mut reqwest::Response, most: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The first cause: the outer ones only say that a request failed.
fn innermost(error: &reqwest::Error) -> &(dyn Error + 'static) {
    let mut cause: &(dyn Error + 'static) = error;
    while let Some(source) = source_of(cause) {
        cause = source;
    }
    cause
}

/// An `io::Error` around another error hands out that one's source, not itself.
fn source_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(|error| error.get_ref());
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
