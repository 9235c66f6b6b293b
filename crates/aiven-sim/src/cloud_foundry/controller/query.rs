//! What a listing is asked for, and what is refused [cc list_message.rb,
//! service_instances_list_message.rb, spaces_list_message.rb].

use std::collections::{BTreeMap, BTreeSet};

use super::Refused;
use crate::cloud_foundry::answer::controller_status;
use crate::cloud_foundry::serve::Call;
use crate::cloud_foundry::spec::InstanceType;
use crate::fault::Operation;

const MAX_PER_PAGE: usize = 5000;
const DEFAULT_PER_PAGE: usize = 50;

/// Which `fields` a list of service instances takes, and what of each.
const FIELDS: [(&str, &[&str]); 5] = [
    ("space", &["guid", "name", "relationships.organization"]),
    ("space.organization", &["guid", "name"]),
    (
        "service_plan",
        &["guid", "name", "relationships.service_offering"],
    ),
    (
        "service_plan.service_offering",
        &[
            "guid",
            "name",
            "description",
            "documentation_url",
            "tags",
            "relationships.service_broker",
        ],
    ),
    (
        "service_plan.service_offering.service_broker",
        &["guid", "name"],
    ),
];

/// The order of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Id,
    CreatedAt,
    Name,
}

/// A listing that may be asked for.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) page: usize,
    pub(super) per_page: usize,
    pub(super) order: Order,
    pub(super) descending: bool,
    pub(super) instance_type: Option<InstanceType>,
    pub(super) include_organization: bool,
    /// `fields[KEY]` and what is wanted of it.
    pub(super) fields: BTreeMap<String, BTreeSet<String>>,
    /// `names`, `guids`, `space_guids`, `organization_guids`.
    lists: BTreeMap<String, BTreeSet<String>>,
    /// All but `page`, for the links to other pages.
    params: Vec<(String, String)>,
}

fn bad(detail: &str) -> Refused {
    let detail = format!("The query parameter is invalid: {detail}");
    Box::new(controller_status(400, &detail))
}

fn known(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::ListOrganizations => &["page", "per_page", "order_by", "names", "guids"],
        Operation::ListSpaces => &[
            "page",
            "per_page",
            "order_by",
            "names",
            "guids",
            "organization_guids",
            "include",
        ],
        _ => &[
            "page",
            "per_page",
            "order_by",
            "names",
            "guids",
            "space_guids",
            "organization_guids",
            "type",
            "fields",
        ],
    }
}

impl Query {
    pub(super) fn read(operation: Operation, call: &Call) -> Result<Self, Refused> {
        let known = known(operation);
        let is_known = |name: &str| known.contains(&name.split('[').next().unwrap_or(name));
        let unknown = call
            .query
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !is_known(name));
        let unknown: Vec<String> = unknown.map(|name| format!("'{name}'")).collect();
        if !unknown.is_empty() {
            let valid: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
            return Err(bad(&format!(
                "Unknown query parameter(s): {}. Valid parameters are: {}",
                unknown.join(", "),
                valid.join(", ")
            )));
        }
        let (order, descending) = order(call)?;
        let lists = ["names", "guids", "space_guids", "organization_guids"].into_iter();
        let lists = lists.filter_map(|name| Some((name.to_owned(), words(call.query(name)?))));
        let per_page = number(call, "per_page")?;
        if per_page.is_some_and(|per_page| per_page > MAX_PER_PAGE) {
            return Err(bad("Per page must be between 1 and 5000"));
        }
        let params = call.query.iter().filter(|(name, _)| name != "page");
        Ok(Self {
            page: number(call, "page")?.unwrap_or(1),
            per_page: per_page.unwrap_or(DEFAULT_PER_PAGE),
            order,
            descending,
            instance_type: instance_type(call)?,
            include_organization: include(call)?,
            fields: fields(&call.query)?,
            lists: lists.collect(),
            params: params.cloned().collect(),
        })
    }

    /// Whether a filter lets one of these values through.
    pub(super) fn lets<'a>(&self, list: &str, values: impl IntoIterator<Item = &'a str>) -> bool {
        let wanted = self.lists.get(list);
        wanted.is_none_or(|wanted| values.into_iter().any(|value| wanted.contains(value)))
    }

    /// The query of another page, as Rails writes it: sorted, encoded, with what was left out.
    pub(super) fn of_page(&self, page: usize) -> String {
        let mut params = self.params.clone();
        for (name, value) in &mut params {
            if name == "order_by" && !value.starts_with(['+', '-']) {
                value.insert(0, '+');
            }
        }
        if !params.iter().any(|(name, _)| name == "per_page") {
            params.push(("per_page".into(), self.per_page.to_string()));
        }
        params.push(("page".into(), page.to_string()));
        params.sort();
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(params)
            .finish()
    }
}

