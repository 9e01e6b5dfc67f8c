//! Where a run begins: what its site lets programs read, and the pages that it reads first.

use super::area::Area;
use crate::worker::Step;
use db::{Job, Running};
use extract::Sitemap;
use fetch::{Answer, Known, Outside, Page, Refusal, Robots, address};
use service::{Result, Service, SiteToRead};
use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    time::Duration,
};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

/// How much of a `robots.txt` is read, in bytes.
const ROBOTS: usize = 512 << 10;
/// And of a list of pages.
const LIST: usize = 10 << 20;
/// How many lists of pages are read.
const LISTS: usize = 50;
/// How often what leads elsewhere is followed.
const HOPS: usize = 5;
/// How long the lists may take together, and before them `robots.txt` with all that it leads to: a function on AWS is cut off 65 seconds
/// after it has begun its last job.
const LISTS_TIME: Duration = Duration::from_secs(30);
/// How long to wait from one page to the next, if the site does not say.
const PAUSE_MS: f64 = 500.0;

/// Where a run begins.
struct Beginning {
    robots: String,
    pause_ms: f64,
    pages: Vec<String>,
    /// What could not be read of the lists.
    lack: Option<String>,
}

/// Finds out where a run begins, and notes it.
pub(super) async fn begin(
    service: &Service,
    job: &Job,
    site: &SiteToRead,
    run: &Running,
) -> Result<Step> {
    let found = beginning(service, site).await?;
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    match found {
        Ok(found) => {
            if let Some(lack) = found.lack {
                tx.note_limit(run.id, &lack).await?;
            }
            #[expect(clippy::cast_possible_truncation, reason = "it is at most 30 seconds")]
            let pause = found.pause_ms as i32;
            tx.note_begun(run.id, &found.robots, pause).await?;
            tx.add_pages(run.id, &found.pages, 0, site.max_pages)
                .await?;
            tx.commit().await?;
            Ok(Step::More)
        }
        Err(reason) => {
            tx.end_run(run.id, Some(&reason)).await?;
            Ok(Step::Done)
        }
    }
}

/// The inner failure: why nothing can be read, in a sentence.
async fn beginning(service: &Service, site: &SiteToRead) -> Result<Result<Beginning, String>> {
    let outside = &service.outside;
    let text = match robots(outside, &site.url).await {
        Ok(text) => text,
        Err(e) => {
            return Ok(Err(format!(
                "Its robots.txt, which says what programs may read, cannot be read: {e} Nothing was changed."
            )));
        }
    };
    let robots = Robots::of(&text);
    let Some(area) = Area::of(site, &robots) else {
        return Ok(Err("Its address is none. Change it.".into()));
    };
    // The deployment's own machines need no rest.
    let usual = if outside.is_own(area.start()) {
        0.0
    } else {
        PAUSE_MS
    };
    let mut beginning = Beginning {
        pause_ms: robots
            .delay()
            .map_or(usual, |delay| (1000.0 * delay).max(usual)),
        pages: vec![area.start().to_string()],
        lack: None,
        robots: text,
    };
    if !site.listed {
        let start = area.start().clone();
        return Ok(match area.check(&start) {
            Ok(()) => Ok(beginning),
            Err(_) => Err("Its robots.txt does not let programs read where it begins, or its `exclude` leaves that out. Nothing was changed.".into()),
        });
    }
    let mut lists = Lists::new(site, &robots, &area);
    beginning.pages = lists.read(service, &area, site.max_pages).await?;
    beginning.lack = lists.lack.take();
    Ok(match (beginning.pages.is_empty(), &beginning.lack) {
        (false, _) => Ok(beginning),
        (true, Some(lack)) => Err(lack.clone()),
        (true, None) => {
            Err("Its lists name no page that is to be read. Nothing was changed.".into())
        }
    })
}

