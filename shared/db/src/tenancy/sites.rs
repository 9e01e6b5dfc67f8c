//! The sites of a tenant: web pages whose visitors may ask without an account.

use crate::{AdminTx, Deed, Limits, PageOf, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether visitors say who they are, by tokens that the tenant's server signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum SiteIdentity {
    /// Nobody does: a token is refused.
    Off,
    /// Who brings a token is known by it, and everybody else comes in as well.
    Optional,
    /// Nobody comes in without a token, and who came in without one is out.
    Required,
}

/// Whether whoever is new does a little work first, so that very many cost much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SiteChallenge {
    /// Nobody does.
    Off,
    /// Whoever comes while more than half of those come who may, at the site or from one network.
    UnderLoad,
    /// Everybody does.
    Always,
}

/// A site.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Site {
    /// Its id.
    pub id: Uuid,
    /// Its name, for people.
    pub name: String,
    /// The origins of its pages; without one nobody comes in.
    pub origins: Vec<String>,
    /// Whether visitors may come in and ask.
    pub is_on: bool,
    /// What all of its visitors may ask and spend together.
    #[sqlx(json)]
    pub limits: Limits,
    /// What each of its visitors may ask and spend.
    #[sqlx(json)]
    pub visitor_limits: Limits,
    /// For how many days a visitor is kept who does not come back.
    pub retention_days: i32,
    /// Whether visitors say who they are.
    pub identity: SiteIdentity,
    /// How many new visitors who do not may come in a minute.
    pub visitors_per_minute: i32,
    /// Whether they do a little work first.
    pub challenge: SiteChallenge,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

macro_rules! site_columns {
    () => {
        "id, name, origins, is_on, limits, visitor_limits, retention_days, identity, visitors_per_minute, challenge,
         created_at, updated_at"
    };
}

impl AdminTx {
    /// Stores a site of the managed tenant.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn create_site(&mut self, site: &Site) -> Result<Site> {
        let made: Site = sqlx::query_as(concat!(
            "insert into sites (id, name, origins, is_on, limits, visitor_limits, retention_days, identity, visitors_per_minute,
               created_at, updated_at, challenge)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning ",
            site_columns!()
        ))
        .bind(site.id)
        .bind(&site.name)
        .bind(&site.origins)
        .bind(site.is_on)
        .bind(Json(&site.limits))
        .bind(Json(&site.visitor_limits))
        .bind(site.retention_days)
        .bind(site.identity)
        .bind(site.visitors_per_minute)
        .bind(site.created_at)
        .bind(site.updated_at)
        .bind(site.challenge)
        .fetch_one(self.conn())
        .await?;
        self.audit(made.deed("site.create")).await?;
        Ok(made)
    }

    /// The sites of the managed tenant, newest first.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn sites(&mut self, page: PageOf) -> Result<Vec<Site>> {
        let sql = concat!(
            "select ",
            site_columns!(),
            " from sites where deleted_at is null and ($1::uuid is null or id < $1) order by id desc limit $2"
        );
        let sites = sqlx::query_as(sql).bind(page.after).bind(page.limit);
        Ok(sites.fetch_all(self.conn()).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn site(&mut self, id: Uuid) -> Result<Option<Site>> {
        let sql = concat!(
            "select ",
            site_columns!(),
            " from sites where id = $1 and deleted_at is null"
        );
        let site = sqlx::query_as(sql).bind(id);
        Ok(site.fetch_optional(self.conn()).await?)
    }

    /// Stores what was changed of a site.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn save_site(&mut self, site: &Site) -> Result<Site> {
        let saved: Site = sqlx::query_as(concat!(
            "update sites set name = $2, origins = $3, is_on = $4, limits = $5, visitor_limits = $6, retention_days = $7,
               updated_at = $8, identity = $9, visitors_per_minute = $10, challenge = $11
             where id = $1 returning ",
            site_columns!()
        ))
        .bind(site.id)
        .bind(&site.name)
        .bind(&site.origins)
        .bind(site.is_on)
        .bind(Json(&site.limits))
        .bind(Json(&site.visitor_limits))
        .bind(site.retention_days)
        .bind(site.updated_at)
        .bind(site.identity)
        .bind(site.visitors_per_minute)
        .bind(site.challenge)
        .fetch_one(self.conn())
        .await?;
        self.audit(saved.deed("site.update")).await?;
        Ok(saved)
    }

    /// Deletes a site; false if there is none. Its visitors, and what they said, go with the next runs of
    /// [`Db::purge_visitors`](crate::Db::purge_visitors).
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn delete_site(&mut self, id: Uuid) -> Result<bool> {
        let now = self.actor.asked.at;
        let site: Option<Site> = sqlx::query_as(concat!(
            "update sites set deleted_at = $2, is_on = false where id = $1 and deleted_at is null returning ",
            site_columns!()
        ))
        .bind(id)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        let Some(site) = site else {
            return Ok(false);
        };
        self.audit(site.deed("site.delete")).await?;
        Ok(true)
    }
}

impl Site {
    fn deed(&self, action: &'static str) -> Deed {
        let state = if self.is_on { "on" } else { "off" };
        let origins = self.origins.join(", ");
        Deed::done(action, self.id).detail(format!("{}, {state}: {origins}", self.name))
    }
}
