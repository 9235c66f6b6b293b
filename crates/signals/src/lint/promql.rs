//! What can be wrong with an expression on a board.

use promql_parser::parser::{Expr, StringLiteral};
use promql_parser::util::visitor::{ExprVisitor, walk_expr};

use crate::expression::{RATE_INTERVAL, Vocabulary, tree};

/// Functions that need at least two samples in their range, at whatever step Grafana asks.
const RATES: [&str; 2] = ["rate", "irate"];

/// What is wrong.
pub fn faults(expression: &str, vocabulary: &Vocabulary) -> impl Iterator<Item = String> {
    let found = match tree(expression, vocabulary) {
        Ok(tree) => {
            let mut rates = Rates::default();
            let Ok(_) = walk_expr(&mut rates, &tree);
            rates.0
        }
        Err(error) => vec![format!("no PromQL: {error}")],
    };
    found.into_iter()
}

/// The values that the expression gives to a label.
pub fn values_of_label(expression: &str, label: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let mut setter = Setter {
        label,
        values: Vec::new(),
    };
    if let Ok(tree) = tree(expression, vocabulary) {
        let Ok(_) = walk_expr(&mut setter, &tree);
    }
    setter.values
}

#[derive(Default)]
struct Rates(Vec<String>);

impl ExprVisitor for Rates {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, tree: &Expr) -> Result<bool, Self::Error> {
        if let Expr::Call(call) = tree
            && RATES.contains(&call.func.name)
        {
            let right = call.args.args.iter().any(
                |argument| matches!(argument.as_ref(), Expr::MatrixSelector(range) if range.range == RATE_INTERVAL),
            );
            if !right {
                self.0.push(format!(
                    "{}: its range is not $__rate_interval",
                    call.func.name
                ));
            }
        }
        Ok(true)
    }
}

struct Setter<'a> {
    label: &'a str,
    values: Vec<String>,
}

impl ExprVisitor for Setter<'_> {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, tree: &Expr) -> Result<bool, Self::Error> {
        if let Expr::Call(call) = tree
            && call.func.name == "label_replace"
        {
            let texts: Vec<_> = call
                .args
                .args
                .iter()
                .filter_map(|argument| match argument.as_ref() {
                    Expr::StringLiteral(StringLiteral { val }) => Some(val.as_str()),
                    _ => None,
                })
                .collect();
            if let [label, value, ..] = texts.as_slice()
                && *label == self.label
            {
                self.values.push((*value).to_owned());
            }
        }
        Ok(true)
    }
}
