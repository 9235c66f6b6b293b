//! What can be said of one key: the vocabulary of the table in `keys`.
//!
//! The reader checks a file by these rules, and `schema` prints them for BOSH,
//! so that both refuse the same in the same words.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::fmt::friendly::{SpanParser, SpanPrinter};

/// One key of the configuration.
#[derive(Debug)]
pub(super) struct Rule {
    /// The dotted name, which is also the BOSH property's.
    pub(super) path: &'static str,
    /// What a value has to look like, and the default.
    pub(super) form: Form,
    /// What is wanted, to follow the word "want". Where a form can tell by
    /// itself ([`Form::wanted`]) it is empty.
    pub(super) want: &'static str,
    /// What to do about a wrong value.
    pub(super) advice: &'static str,
    /// Whether the value may be or hold a secret, so that no message shows it.
    pub(super) is_secret: bool,
    /// Whether the BOSH job has a property for it.
    pub(super) is_property: bool,
}

/// What a value has to look like, and the default where there is one.
#[derive(Debug)]
pub(super) enum Form {
    /// `true` or `false`.
    Boolean { default: bool },
    /// A whole number within bounds.
    Number {
        default: u32,
        bounds: RangeInclusive<u32>,
    },
    /// A duration with its unit, from the first to the second.
    Duration {
        default: &'static str,
        bounds: (&'static str, &'static str),
    },
    /// One of a few words.
    Choice {
        default: &'static str,
        among: &'static [&'static str],
    },
    /// A text.
    Text { unset: Unset, shape: Shape },
    /// A list of texts.
    List {
        item: Item,
        /// Whether it is required and must not be empty.
        is_required: bool,
    },
    /// An object of texts with names of the operator's own.
    Tags,
}

/// What it means that a text is not given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unset {
    /// A fault.
    IsWrong,
    /// What other keys make of it.
    Depends,
    /// This default.
    Means(&'static str),
}

/// One text in a list.
#[derive(Debug)]
pub(super) struct Item {
    /// What each of them has to look like.
    pub(super) shape: Shape,
    /// As in [`Rule`].
    pub(super) want: &'static str,
    /// As in [`Rule`].
    pub(super) advice: &'static str,
    /// What is wanted instead of a repetition; `None` where that is harmless.
    pub(super) once: Option<&'static str>,
}

/// What a text has to look like.
#[derive(Debug)]
pub(super) enum Shape {
    /// So many of these characters.
    Characters {
        allowed: Characters,
        length: RangeInclusive<usize>,
    },
    /// An `https` URL, or an `http` one of a loopback address, without user,
    /// password, query and fragment.
    Url,
    /// Likewise of Aiven's API: without its version, and of a server that has it.
    ApiUrl,
    /// An `http` or `https` URL of host and port, perhaps with user and password.
    ProxyUrl,
    /// PEM certificates, or nothing.
    Certificates,
    /// A private key in PEM, or nothing.
    PrivateKey,
    /// `ip:port`.
    Address {
        /// A good one.
        example: &'static str,
        /// Whether it has to be a loopback address, or `""` for none.
        is_loopback: bool,
    },
    /// The name of a service, or a glob of such names.
    Glob,
    /// A `.json` file in a folder of its own.
    TargetsFile,
    /// An absolute path.
    Folder,
}

/// Which characters a text may have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Characters {
    /// Those in one of the ranges.
    Of(&'static [(char, char)]),
    /// As a project's name at Aiven: `a-z`, `0-9` and `-`, a letter first.
    ProjectName,
    /// All but white space and control characters.
    Word,
    /// Likewise, and no capitals.
    LowerCaseWord,
    /// All but control characters.
    Line,
    /// Likewise, without white space at either end.
    TrimmedLine,
}

/// `0-9`, `a-z` and `-`: what names at Aiven have in common.
const PROJECT: &[(char, char)] = &[('a', 'z'), ('0', '9'), ('-', '-')];

impl Rule {
    /// What is wanted.
    pub(super) fn want(&self) -> Cow<'static, str> {
        match self.form.wanted() {
            Some(want) => Cow::Owned(want),
            None => Cow::Borrowed(self.want),
        }
    }

    /// What one item of the list has to look like, if it is one.
    pub(super) fn item(&self) -> Option<&Item> {
        match &self.form {
            Form::List { item, .. } => Some(item),
            _ => None,
        }
    }

    /// What its text has to look like, if it is one.
    pub(super) fn shape(&self) -> Option<&Shape> {
        match &self.form {
            Form::Text { shape, .. } => Some(shape),
            _ => None,
        }
    }

    /// Whether `text` looks as it has to ([`Shape::fits`]).
    pub(super) fn fits(&self, text: &str) -> bool {
        self.shape().is_none_or(|shape| shape.fits(text))
    }

    /// The default of a text; `""` where there is none.
    pub(super) fn default_text(&self) -> &'static str {
        match self.form {
            Form::Text {
                unset: Unset::Means(default),
                ..
            }
            | Form::Choice { default, .. }
            | Form::Duration { default, .. } => default,
            _ => "",
        }
    }

    /// The example of an address, be it the key's or that of its items.
    pub(super) fn example(&self) -> &'static str {
        let shape = match &self.form {
            Form::Text { shape, .. } => shape,
            Form::List { item, .. } => &item.shape,
            _ => return "",
        };
        match shape {
            Shape::Address { example, .. } => example,
            _ => "",
        }
    }
}

