//! Listings: filtered, ordered, in pages.

use serde_json::{Value, json};

use super::Refused;
use super::query::{Order, Query, fields};
use super::render::{self, Included};
use super::sight::Sight;
use crate::cloud_foundry::answer::{Answer, controller_status};
use crate::cloud_foundry::foundation::{Foundation, Made};
use crate::cloud_foundry::serve::Call;
use crate::fault::Operation;

/// One page of what `operation` lists.
pub(super) fn answer(
    foundation: &Foundation,
    sight: &Sight,
    operation: Operation,
    query: &Query,
    url: &str,
) -> Answer {
    match operation {
        Operation::ListOrganizations => organizations(foundation, sight, query, url),
        Operation::ListSpaces => spaces(foundation, sight, query, url),
        _ => instances(foundation, sight, query, url),
    }
}

fn organizations(foundation: &Foundation, sight: &Sight, query: &Query, url: &str) -> Answer {
    let rows = foundation.organizations.values().filter(|it| {
        sight.organization(it)
            && query.lets("names", [&*it.name])
            && query.lets("guids", [&*it.guid])
    });
    let page = Page::of(query, rows.collect(), |it| (it.made, &it.name));
    let rows = page
        .rows
        .iter()
        .map(|it| render::organization(it, url))
        .collect();
    page.answer("/v3/organizations", query, url, rows, None)
}

fn spaces(foundation: &Foundation, sight: &Sight, query: &Query, url: &str) -> Answer {
    let rows = foundation.spaces.values().filter(|it| {
        sight.space(it)
            && query.lets("names", [&*it.name])
            && query.lets("guids", [&*it.guid])
            && query.lets("organization_guids", [&*it.organization])
    });
    let page = Page::of(query, rows.collect(), |it| (it.made, &it.name));
    let included = query.include_organization.then(|| {
        let organizations = page.rows.iter().map(|it| it.organization.as_str());
        Included::organizations(foundation, organizations, url)
    });
    let rows = page.rows.iter().map(|it| render::space(it, url)).collect();
    page.answer("/v3/spaces", query, url, rows, included)
}

fn instances(foundation: &Foundation, sight: &Sight, query: &Query, url: &str) -> Answer {
    let organization = |space: &str| {
        let space = foundation.spaces.get(space);
        space.map_or("", |space| space.organization.as_str())
    };
    let rows = foundation.instances.values().filter(|it| {
        let spaces = || {
            std::iter::once(&it.space)
                .chain(&it.shared_to)
                .map(String::as_str)
        };
        sight.instance(it)
            && query
                .instance_type
                .is_none_or(|wanted| wanted == it.instance_type)
            && query.lets("names", [&*it.name])
            && query.lets("guids", [&*it.guid])
            && query.lets("space_guids", spaces())
            && query.lets("organization_guids", spaces().map(organization))
    });
    let page = Page::of(query, rows.collect(), |it| (it.made, &it.name));
    let included = (!query.fields.is_empty())
        .then(|| Included::fields(foundation, sight, &query.fields, &page.rows));
    let rows = page
        .rows
        .iter()
        .map(|it| render::instance(foundation, it, url))
        .collect();
    page.answer("/v3/service_instances", query, url, rows, included)
}

/// The spaces that an instance is shared with [cc service_instances_controller.rb
/// `relationships_shared_spaces`]: for who sees its own space.
pub(super) fn shared_spaces(
    foundation: &Foundation,
    sight: &Sight,
    call: &Call,
    url: &str,
) -> Result<Answer, Refused> {
    let guid = call.path.get(2).map(String::as_str).unwrap_or_default();
    let instance = foundation.instance(guid).ok();
    let instance =
        instance.filter(|it| foundation.space(&it.space).is_ok_and(|it| sight.space(it)));
    let instance =
        instance.ok_or_else(|| Box::new(controller_status(404, "Service instance not found")))?;
    let fields = fields(&call.query)?;
    let spaces = instance.shared_to.iter().map(String::as_str);
    let data: Vec<Value> = spaces.clone().map(|guid| json!({"guid": guid})).collect();
    let own = format!("{url}/v3/service_instances/{guid}/relationships/shared_spaces");
    let mut answer = json!({"data": data, "links": {"self": {"href": own}}});
    if !fields.is_empty() {
        answer["included"] = Included::of_spaces(foundation, sight, &fields, spaces);
    }
    Ok(Answer::json(200, answer))
}

/// One page's rows.
struct Page<'a, T> {
    rows: Vec<&'a T>,
    total: usize,
}

impl<'a, T> Page<'a, T> {
    fn of(query: &Query, mut all: Vec<&'a T>, key: impl Fn(&T) -> (Made, &String)) -> Self {
        match query.order {
            Order::Id => all.sort_by_key(|it| key(it).0.id),
            Order::CreatedAt => all.sort_by_key(|it| key(it).0),
            Order::Name => all.sort_by(|one, other| {
                let ((made, name), (other_made, other_name)) = (key(one), key(other));
                (name, made.id).cmp(&(other_name, other_made.id))
            }),
        }
        if query.descending {
            all.reverse();
        }
        let total = all.len();
        let from = (query.page - 1).saturating_mul(query.per_page);
        let rows = all.into_iter().skip(from).take(query.per_page).collect();
        Self { rows, total }
    }

    /// [cc pagination_presenter.rb]
    fn answer(
        &self,
        path: &str,
        query: &Query,
        url: &str,
        rows: Vec<Value>,
        included: Option<Value>,
    ) -> Answer {
        let last = self.total.div_ceil(query.per_page).max(1);
        let href = |page: usize| format!("{url}{path}?{}", query.of_page(page));
        let link = |page: usize| json!({"href": href(page)});
        let mut body = json!({
            "pagination": {
                "total_results": self.total,
                "total_pages": last,
                "first": link(1),
                "last": link(last),
                "next": (query.page < last).then(|| link(query.page + 1)),
                "previous": (query.page > 1).then(|| link(query.page - 1)),
            },
            "resources": rows,
        });
        if let Some(included) = included {
            body["included"] = included;
        }
        let mut answer = Answer::json(200, body);
        answer.page = Some(href(query.page));
        answer
    }
}
