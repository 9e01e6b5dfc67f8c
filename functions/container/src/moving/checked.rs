//! Whether the API itself would have kept a row so: the database's own types and checks let more through.

use chrono::DateTime;
use db::{Leg, Limits, Source};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, value::RawValue};
use service::{Origin, limit_faults};

/// The first column of a row that cannot be so, and what it must be.
pub(super) fn fault(table: &str, row: &RawValue) -> Option<(String, String)> {
    let Ok(row) = serde_json::from_str::<Map<String, Value>>(row.get()) else {
        return Some(("every column".to_owned(), "must be in an object".to_owned()));
    };
    let mut given = row.iter().filter(|(_, value)| !value.is_null());
    given.find_map(|(column, value)| Some((column.clone(), refusal(table, column, value)?)))
}

fn refusal(table: &str, column: &str, value: &Value) -> Option<String> {
    match (table, column) {
        (_, "limits" | "user_limits" | "visitor_limits") => limits(value),
        (_, "allowed_origins" | "origins") => origins(value),
        ("users", "password_hash") => {
            let good = value.as_str().is_some_and(tenant_auth::can_check);
            (!good).then(|| "must be a hash that logins can check".to_owned())
        }
        ("chat_messages", "sources") => read::<Vec<Source>>(value),
        ("chat_messages", "degraded") => read::<Vec<Leg>>(value),
        ("documents" | "connectors", "metadata" | "settings") => read::<Map<String, Value>>(value),
        (_, column) if column.ends_with("_at") || column.ends_with("_since") => time(value),
        _ => None,
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<String> {
    let wrong = T::deserialize(value).is_err();
    wrong.then(|| "is not what this service writes there".to_owned())
}

fn limits(value: &Value) -> Option<String> {
    match serde_json::from_value::<Limits>(value.clone()) {
        Ok(limits) if value.is_object() => {
            let fault = limit_faults("", &limits).next()?;
            Some(format!("has {}, which {}", fault.field, fault.message))
        }
        _ => Some("must be limits, such as {\"requests_per_minute\": 60}".to_owned()),
    }
}

/// As the API writes them down, which is how browsers send them.
fn origins(value: &Value) -> Option<String> {
    let list: Vec<String> = match serde_json::from_value(value.clone()) {
        Ok(list) => list,
        Err(_) => return Some("must be a list of origins".to_owned()),
    };
    if list.len() > 50 {
        return Some("must be at most 50".to_owned());
    }
    list.iter().find_map(|text| match Origin::parse(text) {
        Err(bad) => Some(bad.to_string()),
        Ok(origin) => (origin.as_str() != text).then(|| {
            format!(
                "must be written as browsers do, such as {}",
                origin.as_str()
            )
        }),
    })
}

/// Not infinite, and of a year that can be read.
fn time(value: &Value) -> Option<String> {
    let good = value
        .as_str()
        .is_some_and(|text| DateTime::parse_from_rfc3339(text).is_ok());
    (!good).then(|| "must be a time such as 2026-01-31T12:00:00+00:00".to_owned())
}
