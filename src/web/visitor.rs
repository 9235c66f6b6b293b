//! Who may read what tells of services: this machine, unless `web.expose_status`.
//!
//! That a connection comes from this machine is not enough. A browser on it shows
//! pages of anybody, and such a page can have its own name resolve to 127.0.0.1 and
//! then read answers from here as if they were its own (DNS rebinding). It cannot
//! make the browser ask under a name of this machine, nor leave out whose page asks.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Extension, Request};
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::model::outside_text::{OutsideText, Secrets};

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// The client.
    pub(super) peer: SocketAddr,
    /// This machine.
    pub(super) local: SocketAddr,
}

/// Lets this machine's own requests through, and refuses others with a sentence.
pub(super) async fn this_machine_only(
    Extension(ends): Extension<Ends>,
    request: Request,
    next: Next,
) -> Response {
    match refusal(ends, &request) {
        None => next.run(request).await,
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
    }
}

fn refusal<B>(ends: Ends, request: &axum::http::Request<B>) -> Option<String> {
    if !ends.peer.ip().to_canonical().is_loopback() {
        let why = "answered on this machine only; set web.expose_status to let others read it";
        return Some(why.to_owned());
    }
    let advice = "ask by IP address or as localhost, or set web.expose_status";
    if let Err(name) = asked_host(request, ends.local.ip()) {
        return Some(format!(
            "answered under a name of this machine only, not as {name}; {advice}"
        ));
    }
    let origins = request.headers().get_all(header::ORIGIN);
    let mut foreign = origins
        .iter()
        .filter(|origin| !is_origin_here(origin, ends.local.ip()));
    let origin = foreign.next()?;
    let origin = shown(origin.as_bytes());
    Some(format!(
        "answered to pages of this machine only, not to those of {origin}; {advice}"
    ))
}

/// Whether the host that the client means is this machine; if not, its name.
fn asked_host<B>(request: &axum::http::Request<B>, local: IpAddr) -> Result<(), String> {
    let headers: &HeaderMap = request.headers();
    let in_target = request.uri().authority();
    if !headers.contains_key(header::HOST)
        && in_target.is_none()
        && request.version() > Version::HTTP_10
    {
        return Err("nobody (no Host)".to_owned());
    }
    if let Some(other) = in_target.filter(|one| !is_here(one, local)) {
        return Err(shown(other.as_str().as_bytes()));
    }
    let is_host_here = |host: &HeaderValue| {
        Authority::try_from(host.as_bytes()).is_ok_and(|host| is_here(&host, local))
    };
    let mut hosts = headers.get_all(header::HOST).iter();
    match hosts.find(|host| !is_host_here(host)) {
        Some(other) => Err(shown(other.as_bytes())),
        None => Ok(()),
    }
}

fn is_origin_here(origin: &HeaderValue, local: IpAddr) -> bool {
    let origin = Uri::try_from(origin.as_bytes());
    origin.is_ok_and(|origin| {
        let is_web = matches!(origin.scheme_str(), Some("http" | "https"));
        is_web && origin.authority().is_some_and(|host| is_here(host, local))
    })
}

/// Whether it is `localhost`, a loopback address, or the address that was asked.
fn is_here(host: &Authority, local: IpAddr) -> bool {
    if host.as_str().contains('@') {
        return false;
    }
    let name = host.host();
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    match literal.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback() || ip.to_canonical() == local.to_canonical(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

fn shown(bytes: &[u8]) -> String {
    const MAX_SHOWN: usize = 80;
    let text = String::from_utf8_lossy(bytes);
    let text = OutsideText::prose_within(&text, MAX_SHOWN, &Secrets::default());
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(peer: &str, headers: &[(&str, &str)], target: &str) -> Option<String> {
        let ends = Ends {
            peer: peer.parse().unwrap(),
            local: "127.0.0.2:9274".parse().unwrap(),
        };
        let mut request = axum::http::Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refusal(ends, &request.body(()).unwrap())
    }

    #[test]
    fn this_machine_answers_under_its_own_names_only() {
        let here = [
            "localhost",
            "LOCALHOST:9274",
            "127.0.0.1:9274",
            "127.8.8.8",
            "[::1]:9274",
            "127.0.0.2:80",
            "[::ffff:127.0.0.1]:9274",
        ];
        for host in here {
            for peer in ["127.0.0.1:5000", "[::1]:5000", "[::ffff:127.0.0.1]:5000"] {
                assert_eq!(answer(peer, &[("host", host)], "/status"), None, "{host}");
            }
        }
        let elsewhere = [
            "evil.example",
            "evil.example:9274",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.1:9274",
            "0.0.0.0:9274",
            "localhost@evil.example",
            "user@localhost",
            "",
            "a b",
            "[::2]",
            "2130706433",
            "0x7f.1",
            "localhost:9274:80",
            "\u{e4}.example",
        ];
        for host in elsewhere {
            let why = answer("127.0.0.1:5000", &[("host", host)], "/status");
            assert!(
                why.is_some_and(|why| why.contains("web.expose_status")),
                "{host}"
            );
        }
    }

    #[test]
    fn the_target_and_every_host_line_count() {
        let peer = "127.0.0.1:5000";
        let good = ("host", "127.0.0.1");
        assert_eq!(answer(peer, &[good], "http://localhost/status"), None);
        assert!(answer(peer, &[good], "http://evil.example/status").is_some());
        assert!(answer(peer, &[good, ("host", "evil.example")], "/status").is_some());
        assert!(answer(peer, &[], "/status").is_some());
    }

    #[test]
    fn a_page_of_another_site_is_refused() {
        let peer = "127.0.0.1:5000";
        let with = |origin| {
            answer(
                peer,
                &[("host", "localhost:9274"), ("origin", origin)],
                "/sd",
            )
        };
        for origin in [
            "http://localhost:9274",
            "http://127.0.0.1",
            "https://[::1]:1",
        ] {
            assert_eq!(with(origin), None, "{origin}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "file://",
            "http://localhost@evil.example",
            "localhost",
            "http://192.0.2.1",
        ] {
            assert!(with(origin).is_some(), "{origin}");
        }
    }

    #[test]
    fn other_machines_are_refused_whatever_they_ask_for() {
        let why = answer("192.0.2.7:1", &[("host", "localhost")], "/status").unwrap();
        assert!(why.contains("on this machine only"), "{why}");
    }

    #[test]
    fn a_name_is_shown_and_not_obeyed() {
        let name = "e\u{202e}vil\u{9b}.example";
        let why = answer("127.0.0.1:1", &[("host", name)], "/status").unwrap();
        assert!(why.contains(r"e\u{202e}vil\u{9b}.example"), "{why}");
    }
}
