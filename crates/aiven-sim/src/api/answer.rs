//! An answer before it is put on the wire, still in a form that can be spoilt.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;

use crate::body::Body;
use crate::refusal::Refusal;
use crate::render::Row;

/// Status and JSON of an answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// An object.
    Object(Vec<u8>),
    /// `{"KEY": [rows]}`.
    List(&'static str, Vec<Arc<Row>>),
}

impl Answer {
    pub(super) fn object(value: &Value) -> Self {
        Self {
            status: StatusCode::OK,
            content: Content::Object(value.to_string().into_bytes()),
        }
    }

    pub(super) fn list(key: &'static str, rows: impl IntoIterator<Item = Value>) -> Self {
        let rows = rows
            .into_iter()
            .map(|row| Arc::new(Row::from(row.to_string().into_bytes())));
        Self {
            status: StatusCode::OK,
            content: Content::List(key, rows.collect()),
        }
    }

    pub(super) fn rows(key: &'static str, rows: Vec<Arc<Row>>) -> Self {
        Self {
            status: StatusCode::OK,
            content: Content::List(key, rows),
        }
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        let status =
            StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            ..Self::object(&refusal.body())
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let status = self.status;
        respond(status, "application/json", self.into_body())
    }

    pub(super) fn into_body(self) -> Body {
        match self.content {
            Content::Object(bytes) => Body::whole(bytes),
            Content::List(key, rows) => list_body(key, rows),
        }
    }
}

/// Streams rows without ever holding them in one buffer.
fn list_body(key: &'static str, rows: Vec<Arc<Row>>) -> Body {
    let head = Bytes::from(format!("{{\"{key}\":["));
    let tail = Bytes::from_static(b"]}");
    let commas = rows.len().saturating_sub(1);
    let length =
        head.len() + rows.iter().map(|row| row.length).sum::<usize>() + commas + tail.len();
    let pieces = rows.into_iter().enumerate().flat_map(|(index, row)| {
        let comma = (index > 0).then(|| Bytes::from_static(b","));
        comma
            .into_iter()
            .chain((0..row.pieces.len()).map(move |piece| row.pieces[piece].clone()))
    });
    let pieces = std::iter::once(head)
        .chain(pieces)
        .chain(std::iter::once(tail));
    Body::sized(length as u64, Box::new(pieces))
}

pub(super) fn respond(status: StatusCode, content_type: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type =
        HeaderValue::from_str(content_type).unwrap_or(HeaderValue::from_static("text/plain"));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
