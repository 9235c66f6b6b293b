//! What a client may ask of the proxy: exactly one form of request. Pure.
//!
//! `GET http://IP:PORT/metrics?aiven_service=PROJECT%2FSERVICE`, as Prometheus
//! sends it to a `proxy_url`. Everything else is refused, and nothing of it is
//! passed on: an address is compared as the number that it is, the path as the
//! bytes that it is.

use std::net::SocketAddr;

use hyper::header::{self, HeaderMap};
use hyper::{Method, StatusCode, Uri, Version};

/// The one path that is relayed.
const PATH: &str = "/metrics";

/// The one parameter that is understood.
const PARAMETER: &str = "aiven_service";

/// A request of the right form. Whether its target is published is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScrapeRequest {
    /// The node.
    pub address: SocketAddr,
    /// Project of the service that is meant.
    pub project: String,
    /// The service that is meant.
    pub service: String,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not a GET.
    Method,
    /// Not the path of metrics.
    Path,
    /// Not in the form of a request to a proxy, or with something added.
    Form(&'static str),
    /// The target is not published for the service.
    NotPublished,
}

impl Refusal {
    /// The status that says it.
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::Path => StatusCode::NOT_FOUND,
            Refusal::Form(_) | Refusal::NotPublished => StatusCode::FORBIDDEN,
        }
    }

    /// The cause, in one line for the client.
    pub fn cause(self) -> &'static str {
        match self {
            Refusal::Method => "only GET is relayed",
            Refusal::Path => "only /metrics is relayed",
            Refusal::Form(what) => what,
            Refusal::NotPublished => {
                "this address is not a published target of this service; see aiven-metrics targets"
            }
        }
    }
}

impl ScrapeRequest {
    /// Reads a request's head.
    ///
    /// # Errors
    /// When it is anything but a scrape through a proxy.
    pub fn read(
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        if *method != Method::GET {
            return Err(Refusal::Method);
        }
        if version != Version::HTTP_11 {
            return Err(Refusal::Form("only HTTP/1.1 is relayed"));
        }
        let address = address(uri)?;
        if uri.path() != PATH {
            return Err(Refusal::Path);
        }
        check_headers(uri, headers)?;
        let (project, service) = meant(uri.query().unwrap_or_default())?;
        Ok(ScrapeRequest {
            address,
            project,
            service,
        })
    }
}

/// The address of an absolute-form URI with scheme `http`.
fn address(uri: &Uri) -> Result<SocketAddr, Refusal> {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(Refusal::Form(
            "this is a proxy for Prometheus: set it as proxy_url, it serves nothing itself",
        ));
    };
    if scheme != "http" {
        return Err(Refusal::Form(
            "scrape with scheme http; the proxy speaks TLS to the node",
        ));
    }
    // No host names, no user, no port left out: `ip:port` or `[v6]:port`.
    authority
        .as_str()
        .parse()
        .map_err(|_| Refusal::Form("the target must be an IP address with a port"))
}

/// What could make two readers of the request understand two things.
fn check_headers(uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().map(|host| host.as_bytes());
    let authority = uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    if host != authority || hosts.next().is_some() {
        return Err(Refusal::Form("the Host header must name the target, once"));
    }
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers
            .get_all(header::CONTENT_LENGTH)
            .iter()
            .any(|length| length.as_bytes() != b"0");
    if has_body || headers.contains_key(header::UPGRADE) || headers.contains_key(header::EXPECT) {
        return Err(Refusal::Form(
            "a scrape has no body, upgrade or expectation",
        ));
    }
    Ok(())
}

/// `PROJECT/SERVICE` from the one parameter, percent-decoded once.
fn meant(query: &str) -> Result<(String, String), Refusal> {
    let no_service = Refusal::Form(
        "the parameter aiven_service=PROJECT%2FSERVICE is missing; keep the label __param_aiven_service of the targets",
    );
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (Some((key, value)), None) = (pairs.next(), pairs.next()) else {
        return Err(no_service);
    };
    let (project, service) = value.split_once('/').ok_or(no_service)?;
    if key != PARAMETER || project.is_empty() || service.is_empty() || service.contains('/') {
        return Err(no_service);
    }
    Ok((project.to_owned(), service.to_owned()))
}

#[cfg(test)]
mod tests;
