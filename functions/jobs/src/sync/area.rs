//! Which addresses belong to what a connector reads.

use fetch::{Robots, address};
use service::SiteToRead;
use url::Url;

/// What ends the paths of what says nothing: it is not even asked for.
const SILENT: [&str; 34] = [
    "7z", "avi", "bin", "bmp", "css", "dmg", "eot", "exe", "gif", "gz", "ico", "iso", "jpeg",
    "jpg", "js", "json", "m4a", "map", "mov", "mp3", "mp4", "ogg", "png", "rar", "rss", "svg",
    "tar", "tgz", "ttf", "wav", "webm", "webp", "woff", "woff2",
];

/// Whether a path ends like that of what says nothing.
pub(super) fn is_silent(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| SILENT.contains(&&*ending))
}

/// Why an address is not read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outside {
    /// It is of another host, or of a part of the site that is not wanted.
    Elsewhere,
    /// The site does not want it.
    Forbidden,
}

/// What a connector reads.
pub(super) struct Area<'a> {
    site: &'a SiteToRead,
    robots: &'a Robots,
    start: Url,
}

impl<'a> Area<'a> {
    /// Nothing, if its site is no address.
    pub(super) fn of(site: &'a SiteToRead, robots: &'a Robots) -> Option<Self> {
        let start = Url::parse(&site.url).ok()?;
        Some(Self {
            site,
            robots,
            start,
        })
    }

    pub(super) fn start(&self) -> &Url {
        &self.start
    }

    /// The page that a link on another leads to, if it is one that is read.
    pub(super) fn page(&self, from: &Url, link: &str) -> Option<Url> {
        let url = self.same(address(from, link)?);
        self.check(&url).is_ok().then_some(url)
    }

    /// The same, also if the site does not want it now: it may change its mind, and not the page.
    pub(super) fn link(&self, from: &Url, link: &str) -> Option<Url> {
        let url = self.same(address(from, link)?);
        (self.check(&url) != Err(Outside::Elsewhere)).then_some(url)
    }

    /// The address as the site is asked: where it begins with https, all of its pages are.
    pub(super) fn same(&self, mut url: Url) -> Url {
        let is_same =
            url.host() == self.start.host() && url.port().is_none() && self.start.port().is_none();
        if is_same && url.set_scheme(self.start.scheme()).is_err() {
            tracing::debug!("an address keeps its scheme");
        }
        url
    }

    /// Whether an address is read.
    pub(super) fn check(&self, url: &Url) -> Result<(), Outside> {
        let path = url.path();
        let is_here = url.host() == self.start.host()
            && url.port_or_known_default() == self.start.port_or_known_default()
            && url.scheme() == self.start.scheme();
        let begins = |with: &String| path.starts_with(&**with);
        // Where it begins is read whatever its path is.
        let is_wanted = *url == self.start
            || self.site.include.is_empty()
            || self.site.include.iter().any(begins);
        if !is_here || !is_wanted || is_silent(path) || self.site.exclude.iter().any(begins) {
            return Err(Outside::Elsewhere);
        }
        match self.robots.allows(&url[url::Position::BeforePath..]) {
            true => Ok(()),
            false => Err(Outside::Forbidden),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_of_one_host_and_wanted() {
        let site = SiteToRead {
            url: "https://one.example/docs".into(),
            listed: false,
            sitemap_url: None,
            include: vec!["/help/".into()],
            exclude: vec!["/help/old/".into()],
            max_pages: 10,
            max_depth: 2,
        };
        let robots = Robots::of("User-agent: *\nDisallow: /help/private\nDisallow: /*?print=");
        let area = Area::of(&site, &robots).unwrap();
        let page = |link: &str| area.page(area.start(), link).map(String::from);
        for (link, is) in [
            ("", Some("https://one.example/docs")),
            ("/help/a#b", Some("https://one.example/help/a")),
            (
                "http://one.example/help/a",
                Some("https://one.example/help/a"),
            ),
            ("/docs/b", None),
            ("/help/old/a", None),
            ("/help/a.PNG", None),
            ("/help/private/a", None),
            ("/help/a?print=1", None),
            ("//two.example/help/a", None),
            ("https://one.example:8443/help/a", None),
            ("mailto:a@one.example", None),
        ] {
            assert_eq!(page(link).as_deref(), is, "{link}");
        }
    }
}