fn words(list: &str) -> BTreeSet<String> {
    list.split(',').map(str::to_owned).collect()
}

fn number(call: &Call, name: &str) -> Result<Option<usize>, Refused> {
    let Some(value) = call.query(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let number = value.parse().ok().filter(|number| *number > 0);
    let title = if name == "page" { "Page" } else { "Per page" };
    number
        .map(Some)
        .ok_or_else(|| bad(&format!("{title} must be a positive integer")))
}

fn order(call: &Call) -> Result<(Order, bool), Refused> {
    let Some(wanted) = call.query("order_by").filter(|wanted| !wanted.is_empty()) else {
        return Ok((Order::Id, false));
    };
    // A plus that was not encoded arrives as a space.
    let column = wanted.trim_start_matches(['+', '-', ' ']);
    let order = match column {
        "created_at" | "updated_at" => Order::CreatedAt,
        "name" => Order::Name,
        _ => {
            return Err(bad(
                "Order by can only be: 'created_at', 'updated_at', 'name'",
            ));
        }
    };
    Ok((order, wanted.starts_with('-')))
}

fn instance_type(call: &Call) -> Result<Option<InstanceType>, Refused> {
    match call.query("type") {
        None => Ok(None),
        Some("managed") => Ok(Some(InstanceType::Managed)),
        Some("user-provided") => Ok(Some(InstanceType::UserProvided)),
        Some(_) => Err(bad("Type must be one of 'managed', 'user-provided'")),
    }
}

fn include(call: &Call) -> Result<bool, Refused> {
    match call.query("include") {
        None => Ok(false),
        Some("organization" | "org") => Ok(true),
        Some(other) => Err(bad(&format!(
            "Invalid included resource: '{other}'. Valid included resources are: 'organization'"
        ))),
    }
}

/// `fields[space]=guid,name` and the like, of a query.
pub(super) fn fields(
    query: &[(String, String)],
) -> Result<BTreeMap<String, BTreeSet<String>>, Refused> {
    let mut fields = BTreeMap::new();
    for (name, value) in query {
        let Some(key) = name.strip_prefix("fields") else {
            continue;
        };
        let key = key.strip_prefix('[').and_then(|key| key.strip_suffix(']'));
        let key = key.ok_or_else(|| bad("Fields must be an object"))?;
        let resources: Vec<String> = FIELDS.iter().map(|(key, _)| format!("'{key}'")).collect();
        let allowed = FIELDS.iter().find(|(known, _)| *known == key);
        let (_, allowed) = allowed.ok_or_else(|| {
            bad(&format!(
                "Fields [{key}] valid resources are: {}",
                resources.join(", ")
            ))
        })?;
        let wanted = words(value);
        if wanted
            .iter()
            .any(|field| !allowed.contains(&field.as_str()))
        {
            let allowed: Vec<String> = allowed.iter().map(|field| format!("'{field}'")).collect();
            let allowed = allowed.join(", ");
            return Err(bad(&format!(
                "Fields valid keys for '{key}' are: {allowed}"
            )));
        }
        fields.insert(key.to_owned(), wanted);
    }
    Ok(fields)
}
