//! One name for several: `P_x` is `opensearch_x` or `elasticsearch_x`.

use std::collections::BTreeMap;

use promql_parser::parser::{Expr, VectorSelector};
use promql_parser::util::visitor::ExprVisitorMut;

use super::{Error, parse};

/// Writes each spelling out, around the smallest part that is a vector: `rate(P_x[5m])` becomes
/// `(rate(opensearch_x[5m]) or rate(elasticsearch_x[5m]))`.
pub(super) struct Speller<'a>(pub(super) &'a BTreeMap<String, Vec<String>>);

impl ExprVisitorMut for Speller<'_> {
    type Error = Error;

    fn pre_visit(&mut self, tree: &mut Expr) -> Result<bool, Error> {
        let Some(name) = smallest_vector(tree).and_then(|selector| selector.name.clone()) else {
            return Ok(true);
        };
        let Some((prefix, spellings)) = self.0.iter().find(|(prefix, _)| name.starts_with(*prefix))
        else {
            return Ok(true);
        };
        let printed = tree.to_string();
        let each: Vec<String> = spellings
            .iter()
            .map(|spelling| printed.replace(&name, &name.replacen(prefix, spelling, 1)))
            .collect();
        *tree = parse(&format!("({})", each.join(" or ")))?;
        Ok(true)
    }
}

/// The selector of a vector, or that of a function's range.
fn smallest_vector(tree: &Expr) -> Option<&VectorSelector> {
    match tree {
        Expr::VectorSelector(selector) => Some(selector),
        Expr::Call(call) => call
            .args
            .args
            .iter()
            .find_map(|argument| match argument.as_ref() {
                Expr::MatrixSelector(range) => Some(&range.vs),
                _ => None,
            }),
        _ => None,
    }
}
