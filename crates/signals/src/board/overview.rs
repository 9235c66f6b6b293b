//! A table with a service in each row, the worst first.
//!
//! Each column is an instant query; Grafana merges rows whose labels are equal.

use serde_json::{Value as Json, json};

use super::data_source;
use super::panel::{letter, mappings, query, thresholds};
use crate::expression::expand;
use crate::table::board::{Column, LabelColumn};
use crate::table::{Family, Overview, Table};
use crate::uses::Error;

/// The board of the row's service, with the reader's data source and time.
const LINK: &str = "/d/${__data.fields.board}?var-datasource=${datasource}\
                    &var-project=${__data.fields.aiven_project}\
                    &var-service=${__data.fields.aiven_service_name}&${__url_time_range}";

/// The panel, without its place.
pub fn table(table: &Table, family: &Family, overview: &Overview) -> Result<Json, Error> {
    let each = overview.columns.iter().enumerate();
    let targets = each
        .map(|(index, column)| target(table, family, column, index))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "type": "table",
        "title": overview.title,
        "description": overview.description,
        "datasource": data_source(),
        "targets": targets,
        "transformations": transformations(overview),
        "fieldConfig": {
            "defaults": {
                "unit": "short",
                "noValue": overview.empty,
                "mappings": [],
                "thresholds": thresholds(&[], None),
                "color": { "mode": "thresholds" },
                "custom": { "align": "auto", "cellOptions": { "type": "auto" }, "inspect": false, "filterable": true, "minWidth": 90 },
            },
            "overrides": overrides(overview),
        },
        "options": {
            "frameIndex": 0,
            "showHeader": true,
            "cellHeight": "sm",
            "sortBy": [{ "displayName": overview.worst_first_by, "desc": true }],
        },
    }))
}

fn target(table: &Table, family: &Family, column: &Column, index: usize) -> Result<Json, Error> {
    let expression = expand(
        &column.expression_in(table),
        family.reader(),
        &family.vocabulary(),
    )
    .map_err(|source| Error {
        id: column.signal.clone(),
        source,
    })?;
    let mut target = query(index, &expression.text, true);
    target["format"] = json!("table");
    target["legendFormat"] = json!("__auto");
    Ok(target)
}

/// What Grafana calls a column's values.
fn field(index: usize) -> String {
    format!("Value #{}", letter(index))
}

fn transformations(overview: &Overview) -> Json {
    let labels = overview.labels.iter().map(|column| column.label.clone());
    let values = (0..overview.columns.len()).map(field);
    let names: Vec<String> = labels.chain(values).collect();
    let kept: Vec<_> = names
        .iter()
        .cloned()
        .chain(hidden(overview).map(str::to_owned))
        .collect();
    let places: serde_json::Map<_, _> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.clone(), json!(index)))
        .collect();
    json!([
        { "id": "merge", "options": {} },
        { "id": "filterFieldsByName", "options": { "include": { "names": kept } } },
        { "id": "organize", "options": { "excludeByName": {}, "indexByName": places, "renameByName": {} } },
    ])
}

/// What the link of a row needs, and no column shows.
fn hidden(overview: &Overview) -> impl Iterator<Item = &'static str> {
    let linked = overview.columns.iter().any(|column| column.boards);
    let shown = |name: &str| overview.labels.iter().any(|column| column.label == name);
    ["board", "aiven_project"]
        .into_iter()
        .filter(move |name| linked && !shown(name))
}

fn overrides(overview: &Overview) -> Vec<Json> {
    let labels = overview.labels.iter().map(label);
    let values = overview
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| value(index, column));
    let hidden = hidden(overview).map(|name| {
        json!({
            "matcher": { "id": "byName", "options": name },
            "properties": [{ "id": "custom.hidden", "value": true }],
        })
    });
    labels.chain(values).chain(hidden).collect()
}

fn label(column: &LabelColumn) -> Json {
    let mut properties = vec![
        property("displayName", json!(column.title)),
        // Not what the whole table says when it is empty.
        property("noValue", json!("")),
    ];
    if column.links {
        let link = json!([{ "title": "Open its board", "url": LINK, "targetBlank": false }]);
        properties.push(property("links", link));
    }
    properties.extend(
        column
            .width
            .map(|width| property("custom.width", json!(width))),
    );
    json!({ "matcher": { "id": "byName", "options": column.label }, "properties": properties })
}

fn value(index: usize, column: &Column) -> Json {
    let mut properties = vec![
        property("displayName", json!(column.title)),
        property("unit", json!(column.unit)),
        property(
            "thresholds",
            thresholds(&column.limits, column.below.as_deref()),
        ),
        property(
            "mappings",
            json!(mappings(&column.values, column.empty.as_deref())),
        ),
    ];
    if !(column.limits.is_empty() && column.values.is_empty()) {
        properties.push(property(
            "custom.cellOptions",
            json!({ "type": "color-text" }),
        ));
    }
    properties.extend(
        column
            .empty
            .as_ref()
            .map(|text| property("noValue", json!(text))),
    );
    properties.extend(
        column
            .decimals
            .map(|decimals| property("decimals", json!(decimals))),
    );
    properties.extend(
        column
            .width
            .map(|width| property("custom.width", json!(width))),
    );
    json!({ "matcher": { "id": "byName", "options": field(index) }, "properties": properties })
}

fn property(id: &str, value: Json) -> Json {
    json!({ "id": id, "value": value })
}
