//! The published contract: as JSON for programs, and as one page without scripts for people.

use crate::{App, Routes};
use axum::{
    http::header,
    response::{Html, IntoResponse},
};
use serde_json::Value;
use std::{fmt::Write, sync::LazyLock};
use utoipa_axum::routes;

/// The contract of the whole service: whichever of its programs is asked tells of all of them. A test holds it against
/// the code.
const CONTRACT: &str = include_str!("../../../functions/container/openapi.json");

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let contract = serde_json::from_str(CONTRACT).expect("the contract was written as JSON");
    page(&contract)
});

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}\
h2{margin-top:2.5rem;border-bottom:1px solid #ddd}summary{cursor:pointer;padding:.3rem 0}\
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f5f5f5;padding:.8rem;overflow-x:auto}\
b.m{display:inline-block;width:4.5rem}td{padding:.1rem 1rem .1rem 0;vertical-align:top}\
@media(prefers-color-scheme:dark){body{background:#161616;color:#e8e8e8}pre{background:#222}h2{border-color:#444}}";

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .routes(routes!(openapi_json))
        .routes(routes!(docs))
}

/// This contract.
#[utoipa::path(get, path = "/openapi.json", tag = "every deployment", security(()), responses((status = 200, description = "OpenAPI 3.1")))]
async fn openapi_json() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], CONTRACT)
}

/// This contract, to be read.
#[utoipa::path(get, path = "/docs", tag = "every deployment", security(()), responses((status = 200, description = "HTML")))]
async fn docs() -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    (
        [(header::CONTENT_SECURITY_POLICY, policy)],
        Html(PAGE.as_str()),
    )
}

fn page(api: &Value) -> String {
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Parlance API</title><style>{STYLE}</style><h1>Parlance API {}</h1>{}\
         <p>For programs: <a href=openapi.json>openapi.json</a></p>",
        text(&api["info"]["version"]),
        prose(&api["info"]["description"]),
    );
    for tag in api["tags"].as_array().into_iter().flatten() {
        add(
            &mut html,
            format_args!(
                "<h2>{}</h2>{}",
                text(&tag["name"]),
                prose(&tag["description"])
            ),
        );
        for (path, method, operation) in operations(api, &tag["name"]) {
            add(
                &mut html,
                format_args!(
                    "<details><summary><b class=m>{}</b> <code>{}</code> {}</summary>",
                    method.to_uppercase(),
                    escape(path),
                    inline(&operation["summary"]),
                ),
            );
            describe(&mut html, api, operation);
            html.push_str("</details>");
        }
    }
    html
}

/// The operations of a tag, by path and method.
fn operations<'a>(
    api: &'a Value,
    tag: &'a Value,
) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
    let paths = api["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    all.filter(move |(.., operation)| operation["tags"][0] == *tag)
}

fn describe(html: &mut String, api: &Value, operation: &Value) {
    html.push_str(&prose(&operation["description"]));
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        add(
            html,
            format_args!(
                "<p><code>{}</code> ({}) {}</p>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                inline(&parameter["description"]),
            ),
        );
    }
    for (media, content) in operation["requestBody"]["content"]
        .as_object()
        .into_iter()
        .flatten()
    {
        add(
            html,
            format_args!("<p>Send <code>{}</code></p>", escape(media)),
        );
        schema(html, api, &content["schema"]);
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        add(
            html,
            format_args!(
                "<p><b>{}</b> {}</p>",
                escape(status),
                inline(&response["description"])
            ),
        );
        for (_, content) in response["content"].as_object().into_iter().flatten() {
            schema(html, api, &content["schema"]);
        }
    }
}

/// The fields of an object, one line each.
fn schema(html: &mut String, api: &Value, schema: &Value) {
    let fields = resolve(api, schema)["properties"].as_object();
    let Some(fields) = fields else {
        return;
    };
    html.push_str("<table>");
    for (name, field) in fields {
        add(
            html,
            format_args!(
                "<tr><td><code>{}</code><td>{}<td>{}",
                escape(name),
                escape(&kind(api, field)),
                inline(&field["description"]),
            ),
        );
    }
    html.push_str("</table>");
}

fn resolve<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
    target
        .and_then(|pointer| api.pointer(pointer))
        .unwrap_or(schema)
}

/// The type of a field in a few words.
fn kind(api: &Value, field: &Value) -> String {
    let shape = resolve(api, field);
    if let Some(words) = shape["enum"].as_array() {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
        return words.join(" | ");
    }
    match &shape["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "object".into(),
    }
}

fn add(html: &mut String, what: std::fmt::Arguments<'_>) {
    html.write_fmt(what).expect("a String takes everything");
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

/// Paragraphs, with what stands between backticks as code.
fn prose(value: &Value) -> String {
    let paragraphs = value.as_str().unwrap_or_default().split("\n\n");
    let paragraphs = paragraphs.filter(|paragraph| !paragraph.is_empty());
    paragraphs
        .map(|paragraph| format!("<p>{}</p>", marked(paragraph)))
        .collect()
}

fn inline(value: &Value) -> String {
    marked(value.as_str().unwrap_or_default())
}

fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let part = |(n, part): (usize, &str)| match n % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    };
    parts.map(part).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
