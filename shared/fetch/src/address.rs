//! Addresses of pages, each written in one way only.

use url::Url;

/// How long an address may be, in bytes.
pub const MAX_URL: usize = 2000;

/// The address that `link` is on the page at `from`, without its fragment; nothing if it leads to no page.
pub fn address(from: &Url, link: &str) -> Option<Url> {
    // The length first: an international name takes the square of its length to read.
    if link.len() > MAX_URL {
        return None;
    }
    let mut url = from.join(link.trim()).ok()?;
    url.set_fragment(None);
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_web && is_plain && url.as_str().len() <= MAX_URL).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_what_it_is_on_its_page() {
        let from = Url::parse("https://one.example/a/b?c=1#d").unwrap();
        let is = |link: &str| address(&from, link).map(String::from);
        for (link, leads_to) in [
            ("e", "https://one.example/a/e"),
            (" ../f#top ", "https://one.example/f"),
            ("?c=2", "https://one.example/a/b?c=2"),
            ("#d", "https://one.example/a/b?c=1"),
            ("//TWO.example:443/", "https://two.example/"),
            ("http://one.example:80/%7e", "http://one.example/%7e"),
        ] {
            assert_eq!(is(link).as_deref(), Some(leads_to), "{link}");
        }
        let long = "x".repeat(MAX_URL + 1);
        for link in [
            "mailto:a@one.example",
            "javascript:x",
            "https://u:p@one.example/",
            "ftp://one.example/",
            &long,
        ] {
            assert_eq!(is(link), None, "{link}");
        }
    }
}
