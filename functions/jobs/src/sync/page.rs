//! One page: what is there now, and what is to become of it.

use super::{
    area::{Area, Outside},
    file::{self, File, MAX_SIZE},
};
use db::{PageRead, PageToRead};
use extract::Page;
use fetch::{Answer, Known, Refusal, Robots, address};
use percent_encoding::percent_decode_str;
use service::{Result, Service, SiteToRead};
use url::Url;

const NOT_FOUND: &str = "The page says that it does not want to be found (noindex).";

/// What is known of a page now.
pub(super) enum Got {
    /// Its site says that it is as before.
    Unchanged,
    /// It was read, and says what it said before.
    Same(PageRead),
    /// It was read.
    Read(PageRead, Box<File>),
    /// It is no document: why, and where it leads.
    Left(Option<String>, Vec<String>),
    /// It could not be read: why, and whether its host does not answer at all.
    Failed(String, bool),
    /// Its site wants to be left alone, for so many seconds.
    Busy(Option<u64>),
    /// There is nothing.
    Gone,
}

impl Got {
    /// Whether the host did not answer, or wants to be left alone.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Failed(_, true))
    }
}

/// Asks for a page, and reads it.
pub(super) async fn get(
    service: &Service,
    site: &SiteToRead,
    robots: &Robots,
    page: &PageToRead,
) -> Result<Got> {
    let (Some(area), Ok(url)) = (Area::of(site, robots), Url::parse(&page.url)) else {
        return Ok(Got::Left(None, Vec::new()));
    };
    // What was to be read before may not be any more.
    match area.check(&url) {
        Ok(()) => {}
        Err(Outside::Elsewhere) => return Ok(Got::Gone),
        Err(Outside::Forbidden) => {
            let reason = "The site's robots.txt does not let programs read it.";
            return Ok(Got::Left(Some(reason.to_owned()), Vec::new()));
        }
    }
    let known = Known {
        etag: page.etag.clone(),
        last_modified: page.last_modified.clone(),
    };
    match service.outside.get(&url, &known, MAX_SIZE).await {
        Ok(Answer::Page(found)) => read(service, &area, &url, page, found).await,
        Ok(Answer::Unchanged(wishes)) if wishes.no_index => {
            let links = page.links.iter().filter(|_| !wishes.no_follow);
            Ok(Got::Left(
                Some(NOT_FOUND.to_owned()),
                links.cloned().collect(),
            ))
        }
        Ok(Answer::Unchanged(_)) => Ok(Got::Unchanged),
        Ok(Answer::Gone) => Ok(Got::Gone),
        Ok(Answer::Elsewhere(to)) => Ok(elsewhere(&area, &url, &to)),
        Err(Refusal::Busy(_, wait)) => Ok(Got::Busy(wait)),
        Err(refusal) => Ok(Got::Failed(refusal.to_string(), refusal.is_of_host())),
    }
}

/// Where a page leads is another page, which is read like others, or not at all.
fn elsewhere(area: &Area<'_>, from: &Url, to: &Url) -> Got {
    match area.page(from, to.as_str()) {
        // Every page is asked for as the first is.
        Some(page) if page == *from => Got::Left(
            Some(format!(
                "It leads to {to}. Set that as `url`: all pages are read by the scheme and host of where the connector begins."
            )),
            Vec::new(),
        ),
        Some(page) => Got::Left(None, vec![page.into()]),
        None => Got::Left(
            Some(format!(
                "It leads to {to}, which this connector does not read."
            )),
            Vec::new(),
        ),
    }
}

async fn read(
    service: &Service,
    area: &Area<'_>,
    url: &Url,
    before: &PageToRead,
    found: fetch::Page,
) -> Result<Got> {
    let last = url.path_segments().and_then(|mut parts| parts.next_back());
    let last = percent_decode_str(last.unwrap_or_default()).decode_utf8_lossy();
    let Some(name) = file::name(&last, &found.media_type) else {
        return Ok(Got::Left(None, Vec::new()));
    };
    let page = match file::page(service, &name, &found.content).await? {
        Ok(page) => page,
        Err(reason) => return Ok(Got::Left(Some(reason), Vec::new())),
    };
    let base = page.base.as_deref().and_then(|base| address(url, base));
    let base = base.as_ref().unwrap_or(url);
    let follows = !page.no_follow && !found.wishes.no_follow;
    let links = page.links.iter().filter(|_| follows);
    let links = links.filter_map(|link| area.link(base, link));
    let mut links: Vec<String> = links.map(String::from).collect();
    links.sort_unstable();
    links.dedup();
    if let Some(canonical) = canonical(area, base, url, &page) {
        links.push(canonical.into());
        return Ok(Got::Left(None, links));
    }
    if page.no_index || found.wishes.no_index {
        return Ok(Got::Left(Some(NOT_FOUND.to_owned()), links));
    }
    if page.text.is_empty() {
        let reason =
            "The page holds no text: it may be made by a script in the browser, which is not run.";
        return Ok(Got::Left(Some(reason.to_owned()), links));
    }
    let other = match url.path() {
        "/" => url.host_str().unwrap_or(&name),
        _ => &name,
    };
    let title = file::title(&page, other);
    let read = PageRead {
        etag: found.known.etag.clone(),
        last_modified: found.known.last_modified.clone(),
        hash: Some(file::hash(&title, &page.text)),
        links,
    };
    let at = Some(before.url.clone());
    Ok(file::got(before, read, File::new(name, title, at, found)))
}

/// The page that a page stands for: the same path without what was asked besides. Whatever else a page claims to be is not
/// believed, for many claim all to be the first.
fn canonical(area: &Area<'_>, base: &Url, url: &Url, page: &Page) -> Option<Url> {
    let canonical = area.page(base, page.canonical.as_deref()?)?;
    (canonical != *url && canonical.path() == url.path()).then_some(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_that_leads_to_its_other_scheme_says_what_to_set() {
        let site = SiteToRead {
            url: "http://one.example/".into(),
            listed: false,
            sitemap_url: None,
            include: Vec::new(),
            exclude: Vec::new(),
            max_pages: 10,
            max_depth: 2,
        };
        let robots = Robots::default();
        let area = Area::of(&site, &robots).unwrap();
        let leads = |to: &str| match elsewhere(&area, area.start(), &Url::parse(to).unwrap()) {
            Got::Left(reason, links) => (reason, links),
            _ => panic!("{to} is no page"),
        };
        let (reason, links) = leads("https://one.example/");
        assert!(reason.unwrap().contains("Set that as `url`"));
        assert_eq!(links, [""; 0]);
        let (reason, links) = leads("https://one.example/en/");
        assert_eq!((reason, &*links[0]), (None, "http://one.example/en/"));
        let (reason, _) = leads("https://www.one.example/");
        assert!(reason.unwrap().contains("does not read"));
    }
}
