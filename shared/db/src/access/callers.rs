//! Who the bearer of a token is: asked of the database, and remembered for a moment.

use crate::{
    Asked, Caller, Db, Need, Result, Role, TenantTx, Whose,
    access::{
        accounts::Account,
        remembered::{Bearer, Shown},
    },
};
use chrono::{DateTime, Utc};
use std::{sync::Arc, time::Instant};
use tenant_auth::{LegacyToken, Verified};
use uuid::Uuid;

impl Db {
    /// Who the token's bearer is, if user, tenant and login are all still good. At most 5 s old.
    pub async fn caller(&self, token: &Verified, asked: &Asked) -> Result<Option<Caller>> {
        let known = self.remembered.account(&bearer(token)).flatten();
        if let Some(account) = known.filter(|account| account.knows(token.generation())) {
            return Ok(Some(caller(account, token, asked)));
        }
        // In a box, here and below: a request whose caller is remembered must not make room for what it does not do.
        Box::pin(self.caller_now(token, asked)).await
    }

    /// As [`Db::caller`], but read from the database now: for what must not lag behind a demotion.
    pub async fn caller_now(&self, token: &Verified, asked: &Asked) -> Result<Option<Caller>> {
        let account = self.account_now(bearer(token), token.generation(), asked.at);
        Ok(account.await?.map(|account| caller(account, token, asked)))
    }

    /// Who the bearer of a token of the service before this one is, if user and tenant are still good, read now.
    pub async fn legacy_caller(
        &self,
        token: &LegacyToken,
        asked: &Asked,
    ) -> Result<Option<Caller>> {
        // No id holds a NUL, which no statement takes.
        if token.tenant().contains('\0') || token.subject().contains('\0') {
            return Ok(None);
        }
        let mut tx = self.outside(asked.whose(), Need::Asked).await?;
        let tenant_id: Option<Uuid> = sqlx::query_scalar("select legacy_tenant($1)")
            .bind(token.tenant())
            .fetch_one(tx.conn())
            .await?;
        drop(tx);
        let Some(tenant_id) = tenant_id else {
            return Ok(None);
        };
        let mut tx = self
            .open(tenant_id, Whose::tenant(tenant_id), Need::Begun)
            .await?;
        let user = tx.legacy_user(token.subject()).await?;
        drop(tx);
        let Some(user) = user else {
            return Ok(None);
        };
        let bearer = Bearer {
            tenant_id,
            id: user,
            shown: Shown::Token(None),
        };
        let account = self.account_now(bearer, None, asked.at).await?;
        Ok(account.map(|account| Caller::new(account, None, token.expires_at(), asked)))
    }

    /// The same caller, read from the database now: after a change of its own, which its next request must not miss, or where
    /// its request takes long.
    pub async fn reread(&self, caller: &Caller, now: DateTime<Utc>) -> Result<Option<Caller>> {
        let account = self.account_now(caller.bearer(), None, now).await?;
        Ok(account.map(|account| caller.made_by(account, caller.session_id())))
    }

    /// Who waits for an answer whose asker is in no longer: the visitor as whom that one was identified meanwhile, and who has the
    /// conversation now. None if nobody does.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn heir(
        &self,
        asker: &Caller,
        message: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Caller>> {
        let Some(site) = asker.site() else {
            return Ok(None);
        };
        let tenant_id = asker.tenant_id();
        let mut tx = self.open(tenant_id, asker.whose(), Need::Begun).await?;
        let login: Option<(Uuid, Uuid)> = sqlx::query_as(
            "select u.id, l.id from chat_messages m
             join chat_sessions c on c.id = m.session_id
             join users u on u.id = c.user_id and u.site_id = $3 and u.subject is not null
             join login_sessions l on l.user_id = u.id and l.revoked_at is null and l.expires_at > $4
             where m.id = $1 and u.id <> $2
             order by l.created_at desc limit 1",
        )
        .bind(message)
        .bind(asker.user_id())
        .bind(site.id)
        .bind(now)
        .fetch_optional(tx.conn())
        .await?;
        drop(tx);
        let Some((id, session)) = login else {
            return Ok(None);
        };
        let shown = Shown::Token(Some(session));
        let bearer = Bearer {
            tenant_id,
            id,
            shown,
        };
        let account = self.account_now(bearer, None, now).await?;
        Ok(account.map(|account| asker.made_by(account, Some(session))))
    }

