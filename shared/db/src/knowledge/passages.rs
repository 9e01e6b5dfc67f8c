//! Finding what a tenant knows about a question.

use crate::{Caller, Db, Need, Result, TenantTx, error::in_time};
use uuid::Uuid;

/// A passage that was found.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Passage {
    /// The document it is from.
    pub document_id: Uuid,
    /// Its id.
    pub chunk_id: Uuid,
    /// The document's title.
    pub title: String,
    /// Where the document is published.
    pub source_url: Option<String>,
    /// Its text.
    pub text: String,
    /// How well it fits; higher is better. From full text: the share of the question's words in it, 0 to 1.
    pub score: f32,
}

impl TenantTx {
    /// The passages that share the most words (stemmed, without stop words) with the question, best first; `None` if
    /// finding them takes longer than the transaction allows, after which it is of no more use.
    ///
    /// Any shared word finds a passage and the share ranks it: a question is not a list of words that an
    /// answer must all contain. Of a long question the longest words count, which are the rarest as a rule; and of
    /// the passages that share most, so many are ranked by how near the words are to each other as a reader could be
    /// shown: both cost the database time for each word and each passage.
    pub async fn passages_by_text(
        &mut self,
        question: &str,
        top_k: i32,
        min_score: f32,
    ) -> Result<Option<Vec<Passage>>> {
        let passages = sqlx::query_as(
            r"with question as (
               select array_agg(lexeme) as words,
                      string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery as query
               from (select lexeme from unnest(to_tsvector('english', left($1, 4000)))
                     order by length(lexeme) desc, lexeme limit 32) words
             ), found as (
               select c.document_id, c.id as chunk_id, d.title, d.source_url, c.text, c.terms, score
               from question q, document_chunks c
               join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id,
               lateral (select length(c.terms) - length(ts_delete(c.terms, q.words)) as shared offset 0) counted,
               lateral (select (shared::real / cardinality(q.words))::real as score) scored
               where d.status = 'ready' and shared > 0 and score >= $3
               order by shared desc, c.id
               limit 100
             )
             select document_id, chunk_id, title, source_url, text, score
             from question q, found
             order by score desc, ts_rank_cd(terms, q.query, 1) desc, chunk_id
             limit $2",
        )
        .bind(question)
        .bind(top_k)
        .bind(min_score)
        .fetch_all(self.conn())
        .await;
        in_time(passages)
    }
}

impl Db {
    /// The passages with these ids that still exist, in no particular order, with a score of 0: one statement, a function of
    /// `migrations/0021_turn.sql`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn passages_by_id(&self, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Passage>> {
        let passages = sqlx::query_as("select * from passages_by_id($1, $2)")
            .bind(caller.tenant_id())
            .bind(ids)
            .fetch_all(self.once(caller, Need::Begun).await?.conn())
            .await?;
        Ok(passages)
    }
}
