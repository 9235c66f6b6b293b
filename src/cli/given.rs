//! Values that are given on the command line, read as people write them. What cannot be
//! read is refused with an example of what can.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::fmt::friendly::SpanParser;

use crate::model::history::{NoTime, Since};

/// `--since`
pub(super) fn since(text: &str) -> Result<Since, NoTime> {
    text.parse()
}

/// How long to wait.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = SpanParser::new().parse_unsigned_duration(text.trim());
    duration.map_err(|_| "want a duration with its unit, such as 30s or 5m".to_owned())
}

/// Where something of ours listens, also as a browser shows it.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let place = text.trim();
    let place = place.strip_prefix("http://").unwrap_or(place);
    let place = place.trim_end_matches('/');
    let place = match place.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => place.to_owned(),
    };
    let address = place.parse();
    address
        .map_err(|_| "want an address and a port, such as 127.0.0.1:9274 or [::1]:9274".to_owned())
}

/// Where a Prometheus is asked, without the slash at its end.
pub(super) fn url(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    let url = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let read = reqwest::Url::parse(&url).ok();
    let is_web = read.is_some_and(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    match is_web {
        true => Ok(url),
        false => Err("want a URL, such as http://127.0.0.1:9090".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_shows_is_an_address() {
        let ours = Ok(SocketAddr::from(([127, 0, 0, 1], 9274)));
        for text in [
            "127.0.0.1:9274",
            "localhost:9274",
            "http://localhost:9274/",
            " http://127.0.0.1:9274 ",
        ] {
            assert_eq!(address(text), ours, "{text}");
        }
        for text in [
            "",
            "9274",
            "127.0.0.1",
            "node.example:9274",
            "127.0.0.1:99999",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_url_may_lack_its_scheme() {
        for text in ["127.0.0.1:9090", "http://127.0.0.1:9090/"] {
            assert_eq!(url(text).as_deref(), Ok("http://127.0.0.1:9090"), "{text}");
        }
        for text in ["", "ftp://there", "not a url"] {
            assert!(url(text).is_err(), "{text}");
        }
    }
}
