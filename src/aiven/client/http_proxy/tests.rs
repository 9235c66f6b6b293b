use std::net::Ipv4Addr;

use reqwest::dns::{Name, Resolving};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// No test has a name to look up.
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Err("no names".into()) })
    }
}

/// What is said about a proxy that answers with these bytes and ends the connection,
/// and what it was sent.
async fn said(answer: &[u8]) -> (Option<String>, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = HttpProxy {
        host: Ipv4Addr::LOCALHOST.to_string(),
        port,
        tls: None,
        authorization: Some(HeaderValue::from_static("Basic c2VjcmV0")),
        resolver: Arc::new(NoNames),
    };
    let secrets = Secrets::default();
    secrets.add(&"open-sesame".into());
    let base = Url::parse("https://api.example").unwrap();
    let serve = async {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            assert!(client.read_buf(&mut asked).await.unwrap() > 0);
        }
        // Whoever has read enough of a long answer hangs up.
        let _ = client.write_all(answer).await;
        let _ = client.shutdown().await;
        let _ = client.read_to_end(&mut Vec::new()).await;
        String::from_utf8(asked).unwrap()
    };
    let patience = Duration::from_secs(60);
    let (trouble, asked) = tokio::join!(proxy.trouble(&base, patience, &secrets), serve);
    (trouble.map(|kind| kind.to_string()), asked)
}

#[tokio::test]
async fn the_proxy_is_asked_as_rfc_9110_has_it() {
    let (trouble, asked) = said(b"HTTP/1.0 200 Connection established\r\n\r\n").await;
    assert_eq!(trouble, None);
    let lines: Vec<String> = asked.lines().map(str::to_ascii_lowercase).collect();
    assert_eq!(lines[0], "connect api.example:443 http/1.1");
    assert!(
        lines.contains(&"host: api.example:443".to_owned()),
        "{asked}"
    );
    assert!(asked.contains("Basic c2VjcmV0"), "{asked}");
}

#[tokio::test]
async fn an_answer_tells_status_and_words() {
    let long = [b"HTTP/1.1 403 ".as_slice(), &[b'x'; 100_000]].concat();
    let cases: &[(&[u8], &[&str])] = &[
        (b"HTTP/1.0 403 Filtered\r\n\r\n", &["(403 Filtered"]),
        (b"HTTP/1.1 403\r\n\r\n", &["(403"]),
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\nX: y\r\n\r\n",
            &["user and password"],
        ),
        (b"HTTP/1.1 502 no open-sesame\r\n\r\n", &["502 no <secret>"]),
        (b"HTTP/1.1 500 n\xc3\xb6\x1b[2J\r\n\r\n", &["not HTTP"]),
        (b"", &["without an answer"]),
        (b"HTTP/1.1 200 ok\r\n", &["without an answer"]),
        (b"SSH-2.0-OpenSSH_9.2\r\n", &["not HTTP"]),
        (b"HTTP/1.1 abc\r\n\r\n", &["not HTTP"]),
        (b"HTTP/2 200\r\n\r\n", &["not HTTP"]),
        (b"HTTP/1.1 99999 x\r\n\r\n", &["not HTTP"]),
        (&long, &["longer than 8192 bytes"]),
    ];
    for (answer, words) in cases {
        let (trouble, _) = said(answer).await;
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(80)]);
        let trouble = trouble.unwrap_or_else(|| panic!("nothing is said of {shown}"));
        for word in *words {
            assert!(trouble.contains(word), "{shown}: {trouble}");
        }
        assert!(
            !trouble.contains("open-sesame") && trouble.len() < 400,
            "{trouble}"
        );
    }
}
