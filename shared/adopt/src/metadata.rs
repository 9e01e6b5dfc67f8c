//! What was said there: by whom, and what else was kept of it.

use crate::{Report, chats::JsonNames, json, source::rows::OldMessage};
use chrono::{DateTime, Utc};
use db::MessageRole;

/// Who said it. What no user says is the assistant's.
pub(crate) fn role(there: Option<&str>) -> MessageRole {
    let there = there.unwrap_or_default().to_ascii_lowercase();
    match matches!(&*there, "user" | "human") {
        true => MessageRole::User,
        false => MessageRole::Assistant,
    }
}

/// What has no column here.
pub(crate) fn metadata(
    old: &OldMessage,
    time: Option<DateTime<Utc>>,
    names: &JsonNames,
    report: &mut Report,
) -> String {
    let mut kept = Vec::new();
    let (mut replaced, mut twice) = (false, false);
    let mut odd = Vec::new();
    let named = names.iter().zip(old.json.iter().skip(1));
    let named = named.filter_map(|(name, value)| Some((&**name, value.as_deref()?)));
    let sources = old.sources.as_deref().map(|sources| ("sources", sources));
    for (name, value) in sources.into_iter().chain(named) {
        if value == "null" {
            continue;
        }
        if !json::is_readable(value) {
            report.note("json_unreadable", &old.id);
            odd.push(format!("{}: {}", json::quoted(name), json::quoted(value)));
            continue;
        }
        let (stored, changed) = json::storable(value);
        let loses = json::has_key_twice(&stored);
        kept.push(format!("{}: {stored}", json::quoted(name)));
        if changed > 0 || loses {
            odd.push(format!("{}: {}", json::quoted(name), json::quoted(value)));
        }
        replaced |= changed > 0;
        twice |= loses;
        if name == "sources" && value != "[]" {
            report.note("sources_kept", &old.id);
        }
    }
    if replaced {
        report.note("json_replaced", &old.id);
    }
    if twice {
        report.note("json_key_twice", &old.id);
    }
    if !matches!(old.role.as_deref(), Some("user" | "assistant")) {
        report.note("role_changed", &old.id);
        odd.push(format!(
            "\"role\": {}",
            old.role.as_deref().map_or("null".to_owned(), json::quoted)
        ));
    }
    if old.content.is_none() {
        report.note("content_null", &old.id);
        odd.push("\"content\": null".to_owned());
    }
    if time.is_none() {
        odd.push("\"time\": null".to_owned());
    }
    if !odd.is_empty() {
        kept.push(format!("\"legacy\": {{{}}}", odd.join(", ")));
    }
    format!("{{{}}}", kept.join(", "))
}
