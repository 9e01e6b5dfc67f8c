//! A running answer in the database: kept alive, stopped, ended, and read from anywhere.

use crate::{Caller, Db, Leg, MessageStatus, Need, ProviderCall, Result, Source, TenantTx, Usage};
use sqlx::types::Json;
use uuid::Uuid;

/// How an answer ended.
#[derive(Debug)]
pub struct AnswerEnd<'a> {
    /// Anything but `streaming`.
    pub status: MessageStatus,
    /// All of its text.
    pub content: &'a str,
    /// What the model thought, where that is kept.
    pub reasoning: Option<&'a str>,
    /// Why the model ended.
    pub finish_reason: Option<&'a str>,
    /// The code of the problem that ended it.
    pub error_code: Option<&'a str>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// What it was given to draw on.
    pub sources: &'a [Source],
    /// Who answered.
    pub provider: &'a str,
    /// With which model.
    pub model: &'a str,
    /// Every call of a provider that was made for it.
    pub calls: &'a [ProviderCall],
}

/// What is new of a running answer: all of its text, its reasoning, its sources, where they have changed.
#[derive(Debug, Default)]
pub struct Grown {
    /// The text so far.
    pub text: Option<String>,
    /// What the model thought so far, where that is kept.
    pub reasoning: Option<String>,
    /// What it draws on.
    pub sources: Option<Vec<Source>>,
}

/// What the row of a running answer says to the task that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Go on.
    Running,
    /// Somebody asked for its end.
    Stopping,
    /// There is no such row: the conversation was deleted.
    Gone,
}

/// An answer as its row has it.
#[derive(Debug)]
pub struct AnswerRow {
    /// The conversation.
    pub session_id: Uuid,
    /// The question's message.
    pub user_message_id: Uuid,
    /// The model that answers.
    pub model: String,
    /// The provider of the model.
    pub provider: String,
    /// What became of it.
    pub status: MessageStatus,
    /// The code of the problem that ended it.
    pub error_code: Option<String>,
    /// Why the model ended.
    pub finish_reason: Option<String>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// What it was given to draw on, as far as that is stored and wanted.
    pub sources: Vec<Source>,
    /// Which ways of finding that were left out, as far as that is wanted.
    pub degraded: Vec<Leg>,
    /// What the model thought, as far as that is stored and wanted.
    pub reasoning: Option<String>,
    /// How long the text is so far, in bytes.
    pub size: usize,
    /// The bytes of the text after those that were asked from.
    pub rest: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Row {
    session_id: Option<Uuid>,
    question_id: Option<Uuid>,
    model: Option<String>,
    provider: Option<String>,
    status: Option<MessageStatus>,
    error_code: Option<String>,
    finish_reason: Option<String>,
    prompt_tokens: Option<i32>,
    completion_tokens: Option<i32>,
    usage_exact: Option<bool>,
    sources: Option<Json<Vec<Source>>>,
    degraded: Option<Json<Vec<Leg>>>,
    reasoning: Option<String>,
    size: Option<i32>,
    rest: Option<Vec<u8>>,
}

/// What of an answer is wanted besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Details {
    /// What it draws on, and what was left out of finding that.
    pub sources: bool,
    /// What the model thought.
    pub reasoning: bool,
}

/// How much of a text is read at once, in bytes: many may read a large one.
const MOST: i32 = 256 * 1024;

/// Beyond the end of every text.
const FAR: i32 = i32::MAX - 1;

