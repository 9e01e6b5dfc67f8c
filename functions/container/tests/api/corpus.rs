//! Every route with a JSON body, as the contract names them, and bodies that none of them takes.

use crate::kit::{
    U1,
    api::{contract, resolve},
};
use serde_json::{Value, json};

/// A route with a JSON body.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The fields of its body, each with its schema.
    fields: Vec<(String, Value)>,
    /// The least that it takes.
    pub(crate) least: Value,
}

/// A path with ids in it that stand for nothing, or for the caller's own tenant.
pub(crate) fn filled(path: &str) -> String {
    let id = U1.id.to_string();
    path.replace("{tenant_id}", "current")
        .replace("{provider}", "openai")
        .replace("{model}", "default")
        .replace("{id}", &id)
        .replace("{message_id}", &id)
}

/// The schema of a field; an optional one is either its own or null.
fn resolved<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    resolve(api, schema["oneOf"].get(0).unwrap_or(schema))
}

/// Every route that takes JSON of whoever asks: `/login/cookie` reads a body for pages of its own alone, which `cookies` tries.
pub(crate) fn operations() -> Vec<Operation> {
    let api = contract();
    let mut all = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let media = &operation["requestBody"]["content"]["application/json"];
            if media.is_null() || path == "/login/cookie" {
                continue;
            }
            let schema = resolved(&api, &media["schema"]);
            let properties = schema["properties"].as_object().unwrap();
            let fields: Vec<_> = properties
                .iter()
                .map(|(name, field)| (name.clone(), resolved(&api, field).clone()))
                .collect();
            let required = schema["required"].as_array().into_iter().flatten();
            let least =
                required.map(|name| (name.as_str().unwrap().to_owned(), json!("some text here")));
            all.push(Operation {
                method: method.to_uppercase(),
                path: filled(path),
                fields,
                least: Value::Object(least.collect()),
            });
        }
    }
    assert!(all.len() >= 11, "the contract lists the routes with a body");
    all
}

/// Values that do not fit a field, as they are written.
fn misfits(schema: &Value) -> Vec<&'static str> {
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    let kind = kind.expect("a field has a type");
    let mut all = match kind {
        "string" => vec!["5", "true", "[]", "{}", r#"["a"]"#],
        "integer" => vec![
            r#""5""#,
            "1.5",
            "true",
            "[]",
            "{}",
            // Beyond what any of them may be.
            "1000000000000001",
            "-99999999999999999999",
            "1e400",
            "1e3",
        ],
        "number" => vec![r#""1""#, "true", "[]", "{}", "1e400", "-1e400"],
        "boolean" => vec![r#""true""#, "1", "0", "null", "[]", "{}"],
        "array" => vec![r#""a""#, "5", "{}", "[5]", "[[]]", "[null]"],
        "object" => vec![
            r#""a""#,
            "5",
            "[]",
            "true",
            r#"{"zz\u0000":1}"#,
            r#"{"a":1e400}"#,
            r#"{"a":"\ud800"}"#,
        ],
        other => panic!("a field of type {other}: say what does not fit it"),
    };
    // Where null is as good as absent, it fits.
    all.retain(|value| *value != "null" || schema["type"].is_string());
    if schema["format"] == "uuid" || schema["enum"].is_array() {
        all.extend([r#""""#, r#""nope""#, r#"" ""#, r#""\u0000""#]);
    }
    // None of these is JSON, or is text that can be stored.
    all.extend([
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "+1",
        ".5",
        "0x10",
        "1.",
        "undefined",
        "'a'",
    ]);
    all.extend([
        r#""a\u0000b""#,
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#""\x41""#,
        "\"a\nb\"",
        "\"a\0b\"",
        r#""open"#,
    ]);
    all
}

/// `least` with one field written so.
pub(crate) fn with_field(least: &Value, name: &str, written: &str) -> String {
    let mut others = least.as_object().unwrap().clone();
    others.remove(name);
    let others: String = others
        .iter()
        .map(|(name, value)| format!(",\"{name}\":{value}"))
        .collect();
    format!("{{\"{name}\":{written}{others}}}")
}

/// Bodies that are not of the shape of this route's, whatever its fields hold.
fn misshapen(operation: &Operation) -> Vec<String> {
    let least = operation.least.to_string();
    let open = least.trim_end_matches('}');
    let comma = if open == "{" { "" } else { "," };
    let mut all: Vec<String> = [
        "", " ", "nope", "{", "}", "[]", "[[]]", r#""a""#, "5", "null", "true", "{,}", "{}}",
        "{'a':1}",
    ]
    .map(String::from)
    .into();
    all.extend(["", ",null", ",\"a\""].map(|rest| format!("[\"some text here\"{rest}]")));
    all.extend([" x", "{}", ",", "\0", " null", "]"].map(|rest| format!("{least}{rest}")));
    all.extend([
        format!("\u{feff}{least}"),
        format!("// {least}"),
        format!("{open},}}"),
    ]);
    let unknown = "zzz Email tenant_id user_id id is_superuser __proto__ $where"
        .split(' ')
        .chain([""]);
    let unknown = unknown.filter(|name| !operation.fields.iter().any(|(n, _)| n == name));
    all.extend(unknown.map(|name| format!("{open}{comma}\"{name}\":1}}")));
    for depth in [33, 1000, 3000] {
        let deep = "[".repeat(depth) + &"]".repeat(depth);
        all.push(format!("{open}{comma}\"zzz\":{deep}}}"));
        all.push("{\"a\":".repeat(depth / 2 + 17));
    }
    all
}

/// Bodies that no route takes.
pub(crate) fn bad_bodies(operation: &Operation) -> Vec<Vec<u8>> {
    let mut texts = misshapen(operation);
    for (name, schema) in &operation.fields {
        let misfits = misfits(schema).into_iter();
        texts.extend(misfits.map(|written| with_field(&operation.least, name, written)));
        texts.push(format!("{{\"{name}\":\"a\",\"{name}\":\"a\"}}"));
        texts.push(format!("{{\"{name}\":null,\"{name}\":null}}"));
    }
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    let not_utf8 = [
        &b"\xff"[..],
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xe2\x82",
    ];
    for (name, _) in &operation.fields {
        let text = with_field(&operation.least, name, "\"@\"");
        let (before, after) = text.split_once('@').expect("it is there");
        let with = |bytes: &[u8]| [before.as_bytes(), bytes, after.as_bytes()].concat();
        all.extend(not_utf8.map(with));
    }
    let least = operation.least.to_string();
    all.push(least.encode_utf16().flat_map(u16::to_le_bytes).collect());
    all
}
