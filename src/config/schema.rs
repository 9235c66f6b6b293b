//! What BOSH checks at deploy time, printed from the table of keys: the job's
//! `properties_schema.json` and its template `refusals.erb`.
//!
//! A current Director checks the schema before it fills in any template, with
//! a library that says the `x-error` of what it refuses. So a schema can say
//! the sentence that an operator needs, and says all that it can. Keywords that
//! begin with `x-` mean nothing to the Director: the template obeys them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::keys::{self, KEYS};
use super::rules::{Form, Item, Rule, Shape, Unset};

/// Keys that are given all or not at all.
const WEB_TLS: [&str; 3] = ["web.tls.certificate", PRIVATE_KEY, "web.tls.client_ca"];

/// Likewise.
const CLOUD_FOUNDRY: [&str; 3] = [
    "cloud_foundry.api_url",
    "cloud_foundry.client_id",
    "cloud_foundry.client_secret",
];

const PRIVATE_KEY: &str = "web.tls.private_key";

/// The template without its schema.
const TEMPLATE: &str = include_str!("refusals.erb");

/// `jobs/aiven-metrics/properties_schema.json`.
pub fn properties_schema() -> String {
    let properties = KEYS.iter().filter(|rule| rule.is_property);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": section(properties.map(|rule| (rule.path, rule)).collect()),
        "x-between-keys": between_keys(),
    });
    format!("{schema:#}\n")
}

/// The schemas of the keys of one section, each with its path within that section.
fn section(keys: Vec<(&str, &Rule)>) -> Value {
    let mut schemas = Map::new();
    let mut sections: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (path, rule) in keys {
        match path.split_once('.') {
            Some((name, rest)) => sections.entry(name).or_default().push((rest, rule)),
            None => _ = schemas.insert(path.to_owned(), of_key(rule)),
        }
    }
    for (name, keys) in sections {
        let schema = json!({"type": "object", "properties": section(keys)});
        schemas.insert(name.to_owned(), schema);
    }
    Value::Object(schemas)
}

/// `jobs/aiven-metrics/templates/refusals.erb`.
pub fn refusals_template() -> String {
    TEMPLATE.replace("SCHEMA_OF_THE_PROPERTIES\n", &properties_schema())
}

/// The schema of one property.
fn of_key(rule: &Rule) -> Value {
    let mut schema = match &rule.form {
        Form::Boolean { default } => json!({"type": "boolean", "default": default}),
        Form::Number { default, bounds } => json!({
            "type": "integer", "default": default,
            "minimum": bounds.start(), "maximum": bounds.end(),
        }),
        Form::Duration { default, bounds } => json!({
            "type": "string", "default": default, "x-duration": [bounds.0, bounds.1],
        }),
        Form::Choice { default, among } => json!({"default": default, "enum": among}),
        Form::Text { unset, shape } => of_text(shape, *unset),
        Form::List { item, is_required } => of_list(rule, item, *is_required),
        Form::Tags => of_tags(rule),
    };
    if schema.get("x-error").is_none() {
        let said = sentence(rule.path, found(rule), &rule.want(), rule.advice);
        set(&mut schema, "x-error", json!(said));
    }
    schema
}

fn set(schema: &mut Value, keyword: &str, value: Value) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(keyword.to_owned(), value);
    }
}

fn of_text(shape: &Shape, unset: Unset) -> Value {
    let mut schema = of_shape(shape);
    match unset {
        Unset::IsWrong => {}
        Unset::Depends => set(&mut schema, "type", json!(["string", "null"])),
        Unset::Means(default) => set(&mut schema, "default", json!(default)),
    }
    schema
}

fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Characters { allowed, length } => {
            json!({"type": "string", "pattern": allowed.pattern(length)})
        }
        Shape::Url => json!({"type": "string", "pattern": URL_PATTERN}),
        Shape::ApiUrl => {
            let rest = URL_PATTERN.trim_start_matches(r"\A");
            json!({"type": "string", "pattern": format!("{NOT_OF_THE_API}{rest}")})
        }
        Shape::ProxyUrl => json!({"type": "string", "pattern": PROXY_PATTERN}),
        Shape::Certificates => json!({"type": "certificate", "pattern": NO_KEY_PATTERN}),
        Shape::PrivateKey => json!({"type": "string", "pattern": KEY_PATTERN}),
        Shape::Address { is_loopback, .. } => {
            let kind = if *is_loopback { "loopback" } else { "any" };
            json!({"type": "string", "x-address": kind})
        }
        Shape::Glob => json!({"type": "string", "pattern": GLOB_PATTERN, "x-glob": true}),
        Shape::TargetsFile => json!({"type": "string", "pattern": TARGETS_PATTERN}),
        Shape::Folder => json!({"type": "string", "pattern": r"\A/"}),
    }
}