impl TenantTx {
    /// Notes who makes a running answer, where that is another than was asked first.
    pub async fn note_answerer(
        &mut self,
        message: Uuid,
        provider: &str,
        model: &str,
    ) -> Result<()> {
        let sql = "update chat_messages set provider = $2, model = $3 where id = $1 and status = 'streaming'";
        sqlx::query(sql)
            .bind(message)
            .bind(provider)
            .bind(model)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Notes which ways of finding passages were left out of a running answer, and at once what was found, so that its readers
    /// are told both together.
    pub async fn note_degraded(
        &mut self,
        message: Uuid,
        degraded: &[Leg],
        sources: &[Source],
    ) -> Result<()> {
        let sql = "update chat_messages set degraded = $2, sources = $3 where id = $1 and status = 'streaming'";
        sqlx::query(sql)
            .bind(message)
            .bind(Json(degraded))
            .bind(Json(sources))
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

/// Each is one statement, a function of `migrations/0021_turn.sql`, `0047_turn.sql` or `0108_degraded.sql`, and a transaction by itself.
impl Db {
    /// Says that a running answer is alive, and stores what is new of it. Of many at once only some are stored at the same
    /// time; the others wait.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn keep_answer(&self, caller: &Caller, message: Uuid, new: &Grown) -> Result<Kept> {
        // Never closed.
        let _turn = self.growing.acquire().await;
        let told: Option<String> = sqlx::query_scalar("select keep_answer($1, $2, $3, $4, $5)")
            .bind(caller.tenant_id())
            .bind(message)
            .bind(&new.text)
            .bind(&new.reasoning)
            .bind(new.sources.as_ref().map(Json))
            .fetch_one(self.once(caller, Need::Begun).await?.conn())
            .await?;
        Ok(match told.as_deref() {
            Some("stopping") => Kept::Stopping,
            Some(_) => Kept::Running,
            None => Kept::Gone,
        })
    }

    /// Ends a running answer, also one that was taken for dead. False if there is nothing to end: its conversation was
    /// deleted.
    ///
    /// # Errors
    /// It could not be stored, or it is not known whether it is: saying the same again is safe.
    pub async fn end_answer(
        &self,
        caller: &Caller,
        message: Uuid,
        end: &AnswerEnd<'_>,
    ) -> Result<bool> {
        let ended = sqlx::query_scalar(
            "select end_answer($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(caller.tenant_id())
        .bind(message)
        .bind(end.status)
        .bind(end.content)
        .bind(end.reasoning)
        .bind(end.finish_reason)
        .bind(end.error_code)
        .bind(end.usage.map(|u| u.prompt_tokens))
        .bind(end.usage.map(|u| u.completion_tokens))
        .bind(end.usage.map(|u| u.exact))
        .bind(Json(end.sources))
        .bind(end.provider)
        .bind(end.model)
        .bind(caller.user_id())
        .bind(caller.key_id())
        .bind(Json(end.calls))
        .fetch_one(self.once(caller, Need::Begun).await?.conn())
        .await?;
        Ok(ended)
    }

    /// Asks for the end of one of the caller's answers, and tells whoever makes it. Its status before that; `None` if the
    /// caller has no such answer.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn stop_answer(
        &self,
        caller: &Caller,
        message: Uuid,
    ) -> Result<Option<MessageStatus>> {
        let was = sqlx::query_scalar("select stop_answer($1, $2, $3)")
            .bind(caller.tenant_id())
            .bind(caller.user_id())
            .bind(message)
            .fetch_one(self.once(caller, Need::Begun).await?.conn())
            .await?;
        Ok(was)
    }

    /// One of the caller's answers, with at most 256 KiB of the text that follows its first `from` bytes, and with the
    /// details that are wanted; `None` if there is no such answer. The bytes may end inside a character.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn read_answer(
        &self,
        caller: &Caller,
        message: Uuid,
        from: usize,
        details: Details,
    ) -> Result<Option<AnswerRow>> {
        let row: Row = sqlx::query_as("select * from read_answer($1, $2, $3, $4, $5, $6, $7)")
            .bind(caller.tenant_id())
            .bind(caller.reads())
            .bind(message)
            .bind(i32::try_from(from).map_or(FAR, |from| from.min(FAR)))
            .bind(MOST)
            .bind(details.sources)
            .bind(details.reasoning)
            .fetch_one(self.once(caller, Need::Asked).await?.conn())
            .await?;
        Ok(row.into_answer())
    }
}

impl Row {
    fn into_answer(self) -> Option<AnswerRow> {
        let counted = self.prompt_tokens.zip(self.completion_tokens);
        let usage = counted.zip(self.usage_exact);
        Some(AnswerRow {
            session_id: self.session_id?,
            user_message_id: self.question_id?,
            model: self.model.unwrap_or_default(),
            provider: self.provider.unwrap_or_default(),
            status: self.status?,
            error_code: self.error_code,
            finish_reason: self.finish_reason,
            usage: usage.map(|((prompt_tokens, completion_tokens), exact)| Usage {
                prompt_tokens,
                completion_tokens,
                exact,
            }),
            sources: self
                .sources
                .map(|Json(sources)| sources)
                .unwrap_or_default(),
            degraded: self
                .degraded
                .map(|Json(degraded)| degraded)
                .unwrap_or_default(),
            reasoning: self.reasoning,
            size: usize::try_from(self.size?).unwrap_or(0),
            rest: self.rest.unwrap_or_default(),
        })
    }
}
