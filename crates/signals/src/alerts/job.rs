//! The BOSH job of a file of alerts: its spec, its schema, and its rules as a template.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::{Alert, Alerts, Error, THRESHOLD, Text};
use crate::made::Made;

/// What Prometheus takes for a duration, as Ruby's pattern.
const DURATION: &str = r"\A(?=[0-9])(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?\z";
/// Stands for the property of that name until the YAML is written: YAML's quotes must not reach into Ruby.
const EVALUATION_TIME: &str = "$evaluation_time";
const RUNBOOK_URL: &str = "$runbook_url";

/// The files of the job.
pub(super) fn files(alerts: &Alerts) -> Result<Vec<Made>, Error> {
    let file = |name: &str, text| Made {
        path: PathBuf::from("jobs").join(&alerts.job).join(name),
        text,
    };
    Ok(vec![
        file("spec", spec(alerts)?),
        file("properties_schema.json", schema(alerts)?),
        file("monit", String::new()),
        file(&format!("templates/{}.erb", alerts.file), template(alerts)?),
    ])
}

#[derive(Serialize)]
struct Spec<'a> {
    name: &'a str,
    description: String,
    templates: BTreeMap<String, &'a str>,
    packages: [&'a str; 0],
    properties: BTreeMap<String, Property>,
}

#[derive(Serialize)]
struct Property {
    description: String,
    default: serde_json::Value,
}

fn spec(alerts: &Alerts) -> Result<String, Error> {
    let also = alerts.also.iter().map(|name| (name.clone(), name.as_str()));
    let mut properties = BTreeMap::new();
    for text in &alerts.properties {
        let name = format!("{}.{}", alerts.prefix, text.name);
        properties.insert(
            name,
            Property {
                description: text.description.clone(),
                default: json!(text.default),
            },
        );
    }
    for alert in &alerts.alerts {
        for (key, description, default) in of_alert(alert) {
            let name = alerts.property(alert, key);
            properties.insert(
                name,
                Property {
                    description,
                    default,
                },
            );
        }
    }
    let spec = Spec {
        name: &alerts.job,
        description: alerts.description.replace('\n', " "),
        templates: also
            .chain([(format!("{}.erb", alerts.file), alerts.file.as_str())])
            .collect(),
        packages: [],
        properties,
    };
    Ok(format!(
        "---\n# Made of crates/signals/table/alerts/{}.toml.\n{}",
        alerts.readers,
        yaml(&alerts.job, &spec)?
    ))
}

/// An alert's properties: name, description, default.
fn of_alert(alert: &Alert) -> Vec<(&'static str, String, serde_json::Value)> {
    let name = &alert.name;
    let mut properties = vec![
        (
            "enabled",
            format!("Whether there is the alert {name}."),
            json!(alert.enabled),
        ),
        (
            "evaluation_time",
            format!(
                "For how long it has to be so before {name} fires, as Prometheus writes durations."
            ),
            json!(alert.evaluation_time),
        ),
    ];
    if let Some(threshold) = &alert.threshold {
        properties.push((
            "threshold",
            format!(
                "The bound of {name}, in {}: {}.",
                threshold.unit, threshold.of
            ),
            json!(threshold.default),
        ));
    }
    properties
}

/// What a refusal says is wanted, by the property's last name.
fn want(alert: &Alert, key: &str) -> String {
    match (key, &alert.threshold) {
        ("enabled", _) => "true or false; write one of the two, without quotes".to_owned(),
        ("threshold", Some(threshold)) => format!(
            "a number from {} to {} ({}); write it without quotes",
            threshold.min, threshold.max, threshold.unit
        ),
        _ => "a duration; write numbers and units (w, d, h, m, s), as in \"5m\"".to_owned(),
    }
}

fn schema(alerts: &Alerts) -> Result<String, Error> {
    let mut properties = serde_json::Map::new();
    for text in &alerts.properties {
        let name = format!("{}.{}", alerts.prefix, text.name);
        let sentence = format!("{name}: found %{{instance}}, want {}", text.want);
        let rule = json!({"type": "string", "pattern": text.pattern, "x-error": sentence});
        properties.insert(text.name.clone(), rule);
    }
    for alert in &alerts.alerts {
        let mut rules = serde_json::Map::new();
        for (key, _, _) in of_alert(alert) {
            rules.insert(key.to_owned(), rule(alerts, alert, key));
        }
        let all = json!({"type": "object", "properties": rules});
        properties.insert(alert.id.clone(), all);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": { &*alerts.prefix: {"type": "object", "properties": properties} }
    });
    let text = serde_json::to_string_pretty(&schema).map_err(|error| Error::Written {
        name: alerts.job.clone(),
        cause: error.to_string(),
    })?;
    Ok(text + "\n")
}

fn rule(alerts: &Alerts, alert: &Alert, key: &str) -> serde_json::Value {
    let name = alerts.property(alert, key);
    let sentence = format!("{name}: found %{{instance}}, want {}", want(alert, key));
    match (key, &alert.threshold) {
        ("enabled", _) => json!({"type": "boolean", "x-error": sentence}),
        ("threshold", Some(threshold)) => json!({
            "type": "number",
            "minimum": threshold.min,
            "maximum": threshold.max,
            "x-error": sentence,
        }),
        _ => json!({"type": "string", "pattern": DURATION, "x-error": sentence}),
    }
}

