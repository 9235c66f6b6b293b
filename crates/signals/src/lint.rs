//! The field's rules for boards, over their JSON as Grafana gets it: what our own code makes
//! is not asked how it made it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::expression::Vocabulary;

mod promql;

/// What Grafana draws without a plugin, and without AngularJS.
const CORE_PANELS: [&str; 5] = ["timeseries", "stat", "bargauge", "table", "row"];
/// The forms of boards that Grafana 10.4 and 11.6 take without converting panels.
const SCHEMAS: std::ops::RangeInclusive<u64> = 36..=39;
/// Keys of boards that were exported for people, or made by a Grafana of old.
const OLD: [&str; 6] = [
    "__inputs",
    "__requires",
    "rows",
    "hideControls",
    "sharedCrosshair",
    "gnetId",
];
const DATA_SOURCE: &str = "${datasource}";
const STEP: &str = "30s";

/// What is wrong with boards that stand in one folder; nothing if all is well.
pub fn faults(boards: &[Json]) -> Vec<String> {
    let uids: Vec<_> = boards.iter().map(|board| text(board, "uid")).collect();
    let known: BTreeSet<_> = uids.iter().copied().collect();
    let mut faults = Vec::new();
    if known.len() != uids.len() || known.contains("") {
        faults.push("uid: each board has one of its own".to_owned());
    }
    for board in boards {
        let own = of_board(board)
            .into_iter()
            .chain(of_links(board, boards, &known));
        let uid = text(board, "uid");
        faults.extend(own.map(|fault| format!("{uid}: {fault}")));
    }
    faults
}

fn of_board(board: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    if !board["schemaVersion"]
        .as_u64()
        .is_some_and(|version| SCHEMAS.contains(&version))
    {
        faults.push(format!(
            "schemaVersion: {} is not in {SCHEMAS:?}",
            board["schemaVersion"]
        ));
    }
    faults.extend(
        OLD.iter()
            .filter(|key| board.get(**key).is_some())
            .map(|key| format!("{key}: of an old schema")),
    );
    if board["editable"] != false {
        faults.push("editable: it is provisioned, so nobody can save it".to_owned());
    }
    let variables = list(&board["templating"], "list");
    if !variables.iter().any(|it| {
        it["name"] == "datasource" && it["type"] == "datasource" && it["query"] == "prometheus"
    }) {
        faults.push("variable datasource: missing".to_owned());
    }
    for variable in variables.iter().filter(|it| it["type"] == "query") {
        faults.extend(
            wrong_source(variable).map(|fault| format!("variable {}: {fault}", variable["name"])),
        );
    }
    for annotation in list(&board["annotations"], "list") {
        let named = format!("annotation {}", annotation["name"]);
        faults.extend(wrong_source(annotation).map(|fault| format!("{named}: {fault}")));
        faults.extend(
            promql::faults(text(annotation, "expr"), &Vocabulary::default())
                .map(|fault| format!("{named}: {fault}")),
        );
    }
    let vocabulary = Vocabulary {
        numbers: numbers(variables),
        ..Vocabulary::default()
    };
    let panels = list(board, "panels");
    for panel in panels {
        let title = text(panel, "title");
        faults.extend(
            of_panel(panel, &vocabulary)
                .into_iter()
                .map(|fault| format!("panel {title:?}: {fault}")),
        );
    }
    faults.extend(of_grid(panels));
    faults
}

fn numbers(variables: &[Json]) -> std::collections::BTreeMap<String, String> {
    let custom = variables
        .iter()
        .filter(|variable| variable["type"] == "custom");
    custom
        .map(|variable| (text(variable, "name").to_owned(), "1".to_owned()))
        .collect()
}

fn of_panel(panel: &Json, vocabulary: &Vocabulary) -> Vec<String> {
    let mut faults = Vec::new();
    let kind = text(panel, "type");
    if !CORE_PANELS.contains(&kind) {
        faults.push(format!("type: {kind:?} is no core panel"));
    }
    if text(panel, "title").is_empty() {
        faults.push("title: missing".to_owned());
    }
    if kind == "row" {
        return faults;
    }
    if text(panel, "description").split_whitespace().count() < 3 {
        faults.push("description: missing".to_owned());
    }
    let defaults = &panel["fieldConfig"]["defaults"];
    faults.extend(
        ["unit", "noValue"]
            .iter()
            .filter(|key| text(defaults, key).is_empty())
            .map(|key| format!("{key}: missing")),
    );
    faults.extend(wrong_source(panel));
    let targets = list(panel, "targets");
    if targets.is_empty() {
        faults.push("targets: none".to_owned());
    }
    let letters: BTreeSet<_> = targets.iter().map(|target| text(target, "refId")).collect();
    if letters.len() != targets.len() {
        faults.push("refId: one twice".to_owned());
    }
    for target in targets {
        let named = format!("target {}", text(target, "refId"));
        faults.extend(
            of_target(target, vocabulary)
                .into_iter()
                .map(|fault| format!("{named}: {fault}")),
        );
    }
    faults
}

