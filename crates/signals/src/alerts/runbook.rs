//! The lists in `docs/runbook.md`: one of each job's alerts.

use std::fmt::Write as _;

use super::{Alert, Alerts, Error, THRESHOLD};

/// The document with its lists made anew; everything else stays.
pub(super) fn with_lists(document: &str, all: &[Alerts]) -> Result<String, Error> {
    all.iter().try_fold(document.to_owned(), |text, alerts| {
        let list = if alerts.readers == "tenants" {
            of_tenants(alerts)
        } else {
            of_operators(alerts)
        };
        let name = format!("alerts of {}", alerts.readers);
        let (begin, end) = (
            format!("<!-- {name}: begin -->\n"),
            format!("<!-- {name}: end -->"),
        );
        let (before, rest) = text
            .split_once(&begin)
            .ok_or_else(|| Error::NoPlace(name.clone()))?;
        let (_, after) = rest.split_once(&end).ok_or(Error::NoPlace(name))?;
        Ok(format!("{before}{begin}{list}{end}{after}"))
    })
}

fn of_operators(alerts: &Alerts) -> String {
    let mut list = String::from(
        "| alert | severity | after | threshold | property |\n|---|---|---|---|---|\n",
    );
    for alert in &alerts.alerts {
        let _ = writeln!(
            list,
            "| [{}](#{}) | {} | {} | {} | `{}.{}` |",
            alert.name,
            alert.fragment(),
            alert.severity.as_str(),
            alert.evaluation_time,
            bound(alert),
            alerts.prefix,
            alert.id,
        );
    }
    list
}

fn of_tenants(alerts: &Alerts) -> String {
    let mut list = String::from(
        "| alert | severity, after | threshold | what it means | what to do | property |\n|---|---|---|---|---|---|\n",
    );
    for alert in &alerts.alerts {
        let cell = |text: &str| {
            text.replace(THRESHOLD, &alert.threshold())
                .replace('|', "\\|")
        };
        let off = if alert.enabled {
            ""
        } else {
            ", off by default"
        };
        let _ = writeln!(
            list,
            "| {} | {}, {}{off} | {} | {} | {} | `{}.{}` |",
            alert.name,
            alert.severity.as_str(),
            alert.evaluation_time,
            bound(alert),
            cell(&alert.description),
            cell(alert.action.as_deref().unwrap_or_default()),
            alerts.prefix,
            alert.id,
        );
    }
    list
}

/// The threshold with its unit.
fn bound(alert: &Alert) -> String {
    alert
        .threshold
        .as_ref()
        .map(|threshold| format!("{} {}", threshold.default, threshold.unit))
        .unwrap_or_default()
}