impl Form {
    /// What is wanted, where the form alone can tell.
    fn wanted(&self) -> Option<String> {
        match self {
            Form::Boolean { .. } => Some("true or false".to_owned()),
            Form::Number { bounds, .. } => {
                let (least, most) = (bounds.start(), bounds.end());
                Some(format!("a whole number from {least} to {most}"))
            }
            Form::Duration { bounds, .. } => {
                Some(format!("a duration from {} to {}", bounds.0, bounds.1))
            }
            Form::Choice { among, .. } => Some(format!("one of {}", among.join(", "))),
            Form::Text {
                shape:
                    Shape::Address {
                        example,
                        is_loopback: false,
                    },
                ..
            } => Some(address_wanted(example)),
            Form::Text { .. } | Form::List { .. } | Form::Tags => None,
        }
    }
}

impl Shape {
    /// Whether `text` has the right characters, and the right number of them.
    /// What else there is to a shape, `values` checks.
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Shape::Characters { allowed, length } => {
                length.contains(&text.chars().count()) && allowed.fit(text)
            }
            _ => true,
        }
    }
}

impl Characters {
    /// Whether `c` may be in the text, wherever that is.
    pub(super) fn allow(self, c: char) -> bool {
        match self {
            Characters::Of(ranges) => within(ranges, c),
            Characters::ProjectName => within(PROJECT, c),
            Characters::Word => !is_blank(c),
            Characters::LowerCaseWord => !is_blank(c) && !c.is_uppercase(),
            Characters::Line | Characters::TrimmedLine => !c.is_control(),
        }
    }

    /// Whether `text` consists of such characters.
    pub(super) fn fit(self, text: &str) -> bool {
        let has_right_ends = match self {
            Characters::ProjectName => text.starts_with(|c: char| c.is_ascii_lowercase()),
            Characters::TrimmedLine => text.trim() == text,
            _ => true,
        };
        has_right_ends && text.chars().all(|c| self.allow(c))
    }

    /// The same as a pattern for Ruby: so many such characters, and nothing else.
    pub(super) fn pattern(self, length: &RangeInclusive<usize>) -> String {
        let (least, most) = (*length.start(), *length.end());
        let count = |less: usize| match most {
            usize::MAX => format!("{{{},}}", least.saturating_sub(less)),
            _ => format!("{{{},{}}}", least.saturating_sub(less), most - less),
        };
        let class = match self {
            Characters::Of(ranges) => class(ranges),
            Characters::ProjectName => {
                return format!(r"\A[a-z]{}{}\z", class(PROJECT), count(1));
            }
            Characters::Word => r"[^[:space:][:cntrl:]]".to_owned(),
            Characters::LowerCaseWord => r"[^[:space:][:cntrl:][:upper:]]".to_owned(),
            Characters::Line => r"[^[:cntrl:]]".to_owned(),
            Characters::TrimmedLine => {
                return format!(
                    r"\A(?![[:space:]])[^[:cntrl:]]{}(?<![[:space:]])\z",
                    count(0)
                );
            }
        };
        format!(r"\A{class}{}\z", count(0))
    }
}

fn within(ranges: &[(char, char)], c: char) -> bool {
    ranges
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&c))
}

/// The ranges as a class of a regular expression.
fn class(ranges: &[(char, char)]) -> String {
    let range = |(first, last): &(char, char)| {
        if first == last {
            format!("\\{first}")
        } else {
            format!("{first}-{last}")
        }
    };
    format!("[{}]", ranges.iter().map(range).collect::<String>())
}

/// White space and control characters: never part of a name or credential.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// What is wanted of an address; `example` shows the form.
pub(super) fn address_wanted(example: &str) -> String {
    format!("an IP address and a port, such as {example:?}")
}

/// Reads a duration with its unit.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    SpanParser::new().parse_unsigned_duration(text).ok()
}

/// A duration with the largest units that fit.
pub(super) fn spoken(duration: &Duration) -> String {
    SpanPrinter::new().unsigned_duration_to_string(duration)
}
