//! Pages of a connector that say what another document says: because they moved, or change places, or are there twice.

use super::connector_pages::{PageEnd, PageToRead};
use crate::{NewFile, Result, scope::JobTx};
use uuid::Uuid;

/// Whether what is known of the page `p` counts: it is that of a document, which says so, or will once its file was read.
macro_rules! known_counts {
    () => {
        "(p.document_id is not null and not exists (
           select from jobs j where j.document_id = p.document_id and j.kind = 'extract' and j.state = 'dead'))"
    };
}
pub(crate) use known_counts;

/// Whether the document `d` is about to say something else.
macro_rules! goes {
    () => {
        "exists (select from document_files f where f.document_id = d.id and f.is_next and f.hash <> d.hash)"
    };
}

const LEFT: PageEnd<'_> = PageEnd::Left(Some(
    "Another document of the tenant has its title and text.",
));

/// A document that says what a page says.
#[derive(sqlx::FromRow)]
struct Double {
    id: Uuid,
    /// Whether it is of the same connector.
    is_own: bool,
    goes: bool,
}

impl JobTx {
    /// Stores a page as a document, which is read from its file by a job of its own; what became of it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn store_page(
        &mut self,
        page: &PageToRead,
        new: &NewFile<'_>,
    ) -> Result<PageEnd<'static>> {
        let (connector, whom) = (self.document_id, self.whom);
        // Before any other: whoever reads its file may wait for what is changed here.
        if let Some(document) = page.document_id {
            self.lock_document(document).await?;
        }
        if !self.make_way(page.document_id, new.hash).await? {
            return Ok(LEFT);
        }
        Ok(match page.document_id {
            Some(_) if self.replace_by_file(new, whom).await? => PageEnd::Changed,
            _ if self.create_of_file(new, whom, Some(connector)).await? => PageEnd::Added,
            _ => LEFT,
        })
    }

    /// Whether a page may say what it says. Of the same connector, a document that is about to say something else gives up what it says
    /// now; and one that may do so later in this run is waited for, by whoever reads the file, unless that was in vain before.
    async fn make_way(&mut self, document: Option<Uuid>, hash: &[u8; 32]) -> Result<bool> {
        let connector = self.document_id;
        let double: Option<Double> = sqlx::query_as(concat!(
            "select d.id, d.connector_id is not distinct from $1 as is_own, ",
            goes!(),
            " as goes from documents d where d.hash = $2 and d.status <> 'failed' and d.id is distinct from $3"
        ))
        .bind(connector)
        .bind(&hash[..])
        .bind(document)
        .fetch_optional(self.conn())
        .await?;
        match (double, document) {
            (None, _) => Ok(true),
            (Some(double), _) if double.is_own && double.goes => {
                sqlx::query("update documents set hash = null where id = $1 and hash = $2")
                    .bind(double.id)
                    .bind(&hash[..])
                    .execute(self.conn())
                    .await?;
                Ok(true)
            }
            (Some(double), Some(document)) if double.is_own => {
                let was_in_vain: bool = sqlx::query_scalar(
                    "select exists (
                       select from document_files f join jobs j on j.document_id = f.document_id and j.kind = 'extract' and j.state = 'dead'
                       where f.document_id = $1 and f.is_next and f.hash = $2)",
                )
                .bind(document)
                .bind(&hash[..])
                .fetch_one(self.conn())
                .await?;
                Ok(!was_in_vain)
            }
            _ => Ok(false),
        }
    }

    /// Whether the document that says what the job's is to say may say something else soon, or is gone: it is of the same connector, which
    /// is being read, or its own file waits to be read.
    ///
    /// # Errors
    /// The database is away.
    pub async fn may_make_way(&mut self, hash: &[u8]) -> Result<bool> {
        let id = self.document_id;
        let may = sqlx::query_scalar(
            "select coalesce((
               select coalesce(d.connector_id = own.connector_id, false)
                 and (exists (select from connector_runs r where r.connector_id = d.connector_id and r.status = 'running')
                   or exists (select from jobs j where j.document_id = d.id and j.kind = 'extract' and j.state <> 'dead'))
               from documents own, documents d
               where own.id = $1 and d.hash = $2 and d.status <> 'failed' and d.id <> own.id), true)",
        )
        .bind(id)
        .bind(hash);
        Ok(may.fetch_one(self.conn()).await?)
    }

    /// Gives the document of a page that is gone to one that this run left out because it says the same: it moved, and is read once more
    /// for what else is told of it. False if there is none.
    pub(crate) async fn hand_over(
        &mut self,
        run: Uuid,
        page: &PageToRead,
        document: Uuid,
    ) -> Result<bool> {
        let connector = self.document_id;
        let heir: Vec<String> = sqlx::query_scalar(
            "update connector_pages p set document_id = $3, state = 'todo', etag = null, last_modified = null, hash = null
             where p.connector_id = $1 and p.url = (
               select h.url from connector_pages h join documents d on d.id = $3 and d.hash = h.hash
               where h.connector_id = $1 and h.run_id = $2 and h.document_id is null and h.state = 'done' and h.url <> $4
               order by h.depth, h.url limit 1)
             returning p.url",
        )
        .bind(connector)
        .bind(run)
        .bind(document)
        .bind(&page.url)
        .fetch_all(self.conn())
        .await?;
        self.count_no_more(run, &heir).await?;
        Ok(!heir.is_empty())
    }

    /// Has a run look once more at what it left out because of documents that have said something else since, or are about to. False if
    /// there is nothing of the kind.
    ///
    /// # Errors
    /// The database is away.
    pub async fn look_at_left(&mut self, run: Uuid) -> Result<bool> {
        let connector = self.document_id;
        let urls: Vec<String> = sqlx::query_scalar(concat!(
            "update connector_pages p set state = 'todo', etag = null, last_modified = null, hash = null
             where p.connector_id = $1 and p.run_id = $2 and p.state = 'done' and p.document_id is null and p.hash is not null
               and not exists (
                 select from documents d where d.hash = p.hash and d.status <> 'failed'
                   and not (d.connector_id is not distinct from $1 and ",
            goes!(),
            "))
             returning p.url"
        ))
        .bind(connector)
        .bind(run)
        .fetch_all(self.conn())
        .await?;
        self.count_no_more(run, &urls).await?;
        Ok(!urls.is_empty())
    }

    /// Pages that were left out are looked at once more, and counted as what becomes of them then.
    async fn count_no_more(&mut self, run: Uuid, urls: &[String]) -> Result<()> {
        if urls.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "update connector_runs r set skipped = r.skipped - cardinality($2::text[]), problems = coalesce((
               select jsonb_agg(p.value order by p.nth) from jsonb_array_elements(r.problems) with ordinality p (value, nth)
               where p.value ->> 'url' <> all ($2)), '[]')
             where r.id = $1",
        )
        .bind(run)
        .bind(urls)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
