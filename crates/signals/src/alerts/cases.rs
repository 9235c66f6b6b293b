//! Each alert's cases as promtool's unit tests.
//!
//! A test reads the file of one group of rules, so that promtool does not evaluate all rules
//! for each.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Alert, Alerts, THRESHOLD, job};

/// The unit tests of one job.
#[derive(Debug, Serialize)]
pub struct Cases {
    /// A group of rules each.
    pub groups: Vec<OfGroup>,
    /// A day on which nothing may fire.
    pub quiet_day: Value,
}

/// The unit tests of one group.
#[derive(Debug, Serialize)]
pub struct OfGroup {
    /// The group of rules.
    pub group: String,
    /// Its alerts.
    pub alerts: Vec<Value>,
}

/// The cases of a job's alerts.
pub fn of(alerts: &Alerts) -> Cases {
    let of_group = |group: &str| OfGroup {
        group: format!("{}-{group}", alerts.service),
        alerts: alerts
            .of_group(group)
            .map(|alert| of_alert(alerts, alert))
            .collect(),
    };
    Cases {
        groups: alerts.groups().into_iter().map(of_group).collect(),
        quiet_day: quiet_day(alerts),
    }
}

/// All days in one, each of another service, since promtool takes as long for a day of one. At its end, no
/// alert has fired for a minute.
fn quiet_day(alerts: &Alerts) -> Value {
    let days = alerts.quiet_days.iter();
    let series = days.flat_map(|day| {
        let series = input(alerts, &day.case_type, &day.series);
        series.into_iter().map(|mut one| {
            if !day.case_type.is_empty() {
                one.series = one
                    .series
                    .replace("\"orders", &format!("\"{}", day.case_type));
            }
            one
        })
    });
    json!({
        "name": "a quiet day",
        "interval": "1m",
        "input_series": series.collect::<Vec<_>>(),
        "promql_expr_test": [{
            "expr": "count_over_time(ALERTS{alertstate=\"firing\"}[1d])",
            "eval_time": "1d",
            "exp_samples": [],
        }],
    })
}

/// What a test needs to know of one alert: its properties, and its three cases.
fn of_alert(alerts: &Alerts, alert: &Alert) -> Value {
    let labels = expected(alerts, alert);
    let case = |series: &str, at: &str, raised: bool| {
        json!({
            "interval": "1m",
            "input_series": input(alerts, &alert.case_type, series),
            "alert_rule_test": [{
                "eval_time": at,
                "alertname": alert.name,
                "exp_alerts": if raised {
                    json!([{"exp_labels": labels, "exp_annotations": annotations(alerts, alert, &labels)}])
                } else {
                    json!([])
                },
            }],
        })
    };
    let case_of = |case_of: &super::Case| case(&case_of.series, &case_of.at, false);
    json!({
        "id": alert.id,
        "name": alert.name,
        "sees": alert.sees,
        "enabled": alert.enabled,
        "evaluation_time": alert.evaluation_time,
        "threshold": alert.threshold.as_ref().map(|threshold| json!({
            "default": threshold.default, "min": threshold.min, "max": threshold.max, "silenced_by": alert.fires.silenced_by,
        })),
        "fires": case(&alert.fires.series, &alert.fires.at, true),
        "below": case_of(&alert.below),
        "failover": case_of(&alert.failover),
    })
}

/// A series in promtool's words.
#[derive(Debug, Serialize)]
struct Series<'a> {
    series: String,
    values: &'a str,
}

/// The series, with the labels that `@1` and the like stand for.
fn input<'a>(alerts: &Alerts, case_type: &str, series: &'a str) -> Vec<Series<'a>> {
    let lines = series
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let each = lines.map(|line| {
        let (series, values) = line.split_once("} ").unwrap_or((line, ""));
        let series = alerts
            .labels
            .iter()
            // Longer names first: `@1` must not be taken out of `@12`.
            .rev()
            .fold(format!("{series}}}"), |series, (short, labels)| {
                let labels = labels.replace("TYPE", case_type);
                series
                    .replace(&format!("{{{short},"), &format!("{{{labels},"))
                    .replace(&format!("{{{short}}}"), &format!("{{{labels}}}"))
            });
        Series { series, values }
    });
    each.collect()
}

/// The labels of the alert that a case raises; an empty one is none.
fn expected(alerts: &Alerts, alert: &Alert) -> BTreeMap<String, String> {
    let own = alert.fires.labels.iter();
    let all = alerts.expected.iter().chain(own);
    let mut labels: BTreeMap<String, String> = all
        .map(|(name, value)| (name.clone(), value.replace("TYPE", &alert.case_type)))
        .collect();
    labels.retain(|_, value| !value.is_empty());
    labels.insert("service".to_owned(), alerts.service.clone());
    labels.insert("severity".to_owned(), alert.severity.as_str().to_owned());
    labels
}

/// What people read then. Of Prometheus' template language, only labels are filled in here; the summary
/// is the case's own.
fn annotations(
    alerts: &Alerts,
    alert: &Alert,
    labels: &BTreeMap<String, String>,
) -> BTreeMap<&'static str, String> {
    let mut annotations = job::annotations(alert);
    for text in annotations.values_mut() {
        *text = text.replace(THRESHOLD, &alert.threshold());
        for property in &alerts.properties {
            *text = text.replace(&format!("${}", property.name), &property.default);
        }
        for (name, value) in labels {
            *text = text.replace(&format!("{{{{ $labels.{name} }}}}"), value);
        }
    }
    annotations.insert("summary", alert.fires.says.clone());
    annotations
}
