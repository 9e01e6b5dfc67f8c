//! What a source lists: all that there is, and which of it is as it was.

use super::connector_doubles::known_counts;
use crate::{Result, scope::JobTx};
use uuid::Uuid;

/// Some of what there is.
#[derive(Debug, Default)]
pub struct Listed {
    /// In the order of the list.
    pub pieces: Vec<ListedPiece>,
    /// Where the list goes on; nothing at its end.
    pub next: Option<String>,
    /// What is left out of it, in a sentence.
    pub lack: Option<String>,
}

/// A piece of what there is.
#[derive(Debug)]
pub struct ListedPiece {
    /// Its name there.
    pub name: String,
    /// Tells this version from others.
    pub version: Option<String>,
}

impl JobTx {
    /// Adds what a run has found in a list, at most `most` in all, and notes where the list goes on. What is as it was when it became a
    /// document is done with.
    ///
    /// # Errors
    /// The database is away.
    pub async fn add_listed(&mut self, run: Uuid, listed: &Listed, most: i32) -> Result<()> {
        let id = self.document_id;
        let pieces = listed.pieces.iter();
        let (names, versions): (Vec<_>, Vec<_>) = pieces
            .map(|piece| (&*piece.name, piece.version.as_deref()))
            .unzip();
        // Some stores quote versions in lists, and some do not.
        let (new, added, unchanged): (i64, i64, i64) = sqlx::query_as(concat!(
            "with new as (
               select u.name, min(u.version) as version, row_number() over (order by min(u.nth)) as nth
               from unnest($3::text[], $4::text[]) with ordinality u (name, version, nth)
               where not exists (select from connector_pages p where p.connector_id = $1 and p.url = u.name and p.run_id = $2)
               group by u.name),
             room as (select greatest($5 - found, 0) as pieces from connector_runs where id = $2),
             added as (
               insert into connector_pages as p (connector_id, url, run_id, depth, listed_as)
               select $1, n.name, $2, 0, n.version from new n, room where n.nth <= room.pieces
               on conflict (tenant_id, connector_id, url) do update
               set run_id = excluded.run_id, depth = 0, missed = 0, listed_as = excluded.listed_as,
                 state = case when ",
            known_counts!(),
            " and trim(both '\"' from p.etag) = trim(both '\"' from excluded.listed_as) then 'done' else 'todo' end
               returning state)
             select (select count(*) from new), (select count(*) from added), (select count(*) from added where state = 'done')"
        ))
        .bind(id)
        .bind(run)
        .bind(names)
        .bind(versions)
        .bind(most)
        .fetch_one(self.conn())
        .await?;
        let is_full = new > added;
        let count = |n| i32::try_from(n).unwrap_or(i32::MAX);
        sqlx::query(
            "update connector_runs set found = found + $2, unchanged = unchanged + $3, list_from = $4, is_begun = $4 is null, pause_ms = 0
             where id = $1",
        )
        .bind(run)
        .bind(count(added))
        .bind(count(unchanged))
        .bind(listed.next.as_deref().filter(|_| !is_full))
        .execute(self.conn())
        .await?;
        let full = is_full.then(|| {
            format!("The run ended at {most} files, which is its limit: there are more. Nothing was deleted because it was not found.")
        });
        if let Some(limit) = full.as_ref().or(listed.lack.as_ref()) {
            self.note_limit(run, limit).await?;
        }
        Ok(())
    }
}