/// What a site lets programs read; empty if it does not say (RFC 9309, section 2.3.1).
async fn robots(outside: &Outside, site: &str) -> std::result::Result<String, Refusal> {
    let site = Url::parse(site).map_err(|_| Refusal::Astray)?;
    let at = site.join("/robots.txt").map_err(|_| Refusal::Astray)?;
    let read = timeout(LISTS_TIME, follow(outside, at, ROBOTS)).await;
    match read.unwrap_or(Err(Refusal::Slow(LISTS_TIME.as_secs()))) {
        Ok(Some(page)) => Ok(String::from_utf8_lossy(&page.content).replace('\0', "")),
        Ok(None) | Err(Refusal::Status(400..=499)) => Ok(String::new()),
        Err(e) => Err(e),
    }
}

/// What is at an address, or where that leads; nothing if there is nothing.
async fn follow(
    outside: &Outside,
    mut url: Url,
    most: usize,
) -> std::result::Result<Option<Page>, Refusal> {
    for _ in 0..=HOPS {
        match outside.get(&url, &Known::default(), most).await? {
            Answer::Page(page) => return Ok(Some(page)),
            Answer::Gone | Answer::Unchanged(_) => return Ok(None),
            Answer::Elsewhere(to) => url = to,
        }
    }
    Err(Refusal::Astray)
}

/// The lists of a site's pages.
struct Lists {
    left: VecDeque<Url>,
    known: BTreeSet<Url>,
    lack: Option<String>,
}

impl Lists {
    fn new(site: &SiteToRead, robots: &Robots, area: &Area<'_>) -> Self {
        let named = match &site.sitemap_url {
            Some(named) => vec![named.clone()],
            None if robots.sitemaps.is_empty() => vec!["/sitemap.xml".to_owned()],
            None => robots.sitemaps.clone(),
        };
        let mut lists = Self {
            left: VecDeque::new(),
            known: BTreeSet::new(),
            lack: None,
        };
        named.iter().for_each(|link| lists.add(area.start(), link));
        lists
    }

    fn add(&mut self, from: &Url, link: &str) {
        let Some(url) = address(from, link) else {
            return;
        };
        if self.known.len() == LISTS {
            let lack = format!(
                "Of its lists only {LISTS} were read, which is the limit. Nothing was deleted because it was not found."
            );
            self.lack.get_or_insert(lack);
        } else if self.known.insert(url.clone()) {
            self.left.push_back(url);
        }
    }

    /// The pages that they name and that are to be read: one more than `most` of them, if there are so many.
    async fn read(&mut self, service: &Service, area: &Area<'_>, most: i32) -> Result<Vec<String>> {
        let most = usize::try_from(most).unwrap_or(0) + 1;
        let until = Instant::now() + LISTS_TIME;
        let (mut pages, mut known) = (Vec::new(), HashSet::new());
        while let Some(at) = self.left.pop_front() {
            let asked = follow(&service.outside, at.clone(), LIST);
            let list = match timeout_at(until, asked).await {
                Ok(Ok(Some(list))) => list,
                Ok(Ok(None)) => {
                    self.lacks(&at, "There is nothing (404).");
                    continue;
                }
                Ok(Err(e)) => {
                    self.lacks(&at, &e.to_string());
                    continue;
                }
                Err(_) => {
                    self.lacks(&at, "Its lists took longer than 30 seconds together.");
                    break;
                }
            };
            let place = service.page_readers.acquire().await;
            let program = &service.config.program;
            let read = extract::sitemap_apart(program, &list.content).await?;
            drop(place);
            let Ok(Sitemap {
                pages: named,
                lists,
            }) = read
            else {
                self.lacks(&at, "It is no list of pages.");
                continue;
            };
            for page in named.iter().filter_map(|link| area.page(&at, link)) {
                let page = String::from(page);
                if pages.len() < most && known.insert(page.clone()) {
                    pages.push(page);
                }
            }
            if pages.len() == most {
                break;
            }
            lists.iter().for_each(|link| self.add(&at, link));
        }
        Ok(pages)
    }

    fn lacks(&mut self, at: &Url, why: &str) {
        let lack = format!(
            "Its list of pages {at} cannot be read: {why} Nothing was deleted because it was not found."
        );
        self.lack.get_or_insert(lack);
    }
}
