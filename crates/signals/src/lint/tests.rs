//! The committed boards have no fault, and each rule finds the fault that it is for.

use serde_json::json;

use super::*;

/// The boards as Grafana gets them where nothing is configured.
fn boards() -> Vec<Json> {
    let folder = crate::repository().join("jobs/aiven-metrics-dashboards/templates");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| rendered(&std::fs::read_to_string(path).unwrap()))
        .collect()
}

fn rendered(template: &str) -> Json {
    let text =
        ["datasource", "operators_datasource"]
            .iter()
            .fold(template.to_owned(), |text, name| {
                text.replace(
                    &format!("<%= p('aiven_metrics_dashboards.{name}').to_json %>"),
                    "\"default\"",
                )
            });
    assert!(!text.contains("<%"), "another template in it");
    serde_json::from_str(&text).unwrap()
}

/// Two boards with a panel of each kind, since to read hundreds of expressions again for each rule takes long.
fn two_boards() -> Vec<Json> {
    let mut boards = boards();
    boards.retain(|board| ["aiven-search", "aiven-influxdb"].contains(&text(board, "uid")));
    for board in &mut boards {
        let mut kinds = BTreeSet::new();
        let panels = board["panels"].as_array_mut().unwrap();
        panels.retain(|panel| kinds.insert(text(panel, "type").to_owned()));
    }
    boards
}

/// The faults of the two boards after `change` to the one of OpenSearch.
fn after(change: impl FnOnce(&mut Json)) -> String {
    let mut boards = two_boards();
    let search = boards
        .iter_mut()
        .find(|board| board["uid"] == "aiven-search")
        .unwrap();
    change(search);
    faults(&boards).join("\n")
}

/// The first panel of a kind.
fn panel<'a>(board: &'a mut Json, kind: &str) -> &'a mut Json {
    board["panels"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|panel| panel["type"] == kind)
        .unwrap()
}

#[test]
fn the_boards_have_no_fault() {
    assert_eq!(faults(&boards()), Vec::<String>::new());
}

/// Each rule, broken once.
#[test]
fn each_rule_finds_its_fault() {
    type Change = fn(&mut Json);
    let broken: [(&str, Change); 26] = [
        ("uid: each", |board| board["uid"] = json!("aiven-influxdb")),
        ("schemaVersion: 16", |board| {
            board["schemaVersion"] = json!(16)
        }),
        ("__inputs: of an old", |board| board["__inputs"] = json!([])),
        ("editable:", |board| board["editable"] = json!(true)),
        ("variable datasource: missing", |board| {
            board["templating"]["list"][0]["type"] = json!("custom")
        }),
        ("variable \"organization\": datasource", |board| {
            board["templating"]["list"][1]["datasource"] = json!("Prometheus")
        }),
        ("annotation \"Node came\": datasource", |board| {
            board["annotations"]["list"][0]["datasource"] = json!(null)
        }),
        ("annotation \"Node left\": no PromQL", |board| {
            board["annotations"]["list"][1]["expr"] = json!("up ==")
        }),
        ("type: \"graph\" is no core", |board| {
            panel(board, "timeseries")["type"] = json!("graph")
        }),
        ("title: missing", |board| {
            panel(board, "stat")["title"] = json!("")
        }),
        ("title: missing", |board| {
            panel(board, "row")["title"] = json!("")
        }),
        ("description: missing", |board| {
            panel(board, "stat")["description"] = json!("Status.")
        }),
        ("unit: missing", |board| {
            panel(board, "stat")["fieldConfig"]["defaults"]["unit"] = json!(null)
        }),
        ("noValue: missing", |board| {
            panel(board, "stat")["fieldConfig"]["defaults"]["noValue"] = json!("")
        }),
        ("\"Cluster\": datasource", |board| {
            panel(board, "stat")["datasource"] = json!({ "type": "prometheus", "uid": "abc" })
        }),
        ("targets: none", |board| {
            panel(board, "stat")["targets"] = json!([])
        }),
        ("refId: one twice", |board| {
            panel(board, "timeseries")["targets"][1]["refId"] = json!("A")
        }),
        ("target A: datasource", |board| {
            panel(board, "stat")["targets"][0]["datasource"] = json!(null)
        }),
        ("target A: interval", |board| {
            panel(board, "stat")["targets"][0]["interval"] = json!("15s")
        }),
        ("target A: no PromQL", |board| {
            panel(board, "stat")["targets"][0]["expr"] = json!("up / $unknown")
        }),
        ("rate: its range", |board| {
            panel(board, "stat")["targets"][0]["expr"] = json!("sum(rate(x[5m]))")
        }),
        ("id: each panel", |board| {
            panel(board, "stat")["id"] = json!(1)
        }),
        ("has no room", |board| {
            panel(board, "stat")["gridPos"]["x"] = json!(23)
        }),
        ("no board has this tag", |board| {
            board["links"][0]["tags"] = json!(["aivn"])
        }),
        ("time and variables", |board| {
            board["links"][0]["keepTime"] = json!(false)
        }),
        ("link to aiven-opensearch: no such", |board| {
            board["links"][0]["url"] = json!("/d/aiven-opensearch?var-x=1")
        }),
    ];
    for (fault, change) in broken {
        let found = after(change);
        assert!(found.contains(fault), "{fault:?} is not in {found:?}");
    }
}

/// The overview's rows lead to boards by a label that the expression sets.
#[test]
fn a_label_that_names_no_board_is_a_fault() {
    let found = after(|board| {
        let expression =
            r#"label_replace(up, "board", "aiven-opensearch", "aiven_service_type", "opensearch")"#;
        panel(board, "stat")["targets"][0]["expr"] = json!(expression);
    });
    assert!(
        found.contains("link to aiven-opensearch: no such board"),
        "{found}"
    );
}
