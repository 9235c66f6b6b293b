//! The lists that say how a project can be integrated. Each is read row by row: an
//! odd row is skipped and named, and never looks like "there is none".

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::PROMETHEUS;
use crate::api_client::describe;
use crate::api_client::lenient::{Member, Text, is_name};
use crate::model::endpoint::{EndpointChoice, EndpointFact, ListedEndpoint};
use crate::model::odd_rows::{ListedTypes, OddRow, OddRows, SetupList};

/// What is wrong with a row that is not even an object.
const NO_OBJECT: &str = "it is no object, or has a member twice";

/// How many rows of a list are read.
const MAX_ROWS: usize = 10_000;

/// The integration endpoints of type `prometheus` that a project has.
#[derive(Debug, Default)]
pub struct ListedEndpoints {
    endpoints: Vec<Endpoint>,
    /// The rows that could not be read.
    pub odd: OddRows,
}

/// An integration endpoint, without its secrets.
#[derive(Debug)]
struct Endpoint {
    id: Arc<str>,
    name: Arc<str>,
}

#[derive(Deserialize)]
struct WireType<'a> {
    #[serde(borrow, default)]
    integration_type: Member<Text<'a>>,
    #[serde(borrow, default)]
    source_service_types: Member<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct WireEndpoint<'a> {
    #[serde(borrow, default)]
    endpoint_id: Member<Text<'a>>,
    #[serde(borrow, default)]
    endpoint_name: Member<Text<'a>>,
    #[serde(borrow, default)]
    endpoint_type: Member<Text<'a>>,
}

/// Reads the answer of `GET …/integration_types`.
///
/// # Errors
/// When it is not the list, or when the list has no row of the Prometheus integration.
pub fn read_types(body: &[u8]) -> Result<ListedTypes, String> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        integration_types: Vec<&'a RawValue>,
    }
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| describe(&error))?;
    let mut listed = ListedTypes::default();
    let mut whole = None;
    for (index, row) in answer.integration_types.iter().take(MAX_ROWS).enumerate() {
        let Ok(row) = serde_json::from_str::<WireType<'_>>(row.get()) else {
            note_type(&mut listed, index, None, NO_OBJECT);
            continue;
        };
        let name = row.integration_type.name();
        match name {
            Some(PROMETHEUS) => {
                let all = take_types(&mut listed, index, &row);
                whole = Some(whole.unwrap_or(true) && all);
            }
            Some(_) if row.source_service_types.told().is_some() => {}
            Some(_) => note_type(&mut listed, index, name, "source_service_types is no list"),
            None => note_type(&mut listed, index, None, "integration_type is no text"),
        }
    }
    if whole.is_none() && !listed.odd.hinder() {
        return Err("no integration type \"prometheus\" in it".to_owned());
    }
    listed.is_whole = whole.unwrap_or(false);
    Ok(listed)
}

/// Takes the types of a row of the Prometheus integration. Returns whether all of
/// them could be read.
fn take_types(listed: &mut ListedTypes, index: usize, row: &WireType<'_>) -> bool {
    let name = Some(PROMETHEUS);
    let Some(types) = row.source_service_types.told() else {
        note_type(listed, index, name, "source_service_types is no list");
        return false;
    };
    let mut is_whole = types.len() <= MAX_ROWS;
    for value in types.iter().take(MAX_ROWS) {
        let text: Option<Text<'_>> = serde_json::from_str(value.get()).ok();
        match text.filter(|text| is_name(text)) {
            Some(text) => drop(listed.types.insert(Arc::from(&*text))),
            None => is_whole = false,
        }
    }
    if !is_whole {
        note_type(
            listed,
            index,
            name,
            "a row of source_service_types is no text",
        );
    }
    is_whole
}

fn note_type(listed: &mut ListedTypes, index: usize, name: Option<&str>, problem: &str) {
    let hinders = name.is_none_or(|name| name == PROMETHEUS);
    let list = SetupList::IntegrationTypes;
    listed.odd.push(odd(list, index, name, problem, hinders));
}

impl ListedEndpoints {
    /// Reads the answer of `GET …/integration_endpoint`.
    ///
    /// # Errors
    /// When it is not the list.
    pub fn read(body: &[u8]) -> Result<ListedEndpoints, String> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            service_integration_endpoints: Vec<&'a RawValue>,
        }
        let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| describe(&error))?;
        let rows = answer.service_integration_endpoints;
        let mut listed = ListedEndpoints::default();
        for (index, row) in rows.iter().enumerate() {
            match serde_json::from_str::<WireEndpoint<'_>>(row.get()) {
                Ok(row) if index < MAX_ROWS => listed.take(index, &row),
                Ok(_) => listed.note(
                    index,
                    None,
                    "the list is longer than this program reads",
                    true,
                ),
                Err(_) => {
                    listed.note(index, None, NO_OBJECT, true);
                }
            }
        }
        Ok(listed)
    }

    fn take(&mut self, index: usize, row: &WireEndpoint<'_>) {
        let name = row.endpoint_name.name();
        let Some(kind) = row.endpoint_type.name() else {
            return self.note(index, name, "endpoint_type is no text", true);
        };
        let is_prometheus = kind == PROMETHEUS;
        match (row.endpoint_id.name(), name) {
            (Some(id), Some(name)) if is_prometheus => self.endpoints.push(Endpoint {
                id: id.into(),
                name: name.into(),
            }),
            (Some(_), _) if !is_prometheus => {}
            (None, _) => self.note(index, name, "endpoint_id is no text", is_prometheus),
            (_, None) => self.note(index, name, "endpoint_name is no text", is_prometheus),
            (Some(_), Some(_)) => {}
        }
    }

    fn note(&mut self, index: usize, name: Option<&str>, problem: &str, hinders: bool) {
        let list = SetupList::IntegrationEndpoints;
        self.odd.push(odd(list, index, name, problem, hinders));
    }

    /// The endpoint to use of those listed.
    ///
    /// # Errors
    /// When it is not among them, but may be a row that cannot be read.
    pub fn find(&self, choice: &EndpointChoice) -> Result<EndpointFact, String> {
        let listed = self.endpoints.iter().map(|endpoint| ListedEndpoint {
            id: &endpoint.id,
            name: &endpoint.name,
        });
        let found = choice.find(listed);
        let mut odd = self.odd.rows().iter();
        if found.id().is_some() || !self.odd.hinder() {
            return Ok(found);
        }
        let row = odd.find(|row| row.hinders).map(ToString::to_string);
        let row = row.unwrap_or_else(|| "a row of the endpoints cannot be read".to_owned());
        Err(format!(
            "{row}; whether our endpoint exists is not known, so none is created"
        ))
    }
}

fn odd(list: SetupList, index: usize, name: Option<&str>, problem: &str, hinders: bool) -> OddRow {
    OddRow {
        list,
        row: index + 1,
        name: name.map(str::to_owned),
        problem: problem.to_owned(),
        hinders,
    }
}

/// Reads a whole answer.
///
/// # Errors
/// With the message of [`describe`], which quotes no content.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| describe(&error))
}