    /// Whether a caller is still good. At most 5 s old; of a visitor where nobody tells of changes, read now.
    pub(crate) async fn still(&self, caller: &Caller, now: DateTime<Utc>) -> Result<bool> {
        let bearer = caller.bearer();
        let known = self.remembered.account(&bearer);
        let account = match known.filter(|_| !self.must_look(caller)) {
            Some(known) => known,
            None => self.account_now(bearer, None, now).await?,
        };
        let is_good =
            |account: Arc<Account>| account.is_good_at(now) && caller.is_on_page_of(&account);
        Ok(account.is_some_and(is_good))
    }

    /// Whether only a look tells what became of a caller's site: a page that is closed is closed within five seconds.
    pub(crate) fn must_look(&self, caller: &Caller) -> bool {
        caller.site().is_some() && !self.is_listening()
    }

    /// Of many who ask at once one reads, and another one for those who asked meanwhile: nobody is told what was read
    /// before it asked.
    pub(crate) async fn account_now(
        &self,
        bearer: Bearer,
        generation: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Account>>> {
        let asked_at = Instant::now();
        let reading = self.remembered.reading(&bearer);
        let mut last = reading.lock().await;
        if let Some((began, account)) = &*last
            && *began >= asked_at
            && account.as_ref().is_none_or(|known| known.knows(generation))
        {
            return Ok(account.clone());
        }
        let began = Instant::now();
        let account = self.read_account(bearer, generation, now).await?;
        *last = Some((began, account.clone()));
        Ok(account)
    }

    async fn read_account(
        &self,
        bearer: Bearer,
        generation: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Account>>> {
        let read_at = Instant::now();
        let whose = Whose::user(bearer.tenant_id, bearer.id);
        let tx = self.open(bearer.tenant_id, whose, Need::Asked).await?;
        let account = match bearer.shown {
            Shown::Token(session) => {
                let login = (session, generation);
                self.login_account(tx, bearer.id, login, now).await?
            }
            Shown::ApiKey(hash) => tx.key_account(bearer.id, hash, now).await?,
        };
        let account = account.map(Arc::new);
        self.remembered
            .keep_account(bearer, account.clone(), read_at);
        Ok(account)
    }

    /// The account of a user who shows a token of a login, or of a superuser who has assumed the tenant.
    async fn login_account(
        &self,
        mut tx: TenantTx,
        user: Uuid,
        (session, generation): (Option<Uuid>, Option<i64>),
        now: DateTime<Utc>,
    ) -> Result<Option<Account>> {
        let Some(mut account) = tx.account(user, session, now).await? else {
            return Box::pin(self.assumed(tx, user, session, now)).await;
        };
        if let (Some(session), Some(generation)) = (session, generation)
            && !account.knows(Some(generation))
            && tx.use_generation(session, generation).await?
        {
            tx.commit().await?;
            account.used_generation = generation;
        }
        Ok(Some(account))
    }
}

impl Db {
    /// The account of a superuser who has assumed the tenant of `tx`: what it sees is the tenant's, who it is and whether
    /// its login is still good is asked at home.
    async fn assumed(
        &self,
        mut tx: TenantTx,
        user: Uuid,
        id: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Option<Account>> {
        let Some(id) = id else {
            return Ok(None);
        };
        let Some(stay) = tx.stay(user, id, now).await? else {
            return Ok(None);
        };
        let secrets = tx.sealed_secrets().await?;
        drop(tx);
        let whose = Whose::user(stay.actor_tenant_id, user);
        let mut home = self.open(stay.actor_tenant_id, whose, Need::Begun).await?;
        let who = home.account(user, stay.actor_session_id, now).await?;
        Ok(who.filter(|who| who.is_superuser).map(|who| Account {
            role: Role::Admin,
            tenant: stay.tenant,
            secrets,
            assumed_from: Some(stay.actor_tenant_id),
            ..who
        }))
    }
}

fn bearer(token: &Verified) -> Bearer {
    Bearer {
        tenant_id: token.tenant_id(),
        id: token.user_id(),
        shown: Shown::Token(Some(token.session_id())),
    }
}

fn caller(account: Arc<Account>, token: &Verified, asked: &Asked) -> Caller {
    Caller::new(account, Some(token.session_id()), token.expires_at(), asked)
}
