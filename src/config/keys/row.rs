//! Rows of the table of keys, by the form of the value.

use std::ops::RangeInclusive;

use super::{CLOUD_FOUNDRY_IS_WHOLE, WORD};
use crate::config::rules::{Form, Item, Rule, Shape, Unset};

pub(super) const fn key(path: &'static str, want: &'static str, advice: &'static str) -> Rule {
    Rule {
        path,
        form: Form::Tags,
        want,
        advice,
        is_secret: false,
        is_property: true,
    }
}

pub(super) const fn text(
    path: &'static str,
    unset: Unset,
    shape: Shape,
    want: &'static str,
    advice: &'static str,
) -> Rule {
    Rule {
        form: Form::Text { unset, shape },
        ..key(path, want, advice)
    }
}

pub(super) const fn certificates(path: &'static str) -> Rule {
    text(
        path,
        Unset::Means(""),
        Shape::Certificates,
        "one or more PEM certificates (-----BEGIN CERTIFICATE-----)",
        "copy the certificates again, whole and without a private key",
    )
    .secret()
}

/// The id or the secret of a UAA client: an operator who swaps the two has the secret in
/// the id.
pub(super) const fn uaa_client(path: &'static str, want: &'static str) -> Rule {
    text(path, Unset::Depends, WORD, want, CLOUD_FOUNDRY_IS_WHOLE).secret()
}

pub(super) const fn boolean(path: &'static str, default: bool) -> Rule {
    Rule {
        form: Form::Boolean { default },
        ..key(path, "", "write one of the two, without quotes")
    }
}

pub(super) const fn number(path: &'static str, default: u32, bounds: RangeInclusive<u32>) -> Rule {
    Rule {
        form: Form::Number { default, bounds },
        ..key(path, "", "write a number in that range, without quotes")
    }
}

pub(super) const fn duration(
    path: &'static str,
    default: &'static str,
    bounds: (&'static str, &'static str),
) -> Rule {
    Rule {
        form: Form::Duration { default, bounds },
        ..key(
            path,
            "",
            "write a number and a unit (ms, s, m, h), as in \"30s\"",
        )
    }
}

pub(super) const fn list(path: &'static str, want: &'static str, item: Item) -> Rule {
    Rule {
        form: Form::List {
            item,
            is_required: false,
        },
        ..key(path, want, "put it into square brackets: […]")
    }
}

impl Rule {
    pub(super) const fn secret(mut self) -> Rule {
        self.is_secret = true;
        self
    }
}
