//! A call of a provider: what is reserved for it, and what it took.

use crate::{Caller, Db, LimitState, LimitsOf, Need, Result, TenantTx};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a provider was called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Operation {
    /// An answer.
    Chat,
    /// Vectors of a text.
    Embedding,
    /// A question, put so that it can be understood without those before it.
    QueryRewriting,
    /// Passages, put in the order in which they fit.
    Rerank,
    /// An answer by which settings are tried, or a comparison of two.
    Trial,
    /// A question that tells whether a key works.
    KeyTest,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum CallOutcome {
    /// The provider gave all that was asked for.
    Complete,
    /// Somebody stopped it.
    Stopped,
    /// It was cut off.
    Interrupted,
    /// The provider gave nothing.
    Failed,
}

/// The most that a call is expected to take.
#[derive(Clone, Debug, Serialize)]
pub struct Reservation {
    /// What for.
    pub operation: Operation,
    /// Who is going to be asked.
    pub endpoint: String,
    /// For which model.
    pub model: String,
    /// How much is sent, in tokens.
    pub prompt_tokens: i32,
    /// How much may come back, in tokens; and all that a second provider may take, should the first fail.
    pub completion_tokens: i32,
    /// What all of that costs at most, in nano-USD; none if no price is known.
    pub cost: Option<i64>,
    /// Of a token that is sent, in pico-USD, for what nobody tells the end of.
    pub input_price: Option<i64>,
    /// Of a token that is sent to a second provider as well, in pico-USD; none if there is no second.
    pub again_price: Option<i64>,
    /// Of a token that comes back, in pico-USD.
    pub output_price: Option<i64>,
    /// Where the prices are from.
    pub price_table: String,
}

/// A call, once it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderCall {
    /// Its id; of an answer's last call, the answer's.
    pub id: Uuid,
    /// What for.
    pub operation: Operation,
    /// What became of it.
    pub outcome: CallOutcome,
    /// Who was asked.
    pub endpoint: String,
    /// For which model.
    pub model: String,
    /// Which model answered, as the response says.
    pub response_model: Option<String>,
    /// On which terms, as the response says.
    pub service_tier: Option<String>,
    /// How much was sent, in tokens.
    pub prompt_tokens: i32,
    /// How much of that the provider knew already.
    pub cached_tokens: i32,
    /// How much of that the provider will know.
    pub cache_write_tokens: i32,
    /// How much came back, in tokens.
    pub completion_tokens: i32,
    /// How much of that was not the answer.
    pub reasoning_tokens: i32,
    /// Whether the provider counted.
    pub exact: bool,
    /// Where the prices are from.
    pub price_table: String,
    /// What it cost, in nano-USD; none if no price is known.
    pub cost: Option<i64>,
    /// Whom it was made for, as a hash of what a server that asks calls that one.
    pub end_user: Option<String>,
}

/// For calls that belong to no answer; a turn does the same as it begins and ends. Each is one statement, a function of
/// `migrations/0042_turn.sql`, and a transaction by itself.
impl Db {
    /// Reserves what a call may take, under an id that [`Db::settle_calls`] settles. If a limit refuses it, that limit.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn reserve_call(
        &self,
        caller: &Caller,
        id: Uuid,
        limits: &[LimitsOf],
        asked: &Reservation,
    ) -> Result<Option<LimitState>> {
        let refusal: Option<Json<LimitState>> =
            sqlx::query_scalar("select reserve_call($1, $2, $3, $4, $5, $6)")
                .bind(caller.tenant_id())
                .bind(id)
                .bind(caller.user_id())
                .bind(caller.key_id())
                .bind(Json(limits))
                .bind(Json(asked))
                .fetch_one(self.once(caller, Need::Asked).await?.conn())
                .await?;
        Ok(refusal.map(|Json(refusal)| refusal))
    }

    /// Settles what was reserved by the calls that were made. Saying it again is safe.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn settle_calls(
        &self,
        caller: &Caller,
        id: Uuid,
        calls: &[ProviderCall],
    ) -> Result<()> {
        sqlx::query("select settle_calls($1, $2, $3, $4, $5)")
            .bind(caller.tenant_id())
            .bind(id)
            .bind(caller.user_id())
            .bind(caller.key_id())
            .bind(Json(calls))
            .execute(self.once(caller, Need::Begun).await?.conn())
            .await?;
        Ok(())
    }
}

impl TenantTx {
    /// Where whoever they bind is with limits to tokens and money.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn limit_states(&mut self, limits: &[LimitsOf]) -> Result<Vec<LimitState>> {
        let states: Vec<Json<LimitState>> = sqlx::query_scalar("select limit_states($1)")
            .bind(Json(limits))
            .fetch_all(self.conn())
            .await?;
        Ok(states.into_iter().map(|Json(state)| state).collect())
    }
}
