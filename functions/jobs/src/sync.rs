//! Reading web sites, buckets and repositories: a page a step, so that whoever goes on after a crash repeats one at most.

mod area;
mod begin;
mod bucket;
mod file;
mod listing;
mod page;
mod repository;

use crate::worker::Step;
use anyhow::Context;
use area::Area;
use bucket::BucketOf;
use db::{Connector, ConnectorKind, Job, PageEnd, PageRead, PageToRead, Running};
use fetch::Robots;
use page::Got;
use repository::RepositoryOf;
use service::{Result, Service, SiteToRead};
use std::time::Duration;
use tokio::time::sleep;
use url::Url;
use uuid::Uuid;

/// How long a run may take, in seconds.
const MAX_RUN: f64 = 6.0 * 3600.0;
/// A longer pause is waited for without a place among those who work.
const SHORT: Duration = Duration::from_secs(1);
/// For so long a site is left alone that wants that without saying for how long, and at most that does, in seconds.
const BUSY: (u64, u64) = (30, 6 * 3600);
/// A host that so often in a row does not answer, or wants to be left alone, is.
const REFUSALS: i32 = 10;

/// Does the next thing that there is to do for a connector of a tenant.
pub(crate) async fn step(service: &Service, job: &Job, tenant: Uuid) -> Result<Step> {
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    let connector = tx.connector().await?;
    let Some(connector) = connector.filter(|connector| connector.is_on) else {
        tx.finish().await?;
        return Ok(Step::Done);
    };
    let Some(run) = tx.running().await? else {
        tx.begin_run().await?;
        tx.commit().await?;
        return Ok(Step::More);
    };
    let source = match Source::of(service, tenant, &connector)? {
        Ok(source) => source,
        Err(reason) => {
            tx.end_run(run.id, Some(&reason)).await?;
            return Ok(Step::Done);
        }
    };
    if run.seconds > MAX_RUN {
        tx.note_limit(run.id, "The run ended after 6 hours, which is its limit: there is more. Nothing was deleted because it was not found.")
            .await?;
        tx.end_run(run.id, None).await?;
        return Ok(Step::Done);
    }
    if !run.is_begun {
        // No connection is held while others are asked.
        drop(tx);
        return match &source {
            Source::Site(site) => begin::begin(service, job, site, &run).await,
            Source::Bucket(bucket) => bucket.list(service, job, &run).await,
            Source::Repository(repository) => repository.list(service, job, &run).await,
        };
    }
    let Some(page) = tx.next_page().await? else {
        if run.error.is_none() && !run.looked_again {
            tx.look_again(run.id).await?;
            tx.commit().await?;
            return Ok(Step::More);
        }
        if tx.look_at_left(run.id).await? {
            tx.commit().await?;
            return Ok(Step::More);
        }
        tx.end_run(run.id, None).await?;
        return Ok(Step::Done);
    };
    drop(tx);
    let pause = Duration::from_millis(run.pause_ms.unsigned_abs().into());
    if pause <= SHORT {
        sleep(pause).await;
    }
    let robots = Robots::of(run.robots.as_deref().unwrap_or_default());
    let got = match &source {
        Source::Site(site) => page::get(service, site, &robots, &page).await?,
        Source::Bucket(bucket) => bucket.get(service, &page).await?,
        Source::Repository(repository) => repository.get(service, &page).await?,
    };
    let reading = Reading {
        service,
        job,
        connector: &connector,
        site: source.site(),
        robots: &robots,
        run: &run,
        page: &page,
    };
    reading.end(got, pause).await
}

/// What a connector reads.
enum Source<'a> {
    Site(SiteToRead),
    Bucket(BucketOf<'a>),
    Repository(RepositoryOf),
}

impl<'a> Source<'a> {
    /// The inner failure: why it cannot be read, in a sentence.
    fn of(
        service: &'a Service,
        tenant: Uuid,
        connector: &Connector,
    ) -> Result<std::result::Result<Self, String>> {
        let settings = connector.settings.clone();
        Ok(match connector.kind {
            ConnectorKind::Site => {
                let site = serde_json::from_value(settings);
                Ok(Self::Site(site.context("a connector's settings are none")?))
            }
            ConnectorKind::Bucket => {
                let bucket = serde_json::from_value(settings);
                let bucket = bucket.context("a connector's settings are none")?;
                BucketOf::open(service, tenant, connector, bucket).map(Self::Bucket)
            }
            ConnectorKind::Repository => {
                let repository = serde_json::from_value(settings);
                let repository = repository.context("a connector's settings are none")?;
                RepositoryOf::open(service, tenant, connector, repository).map(Self::Repository)
            }
        })
    }

