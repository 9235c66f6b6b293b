//! Grafana's variables: what stands in for them while an expression is parsed.

use super::Vocabulary;

/// A variable outside of quotes. The parser knows no `$`, so something stands in for it that no expression
/// would have.
pub(super) struct StandIn {
    variable: String,
    parsed: String,
    chosen: String,
}

/// What stands in for Grafana's `$__rate_interval`.
pub(crate) const RATE_INTERVAL: std::time::Duration = std::time::Duration::from_secs(433);

/// Longer names first, so that no variable is taken for the beginning of another.
pub(super) fn stand_ins(vocabulary: &Vocabulary) -> Vec<StandIn> {
    let rate_interval = StandIn {
        variable: "$__rate_interval".to_owned(),
        parsed: "7m13s".to_owned(),
        // What Grafana takes with an interval of 30 s: four times that.
        chosen: "2m".to_owned(),
    };
    let mut names: Vec<_> = vocabulary.numbers.iter().collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let numbers = names
        .into_iter()
        .enumerate()
        .map(|(index, (name, chosen))| StandIn {
            variable: format!("${name}"),
            parsed: format!("{}", 900_000_001 + index),
            chosen: chosen.clone(),
        });
    std::iter::once(rate_interval).chain(numbers).collect()
}

/// The variables within quotes, as boards have them when nothing was chosen.
fn nothing_chosen(text: String) -> String {
    BOARD_VARIABLES.iter().fold(text, |text, (name, all)| {
        text.replace(&format!("\"${name}\""), &format!("\"{all}\""))
    })
}

/// The boards' variables within selectors, and what *All* is. Every target has a project and a
/// service; Cloud Foundry's names may be absent, which `.*` matches too.
pub const BOARD_VARIABLES: [(&str, &str); 6] = [
    ("project", ".+"),
    ("service", ".+"),
    ("type", ".+"),
    ("organization", ".*"),
    ("space", ".*"),
    ("deployment", ".*"),
];

/// A text with variables, as the parser takes it.
pub(super) fn parsable(text: &str, stand_ins: &[StandIn]) -> String {
    let text = text.to_owned();
    stand_ins
        .iter()
        .fold(text, |text, it| text.replace(&it.variable, &it.parsed))
}

/// What was parsed and printed, with the variables again.
pub(super) fn with_variables(printed: &str, stand_ins: &[StandIn]) -> String {
    let text = printed.to_owned();
    stand_ins
        .iter()
        .fold(text, |text, it| text.replace(&it.parsed, &it.variable))
}

/// What was parsed and printed, with what the variables are when nothing was chosen.
pub(super) fn with_values(printed: &str, stand_ins: &[StandIn]) -> String {
    let text = printed.to_owned();
    nothing_chosen(
        stand_ins
            .iter()
            .fold(text, |text, it| text.replace(&it.parsed, &it.chosen)),
    )
}
