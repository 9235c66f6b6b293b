//! A board as Grafana 10.4 and 11.6 take it: schema 39, core panels, no AngularJS.
//!
//! Everything is JSON of Grafana's own types; `spec/dashboards` has Grafana's types judge it,
//! and [`lint`](crate::lint) the field's rules.

use serde_json::{Value as Json, json};

use crate::table::{Family, Kind, Row, Signal, Table};
use crate::uses;

pub mod annotation;
mod layout;
mod overview;
mod panel;
mod variable;

/// The newest form that Grafana 10.4 knows.
const SCHEMA: u32 = 39;
/// By which the boards find each other.
const TAG: &str = "aiven";
/// The scrape interval, which is the shortest step that shows something new.
const STEP: &str = "30s";

/// What stands in the JSON where the job's template puts the data source's name.
pub const DATA_SOURCE_OF_TENANTS: &str = "@data source of tenants@";
/// The same, on the operators' board.
pub const DATA_SOURCE_OF_OPERATORS: &str = "@data source of operators@";

/// A board.
///
/// # Errors
/// If an expression is no PromQL.
pub fn board(table: &Table, family: &Family) -> Result<Json, uses::Error> {
    let board = &family.board;
    Ok(json!({
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": false,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": { "from": board.since, "to": "now" },
        "timezone": "browser",
        "templating": { "list": variable::all(family) },
        "annotations": { "list": annotation::all(family)? },
        "links": links(),
        "panels": panels(table, family)?,
    }))
}

/// Every panel asks the data source that the reader chose.
fn data_source() -> Json {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// A list of all boards, which takes the reader's choice and time along.
fn links() -> Json {
    json!([{
        "title": "Aiven boards",
        "type": "dashboards",
        "tags": [TAG],
        "icon": "external link",
        "tooltip": "The same services and time on another board",
        "url": "",
        "asDropdown": true,
        "targetBlank": false,
        "includeVars": true,
        "keepTime": true,
    }])
}

/// One panel after the other, under the headings of the three questions.
fn panels(table: &Table, family: &Family) -> Result<Vec<Json>, uses::Error> {
    let drawn: Vec<_> = table.drawn_on(family).collect();
    let mut layout = layout::Layout::default();
    for row in Row::ALL {
        let (mut numbers, mut graphs, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        for (owner, signal) in drawn
            .iter()
            .filter(|(_, signal)| signal.row == row && signal.beside.is_none())
        {
            let beside: Vec<_> = with(&drawn, signal);
            let panel = panel::signal(owner, signal, &beside, family.reader())?;
            if signal.kind == Kind::Stat {
                numbers.push(panel)
            } else {
                graphs.push(panel)
            }
        }
        for overview in family
            .overviews
            .iter()
            .filter(|overview| overview.row == row)
        {
            tables.push((overview.height, overview::table(table, family, overview)?));
        }
        layout.row(row.title(), numbers, graphs, tables);
    }
    Ok(layout.panels)
}

/// The signals that are drawn in the panel of `host`.
fn with<'a>(drawn: &[(&'a Family, &'a Signal)], host: &Signal) -> Vec<(&'a Family, &'a Signal)> {
    let beside = drawn
        .iter()
        .filter(|(_, signal)| signal.beside.as_deref() == Some(&host.id));
    beside.copied().collect()
}