    fn site(&self) -> Option<&SiteToRead> {
        match self {
            Self::Site(site) => Some(site),
            Self::Bucket(_) | Self::Repository(_) => None,
        }
    }
}

/// A page that was read.
struct Reading<'a> {
    service: &'a Service,
    job: &'a Job,
    connector: &'a Connector,
    /// Where its links are followed.
    site: Option<&'a SiteToRead>,
    robots: &'a Robots,
    run: &'a Running,
    page: &'a PageToRead,
}

impl Reading<'_> {
    /// Stores what became of it, and what it leads to.
    async fn end(&self, got: Got, pause: Duration) -> Result<Step> {
        let (run, page) = (self.run, self.page);
        let Some(mut tx) = self.service.db.job(self.job).await? else {
            return Ok(Step::Lost);
        };
        let connector = tx.connector().await?;
        if connector.is_none_or(|now| now.updated_at != self.connector.updated_at) {
            // Read as it was set before: once more.
            return Ok(Step::More);
        }
        if tx.count_refusals(run, got.is_refused()).await? >= REFUSALS {
            tx.note_limit(run.id, "The run ended because its host did not answer, or wanted to be left alone, ten times in a row: there is more. Nothing was deleted because it was not found.")
                .await?;
            tx.end_run(run.id, None).await?;
            return Ok(Step::Done);
        }
        if let Got::Busy(wait) = got {
            let wait = wait.unwrap_or(BUSY.0).clamp(1, BUSY.1);
            tx.pause(Duration::from_secs(wait)).await?;
            return Ok(Step::Done);
        }
        if let Some(reason) = self.is_nowhere(&got) {
            tx.end_run(run.id, Some(&reason)).await?;
            return Ok(Step::Done);
        }
        let (mut document, known) = (page.document_id, known(page));
        let (read, end) = match &got {
            Got::Unchanged => (known, PageEnd::Unchanged),
            Got::Failed(reason, _) => (known, PageEnd::Failed(reason)),
            Got::Gone | Got::Busy(_) => (PageRead::default(), PageEnd::Gone),
            Got::Left(reason, links) => {
                let links = links.clone();
                let read = PageRead {
                    links,
                    ..PageRead::default()
                };
                (read, PageEnd::Left(reason.as_deref()))
            }
            Got::Read(read, file) => {
                let id = *document.get_or_insert_with(Uuid::now_v7);
                let hash = read.hash.unwrap_or_default();
                let new = file.of(id, self.connector, &hash);
                let end = tx.store_page(page, &new).await?;
                if matches!(end, PageEnd::Left(_)) {
                    document = page.document_id;
                }
                (read.clone(), end)
            }
            Got::Same(read) => (read.clone(), PageEnd::Unchanged),
        };
        if let Some(site) = self.site
            && !page.is_missed
            && page.depth < site.max_depth
        {
            let links = self.links(site, &read.links);
            tx.add_pages(run.id, &links, page.depth + 1, site.max_pages)
                .await?;
        }
        tx.end_page(run.id, page, (document, &read), end).await?;
        match pause <= SHORT {
            true => tx.commit().await.map(|()| Step::More),
            false => tx.pause(pause).await.map(|()| Step::Done),
        }
        .map_err(Into::into)
    }

    /// Those of a page's links that are to be read, which may have been found when that was set otherwise.
    fn links(&self, site: &SiteToRead, found: &[String]) -> Vec<String> {
        let Some(area) = Area::of(site, self.robots) else {
            return Vec::new();
        };
        let is_read = |link: &&String| Url::parse(link).is_ok_and(|url| area.check(&url).is_ok());
        found.iter().filter(is_read).cloned().collect()
    }

    /// Why nothing of the site can be read: that where it begins cannot be.
    fn is_nowhere(&self, got: &Got) -> Option<String> {
        let site = self.site?;
        if site.listed || self.page.depth > 0 || self.page.is_missed {
            return None;
        }
        let reason = match got {
            Got::Failed(reason, _) => reason,
            Got::Gone => "There is nothing (404).",
            Got::Left(Some(reason), links) if links.is_empty() => reason,
            _ => return None,
        };
        Some(format!(
            "Where it begins, {}, cannot be read: {reason} Nothing was changed.",
            self.page.url
        ))
    }
}

/// What was known of a page before.
fn known(page: &PageToRead) -> PageRead {
    PageRead {
        etag: page.etag.clone(),
        last_modified: page.last_modified.clone(),
        hash: page.hash.as_deref().and_then(|hash| hash.try_into().ok()),
        links: page.links.clone(),
    }
}
