//! The API keys of a tenant, as its administrators see them.

use crate::{AdminTx, Deed, Limits, PageOf, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use std::fmt;
use utoipa::ToSchema;
use uuid::Uuid;

/// What an API key is good for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ApiKeyScope {
    /// Ask, and have conversations of its own.
    Chat,
    /// Add, list, search and delete the tenant's documents.
    Documents,
    /// Read what the tenant has used.
    Usage,
}

impl ApiKeyScope {
    /// The name in the API and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Documents => "documents",
            Self::Usage => "usage",
        }
    }
}

impl fmt::Display for ApiKeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// Its name, for people.
    #[schema(example = "The shop's server")]
    pub name: String,
    /// What it is good for.
    #[schema(example = json!(["chat"]))]
    pub scopes: Vec<ApiKeyScope>,
    /// What is said of how much may be asked and spent with it. The limits of its tenant hold as well.
    #[sqlx(json)]
    pub limits: Limits,
    /// The groups to which documents may be limited that it finds, besides those for everybody.
    #[schema(example = json!(["staff"]))]
    pub groups: Vec<String>,
    /// How it begins and ends, to tell it from others.
    #[schema(example = "pk_live_...x3Fg")]
    pub hint: String,
    /// As whom it acts: whose its conversations are, and who the audit log says did it.
    pub user_id: Uuid,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends; null if it does not end by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; null if never.
    pub last_used_at: Option<DateTime<Utc>>,
}

macro_rules! key_columns {
    () => {
        "id, name, scopes, limits, hint, user_id, created_at, expires_at, last_used_at,
         (select u.groups from users u where u.id = user_id) as groups"
    };
}

/// An API key to be stored.
#[derive(Debug)]
pub struct KeyToStore {
    /// Its id.
    pub id: Uuid,
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// What it is good for; not empty.
    pub scopes: Vec<ApiKeyScope>,
    /// Its own limits.
    pub limits: Limits,
    /// The groups that it is in.
    pub groups: Vec<String>,
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// What people may see of it.
    pub hint: String,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

impl AdminTx {
    /// Stores an API key of the managed tenant, with the user as whom it acts: one that cannot log in.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn create_api_key(&mut self, new: &KeyToStore) -> Result<ApiKey> {
        let user = Uuid::now_v7();
        // No address can end so (RFC 2606, section 2): nobody has it, and nobody is written to.
        sqlx::query(
            "insert into users (id, email, full_name, role, is_service, groups) values ($1, $2, $3, 'member', true, $4)",
        )
        .bind(user)
        .bind(format!("{user}@api-keys.invalid"))
        .bind(&new.name)
        .bind(&new.groups)
        .execute(self.conn())
        .await?;
        let now = self.actor.asked.at;
        let key: ApiKey = sqlx::query_as(concat!(
            "insert into api_keys (id, user_id, name, scopes, limits, key_hash, hint, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ",
            key_columns!()
        ))
        .bind(new.id)
        .bind(user)
        .bind(&new.name)
        .bind(&new.scopes)
        .bind(Json(&new.limits))
        .bind(&new.hash[..])
        .bind(&new.hint)
        .bind(now)
        .bind(new.expires_at)
        .fetch_one(self.conn())
        .await?;
        self.audit(key.deed("api_key.create")).await?;
        Ok(key)
    }

    /// The API keys of the managed tenant that were not revoked, newest first.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn api_keys(&mut self, page: PageOf) -> Result<Vec<ApiKey>> {
        let sql = concat!(
            "select ",
            key_columns!(),
            " from api_keys where revoked_at is null and ($1::uuid is null or id < $1) order by id desc limit $2"
        );
        let keys = sqlx::query_as(sql).bind(page.after).bind(page.limit);
        Ok(keys.fetch_all(self.conn()).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn api_key(&mut self, id: Uuid) -> Result<Option<ApiKey>> {
        let sql = concat!(
            "select ",
            key_columns!(),
            " from api_keys where id = $1 and revoked_at is null"
        );
        let key = sqlx::query_as(sql).bind(id);
        Ok(key.fetch_optional(self.conn()).await?)
    }

    /// Ends an API key; false if there is none that has not been revoked. What was said with it stays.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn revoke_api_key(&mut self, id: Uuid) -> Result<bool> {
        let now = self.actor.asked.at;
        let key: Option<ApiKey> = sqlx::query_as(concat!(
            "update api_keys set revoked_at = $2 where id = $1 and revoked_at is null returning ",
            key_columns!()
        ))
        .bind(id)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        let Some(key) = key else {
            return Ok(false);
        };
        self.audit(key.deed("api_key.revoke")).await?;
        Ok(true)
    }
}

impl ApiKey {
    fn deed(&self, action: &'static str) -> Deed {
        let scopes: Vec<_> = self.scopes.iter().map(ApiKeyScope::to_string).collect();
        Deed::done(action, self.id).detail(format!("{}: {}", self.name, scopes.join(", ")))
    }
}
