//! What goes wrong with Cloud Foundry alone.

use serde::Deserialize;
use serde_json::{Value, json};

/// How pages fail to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageLoop {
    /// `next` is the page itself.
    Itself,
    /// `next` is the first page.
    First,
}

/// What one of Cloud Foundry's servers does with every connection, before HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerFault {
    /// Nothing listens: connections are refused.
    Refuse,
    /// Accepts and says nothing.
    Hang,
    /// Resets every connection.
    Reset,
    /// A certificate by an unknown CA.
    OtherCa,
    /// A certificate for another name.
    OtherName,
    /// An expired certificate.
    Expired,
}

/// A service instance's row that breaks an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddInstance {
    /// The row is `null`.
    Null,
    /// `guid` is a number.
    NumericGuid,
    /// `guid` is a word.
    GuidIsWord,
    /// No `guid`.
    WithoutGuid,
    /// `name` is `null`.
    NullName,
    /// `name` has a line break and a carriage return.
    NameWithNewline,
    /// `name` has quotes, a backslash and a brace.
    NameWithQuotes,
    /// `name` has characters that turn the direction of text.
    NameWithBidi,
    /// `name` has a megabyte.
    HugeName,
    /// No `relationships`.
    WithoutSpace,
    /// Its space is `null`.
    NullSpace,
    /// Its space is not among those included.
    UnknownSpace,
}

/// The GUID of every [`OddInstance`] that has one.
pub(crate) const ODD_GUID: &str = "0dd00000-0dd0-40dd-80dd-0dd00dd00dd0";

impl OddInstance {
    pub(crate) fn row(self) -> Value {
        let mut row = json!({
            "guid": ODD_GUID, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "name": "odd-instance", "tags": [], "type": "managed",
            "relationships": {"space": {"data": {"guid": "0dd05bac-0dd0-40dd-80dd-0dd00dd00dd0"}}},
            "metadata": {"labels": {}, "annotations": {}}, "links": {},
        });
        match self {
            Self::Null => return Value::Null,
            Self::NumericGuid => row["guid"] = json!(12345),
            Self::GuidIsWord => row["guid"] = json!("my-own-instance"),
            Self::WithoutGuid => drop(row.as_object_mut().and_then(|row| row.remove("guid"))),
            Self::NullName => row["name"] = Value::Null,
            Self::NameWithNewline => row["name"] = json!("first\r\nsecond"),
            Self::NameWithQuotes => row["name"] = json!("a\"b\\c}d\u{0}e"),
            Self::NameWithBidi => row["name"] = json!("\u{202e}live\u{202c}\u{2066}x\u{2069}"),
            Self::HugeName => row["name"] = json!("n".repeat(1 << 20)),
            Self::WithoutSpace => {
                drop(
                    row.as_object_mut()
                        .and_then(|row| row.remove("relationships")),
                );
            }
            Self::NullSpace => row["relationships"]["space"]["data"] = Value::Null,
            Self::UnknownSpace => {}
        }
        row
    }
}
