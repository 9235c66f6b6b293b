//! What the reader of a board chooses: data source, organization, space, project, service.
//!
//! Where Cloud Foundry's names are absent, organization and space have nothing to offer but
//! *All*, which matches a label that is not there.

use serde_json::{Value as Json, json};

use super::{DATA_SOURCE_OF_OPERATORS, DATA_SOURCE_OF_TENANTS, data_source};
use crate::expression::BOARD_VARIABLES;
use crate::table::Family;
use crate::table::board::NumberVariable;

/// All variables of a board, in the order of the bar.
pub fn all(family: &Family) -> Vec<Json> {
    let mut variables = vec![which_data_source(family)];
    variables.extend(if family.board.operators {
        operators()
    } else {
        tenants(family)
    });
    variables.extend(family.board.numbers.iter().map(number));
    variables
}

fn which_data_source(family: &Family) -> Json {
    let default = if family.board.operators {
        DATA_SOURCE_OF_OPERATORS
    } else {
        DATA_SOURCE_OF_TENANTS
    };
    json!({
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "description": "The Prometheus that has the metrics",
        "query": "prometheus",
        "regex": "",
        "hide": 0,
        "includeAll": false,
        "multi": false,
        "refresh": 1,
        "skipUrlSync": false,
        "current": { "selected": false, "text": default, "value": default },
        "options": [],
    })
}

fn operators() -> Vec<Json> {
    vec![query(
        "deployment",
        "Deployment",
        "BOSH deployment",
        "aiven_metrics_build_info",
        "bosh_deployment",
        true,
    )]
}

fn tenants(family: &Family) -> Vec<Json> {
    let types = types(family);
    let within = |matchers: &str| format!(r#"up{{job="aiven"{types}{matchers}}}"#);
    let organization = r#",organization_name=~"$organization""#;
    let space = format!(r#"{organization},space_name=~"$space""#);
    let project = format!(r#"{space},aiven_project=~"$project""#);
    let of_type = format!(r#"{project},aiven_service_type=~"$type""#);
    let everything = family.board.all_services;
    let mut variables = vec![
        query(
            "organization",
            "Organization",
            "Cloud Foundry's",
            &within(""),
            "organization_name",
            true,
        ),
        query(
            "space",
            "Space",
            "Cloud Foundry's",
            &within(organization),
            "space_name",
            true,
        ),
        query(
            "project",
            "Project",
            "Aiven's",
            &within(&space),
            "aiven_project",
            true,
        ),
    ];
    if everything {
        let series = within(&project);
        variables.push(query(
            "type",
            "Type",
            "Aiven's types of service",
            &series,
            "aiven_service_type",
            true,
        ));
    }
    let series = within(if everything { &of_type } else { &project });
    let names = "Services by their names at Aiven";
    variables.push(query(
        "service",
        "Service",
        names,
        &series,
        "aiven_service_name",
        everything,
    ));
    variables
}

/// A board of a family offers services of its types.
fn types(family: &Family) -> String {
    match family.board.service_types.as_slice() {
        [] => String::new(),
        types => format!(r#",aiven_service_type=~"{}""#, types.join("|")),
    }
}

/// Choices from the labels of series. Without `everything` the first one is chosen, for boards that would
/// ask too much of Prometheus if they began with all.
fn query(
    name: &str,
    label: &str,
    description: &str,
    series: &str,
    values_of: &str,
    everything: bool,
) -> Json {
    let all = BOARD_VARIABLES
        .iter()
        .find(|(variable, _)| *variable == name)
        .map_or(".*", |(_, all)| all);
    let mut variable = json!({
        "type": "query",
        "name": name,
        "label": label,
        "description": description,
        "datasource": data_source(),
        "query": { "query": format!("label_values({series}, {values_of})"), "refId": "StandardVariableQuery" },
        "regex": "",
        "hide": 0,
        "multi": true,
        "includeAll": everything,
        "refresh": 2,
        "sort": 1,
        "skipUrlSync": false,
        "options": [],
    });
    if everything {
        variable["allValue"] = json!(all);
        variable["current"] = json!({ "selected": true, "text": ["All"], "value": ["$__all"] });
    }
    variable
}

fn number(number: &NumberVariable) -> Json {
    let choices: Vec<String> = number.choices.iter().map(u32::to_string).collect();
    let chosen = number.chosen();
    let options = choices
        .iter()
        .map(|choice| json!({ "selected": *choice == chosen, "text": choice, "value": choice }));
    json!({
        "type": "custom",
        "name": number.name,
        "label": number.label,
        "description": number.description,
        "query": choices.join(","),
        "hide": 0,
        "multi": false,
        "includeAll": false,
        "skipUrlSync": false,
        "current": { "selected": true, "text": chosen, "value": chosen },
        "options": options.collect::<Vec<_>>(),
    })
}