fn of_target(target: &Json, vocabulary: &Vocabulary) -> Vec<String> {
    let mut faults: Vec<_> = wrong_source(target).into_iter().collect();
    if text(target, "interval") != STEP {
        faults.push(format!(
            "interval: {} in place of {STEP}",
            target["interval"]
        ));
    }
    faults.extend(promql::faults(text(target, "expr"), vocabulary));
    faults
}

/// A data source by name, or none, is another one on every Grafana.
fn wrong_source(json: &Json) -> Option<String> {
    let source = &json["datasource"];
    let right = source["type"] == "prometheus" && source["uid"] == DATA_SOURCE;
    (!right).then(|| format!("datasource: {source} in place of {DATA_SOURCE}"))
}

/// Panels have ids of their own, stay within the columns, and do not cover each other.
fn of_grid(panels: &[Json]) -> Vec<String> {
    let mut faults = Vec::new();
    let ids: BTreeSet<_> = panels
        .iter()
        .filter_map(|panel| panel["id"].as_u64())
        .collect();
    if ids.len() != panels.len() {
        faults.push("id: each panel has one of its own".to_owned());
    }
    let mut taken = BTreeSet::new();
    for panel in panels {
        let side = |key: &str| {
            panel["gridPos"][key]
                .as_u64()
                .unwrap_or(u64::from(u16::MAX))
        };
        let (x, y, width, height) = (side("x"), side("y"), side("w"), side("h"));
        let fits = x + width <= 24 && height < 100;
        let mut cells = (y..y + height.min(100))
            .flat_map(|row| (x..x + width.min(24)).map(move |column| (row, column)));
        if !fits || !cells.all(|cell| taken.insert(cell)) {
            faults.push(format!(
                "panel {}: {} has no room",
                panel["title"], panel["gridPos"]
            ));
        }
    }
    faults
}

/// Links lead to boards that are there.
fn of_links(board: &Json, boards: &[Json], known: &BTreeSet<&str>) -> Vec<String> {
    let mut faults = Vec::new();
    let tags: BTreeSet<_> = boards
        .iter()
        .flat_map(|board| list(board, "tags"))
        .filter_map(Json::as_str)
        .collect();
    for link in list(board, "links") {
        let lost = list(link, "tags")
            .iter()
            .filter(|tag| !tag.as_str().is_some_and(|tag| tags.contains(tag)));
        faults.extend(lost.map(|tag| format!("link to {tag}: no board has this tag")));
        if !(link["keepTime"] == true && link["includeVars"] == true) {
            faults.push(format!(
                "link {}: time and variables are lost",
                link["title"]
            ));
        }
    }
    let named = urls(board).into_iter().filter_map(|url| {
        url.strip_prefix("/d/")
            .map(|rest| rest.split(['?', '/']).next().unwrap_or_default())
    });
    let named = named.filter(|uid| !uid.contains('$')).map(str::to_owned);
    let texts: Vec<_> = list(board, "panels")
        .iter()
        .flat_map(|panel| list(panel, "targets"))
        .map(|target| text(target, "expr"))
        .collect();
    let vocabulary = Vocabulary {
        numbers: numbers(list(&board["templating"], "list")),
        ..Vocabulary::default()
    };
    let set = texts
        .iter()
        .flat_map(|text| promql::values_of_label(text, "board", &vocabulary));
    let lost = named.chain(set).filter(|uid| !known.contains(uid.as_str()));
    faults.extend(lost.map(|uid| format!("link to {uid}: no such board")));
    faults
}

/// Every `url` in the JSON.
fn urls(json: &Json) -> Vec<&str> {
    match json {
        Json::Object(map) => {
            let own = map.get("url").and_then(Json::as_str);
            own.into_iter().chain(map.values().flat_map(urls)).collect()
        }
        Json::Array(items) => items.iter().flat_map(urls).collect(),
        _ => Vec::new(),
    }
}

fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_default()
}

fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests;