/// The rules, and before them what refuses a wrong property where the Director knows no schema.
fn template(alerts: &Alerts) -> Result<String, Error> {
    let mut text = refusals(alerts);
    let _ = writeln!(
        text,
        "# Made of crates/signals/table/alerts/{}.toml, and of this job's properties.\ngroups:",
        alerts.readers
    );
    for group in alerts.groups() {
        let _ = writeln!(text, "- name: {}-{group}\n  rules:", alerts.service);
        for alert in alerts.of_group(group) {
            let _ = writeln!(text, "<% if p('{}') -%>", alerts.property(alert, "enabled"));
            for line in written(alerts, alert)?.lines() {
                let _ = writeln!(text, "{}", format!("  {line}").trim_end());
            }
            text.push_str("<% end -%>\n");
        }
    }
    Ok(text)
}

/// Ruby that checks each property, in the words of the schema.
fn refusals(alerts: &Alerts) -> String {
    let mut text = String::from(
        "<%-\n  # A current Director has checked properties_schema.json before. Older ones do not know that file, so all of\n  \
         # it is checked here, in the same words.\n  problems = []\n  \
         check = lambda do |name, want, &fine|\n    \
         problems << \"#{name}: found #{p(name)}, want #{want}\" unless fine.(p(name))\n  end\n",
    );
    for Text {
        name,
        pattern,
        want,
        ..
    } in &alerts.properties
    {
        let _ = writeln!(
            text,
            "  check.('{}.{name}', %q({want})) {{ |value| value.is_a?(String) && value.match?(%r{{{pattern}}}) }}",
            alerts.prefix
        );
    }
    let mut lists: BTreeMap<&str, String> = BTreeMap::new();
    for alert in &alerts.alerts {
        for (key, _, _) in of_alert(alert) {
            let list = lists.entry(key).or_default();
            match (key, &alert.threshold) {
                ("threshold", Some(threshold)) => {
                    let _ = writeln!(
                        list,
                        "    '{}' => [{}, {}, '{}'],",
                        alert.id, threshold.min, threshold.max, threshold.unit
                    );
                }
                _ => {
                    let _ = writeln!(list, "    {}", alert.id);
                }
            }
        }
    }
    let list = |key| lists.get(key).map(String::as_str).unwrap_or_default();
    let _ = write!(
        text,
        "  %w[\n{enabled}  ].each do |alert|\n    \
         check.(\"{prefix}.#{{alert}}.enabled\", 'true or false; write one of the two, without quotes') {{ |value| [true, false].include?(value) }}\n    \
         check.(\"{prefix}.#{{alert}}.evaluation_time\", 'a duration; write numbers and units (w, d, h, m, s), as in \"5m\"') do |value|\n      \
         value.is_a?(String) && value.match?(/{DURATION}/)\n    end\n  end\n  \
         {{\n{thresholds}  }}.each do |alert, (least, most, unit)|\n    \
         check.(\"{prefix}.#{{alert}}.threshold\", \"a number from #{{least}} to #{{most}} (#{{unit}}); write it without quotes\") do |value|\n      \
         value.is_a?(Numeric) && value.between?(least, most)\n    end\n  end\n  \
         raise \"\\n\" + problems.join(\"\\n\") if problems.any?\n-%>\n",
        enabled = list("enabled"),
        thresholds = list("threshold"),
        prefix = alerts.prefix,
    );
    text
}

#[derive(Serialize)]
struct Rule<'a> {
    alert: &'a str,
    expr: serde_saphyr::LitString,
    r#for: &'a str,
    labels: Labels<'a>,
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Labels<'a> {
    service: &'a str,
    severity: &'a str,
}

/// The rule as YAML, with the properties in it.
fn written(alerts: &Alerts, alert: &Alert) -> Result<String, Error> {
    // That it is PromQL is known before it reaches a VM.
    alert.checked()?;
    let rule = Rule {
        alert: &alert.name,
        expr: serde_saphyr::LitString(alert.promql() + "\n"),
        r#for: EVALUATION_TIME,
        labels: Labels {
            service: &alerts.service,
            severity: alert.severity.as_str(),
        },
        annotations: annotations(alert),
    };
    let property = |key: &str| format!("<%= p('{}') %>", alerts.property(alert, key));
    let runbook = format!("<%= p('{}.runbook_url') %>", alerts.prefix);
    Ok(yaml(&alert.name, &[rule])?
        .replace(EVALUATION_TIME, &property("evaluation_time"))
        .replace(RUNBOOK_URL, &runbook)
        .replace(THRESHOLD, &property("threshold")))
}

/// What people read, with `$threshold` and `$runbook_url` in it.
pub(super) fn annotations(alert: &Alert) -> BTreeMap<&'static str, String> {
    let mut annotations = BTreeMap::from([
        ("summary", alert.summary.clone()),
        ("description", alert.description.clone()),
    ]);
    if let Some(board) = &alert.board {
        annotations.insert("dashboard", board.clone());
    }
    if let Some(action) = &alert.action {
        annotations.insert("action", action.clone());
    }
    if let Some(command) = &alert.command {
        annotations.insert("command", command.clone());
        let url = format!("{RUNBOOK_URL}#{}", alert.fragment());
        annotations.insert("runbook_url", url);
    }
    annotations
}

fn yaml(name: &str, value: &impl Serialize) -> Result<String, Error> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(value, options).map_err(|error| Error::Written {
        name: name.to_owned(),
        cause: error.to_string(),
    })
}
