//! Whatever a node answers is a page that Prometheus accepts, or one cause in one line; whatever
//! a client asks is answered. On connections in memory, with a clock of their own.

use std::convert::Infallible;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use proptest::test_runner::{Config as ProptestConfig, TestCaseError, TestRunner};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use super::*;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::scrape::Finding;
use crate::node_access::{self, Timing};
use crate::publish::Published;
use crate::publish::scrape_results::ScrapeResults;
use crate::scrape_proxy::failure::broken_off;

/// How many answers and requests are generated.
const CASES: u32 = 4096;

/// As long as a scrape may take here.
const PATIENCE: Duration = Duration::from_secs(10);

/// A piece of what a node sends, and how long it waits before it.
type Piece = (Vec<u8>, Duration);

/// An answer that is nearly right, in pieces, slow or cut.
fn answers() -> impl Strategy<Value = Vec<Piece>> {
    let status = prop_oneof![
        6 => Just("HTTP/1.1 200 OK".to_owned()),
        2 => (100..700_u16).prop_map(|code| format!("HTTP/1.1 {code} Whatever")),
        1 => "(HTTP/1.[01]|HTTP/2|ICY|SSH-2.0) [0-9]{0,4} ?[ -~]{0,9}",
    ];
    let header = prop_oneof![
        6 => Just("Content-Type: text/plain; version=0.0.4".to_owned()),
        1 => "Content-Type: [ -~]{0,20}",
        2 => (0..300_u32).prop_map(|length| format!("Content-Length: {length}")),
        2 => Just("Transfer-Encoding: chunked".to_owned()),
        2 => "Content-Encoding: (gzip|identity|br)",
        1 => "Connection: (close|keep-alive|upgrade)",
        1 => "[A-Za-z-]{1,9}:? ?[ -~]{0,30}",
        1 => Just(format!("X-Long: {}", "x".repeat(70_000))),
    ];
    let body = prop_oneof![
        4 => "(a_total [0-9]{1,3}\n){0,20}".prop_map(String::into_bytes),
        2 => "([0-9a-f]{1,3}\r\n(b 1\n){0,9}\r\n){0,4}(0\r\n\r\n)?".prop_map(String::into_bytes),
        2 => (0..20_u8).prop_map(|lines| {
            let page = "c 1\n".repeat(lines.into());
            format!("{:x}\r\n{page}\r\n0\r\n\r\n", page.len()).into_bytes()
        }),
        1 => any::<Vec<u8>>(),
        1 => Just(b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec()),
        1 => Just(b"d 1\n".repeat(40_000)),
    ];
    let headers = prop::collection::vec(header, 0..5);
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0..4_000_u64), 0..4);
    (status, headers, body, cuts).prop_map(|(status, headers, body, cuts)| {
        let mut bytes = status.into_bytes();
        for line in headers {
            bytes.extend(b"\r\n");
            bytes.extend(line.into_bytes());
        }
        bytes.extend(b"\r\n\r\n");
        bytes.extend(body);
        let mut pieces = Vec::new();
        for (at, wait) in cuts {
            let rest = bytes.split_off(at.index(bytes.len()));
            let first = std::mem::replace(&mut bytes, rest);
            pieces.push((first, Duration::from_millis(wait)));
        }
        pieces.push((bytes, Duration::ZERO));
        pieces
    })
}

