//! The pages of a connector: what there is left to read, and what became of what was read.

use super::{connector_doubles::known_counts, connector_runs::RunProblem};
use crate::{Result, scope::JobTx};
use sqlx::types::Json;
use uuid::Uuid;

/// So many pages that came to nothing are told of a run.
const PROBLEMS: i32 = 50;
/// A page that so many runs, one after the other, found no way to is no longer there.
const MISSED: i32 = 2;

/// A page that is to be read, as it was when it was read last.
#[derive(Debug, sqlx::FromRow)]
pub struct PageToRead {
    /// Its address.
    pub url: String,
    /// Whether this run found no way to it.
    pub is_missed: bool,
    /// How many links from where the run began.
    pub depth: i32,
    /// Its document, if it became one.
    pub document_id: Option<Uuid>,
    /// What the site said of that version.
    pub etag: Option<String>,
    /// Likewise.
    pub last_modified: Option<String>,
    /// What was found in it: SHA-256.
    pub hash: Option<Vec<u8>>,
    /// Where it led.
    pub links: Vec<String>,
    /// How many runs before this one found no way to it.
    pub missed: i32,
    /// The version that a list names.
    pub listed_as: Option<String>,
}

/// What is known of a page after it was read.
#[derive(Clone, Debug, Default)]
pub struct PageRead {
    /// What the site says of this version.
    pub etag: Option<String>,
    /// Likewise.
    pub last_modified: Option<String>,
    /// What was found in it.
    pub hash: Option<[u8; 32]>,
    /// Where it leads.
    pub links: Vec<String>,
}

