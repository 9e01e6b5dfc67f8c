//! The chat for pages of others: two files that browsers load, and no operation of the API. They are built from
//! shared/widget and committed, so that this program needs no Node; scripts/check-widget holds them against their sources.

use crate::{
    App, Error, Path, Result, Routes,
    files::{FOREVER, File, SCRIPT, SHORT, file},
};
use axum::{http::HeaderMap, response::IntoResponse, routing::get};
use std::sync::LazyLock;

/// What pages name: the button, which knows the other by its hash.
const LOADER: File = file!("widget", "widget.js", SCRIPT);
/// The chat itself.
const CHAT: File = file!("widget", "chat.js", SCRIPT);

static CHAT_NAME: LazyLock<String> = LazyLock::new(|| CHAT.named("chat", "js"));

/// They are in no contract: what generators make of that calls operations.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .route("/widget.js", get(loader))
        .route("/widget/{name}", get(chat))
}

async fn loader(asked: HeaderMap) -> impl IntoResponse {
    LOADER.answer(&asked, SHORT)
}

/// Under its own name for good; and under a name for pages that know the hash of another release.
async fn chat(Path(name): Path<String>, asked: HeaderMap) -> Result<impl IntoResponse> {
    match name.as_str() {
        name if name == *CHAT_NAME => Ok(CHAT.answer(&asked, FOREVER)),
        "chat.js" => Ok(CHAT.answer(&asked, SHORT)),
        _ => Err(Error::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_names_the_chat_by_its_hash() {
        let loader = std::str::from_utf8(LOADER.plain).expect("a script is text");
        assert!(
            loader.contains(&*CHAT_NAME),
            "run scripts/check-widget --update"
        );
    }
}