fn of_list(rule: &Rule, item: &Item, is_required: bool) -> Value {
    let said = |found, want: &str, advice| sentence(rule.path, found, want, advice);
    let mut items = of_shape(&item.shape);
    let wrong_item = said(FOUND_TEXT, item.want, item.advice);
    set(&mut items, "x-error", json!(wrong_item));
    let mut schema = json!({"type": "array", "items": items});
    let found = if is_required {
        set(&mut schema, "minItems", json!(1));
        MISSING
    } else {
        set(&mut schema, "default", json!([]));
        FOUND
    };
    let mut errors = json!({"*": said(found, &rule.want(), rule.advice)});
    if let Some(once) = item.once {
        set(&mut schema, "uniqueItems", json!(true));
        let said = said(FOUND, once, "remove the repetition");
        set(&mut errors, "uniqueItems", json!(said));
    }
    set(&mut schema, "x-error", errors);
    schema
}

fn of_tags(rule: &Rule) -> Value {
    let said = |(want, advice)| sentence(rule.path, FOUND_TEXT, want, advice);
    let mut names = of_shape(&keys::TAG_NAME_SHAPE);
    set(&mut names, "x-error", json!(said(keys::TAG_NAME)));
    json!({
        "type": "object", "default": {},
        "propertyNames": names,
        "additionalProperties": {"type": "string", "x-error": said(keys::TAG_VALUE)},
    })
}

/// What is said where one key does not go with another.
fn between_keys() -> Value {
    let missing = |path: &str, advice: &str| {
        let want = keys::rule(path).want();
        format!("{path}: missing, want {want}; {advice}")
    };
    let credentials = |path| {
        json!({
            "needed": missing(path, keys::CREDENTIALS_ARE_NEEDED),
            "pair": missing(path, keys::CREDENTIALS_ARE_A_PAIR),
        })
    };
    let whole = |paths: [&'static str; 3], advice| {
        BTreeMap::from(paths.map(|path| (path, missing(path, advice))))
    };
    let (want, advice) = keys::ENDPOINT_OF_ONE_PROJECT;
    json!({
        "integration.username": credentials("integration.username"),
        "integration.password": credentials("integration.password"),
        "integration.endpoint_id": format!(
            "integration.endpoint_id: found it with several projects, want {want}; {advice}"
        ),
        "web.tls": whole(WEB_TLS, keys::TLS_IS_WHOLE),
        "cloud_foundry": whole(CLOUD_FOUNDRY, keys::CLOUD_FOUNDRY_IS_WHOLE),
        PRIVATE_KEY: sentence(
            PRIVATE_KEY,
            &format!("found {}", keys::KEY_OF_ANOTHER),
            &keys::rule(PRIVATE_KEY).want(),
            keys::KEY_OF_THE_CERTIFICATE,
        ),
        "scrape_proxy.listen": format!("scrape_proxy.listen: {}", keys::ONE_PORT_FOR_TWO),
    })
}

/// The Director and the template replace the placeholder by the value.
const FOUND: &str = "found %{instance}";

/// Likewise for what is a text, or should be.
const FOUND_TEXT: &str = "found \"%{instance}\"";

/// For what may be absent: the Director has no words for that value.
const MISSING: &str = "missing or wrong";

/// For what may be a secret.
const NOT_SHOWN: &str = "found something else (not shown)";

/// What is said of a wrong value itself.
fn found(rule: &Rule) -> &'static str {
    match rule.form {
        Form::Text {
            unset: Unset::IsWrong,
            ..
        } => MISSING,
        _ if rule.is_secret => NOT_SHOWN,
        Form::Text { .. } | Form::Duration { .. } | Form::Choice { .. } => FOUND_TEXT,
        _ => FOUND,
    }
}

fn sentence(path: &str, found: &str, want: &str, advice: &str) -> String {
    format!("{path}: {found}, want {want}; {advice}")
}

// The Director's patterns are Ruby's: `^` and `$` would be those of a line.

const URL_PATTERN: &str = concat!(
    r"\A(?:https://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])",
    r"|http://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[[0:]*:1\]))",
    r"(?::[0-9]{1,5})?(?:/[^[:space:][:cntrl:]?#]*)?\z",
);

/// No version in the path, not the console, and no port that cannot speak TLS.
const NOT_OF_THE_API: &str = concat!(
    r"\A(?!https?://[^/]+/(?:.*/)?[vV]1(?:/|\z))(?!https://console\.aiven\.io(?:[:/]|\z))",
    r"(?!https://[^/]*:0*80(?:/|\z))(?![^/]*//[^/]*:0+(?:/|\z))",
);

const PROXY_PATTERN: &str = concat!(
    r"\A(?:https?://(?:[^[:space:][:cntrl:]@/?#:]*(?::[^[:space:][:cntrl:]@/?#]*)?@)?",
    r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?!0+(?:/|\z))[0-9]{1,5})?/?)?\z",
);

/// Certificates are asked for, not keys.
const NO_KEY_PATTERN: &str = r"\A(?![\s\S]*PRIVATE KEY-----)";

const KEY_PATTERN: &str = r"\A(?:\s*-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]*)?\z";

/// Brackets and braces that are closed.
const GLOB_PATTERN: &str =
    r"\A(?=[\s\S])(?<glob>(?:\\[\s\S]|\[[!^]?\]?[^\]]*\]|\{\g<glob>\}|[^\\\[{}])*)\z";

/// bpm lets the daemon write nowhere else.
const TARGETS_PATTERN: &str =
    r"\A(?:/var/vcap/store/aiven-metrics/)?(?:[\w-][\w.-]*/)+[\w-][\w.-]*\.json\z";
