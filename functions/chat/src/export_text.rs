//! Conversations as text: JSON for programs, Markdown for people. Written piece by piece.

use chrono::{DateTime, SecondsFormat, Utc};
use db::{ChatSession, Message, MessageRole, MessageStatus, Source};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Result;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Json,
    Markdown,
}

impl Format {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    pub(crate) fn disposition(self) -> &'static str {
        match self {
            Self::Json => r#"attachment; filename="conversations.json""#,
            Self::Markdown => r#"attachment; filename="conversations.md""#,
        }
    }

    /// What follows the last message of a conversation.
    pub(crate) fn end_of_chat(self) -> &'static str {
        match self {
            Self::Json => "]}",
            Self::Markdown => "",
        }
    }
}

/// What comes first.
pub(crate) fn head(format: Format, now: DateTime<Utc>) -> String {
    match format {
        Format::Json => format!("{{\"exported_at\":\"{}\",\"conversations\":[", moment(now)),
        Format::Markdown => String::new(),
    }
}

/// What comes last.
pub(crate) fn end(format: Format) -> &'static str {
    match format {
        Format::Json => "]}\n",
        Format::Markdown => "",
    }
}

/// The beginning of a conversation.
pub(crate) fn session(format: Format, session: &ChatSession, is_first: bool) -> Result<String> {
    Ok(match format {
        Format::Json => {
            let object = serde_json::to_string(session).map_err(anyhow::Error::from)?;
            let open = object.strip_suffix('}').unwrap_or(&object);
            format!("{}{open},\"messages\":[", comma(is_first))
        }
        Format::Markdown => {
            let rule = if is_first { "" } else { "---\n\n" };
            let started = moment(session.created_at);
            format!("{rule}# {}\n\n*{started}*\n\n", in_a_line(&session.title))
        }
    })
}

/// One message.
pub(crate) fn message(format: Format, message: &Message, is_first: bool) -> Result<String> {
    Ok(match format {
        Format::Json => {
            let object = serde_json::to_string(message).map_err(anyhow::Error::from)?;
            format!("{}{object}", comma(is_first))
        }
        Format::Markdown => {
            let who = match (message.role, &message.model) {
                (MessageRole::User, _) => "You".to_owned(),
                (MessageRole::Assistant, Some(model)) => {
                    format!("Assistant ({})", in_a_line(model))
                }
                (MessageRole::Assistant, None) => "Assistant".to_owned(),
            };
            let sources: String = message.sources.iter().map(source).collect();
            let space = if sources.is_empty() { "" } else { "\n" };
            let (at, said) = (moment(message.created_at), message.content.trim_end());
            let became = became(message.status);
            format!("**{who}**, {at}{became}\n\n{said}\n\n{sources}{space}")
        }
    })
}

/// What became of a message that is not whole.
fn became(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Complete => "",
        MessageStatus::Streaming => ", being written",
        MessageStatus::Stopped => ", stopped",
        MessageStatus::Interrupted => ", broken off",
        MessageStatus::Failed => ", failed",
    }
}

fn source(source: &Source) -> String {
    let title = in_a_line(&source.title);
    match &source.source_url {
        Some(url) => format!("- {title}: <{url}>\n"),
        None => format!("- {title}\n"),
    }
}

fn comma(is_first: bool) -> &'static str {
    if is_first { "" } else { "," }
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Without the ends of lines, which would end a heading or an item.
fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
