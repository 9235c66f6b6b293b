//! Rows as Cloud Controller presents them [cc app/presenters/v3, app/decorators].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::sight::Sight;
use crate::cloud_foundry::foundation::{Foundation, Instance, Organization, Plan, Space};
use crate::cloud_foundry::spec::InstanceType;

type Fields = BTreeMap<String, BTreeSet<String>>;

/// To the second.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn link(url: &str, path: &str) -> Value {
    json!({"href": format!("{url}/v3/{path}")})
}

fn to_one(guid: &str) -> Value {
    json!({"data": {"guid": guid}})
}

fn no_metadata() -> Value {
    json!({"labels": {}, "annotations": {}})
}

pub(super) fn organization(it: &Organization, url: &str) -> Value {
    let guid = &it.guid;
    json!({
        "guid": guid,
        "created_at": time(it.made.at),
        "updated_at": time(it.made.at),
        "name": it.name,
        "suspended": false,
        "relationships": {"quota": to_one("90000000-0000-4000-8000-000000000001")},
        "metadata": no_metadata(),
        "links": {
            "self": link(url, &format!("organizations/{guid}")),
            "domains": link(url, &format!("organizations/{guid}/domains")),
            "default_domain": link(url, &format!("organizations/{guid}/domains/default")),
            "quota": link(url, "organization_quotas/90000000-0000-4000-8000-000000000001"),
        },
    })
}

pub(super) fn space(it: &Space, url: &str) -> Value {
    let guid = &it.guid;
    let manifest = format!("{url}/v3/spaces/{guid}/actions/apply_manifest");
    json!({
        "guid": guid,
        "created_at": time(it.made.at),
        "updated_at": time(it.made.at),
        "name": it.name,
        "suspended": false,
        "relationships": {"organization": to_one(&it.organization), "quota": {"data": null}},
        "metadata": no_metadata(),
        "links": {
            "self": link(url, &format!("spaces/{guid}")),
            "organization": link(url, &format!("organizations/{}", it.organization)),
            "features": link(url, &format!("spaces/{guid}/features")),
            "apply_manifest": {"href": manifest, "method": "POST"},
        },
    })
}

pub(super) fn instance(foundation: &Foundation, it: &Instance, url: &str) -> Value {
    let guid = &it.guid;
    let mut row = json!({
        "guid": guid,
        "created_at": time(it.made.at),
        "updated_at": time(it.made.at),
        "name": it.name,
        "tags": [],
        "last_operation": {"type": "create", "state": "succeeded", "description": "",
            "created_at": time(it.made.at), "updated_at": time(it.made.at)},
        "relationships": {"space": to_one(&it.space)},
        "metadata": no_metadata(),
        "links": {
            "self": link(url, &format!("service_instances/{guid}")),
            "space": link(url, &format!("spaces/{}", it.space)),
            "service_credential_bindings":
                link(url, &format!("service_credential_bindings?service_instance_guids={guid}")),
            "service_route_bindings":
                link(url, &format!("service_route_bindings?service_instance_guids={guid}")),
        },
    });
    match it.instance_type {
        InstanceType::Managed => {
            let plan = foundation.plan_guid(it);
            row["type"] = json!("managed");
            row["maintenance_info"] = json!({});
            row["upgrade_available"] = json!(false);
            row["dashboard_url"] = Value::Null;
            row["relationships"]["service_plan"] = to_one(&plan);
            row["links"]["service_plan"] = link(url, &format!("service_plans/{plan}"));
            row["links"]["parameters"] = link(url, &format!("service_instances/{guid}/parameters"));
            row["links"]["shared_spaces"] = link(
                url,
                &format!("service_instances/{guid}/relationships/shared_spaces"),
            );
        }
        InstanceType::UserProvided => {
            row["type"] = json!("user-provided");
            row["syslog_drain_url"] = Value::Null;
            row["route_service_url"] = Value::Null;
            row["links"]["credentials"] =
                link(url, &format!("service_instances/{guid}/credentials"));
        }
    }
    row
}

/// The `included` of a listing.
pub(super) struct Included;

