//! A panel about one signal, and those drawn beside it.

use serde_json::{Value as Json, json};

use super::{STEP, data_source};
use crate::expression::{Reader, expand};
use crate::table::{Family, Kind, Limit, Signal, Value};
use crate::uses::{self, Error};

/// The panel, without its place.
pub fn signal(
    owner: &Family,
    signal: &Signal,
    beside: &[(&Family, &Signal)],
    reader: Reader,
) -> Result<Json, uses::Error> {
    let drawn: Vec<_> = std::iter::once((owner, signal))
        .chain(beside.iter().copied())
        .collect();
    let colors = drawn
        .iter()
        .enumerate()
        .filter_map(|(index, (_, drawn))| Some(colored(index, drawn.color.as_deref()?)));
    let colors: Vec<Json> = colors.collect();
    let targets = drawn
        .iter()
        .enumerate()
        .map(|(index, (owner, drawn))| target(owner, drawn, signal.kind, reader, index))
        .collect::<Result<Vec<_>, _>>()?;
    let mut panel = json!({
        "type": signal.kind.panel(),
        "title": signal.title,
        "description": signal.description,
        "datasource": data_source(),
        "targets": targets,
        "fieldConfig": { "defaults": defaults(signal), "overrides": colors },
        "options": options(signal),
    });
    if let Some(points) = signal.points {
        panel["maxDataPoints"] = json!(points);
    }
    Ok(panel)
}

/// All lines of a target in one colour.
fn colored(index: usize, color: &str) -> Json {
    json!({
        "matcher": { "id": "byFrameRefID", "options": letter(index) },
        "properties": [{ "id": "color", "value": { "mode": "fixed", "fixedColor": color } }],
    })
}

/// Grafana's letter of a target: A, B, C, …
pub fn letter(index: usize) -> String {
    let letter = u8::try_from(index)
        .ok()
        .and_then(|index| b'A'.checked_add(index))
        .map_or('Z', char::from);
    letter.to_string()
}

fn target(
    owner: &Family,
    signal: &Signal,
    kind: Kind,
    reader: Reader,
    index: usize,
) -> Result<Json, uses::Error> {
    let expression =
        expand(&signal.expression, reader, &owner.vocabulary()).map_err(|source| Error {
            id: signal.id.clone(),
            source,
        })?;
    let mut target = query(index, &expression.text, kind.is_instant());
    target["format"] = json!("time_series");
    target["legendFormat"] = json!(signal.legend);
    Ok(target)
}

/// A query of a panel: what is the same however its answer is shown.
pub(super) fn query(index: usize, expression: &str, is_instant: bool) -> Json {
    json!({
        "refId": letter(index),
        "datasource": data_source(),
        "editorMode": "code",
        "expr": expression,
        "instant": is_instant,
        "range": !is_instant,
        "interval": STEP,
    })
}

fn defaults(signal: &Signal) -> Json {
    let mut defaults = json!({
        "unit": signal.unit,
        "noValue": signal.empty,
        "mappings": mappings(&signal.values, Some(&signal.empty)),
        "thresholds": thresholds(&signal.limits, signal.below.as_deref()),
        "color": { "mode": if signal.kind == Kind::Timeseries { "palette-classic" } else { "thresholds" } },
    });
    for (key, value) in [
        ("min", signal.min),
        ("max", signal.max),
        ("decimals", signal.decimals.map(f64::from)),
    ] {
        if let Some(value) = value {
            defaults[key] = number(value);
        }
    }
    if signal.kind == Kind::Timeseries {
        defaults["custom"] = lines(signal);
    }
    defaults
}

/// Whole numbers without a point, as people and Grafana write them.
pub fn number(value: f64) -> Json {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole, and within the range of i64"
    )]
    if value.fract() == 0.0 && value.abs() < WHOLE {
        json!(value as i64)
    } else {
        json!(value)
    }
}

/// Below this a limit means "at all": its line would lie on that of nothing.
const LOWEST_LINE: f64 = 0.05;
/// Units of what is counted. Nothing but zeros fills an axis up to 100 unless it is told better.
const COUNTED: [&str; 5] = ["short", "ops", "reqps", "wps", "cps"];

fn lines(signal: &Signal) -> Json {
    let filled = if signal.stacked { 40 } else { 0 };
    let limited = signal
        .limits
        .iter()
        .any(|limit| limit.at.abs() >= LOWEST_LINE);
    let mut lines = json!({
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": filled,
        "showPoints": "never",
        "spanNulls": false,
        "stacking": { "mode": if signal.stacked { "normal" } else { "none" }, "group": "A" },
        "thresholdsStyle": { "mode": if limited { "dashed" } else { "off" } },
    });
    if signal.min == Some(0.0) && signal.max.is_none() && COUNTED.contains(&signal.unit.as_str()) {
        lines["axisSoftMax"] = json!(1);
    }
    lines
}

/// Below the first limit all is well, unless it says otherwise.
pub fn thresholds(limits: &[Limit], below: Option<&str>) -> Json {
    let usual = if limits.is_empty() { "text" } else { "green" };
    let first = json!({ "color": below.unwrap_or(usual), "value": null });
    let rest = limits
        .iter()
        .map(|limit| json!({ "color": limit.color, "value": number(limit.at) }));
    json!({ "mode": "absolute", "steps": std::iter::once(first).chain(rest).collect::<Vec<_>>() })
}

/// Words for values, and for none: without, an empty cell has the colour of the lowest limit, which
/// may be red.
pub fn mappings(values: &[Value], empty: Option<&str>) -> Vec<Json> {
    let words = values
        .iter()
        .enumerate()
        .map(|(index, value)| mapping(index, value));
    let nothing = empty.map(|text| {
        json!({
            "type": "special",
            "options": { "match": "null+nan", "result": { "text": text, "color": "text", "index": values.len() } },
        })
    });
    words.chain(nothing).collect()
}

fn mapping(index: usize, value: &Value) -> Json {
    let mut result = json!({ "text": value.text, "index": index });
    if let Some(color) = &value.color {
        result["color"] = json!(color);
    }
    match value.to {
        Some(to) => json!({
            "type": "range",
            "options": { "from": number(value.from), "to": number(to), "result": result },
        }),
        None => json!({ "type": "value", "options": { number(value.from).to_string(): result } }),
    }
}

fn options(signal: &Signal) -> Json {
    let last = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
    match signal.kind {
        Kind::Timeseries => json!({
            "legend": { "showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": [] },
            "tooltip": { "mode": "multi", "sort": "desc" },
        }),
        Kind::Stat => json!({
            "reduceOptions": last,
            "graphMode": "none",
            "colorMode": "value",
            "justifyMode": "auto",
            "textMode": "auto",
            "wideLayout": true,
            "showPercentChange": false,
            "orientation": "auto",
        }),
        Kind::Bargauge => json!({
            "reduceOptions": last,
            "displayMode": "basic",
            "valueMode": "color",
            "namePlacement": "auto",
            "showUnfilled": true,
            "sizing": "auto",
            "minVizWidth": 8,
            // Ten bars and their gaps fit without a scroll bar.
            "minVizHeight": 8,
            "maxVizHeight": 300,
            "orientation": "horizontal",
        }),
    }
}