/// What became of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEnd<'a> {
    /// It is as before.
    Unchanged,
    /// It is a new document.
    Added,
    /// Its document is replaced.
    Changed,
    /// It could not be read, and what it was stays.
    Failed(&'a str),
    /// It is no document, nor is it one any more; with the reason, if that is worth telling.
    Left(Option<&'a str>),
    /// It is gone.
    Gone,
}

impl JobTx {
    /// Adds pages that a run has found, unless it has them; at most `most` in all. What is more is noted as the limit that it met.
    ///
    /// # Errors
    /// The database is away.
    pub async fn add_pages(
        &mut self,
        run: Uuid,
        urls: &[String],
        depth: i32,
        most: i32,
    ) -> Result<()> {
        let id = self.document_id;
        let (new, added): (i64, i64) = sqlx::query_as(
            "with new as (
               select u.url, row_number() over (order by min(u.nth)) as nth
               from unnest($3::text[]) with ordinality u (url, nth)
               where not exists (select from connector_pages p where p.connector_id = $1 and p.url = u.url and p.run_id = $2)
               group by u.url),
             room as (select greatest($5 - found, 0) as pages from connector_runs where id = $2),
             added as (
               insert into connector_pages as p (connector_id, url, run_id, depth)
               select $1, n.url, $2, $4 from new n, room where n.nth <= room.pages
               on conflict (tenant_id, connector_id, url) do update
               set run_id = excluded.run_id, state = 'todo', depth = excluded.depth
               returning 1)
             select (select count(*) from new), (select count(*) from added)",
        )
        .bind(id)
        .bind(run)
        .bind(urls)
        .bind(depth)
        .bind(most)
        .fetch_one(self.conn())
        .await?;
        let limit = (new > added).then(|| {
            format!("The run ended at {most} pages, which is its limit: there are more. Nothing was deleted because it was not found.")
        });
        sqlx::query("update connector_runs set found = found + $2, error = coalesce(error, $3) where id = $1")
            .bind(run)
            .bind(i32::try_from(added).unwrap_or(i32::MAX))
            .bind(limit)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The page that is to be read next: those that are nearest to where the run began before others. What its site said of a version counts
    /// only with a document that says the same.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next_page(&mut self) -> Result<Option<PageToRead>> {
        let id = self.document_id;
        let page = sqlx::query_as(concat!(
            "select p.url, p.state = 'again' as is_missed, p.depth, p.document_id, case when k.counts then p.etag end as etag,
               case when k.counts then p.last_modified end as last_modified, case when k.counts then p.hash end as hash,
               p.links, p.missed, p.listed_as
             from connector_pages p cross join lateral (select ",
            known_counts!(),
            " as counts) k
             where p.connector_id = $1 and p.state <> 'done' order by p.depth, p.url limit 1"
        ))
        .bind(id);
        Ok(page.fetch_optional(self.conn()).await?)
    }

    /// Has a run look at the pages of before to which it found no way.
    ///
    /// # Errors
    /// The database is away.
    pub async fn look_again(&mut self, run: Uuid) -> Result<()> {
        let id = self.document_id;
        sqlx::query(
            "update connector_pages set state = 'again' where connector_id = $1 and run_id <> $2",
        )
        .bind(id)
        .bind(run)
        .execute(self.conn())
        .await?;
        sqlx::query("update connector_runs set looked_again = true where id = $1")
            .bind(run)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Notes what became of a page. One to which this run found no way, and the one before did not either, is gone.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_page(
        &mut self,
        run: Uuid,
        page: &PageToRead,
        (document, read): (Option<Uuid>, &PageRead),
        end: PageEnd<'_>,
    ) -> Result<()> {
        let missed = if page.is_missed { page.missed + 1 } else { 0 };
        let end = match end {
            PageEnd::Failed(_) => end,
            _ if missed >= MISSED => PageEnd::Gone,
            end => end,
        };
        let goes = matches!(end, PageEnd::Gone | PageEnd::Left(_));
        let mut removed = false;
        if let Some(document) = document.filter(|_| goes) {
            let whom = self.whom;
            removed = !self.hand_over(run, page, document).await?
                && self.hide_documents(&[document], whom).await?;
        }
        let id = self.document_id;
        match end {
            // One that this run has found is kept until the next one: else each link to it would be followed.
            PageEnd::Gone if page.is_missed => {
                let sql = "delete from connector_pages where connector_id = $1 and url = $2";
                let gone = sqlx::query(sql).bind(id).bind(&page.url);
                gone.execute(self.conn()).await?;
            }
            _ => {
                sqlx::query(
                    "update connector_pages set state = 'done', missed = $3, document_id = $4, etag = $5, last_modified = $6,
                       hash = $7, links = $8
                     where connector_id = $1 and url = $2",
                )
                .bind(id)
                .bind(&page.url)
                .bind(missed)
                .bind(document.filter(|_| !goes))
                .bind(&read.etag)
                .bind(&read.last_modified)
                .bind(read.hash.as_ref().map(|hash| &hash[..]))
                .bind(&read.links)
                .execute(self.conn())
                .await?;
            }
        }
        self.count_page(run, &page.url, end, removed).await
    }

    async fn count_page(
        &mut self,
        run: Uuid,
        url: &str,
        end: PageEnd<'_>,
        removed: bool,
    ) -> Result<()> {
        let reason = match end {
            PageEnd::Failed(reason) => Some(reason),
            PageEnd::Left(reason) => reason,
            _ => None,
        };
        let problem = reason.map(|reason| {
            Json(RunProblem {
                url: url.to_owned(),
                reason: reason.to_owned(),
            })
        });
        let is = |is: bool| i32::from(is);
        sqlx::query(
            "update connector_runs set added = added + $2, changed = changed + $3, unchanged = unchanged + $4, removed = removed + $5,
               skipped = skipped + $6, failed = failed + $7,
               problems = case when $8::jsonb is null or jsonb_array_length(problems) >= $9 then problems
                 else problems || jsonb_build_array($8::jsonb) end
             where id = $1",
        )
        .bind(run)
        .bind(is(end == PageEnd::Added))
        .bind(is(end == PageEnd::Changed))
        .bind(is(end == PageEnd::Unchanged))
        .bind(is(removed))
        .bind(is(matches!(end, PageEnd::Left(_))))
        .bind(is(matches!(end, PageEnd::Failed(_))))
        .bind(problem)
        .bind(PROBLEMS)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
