//! Values for fields that no signal asks for: of the right size, by the field's name.

use crate::conditions::{Life, NodeLife, Quantity};

/// Words in the names of what hardly ever happens.
const RARE: [&str; 22] = [
    "error", "fail", "reject", "drop", "evict", "lost", "tripped", "timeout", "pending", "wait",
    "queue", "overflow", "stale", "exceeded", "dead", "wrong", "inerr", "discard", "zombie",
    "unknown", "blocked", "paging",
];

fn is_rare(field: &str) -> bool {
    RARE.iter().any(|word| field.contains(word))
}

/// A field that goes up and down.
pub(super) fn level(life: &Life, node: &NodeLife, field: &str) -> Quantity {
    let pick = |range| life.pick(node.number, field, range);
    if field.contains("percent") || field.ends_with("_perc") {
        return life.swinging(node.number, field, pick(5.0..60.0), 0.3);
    }
    if field.contains("byte") || field.contains("mem") || field.contains("size") {
        return life.swinging(node.number, field, pick(1e6..4e8).round(), 0.1);
    }
    if is_rare(field) {
        return Quantity::fixed(0.0);
    }
    if field.contains("ratio") || field.contains("overhead") {
        return Quantity::fixed(pick(1.0..1.4));
    }
    life.swinging(node.number, field, pick(1.0..40.0), 0.2)
}

/// What a field that only grows grows by in a second.
pub(super) fn rate(life: &Life, node: &NodeLife, field: &str) -> Quantity {
    let pick = |range| life.pick(node.number, field, range);
    if is_rare(field) {
        return Quantity::fixed(0.0);
    }
    if field.contains("byte") {
        return life.swinging(node.number, field, pick(1e3..1e6), 0.3);
    }
    life.swinging(node.number, field, pick(0.01..20.0), 0.3)
}