impl Included {
    /// `include=organization`: whole organizations, seen or not.
    pub(super) fn organizations<'a>(
        foundation: &Foundation,
        guids: impl Iterator<Item = &'a str>,
        url: &str,
    ) -> Value {
        let guids: BTreeSet<&str> = guids.collect();
        let rows = guids
            .iter()
            .filter_map(|guid| foundation.organization(guid).ok());
        let rows: Vec<Value> = rows.map(|it| organization(it, url)).collect();
        json!({"organizations": rows})
    }

    /// `fields[…]` of service instances.
    pub(super) fn fields(
        foundation: &Foundation,
        sight: &Sight,
        fields: &Fields,
        rows: &[&Instance],
    ) -> Value {
        let spaces = rows.iter().map(|it| it.space.as_str());
        let mut included = Self::of_spaces(foundation, sight, fields, spaces);
        let plans: BTreeSet<&(String, String)> = rows.iter().map(|it| &it.plan).collect();
        let plans = plans
            .into_iter()
            .filter_map(|key| Some((key, foundation.plans.get(key)?)));
        let mut plans: Vec<(&(String, String), &Plan)> = plans.collect();
        plans.sort_by_key(|(_, plan)| plan.made);
        if let Some(wanted) = fields.get("service_plan") {
            let row = |((_, name), plan): &(&(String, String), &Plan)| {
                let offering = json!({"service_offering": to_one(&plan.offering_guid)});
                chosen(
                    wanted,
                    &plan.guid,
                    Some(name),
                    ("relationships.service_offering", &offering),
                )
            };
            included["service_plans"] = plans.iter().map(row).collect();
        }
        let offerings: BTreeMap<&str, &str> = plans
            .iter()
            .map(|((offering, _), plan)| (plan.offering_guid.as_str(), offering.as_str()))
            .collect();
        if let Some(wanted) = fields.get("service_plan.service_offering") {
            let broker = json!({"service_broker": to_one(BROKER)});
            let row = |(guid, name): (&&str, &&str)| {
                chosen(
                    wanted,
                    guid,
                    Some(name),
                    ("relationships.service_broker", &broker),
                )
            };
            included["service_offerings"] = offerings.iter().map(row).collect();
        }
        if let Some(wanted) = fields.get("service_plan.service_offering.service_broker") {
            let row = chosen(wanted, BROKER, Some("aiven-broker"), ("", &Value::Null));
            let brokers: Vec<Value> = offerings.keys().take(1).map(|_| row.clone()).collect();
            included["service_brokers"] = json!(brokers);
        }
        included
    }

    /// `fields[space]` and `fields[space.organization]`. Names of organizations that the user does
    /// not see are left out [cc field_service_instance_organization_decorator.rb]; those of
    /// spaces are not.
    pub(super) fn of_spaces<'a>(
        foundation: &Foundation,
        sight: &Sight,
        fields: &Fields,
        guids: impl Iterator<Item = &'a str>,
    ) -> Value {
        let guids: BTreeSet<&str> = guids.collect();
        let mut spaces: Vec<&Space> = guids
            .iter()
            .filter_map(|guid| foundation.space(guid).ok())
            .collect();
        spaces.sort_by_key(|space| space.made);
        let mut included = json!({});
        if let Some(wanted) = fields.get("space") {
            let row = |it: &&Space| {
                let organization = json!({"organization": to_one(&it.organization)});
                chosen(
                    wanted,
                    &it.guid,
                    Some(&it.name),
                    ("relationships.organization", &organization),
                )
            };
            included["spaces"] = spaces.iter().map(row).collect();
        }
        if let Some(wanted) = fields.get("space.organization") {
            let guids: BTreeSet<&str> = spaces.iter().map(|it| it.organization.as_str()).collect();
            let organizations = guids
                .iter()
                .filter_map(|guid| foundation.organization(guid).ok());
            let mut organizations: Vec<&Organization> = organizations.collect();
            organizations.sort_by_key(|organization| organization.made);
            let row = |it: &&Organization| {
                let name = sight.organization(it).then_some(it.name.as_str());
                chosen(wanted, &it.guid, name, ("", &Value::Null))
            };
            included["organizations"] = organizations.iter().map(row).collect();
        }
        included
    }
}

/// GUID of the one service broker.
const BROKER: &str = "b0000000-0000-4000-8000-000000000001";

/// What was asked for of one thing; `relationships` go by the name of their field.
fn chosen(
    wanted: &BTreeSet<String>,
    guid: &str,
    name: Option<&str>,
    (relationships, related): (&str, &Value),
) -> Value {
    let mut row = Map::new();
    if wanted.contains("guid") {
        row.insert("guid".into(), json!(guid));
    }
    if let Some(name) = name.filter(|_| wanted.contains("name")) {
        row.insert("name".into(), json!(name));
    }
    if wanted.contains(relationships) {
        row.insert("relationships".into(), related.clone());
    }
    Value::Object(row)
}
