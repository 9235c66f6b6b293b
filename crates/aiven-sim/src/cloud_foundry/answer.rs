//! An answer before it is put on the wire, still in a form that can be spoilt.

use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::body::Body;

/// Status, headers and content of an answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content,
    /// URL of this page, if it is one of a listing.
    pub(super) page: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Json(Value),
    Text(String),
}

impl Answer {
    pub(super) fn json(status: u16, value: Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json; charset=utf-8".into())],
            content: Content::Json(value),
            page: None,
        }
    }

    pub(super) fn text(status: u16, content_type: &str, text: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.into())],
            content: Content::Text(text.into()),
            page: None,
        }
    }

    /// 302.
    pub(super) fn redirect(to: impl Into<String>) -> Self {
        Self::text(302, "text/html", "").with("location", to)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// In the place of a header that is there already.
    pub(super) fn replacing(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.with(name, value)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match &self.content {
            Content::Json(value) => value.to_string().into_bytes(),
            Content::Text(text) => text.clone().into_bytes(),
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let body = Body::whole(self.bytes());
        self.into_response_with(body)
    }

    pub(super) fn into_response_with(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in &self.headers {
            let value = HeaderValue::from_bytes(value.as_bytes());
            let value = value.unwrap_or(HeaderValue::from_static("unprintable"));
            response
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
        response
            .headers_mut()
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("text/plain"));
        response
    }
}

/// Cloud Controller's error body [cc error_presenter.rb, errors/v3.yml].
pub(super) fn controller_error(status: u16, code: u32, title: &str, detail: &str) -> Answer {
    let error = json!({"detail": detail, "title": format!("CF-{title}"), "code": code});
    Answer::json(status, json!({"errors": [error]}))
}

/// Cloud Controller's usual error of a status, with this detail.
pub(super) fn controller_status(status: u16, detail: &str) -> Answer {
    let (code, title) = match status {
        400 => (10005, "BadQueryParameter"),
        401 => (1000, "InvalidAuthToken"),
        403 => (10003, "NotAuthorized"),
        404 => (10010, "ResourceNotFound"),
        422 => (10008, "UnprocessableEntity"),
        429 => (10013, "RateLimitExceeded"),
        503 => (10015, "ServiceUnavailable"),
        _ => (10001, "UnknownError"),
    };
    controller_error(status, code, title, detail)
}

/// UAA's error body.
pub(super) fn uaa_error(status: u16, error: &str, description: &str) -> Answer {
    let body = json!({"error": error, "error_description": description});
    Answer::json(status, body).replacing("content-type", "application/json;charset=UTF-8")
}

/// UAA's usual error of a status, with this description.
pub(super) fn uaa_status(status: u16, description: &str) -> Answer {
    let error = match status {
        400 => "invalid_request",
        401 => "unauthorized",
        403 => "access_denied",
        404 => "not_found",
        429 => "too_many_requests",
        _ => "server_error",
    };
    uaa_error(status, error, description)
}
