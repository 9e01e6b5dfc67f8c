//! Finding what a tenant knows about a question.

use crate::{Caller, Db, Result, TenantTx};
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
    /// The passages that share the most words (stemmed, without stop words) with the question, best first.
    ///
    /// Any shared word finds a passage and the share ranks it: a question is not a list of words that an
    /// answer must all contain.
    pub async fn passages_by_text(
        &mut self,
        question: &str,
        top_k: i32,
        min_score: f32,
    ) -> Result<Vec<Passage>> {
        let passages = sqlx::query_as(
            r"with question as (
               select array_agg(lexeme) as words,
                      string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery as query
               from unnest(to_tsvector('english', left($1, 4000)))
             ), found as (
               select c.document_id, c.id as chunk_id, d.title, d.source_url, c.text,
                      ts_rank_cd(c.terms, q.query, 1) as rank,
                      ((select count(*) from unnest(q.words) w where w = any (tsvector_to_array(c.terms)))::real
                        / cardinality(q.words))::real as score
               from question q, document_chunks c
               join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
               where d.status = 'ready' and c.terms @@ q.query
             )
             select document_id, chunk_id, title, source_url, text, score
             from found
             where score >= $3
             order by score desc, rank desc, chunk_id
             limit $2",
        )
        .bind(question)
        .bind(top_k)
        .bind(min_score)
        .fetch_all(self.conn())
        .await?;
        Ok(passages)
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
            .fetch_all(self.once().await?.conn())
            .await?;
        Ok(passages)
    }
}
