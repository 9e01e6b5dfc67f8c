//! Files that browsers load, which are part of the program: as they are and compressed, the same for everybody.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};

/// A file, as it is and compressed.
pub(crate) struct File {
    pub(crate) kind: &'static str,
    pub(crate) plain: &'static [u8],
    pub(crate) gzip: &'static [u8],
    pub(crate) brotli: &'static [u8],
}

/// A file of what a folder of `shared` was built to: `file!("widget", "chat.js", SCRIPT)`.
macro_rules! file {
    ($of:literal, $name:literal, $kind:expr) => {
        $crate::files::File {
            kind: $kind,
            plain: include_bytes!(concat!("../../", $of, "/built/", $name)),
            gzip: include_bytes!(concat!("../../", $of, "/built/", $name, ".gz")),
            brotli: include_bytes!(concat!("../../", $of, "/built/", $name, ".br")),
        }
    };
}
pub(crate) use file;

pub(crate) const SCRIPT: &str = "text/javascript; charset=utf-8";
pub(crate) const STYLE: &str = "text/css; charset=utf-8";
pub(crate) const PAGE: &str = "text/html; charset=utf-8";

/// Others name the file, so a new release must reach them soon.
pub(crate) const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// What has its hash in its name is never another.
pub(crate) const FOREVER: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");

impl File {
    /// Its name with its hash in it, as the build makes it.
    pub(crate) fn named(&self, name: &str, extension: &str) -> String {
        let hash = hex::encode(&Sha256::digest(self.plain)[..8]);
        format!("{name}-{hash}.{extension}")
    }

    /// In the best encoding that a browser takes, with no header but those that say what it is.
    pub(crate) fn encoded(&self, asked: &HeaderMap) -> (HeaderMap, &'static [u8]) {
        let (encoding, bytes) = if accepts(asked, "br") {
            (Some("br"), self.brotli)
        } else if accepts(asked, "gzip") {
            (Some("gzip"), self.gzip)
        } else {
            (None, self.plain)
        };
        let mut headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (
                header::VARY,
                HeaderValue::from_static("Accept-Encoding, Origin"),
            ),
        ]);
        let encoding = encoding.map(HeaderValue::from_static);
        headers.extend(encoding.map(|name| (header::CONTENT_ENCODING, name)));
        (headers, bytes)
    }

    /// For pages of every origin, which load it, and may check its hash.
    pub(crate) fn answer(
        &self,
        asked: &HeaderMap,
        cache: HeaderValue,
    ) -> (HeaderMap, &'static [u8]) {
        let (mut headers, bytes) = self.encoded(asked);
        headers.extend([
            (header::CACHE_CONTROL, cache),
            (
                header::ACCESS_CONTROL_ALLOW_ORIGIN,
                HeaderValue::from_static("*"),
            ),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("cross-origin"),
            ),
        ]);
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
