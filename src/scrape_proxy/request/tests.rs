//! The one form that is relayed, and the many that are not.

use proptest::prelude::*;

use super::*;

const RIGHT: &str = "http://192.0.2.1:9273/metrics?aiven_service=proj%2Fos-1";

fn read_with(
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
) -> Result<ScrapeRequest, Refusal> {
    let uri: Uri = uri.parse().unwrap();
    let mut map = HeaderMap::new();
    let names_host = headers.iter().any(|(name, _)| *name == "host");
    if let Some(authority) = uri.authority().filter(|_| !names_host) {
        map.insert(header::HOST, authority.as_str().parse().unwrap());
    }
    for (name, value) in headers {
        let name: header::HeaderName = name.parse().unwrap();
        map.append(name, value.parse().unwrap());
    }
    ScrapeRequest::read(&method, &uri, Version::HTTP_11, &map)
}

fn read(uri: &str) -> Result<ScrapeRequest, Refusal> {
    read_with(Method::GET, uri, &[])
}

fn is_form(result: Result<ScrapeRequest, Refusal>) -> bool {
    matches!(result, Err(Refusal::Form(_)))
}

#[test]
fn what_prometheus_sends_is_understood() {
    let expected = ScrapeRequest {
        address: "192.0.2.1:9273".parse().unwrap(),
        project: "proj".to_owned(),
        service: "os-1".to_owned(),
    };
    assert_eq!(read(RIGHT), Ok(expected));
    let v6 = read("http://[2001:db8::1]:9273/metrics?aiven_service=p%2Fs").unwrap();
    assert_eq!(v6.address, "[2001:db8::1]:9273".parse().unwrap());
}

#[test]
fn only_get_is_relayed() {
    for method in ["POST", "HEAD", "PUT", "OPTIONS", "TRACE", "get", "PURGE"] {
        let method = method.parse().unwrap();
        assert_eq!(read_with(method, RIGHT, &[]), Err(Refusal::Method));
    }
    let connect = read_with(Method::CONNECT, "192.0.2.1:9273", &[]);
    assert_eq!(connect, Err(Refusal::Method));
}

#[test]
fn only_the_path_as_it_is_written_is_relayed() {
    let paths = [
        "/",
        "/metrics/",
        "//metrics",
        "/Metrics",
        "/%6detrics",
        "/metrics%2f",
        "/./metrics",
        "/x/../metrics",
        "/metrics;a",
        "/admin",
    ];
    for path in paths {
        let uri = format!("http://192.0.2.1:9273{path}?aiven_service=proj%2Fos-1");
        assert_eq!(read(&uri), Err(Refusal::Path), "{path}");
    }
}

#[test]
fn other_forms_of_request_and_address_are_refused() {
    let starts = [
        "",
        "https://192.0.2.1:9273",
        "ftp://192.0.2.1:9273",
        "http://192.0.2.1",
        "http://localhost:9273",
        "http://user:pass@192.0.2.1:9273",
        "http://0xc0.0.2.1:9273",
        "http://192.0.513:9273",
        "http://3221225985:9273",
        "http://192.000.002.001:9273",
    ];
    for start in starts {
        let uri = format!("{start}/metrics?aiven_service=proj%2Fos-1");
        assert!(is_form(read(&uri)), "{uri}");
    }
}

#[test]
fn an_ipv4_address_in_ipv6_form_is_another_address() {
    let mapped = read("http://[::ffff:192.0.2.1]:9273/metrics?aiven_service=proj%2Fos-1");
    assert_ne!(mapped.unwrap().address, read(RIGHT).unwrap().address);
}

#[test]
fn the_service_is_named_once_and_nothing_else_is_asked() {
    let queries = [
        "",
        "?",
        "?aiven_service=",
        "?aiven_service=proj",
        "?aiven_service=%2Fos-1",
        "?aiven_service=proj%2F",
        "?aiven_service=a%2Fb%2Fc",
        "?AIVEN_SERVICE=proj%2Fos-1",
        "?aiven_service=proj%252Fos-1",
        "?aiven_service=proj%2Fos-1&aiven_service=proj%2Fos-2",
        "?aiven_service=proj%2Fos-1&collect=all",
        "?x=1&aiven_service=proj%2Fos-1",
    ];
    for query in queries {
        let uri = format!("http://192.0.2.1:9273/metrics{query}");
        assert!(is_form(read(&uri)), "{query}");
    }
}

#[test]
fn nothing_that_two_readers_might_read_differently_is_let_through() {
    let cases: [&[(&str, &str)]; 9] = [
        &[("host", "192.0.2.2:9273")],
        &[("host", "192.0.2.1")],
        &[("host", "192.0.2.1:9273"), ("host", "192.0.2.1:9273")],
        &[("content-length", "5")],
        &[("content-length", "0"), ("content-length", "5")],
        &[("transfer-encoding", "chunked")],
        &[("transfer-encoding", "identity")],
        &[("upgrade", "h2c")],
        &[("expect", "100-continue")],
    ];
    for headers in cases {
        assert!(
            is_form(read_with(Method::GET, RIGHT, headers)),
            "{headers:?}"
        );
    }
    assert!(read_with(Method::GET, RIGHT, &[("content-length", "0")]).is_ok());
}

#[test]
fn other_versions_of_http_are_refused() {
    let uri: Uri = RIGHT.parse().unwrap();
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2] {
        let result = ScrapeRequest::read(&Method::GET, &uri, version, &HeaderMap::new());
        assert!(is_form(result), "{version:?}");
    }
}

proptest! {
    #[test]
    fn any_uri_is_read_or_refused(text in "\\PC*") {
        if let Ok(uri) = text.parse::<Uri>() {
            let _ = ScrapeRequest::read(&Method::GET, &uri, Version::HTTP_11, &HeaderMap::new());
        }
    }

    #[test]
    fn what_is_accepted_names_the_address_that_was_written(
        ip: [u8; 4], port in 1_u16.., name in "[a-z][-a-z0-9]{0,20}"
    ) {
        let address = SocketAddr::from((ip, port));
        let request = read(&format!("http://{address}/metrics?aiven_service=p%2F{name}")).unwrap();
        prop_assert_eq!((request.address, request.service), (address, name));
    }
}
