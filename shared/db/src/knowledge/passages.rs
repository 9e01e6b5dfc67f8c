//! Finding what a tenant knows about a question.

use crate::{Caller, Db, MetadataFilter, Need, ReadTx, Result, TenantTx, error::in_time};
use sqlx::types::Json;
use uuid::Uuid;

/// So many times it is read that a passage of the tenant has a word, from the rarest word on; more are found only by what
/// else they have. It bounds the work: with ten times as many answers hardly change.
const MOST_READ: i32 = 10_000;

/// A word of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedWord {
    /// The word.
    pub word: String,
    /// How much it says that no passage has it, 0 to 1.
    pub said: f32,
}

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
    /// How well it fits; higher is better. From full text: the share of the question's words in it, the rarer the heavier,
    /// 0 to 1.
    pub score: f32,
    /// Its place in its document, from 1.
    pub ordinal: i32,
    /// On which page it begins.
    pub page: Option<i32>,
    /// Under which headings it stands.
    pub heading: Vec<String>,
}

/// A passage that full text found.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Worded {
    /// The passage.
    #[sqlx(flatten)]
    pub passage: Passage,
    /// Its rank: BM25, 0 or more. It says nothing beside that of another question.
    pub rank: f32,
}

impl ReadTx {
    /// The passages that share the most with the question's words, best first, of the documents that the filter allows and the caller
    /// may read, by a function of `migrations/0107_ranked_by_words.sql`; `None` if finding them takes longer than the transaction allows, after which it is
    /// of no more use.
    ///
    /// Any shared word finds a passage: a question is not a list of words that an answer must all contain.
    pub async fn passages_by_words(
        &mut self,
        caller: &Caller,
        words: &[AskedWord],
        top_k: i32,
        min_score: f32,
        filter: Option<&MetadataFilter>,
    ) -> Result<Option<Vec<Worded>>> {
        let (words, said): (Vec<_>, Vec<_>) =
            words.iter().map(|word| (&*word.word, word.said)).unzip();
        let passages = sqlx::query_as(
            "select p.*, c.ordinal, c.page, c.heading
             from ranked_by_words($1, $2, $3, $4, $5, $6, $7, $8)
               with ordinality p(document_id, chunk_id, title, source_url, text, score, rank, nth)
             join document_chunks c on c.id = p.chunk_id
             order by p.nth",
        )
        .bind(words)
        .bind(said)
        .bind(MOST_READ)
        .bind(min_score)
        .bind(top_k)
        .bind(filter.map(Json))
        .bind(caller.user_id())
        .bind(caller.has_assumed())
        .fetch_all(self.conn())
        .await;
        in_time(passages)
    }
}

impl TenantTx {
    /// Whether there is a document that could be found.
    pub async fn has_documents(&mut self) -> Result<bool> {
        let sql =
            "select exists (select from documents where status = 'ready' and deleted_at is null)";
        Ok(sqlx::query_scalar(sql).fetch_one(self.conn()).await?)
    }
}

impl Db {
    /// The passages with these ids that still exist and are of a document that the filter allows and the caller may read, in no
    /// particular order, with a score of 0: one statement, a function of `migrations/0073_groups.sql`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn passages_by_id(
        &self,
        caller: &Caller,
        ids: &[Uuid],
        filter: Option<&MetadataFilter>,
    ) -> Result<Vec<Passage>> {
        let passages = sqlx::query_as("select * from passages_by_id($1, $2, $3, $4, $5)")
            .bind(caller.tenant_id())
            .bind(ids)
            .bind(filter.map(Json))
            .bind(caller.user_id())
            .bind(caller.has_assumed())
            .fetch_all(self.once(caller, Need::Begun).await?.conn())
            .await?;
        Ok(passages)
    }
}
