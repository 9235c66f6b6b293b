//! The names of the series that an expression reads.

use std::collections::BTreeSet;

use promql_parser::label::{METRIC_NAME, MatchOp};
use promql_parser::parser::Expr;
use promql_parser::util::visitor::{ExprVisitor, walk_expr};

use super::Error;

pub(super) fn metrics(tree: &Expr) -> Result<BTreeSet<String>, Error> {
    let mut reader = NameReader::default();
    walk_expr(&mut reader, tree)?;
    Ok(reader.0)
}

#[derive(Default)]
struct NameReader(BTreeSet<String>);

impl ExprVisitor for NameReader {
    type Error = Error;

    fn pre_visit(&mut self, tree: &Expr) -> Result<bool, Error> {
        let selector = match tree {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(range) => &range.vs,
            _ => return Ok(true),
        };
        if !selector.matchers.or_matchers.is_empty() {
            return Err(Error::OrInSelector(tree.to_string()));
        }
        let named = selector
            .matchers
            .matchers
            .iter()
            .find(|matcher| matcher.name == METRIC_NAME);
        let name = match (&selector.name, named) {
            (Some(name), _) => name,
            (None, Some(matcher)) if matcher.op == MatchOp::Equal => &matcher.value,
            _ => return Err(Error::Nameless(tree.to_string())),
        };
        self.0.insert(name.clone());
        Ok(true)
    }
}

/// The names of those that only grow, by what is asked of them.
pub(super) fn counters(tree: &Expr) -> Result<BTreeSet<String>, Error> {
    let mut counted = Counted::default();
    walk_expr(&mut counted, tree)?;
    Ok(counted.0)
}

/// Functions that make sense of counters only.
const OF_COUNTERS: [&str; 3] = ["rate", "irate", "increase"];

#[derive(Default)]
struct Counted(BTreeSet<String>);

impl ExprVisitor for Counted {
    type Error = Error;

    fn pre_visit(&mut self, tree: &Expr) -> Result<bool, Error> {
        if let Expr::Call(call) = tree
            && OF_COUNTERS.contains(&call.func.name)
        {
            for argument in &call.args.args {
                self.0.extend(metrics(argument)?);
            }
        }
        Ok(true)
    }
}