/// What becomes of an answer: the page's head and its bytes, or a failure.
async fn relayed(pieces: Vec<Piece>) -> Result<(PageHead, Vec<u8>), Failure> {
    let (ours, mut theirs) = duplex(4096);
    let node = async move {
        let mut request = [0; 4096];
        let _ = theirs.read(&mut request).await;
        for (bytes, wait) in pieces {
            tokio::time::sleep(wait).await;
            if theirs.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    let (relayed, ()) = tokio::join!(relay_over(ours), node);
    relayed
}

async fn relay_over(stream: tokio::io::DuplexStream) -> Result<(PageHead, Vec<u8>), Failure> {
    let deadline = Instant::now() + PATIENCE;
    let secrets = Secrets::default();
    let mut exchange = Exchange::over(stream)
        .await
        .map_err(|error| broken_off(&error))?;
    let mut request = Request::new(Empty::<Bytes>::new());
    let host = HeaderValue::from_static("node.example");
    request.headers_mut().insert(header::HOST, host);
    let answer = tokio::time::timeout_at(deadline, exchange.send(request)).await;
    let answer = answer.map_err(|_| Failure::new(Finding::Silent, "no answer in time"))?;
    let answer = answer.map_err(|error| broken_off(&error))?;
    let status = answer.status();
    if status != StatusCode::OK {
        let heard = node_words::hear(answer, &mut exchange, deadline, &secrets).await;
        return Err(failure::of_status(status, heard.words.as_ref()));
    }
    let (head, beginning) = accept(answer, &mut exchange, deadline, &secrets).await?;
    let (parts, rest) = beginning.into_parts();
    let mut page: Vec<u8> = parts.into_iter().flatten().collect();
    let Some((mut rest, mut size)) = rest else {
        return Ok((head, page));
    };
    loop {
        let next = std::future::poll_fn(|context| exchange.poll_frame(&mut rest, context));
        let next = tokio::time::timeout_at(deadline, next).await;
        match next.map_err(|_| Failure::new(Finding::SlowPage, "no page in time"))? {
            None => return Ok((head, page)),
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                size.count(&data)?;
                page.extend(data);
            }
            Some(Err(error)) => return Err(failure::broken_page(&error)),
        }
    }
}

/// Runs a property on a clock that stands still while there is work.
fn for_all<S: Strategy>(
    strategy: S,
    property: impl AsyncFn(S::Value) -> Result<(), TestCaseError>,
) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    let config = ProptestConfig {
        cases: CASES,
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let result = TestRunner::new(config).run(&strategy, |value| runtime.block_on(property(value)));
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn any_answer_of_a_node_is_a_page_or_one_cause() {
    for_all(answers(), async |pieces| {
        let relayed = timeout(2 * PATIENCE, relayed(pieces)).await;
        let relayed = relayed.map_err(|_| TestCaseError::fail("it hangs"))?;
        match relayed {
            Ok((head, page)) => {
                let checked = head.check_beginning(&page, &Secrets::default());
                prop_assert_eq!(checked, Ok(()));
            }
            Err(failure) => {
                prop_assert!(!failure.cause.is_empty() && failure.cause.len() < 1000);
                prop_assert!(
                    !failure.cause.contains(char::is_control),
                    "{}",
                    failure.cause
                );
                prop_assert!(!failure.finding.remedy().is_empty());
            }
        }
        Ok(())
    });
}

/// Requests that are nearly those of Prometheus.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![6 => Just("GET".to_owned()), 1 => "[A-Z]{1,7}", 1 => "[ -~]{0,7}"];
    let uri = prop_oneof![
        4 => Just("http://192.0.2.1:9273/metrics?aiven_service=shop%2Flogs".to_owned()),
        2 => "(http|https|ftp)?(://)?[0-9a-z.:@\\[\\]]{0,24}(/metrics|/[ -~]{0,9})(\\?[!-~]{0,30})?",
        1 => "[!-~]{0,60}",
        1 => any::<String>(),
    ];
    let header = prop_oneof![
        6 => Just("Host: 192.0.2.1:9273".to_owned()),
        1 => "(Host|Content-Length|Transfer-Encoding|Upgrade|Expect|Connection): [ -~]{0,20}",
        1 => "(Accept|Accept-Encoding|X-Prometheus-Scrape-Timeout-Seconds): [ -~]{0,20}",
        1 => "[ -~]{0,40}",
        1 => any::<String>(),
    ];
    let headers = prop::collection::vec(header, 0..5);
    let version =
        prop_oneof![8 => Just("HTTP/1.1".to_owned()), 1 => "HTTP/[0-9.]{1,3}", 1 => ".{0,4}"];
    (method, uri, version, headers, any::<bool>()).prop_map(
        |(method, uri, version, headers, ends)| {
            let mut text = format!("{method} {uri} {version}\r\n");
            for line in headers {
                text.push_str(&line);
                text.push_str("\r\n");
            }
            if ends {
                text.push_str("Connection: close\r\n\r\n");
            }
            text.into_bytes()
        },
    )
}

/// A proxy that has nothing to relay to.
fn proxy(state_dir: &std::path::Path) -> Arc<ScrapeProxy> {
    let document = json!({
        "aiven": {"api_token": "a-token", "projects": ["shop"]},
        "integration": {"create": false},
        "state_dir": state_dir,
    });
    let config = Config::parse(&document.to_string()).unwrap();
    let secrets = Secrets::default();
    let (node_access, _) = node_access::open(&config, Timing::default(), &secrets);
    let results = ScrapeResults::default();
    let published = Published::default();
    let metrics = Metrics::default();
    Arc::new(ScrapeProxy::new(
        published,
        node_access,
        results,
        metrics,
        secrets,
        PATIENCE,
    ))
}

/// Serves one connection as Prometheus' are served.
async fn serve(proxy: &Arc<ScrapeProxy>, stream: DuplexStream) {
    let service = service_fn(|request| {
        let proxy = Arc::clone(proxy);
        async move { Ok::<_, Infallible>(proxy.handle(request).await) }
    });
    let serving = crate::net::accept::http1(crate::scrape_proxy::BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    // What the connection ends with is in what it answered.
    let _ = serving.await;
}

#[test]
fn any_request_is_answered_and_none_that_is_not_published_is_relayed() {
    let state_dir = tempfile::tempdir().unwrap();
    let proxy = proxy(state_dir.path());
    for_all(requests(), async |request| {
        let (ours, mut theirs) = duplex(4096);
        let served = serve(&proxy, ours);
        let client = async {
            let _ = theirs.write_all(&request).await;
            let _ = theirs.shutdown().await;
            let mut answer = Vec::new();
            let _ = theirs.read_to_end(&mut answer).await;
            answer
        };
        let both = async { tokio::join!(served, client) };
        let both = timeout(Duration::from_secs(3600), both).await;
        let ((), answer) = both.map_err(|_| TestCaseError::fail("it hangs"))?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.get(9..12).unwrap_or("none");
        let known = ["none", "400", "403", "404", "405", "414", "431"];
        prop_assert!(known.contains(&status), "{answer}");
        if ["403", "404", "405"].contains(&status) {
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            prop_assert!(body.lines().count() >= 1, "{answer}");
        }
        Ok(())
    });
}
