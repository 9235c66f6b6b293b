//! A request to the proxy and a node's answer, made of bytes as others may send them.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri, Version};

use super::page::PageHead;
use super::page_size::PageSize;
use super::request::ScrapeRequest;
use crate::model::outside_text::Secrets;

/// Lines: `METHOD URI`, then one for each header. What is not even HTTP never
/// reaches the proxy and is left out.
pub(crate) fn request(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut words = lines
        .next()
        .unwrap_or_default()
        .splitn(2, |byte| *byte == b' ');
    let method = words.next().and_then(|word| Method::from_bytes(word).ok());
    let uri = words.next().and_then(|word| Uri::try_from(word).ok());
    let (Some(method), Some(uri)) = (method, uri) else {
        return;
    };
    let headers: HeaderMap = lines.filter_map(header).collect();
    let read = ScrapeRequest::read(&method, &uri, Version::HTTP_11, &headers);
    let Ok(read) = read else { return };
    assert_eq!(
        (&method, uri.path(), uri.scheme_str()),
        (&Method::GET, "/metrics", Some("http"))
    );
    assert_eq!(
        uri.authority().map(|it| it.as_str().parse()),
        Some(Ok(read.address))
    );
    assert_eq!(headers.get_all("host").iter().count(), 1);
    for name in [&read.project, &read.service] {
        assert!(!name.is_empty() && !name.contains('/'), "{read:?}");
    }
}

/// A node's answer with status 200: a line for each header, an empty line, and the
/// beginning of the page.
pub(crate) fn answer(data: &[u8], secrets: &Secrets) -> Option<String> {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, page) = data.split_at(end.unwrap_or(data.len()));
    let page = page.get(2..).unwrap_or_default();
    let headers: HeaderMap = head
        .split(|byte| *byte == b'\n')
        .filter_map(header)
        .collect();
    let read = PageHead::read(&headers, Some(page.len() as u64), secrets);
    let read = read.and_then(|head| {
        head.check_beginning(page, secrets)?;
        let mut size = PageSize::new(head.is_gzip);
        size.count(page)?;
        let passed_on = head.answer(());
        let types = passed_on.headers().get_all("content-type");
        assert_eq!(types.iter().count(), 1);
        Ok(())
    });
    read.err().map(|failure| failure.cause.to_string())
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name, value))
}
