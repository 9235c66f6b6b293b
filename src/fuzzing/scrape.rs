//! A request to the scrape proxy, and a node's answer.

use secrecy::SecretString;

use super::{SECRET, assert_sayable};
use crate::model::outside_text::Secrets;
use crate::scrape_proxy::fuzzing::{answer, request};

/// The bytes are the head of a request or, behind a line `200`, a node's answer.
pub fn scrape(data: &[u8]) {
    let Some(data) = data.strip_prefix(b"200\n") else {
        return request(data);
    };
    let secrets = Secrets::default();
    secrets.add(&SecretString::from(SECRET));
    if let Some(cause) = answer(data, &secrets) {
        assert_sayable(&cause, 1_000);
    }
}
