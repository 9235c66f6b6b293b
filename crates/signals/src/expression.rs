//! The table's shorthand, made PromQL.
//!
//! | shorthand | becomes |
//! |---|---|
//! | `{S}`, `{S,cpu="cpu-total"}` | the selector of whoever reads: the board's variables, or `job="aiven"` in rules |
//! | `(G)`, `(G, host)` | `aiven_project, aiven_service_name`: one service |
//! | `(W)`, `(W, host)` | whose it is: one service with type, plan and Cloud Foundry's names |
//! | `[R]` | `[$__rate_interval]`, on boards only |
//! | `P_name` | each of the family's other spellings of `name`, with `or` between |
//!
//! Everything else is PromQL, which `promql-parser` reads and prints again: what a board
//! shows is what the parser understood. Nothing here does I/O.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::parser::{self, Expr};
use promql_parser::util::visitor::walk_expr_mut;

use names::{counters, metrics};
use spelling::Speller;
use stand_in::{parsable, stand_ins, with_values, with_variables};

pub use stand_in::BOARD_VARIABLES;
pub(crate) use stand_in::RATE_INTERVAL;

mod names;
mod spelling;
mod stand_in;

/// One service.
const G: &str = "aiven_project, aiven_service_name";
/// One service, and what the overview filters and shows.
const W: &str = "aiven_project, aiven_service_name, aiven_service_type, aiven_plan, \
                 organization_name, space_name, service_instance_name";
/// Longer than any expression here; the parser recurses, and long chains are slow.
const LONGEST: usize = 8 * 1024;

/// Who evaluates an expression, and so what `{S}` and `[R]` mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Tenants' boards: the variables project, service, organization and space.
    Tenant,
    /// The overview: the same, and the variable type.
    Overview,
    /// The operators' board: the variable deployment.
    Operator,
    /// The tenants' Prometheis: recording rules and alerts.
    Rule,
    /// A person who copies it out of the guide.
    Guide,
}

impl Reader {
    fn selector(self) -> &'static str {
        match self {
            Self::Tenant => {
                r#"aiven_project=~"$project",aiven_service_name=~"$service",organization_name=~"$organization",space_name=~"$space""#
            }
            Self::Overview => {
                r#"aiven_project=~"$project",aiven_service_name=~"$service",aiven_service_type=~"$type",organization_name=~"$organization",space_name=~"$space""#
            }
            Self::Operator => r#"bosh_deployment=~"$deployment""#,
            Self::Rule | Self::Guide => r#"job="aiven""#,
        }
    }

    fn is_board(self) -> bool {
        matches!(self, Self::Tenant | Self::Overview | Self::Operator)
    }
}

/// What a family's expressions may use beside PromQL.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// `P_` and the spellings that it stands for, as `opensearch_` and `elasticsearch_`.
    pub spellings: BTreeMap<String, Vec<String>>,
    /// Variables of the board that are numbers, with the value chosen first.
    pub numbers: BTreeMap<String, String>,
}

/// PromQL as Grafana or Prometheus gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// With Grafana's variables, if it is for a board.
    pub text: String,
    /// With variables as they are when nothing was chosen, so that a Prometheus takes it.
    pub plain: String,
    /// Names of the series that it reads.
    pub metrics: BTreeSet<String>,
}

/// Why an expression of the table is not one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no PromQL.
    #[error("{expression}: {cause}")]
    Syntax {
        /// After the shorthand.
        expression: String,
        /// The parser's words.
        cause: String,
    },
    /// It is longer than [`LONGEST`].
    #[error("it has {0} bytes, more than {LONGEST}")]
    Long(usize),
    /// `$__rate_interval` is Grafana's; a rule has to say how long.
    #[error("{0}: [R] is for boards")]
    RateIntervalInRule(String),
    /// A selector without a name, or with a pattern for it, defies the list of what is kept.
    #[error("{0}: a selector needs one metric's name")]
    Nameless(String),
    /// An extension of another database, which Prometheus refuses.
    #[error("{0}: Prometheus has no `or` within a selector")]
    OrInSelector(String),
}

/// Expands the shorthand for `reader`.
///
/// # Errors
/// If what comes out is no PromQL, or reads series whose names cannot be told.
pub fn expand(source: &str, reader: Reader, vocabulary: &Vocabulary) -> Result<Expression, Error> {
    if source.len() > LONGEST {
        return Err(Error::Long(source.len()));
    }
    let text = shorthand(source, reader);
    if !reader.is_board() && text.contains("$__rate_interval") {
        return Err(Error::RateIntervalInRule(source.to_owned()));
    }
    let stand_ins = stand_ins(vocabulary);
    let mut tree = parse(&parsable(&text, &stand_ins))?;
    walk_expr_mut(&mut Speller(&vocabulary.spellings), &mut tree)?;
    let printed = tree.to_string();
    Ok(Expression {
        text: with_variables(&printed, &stand_ins),
        plain: with_values(&printed, &stand_ins),
        metrics: metrics(&tree)?,
    })
}

