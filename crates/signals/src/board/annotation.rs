//! What happened to the services, as lines through every graph.

use serde_json::{Value as Json, json};

use super::data_source;
use crate::table::Family;
use crate::uses::{self, Place, Use, used};

/// Something that happened.
struct Event {
    name: &'static str,
    text: &'static str,
    color: &'static str,
    expression: &'static str,
}

/// A node that is replaced has a successor with another name. A service that was not known ten minutes
/// ago came as a whole, and a gap of Prometheus' own is nobody's replacement.
const EVENTS: [Event; 2] = [
    Event {
        name: "Node came",
        text: "Node {{host}} came",
        color: "blue",
        expression: "group by (G, host) (system_uptime{S}) unless group by (G, host) (system_uptime{S} offset 10m) \
                     and on (G) group by (G) (system_uptime{S} offset 10m)",
    },
    Event {
        name: "Node left",
        text: "Node {{host}} left",
        color: "orange",
        expression: "group by (G, host) (system_uptime{S} offset 10m) unless group by (G, host) (system_uptime{S}) \
                     and on (G) group by (G) (system_uptime{S})",
    },
];

/// The annotations of a board: of one about few services. On others they would be noise.
pub fn all(family: &Family) -> Result<Vec<Json>, uses::Error> {
    Ok(of_board(family)?
        .iter()
        .zip(&EVENTS)
        .map(|(used, event)| annotation(used, event))
        .collect())
}

/// The expressions of a board's annotations.
///
/// # Errors
/// If one is no PromQL.
pub fn of_board(family: &Family) -> Result<Vec<Use>, uses::Error> {
    if family.board.operators || family.board.all_services {
        return Ok(Vec::new());
    }
    let each = EVENTS.iter().map(|event| {
        let place = Place::Annotation {
            uid: family.board.uid.clone(),
            name: event.name.to_owned(),
        };
        let id = format!("annotation:{}", event.name);
        used(&id, place, event.expression, family, family.reader(), false)
    });
    each.collect()
}

fn annotation(used: &Use, event: &Event) -> Json {
    json!({
        "name": event.name,
        "datasource": data_source(),
        "enable": true,
        "hide": false,
        "iconColor": event.color,
        "expr": used.expression,
        "step": "1m",
        "titleFormat": event.text,
        "textFormat": "of {{aiven_service_name}}",
    })
}
