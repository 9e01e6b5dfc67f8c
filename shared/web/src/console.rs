//! The console: a page on the same API as everybody's, with no privilege of its own, and no operation of the API. It is built
//! from shared/console and committed, so that this program needs no Node; scripts/check-console holds it against its sources.

use crate::{
    App, Error, Path, Result, Routes,
    files::{FOREVER, File, PAGE, SCRIPT, STYLE, file},
};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect},
    routing::get,
};
use std::sync::LazyLock;

/// It names the others by their hashes. What it shows is behind `#` in its address, so one page is all of them.
const CONSOLE: File = file!("console", "index.html", PAGE);
const APP: File = file!("console", "app.js", SCRIPT);
const LOOKS: File = file!("console", "style.css", STYLE);

static APP_NAME: LazyLock<String> = LazyLock::new(|| APP.named("app", "js"));
static STYLE_NAME: LazyLock<String> = LazyLock::new(|| LOOKS.named("style", "css"));

/// It loads nothing but from here, asks nobody but here, and can be in no frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// They are in no contract: what generators make of that calls operations.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .route("/console", get(console))
        // Relative, since a front may have put a prefix before it.
        .route("/console/", get(async || Redirect::permanent("../console")))
        .route("/console/{name}", get(part))
}

async fn console(asked: HeaderMap) -> impl IntoResponse {
    let (mut headers, page) = CONSOLE.encoded(&asked);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    (headers, page)
}

async fn part(Path(name): Path<String>, asked: HeaderMap) -> Result<impl IntoResponse> {
    match name {
        name if name == *APP_NAME => Ok(APP.answer(&asked, FOREVER)),
        name if name == *STYLE_NAME => Ok(LOOKS.answer(&asked, FOREVER)),
        _ => Err(Error::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_its_parts_by_their_hashes() {
        let page = std::str::from_utf8(CONSOLE.plain).expect("a page is text");
        for name in [&*APP_NAME, &*STYLE_NAME] {
            assert!(
                page.contains(&format!("\"console/{name}\"")),
                "run scripts/check-console --update"
            );
        }
    }
}