/// Those of them that are counters: that only grow.
///
/// # Errors
/// As [`expand`].
pub fn counters_of(expression: &str) -> Result<BTreeSet<String>, Error> {
    counters(&parse(expression)?)
}

/// The tree of an expression as a board has it, with [`RATE_INTERVAL`] where Grafana's is meant.
///
/// # Errors
/// As [`expand`].
pub(crate) fn tree(text: &str, vocabulary: &Vocabulary) -> Result<Expr, Error> {
    parse(&parsable(text, &stand_ins(vocabulary)))
}

/// The names of an expression that is PromQL already, as those of the guide.
///
/// # Errors
/// As [`expand`].
pub fn metrics_of(expression: &str) -> Result<BTreeSet<String>, Error> {
    metrics(&parse(expression)?)
}

fn shorthand(source: &str, reader: Reader) -> String {
    let selector = reader.selector();
    source
        .replace("{S}", &format!("{{{selector}}}"))
        .replace("{S,", &format!("{{{selector},"))
        .replace("(G)", &format!("({G})"))
        .replace("(G,", &format!("({G},"))
        .replace("(W)", &format!("({W})"))
        .replace("(W,", &format!("({W},"))
        .replace("[R]", "[$__rate_interval]")
}

fn parse(expression: &str) -> Result<Expr, Error> {
    parser::parse(expression).map_err(|cause| Error::Syntax {
        expression: expression.to_owned(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            spellings: [(
                "P_".to_owned(),
                vec!["opensearch_".to_owned(), "elasticsearch_".to_owned()],
            )]
            .into(),
            numbers: [("limit".to_owned(), "100".to_owned())].into(),
        }
    }

    fn rule(source: &str) -> Result<Expression, Error> {
        expand(source, Reader::Rule, &vocabulary())
    }

    #[test]
    fn shorthand_becomes_promql() {
        let read = rule(r#"max by (G, host) (disk_used{S,path="/"})"#).unwrap();
        assert_eq!(
            read.text,
            r#"max by (aiven_project, aiven_service_name, host) (disk_used{job="aiven",path="/"})"#
        );
        assert_eq!(read.metrics, BTreeSet::from(["disk_used".to_owned()]));
    }

    #[test]
    fn a_board_has_its_variables_and_a_prometheus_takes_the_plain_form() {
        let read = expand(
            "sum by (G) (rate(x{S}[R])) / $limit",
            Reader::Tenant,
            &vocabulary(),
        )
        .unwrap();
        assert!(
            read.text.contains(r#"aiven_service_name=~"$service""#),
            "{}",
            read.text
        );
        assert!(
            read.text.ends_with("[$__rate_interval])) / $limit"),
            "{}",
            read.text
        );
        assert!(!read.plain.contains('$'), "{}", read.plain);
        assert!(read.plain.ends_with("[2m])) / 100"), "{}", read.plain);
    }

    #[test]
    fn each_spelling_has_its_own_rate() {
        let read = rule("sum by (G) (rate(P_x[5m])) + max by (G) (P_y)").unwrap();
        assert_eq!(
            read.text,
            "sum by (aiven_project, aiven_service_name) ((rate(opensearch_x[5m]) or rate(elasticsearch_x[5m]))) \
             + max by (aiven_project, aiven_service_name) ((opensearch_y or elasticsearch_y))"
        );
        assert_eq!(read.metrics.len(), 4);
    }

    #[test]
    fn a_spelling_within_a_subquery_is_written_out() {
        let read = rule("deriv(max by (G) (P_x)[6h:5m])").unwrap();
        assert!(
            read.text.contains("(opensearch_x or elasticsearch_x)"),
            "{}",
            read.text
        );
    }

    #[test]
    fn what_cannot_be_kept_by_name_is_refused() {
        assert!(matches!(
            rule(r#"{__name__=~"cpu.*"}"#),
            Err(Error::Nameless(_))
        ));
        assert!(matches!(rule(r#"{job="aiven"}"#), Err(Error::Nameless(_))));
        assert!(matches!(
            rule(r#"up{a="x" or b="y"}"#),
            Err(Error::OrInSelector(_))
        ));
        assert!(rule(r#"{__name__="cpu"}"#).is_ok());
    }

    #[test]
    fn a_rule_says_how_long() {
        assert!(matches!(
            rule("rate(x[R])"),
            Err(Error::RateIntervalInRule(_))
        ));
    }

    #[test]
    fn what_is_no_promql_is_refused() {
        assert!(matches!(rule("max by (G (x)"), Err(Error::Syntax { .. })));
        assert!(matches!(rule("x / $unknown"), Err(Error::Syntax { .. })));
        assert!(matches!(rule(&"-".repeat(9000)), Err(Error::Long(9000))));
    }
}
