//! The chat for pages of others: two files that browsers load, and no operation of the API. They are built from
//! shared/widget and committed, so that this program needs no Node; scripts/check-widget holds them against their sources.

use crate::{App, Error, Path, Result, Routes};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::IntoResponse,
    routing::get,
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file, as it is and compressed.
struct File {
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

macro_rules! file {
    ($name:literal) => {
        File {
            plain: include_bytes!(concat!("../../widget/built/", $name)),
            gzip: include_bytes!(concat!("../../widget/built/", $name, ".gz")),
            brotli: include_bytes!(concat!("../../widget/built/", $name, ".br")),
        }
    };
}

/// What pages name: the button, which knows the other by its hash.
const LOADER: File = file!("widget.js");
/// The chat itself.
const CHAT: File = file!("chat.js");

/// Pages name the loader for years, so a new release must reach them soon.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// What has its hash in its name is never another.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The chat's name with its hash in it, as the build made it.
static CHAT_NAME: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::digest(CHAT.plain);
    let hash: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("chat-{hash}.js")
});

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

impl File {
    fn answer(&self, asked: &HeaderMap, cache: HeaderValue) -> (HeaderMap, &'static [u8]) {
        let (encoding, bytes) = if accepts(asked, "br") {
            (Some("br"), self.brotli)
        } else if accepts(asked, "gzip") {
            (Some("gzip"), self.gzip)
        } else {
            (None, self.plain)
        };
        let text = HeaderValue::from_static;
        let mut headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, text("text/javascript; charset=utf-8")),
            (header::CACHE_CONTROL, cache),
            (header::VARY, text("Accept-Encoding, Origin")),
            // Pages of every origin load it, and may check its hash.
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, text("*")),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                text("cross-origin"),
            ),
        ]);
        headers.extend(encoding.map(|name| (header::CONTENT_ENCODING, text(name))));
        (headers, bytes)
    }
}

/// Whether a browser takes an encoding (RFC 9110, section 12.5.3). One that it ranks lower it takes as well.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut named = lines.flat_map(|line| line.split(','));
    named.any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case(encoding)
            && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
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

    #[test]
    fn an_encoding_is_sent_to_those_who_take_it() {
        let takes = |line: &'static str, encoding| {
            let asked = [(header::ACCEPT_ENCODING, HeaderValue::from_static(line))];
            accepts(&HeaderMap::from_iter(asked), encoding)
        };
        for line in ["gzip, deflate, br", "br;q=0.5", "GZIP;q=1, BR"] {
            assert!(takes(line, "br"), "{line}");
        }
        for line in ["", "gzip", "br;q=0", "br;q=x", "brotli"] {
            assert!(!takes(line, "br"), "{line}");
        }
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
