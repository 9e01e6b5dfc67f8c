//! Who the bearer of a token is: asked of the database, and remembered for a moment.

use crate::{
    Asked, Caller, Db, Need, Result, Role, TenantTx, Whose,
    access::{accounts::Account, remembered::Key},
};
use chrono::{DateTime, Utc};
use std::{sync::Arc, time::Instant};
use tenant_auth::{LegacyToken, Verified};
use uuid::Uuid;

impl Db {
    /// Who the token's bearer is, if user, tenant and login are all still good. At most 5 s old.
    pub async fn caller(&self, token: &Verified, asked: &Asked) -> Result<Option<Caller>> {
        let known = self.remembered.account(&key(token));
        if let Some(account) = known.filter(|account| account.knows(token.generation())) {
            return Ok(Some(caller(account, token, asked)));
        }
        // In a box, here and below: a request whose caller is remembered must not make room for what it does not do.
        Box::pin(self.caller_now(token, asked)).await
    }

    /// As [`Db::caller`], but read from the database now: for what must not lag behind a demotion.
    pub async fn caller_now(&self, token: &Verified, asked: &Asked) -> Result<Option<Caller>> {
        let account = self.account_now(key(token), token.generation(), asked.at);
        Ok(account.await?.map(|account| caller(account, token, asked)))
    }

    /// Who the bearer of a token of the service before this one is, if user and tenant are still good, read now.
    pub async fn legacy_caller(
        &self,
        token: &LegacyToken,
        asked: &Asked,
    ) -> Result<Option<Caller>> {
        let mut tx = self
            .open(
                token.tenant_id(),
                Whose::tenant(token.tenant_id()),
                Need::Asked,
            )
            .await?;
        let user = tx.legacy_user(token.subject()).await?;
        drop(tx);
        let Some(user) = user else {
            return Ok(None);
        };
        let account = self.account_now((token.tenant_id(), user, None), None, asked.at);
        let account = account.await?;
        Ok(account.map(|account| Caller::new(account, None, token.expires_at(), asked)))
    }

    /// The same caller, read from the database now: after a change of its own, which its next request must not miss, or where
    /// its request takes long.
    pub async fn reread(&self, caller: &Caller, now: DateTime<Utc>) -> Result<Option<Caller>> {
        let key = (caller.tenant_id(), caller.user_id(), caller.session_id());
        let account = self.account_now(key, None, now).await?;
        Ok(account.map(|account| Caller::new(account, key.2, caller.expires_at(), caller.asked())))
    }

    /// Whether a caller is still good. At most 5 s old.
    pub(crate) async fn still(&self, caller: &Caller, now: DateTime<Utc>) -> Result<bool> {
        let key = (caller.tenant_id(), caller.user_id(), caller.session_id());
        if self.remembered.account(&key).is_some() {
            return Ok(true);
        }
        Ok(self.account_now(key, None, now).await?.is_some())
    }

    /// Of many who ask at once one reads, and another one for those who asked meanwhile: nobody is told what was read
    /// before it asked.
    async fn account_now(
        &self,
        key: Key,
        generation: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Account>>> {
        let asked_at = Instant::now();
        let reading = self.remembered.reading(&key);
        let mut last = reading.lock().await;
        if let Some((began, account)) = &*last
            && *began >= asked_at
            && account.as_ref().is_none_or(|known| known.knows(generation))
        {
            return Ok(account.clone());
        }
        let began = Instant::now();
        let account = self.read_account(key, generation, now).await?;
        *last = Some((began, account.clone()));
        Ok(account)
    }

    async fn read_account(
        &self,
        key: Key,
        generation: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Account>>> {
        let (tenant, user, session) = key;
        let read_at = Instant::now();
        let mut tx = self
            .open(tenant, Whose::user(tenant, user), Need::Asked)
            .await?;
        let Some(mut account) = tx.account(user, session, now).await? else {
            let assumed = Box::pin(self.assumed(tx, user, session, now)).await?;
            let assumed = assumed.map(Arc::new);
            match &assumed {
                Some(account) => self.remembered.keep_account(key, account.clone(), read_at),
                None => self.remembered.forget_account(&key),
            }
            return Ok(assumed);
        };
        if let (Some(session), Some(generation)) = (session, generation)
            && !account.knows(Some(generation))
            && tx.use_generation(session, generation).await?
        {
            tx.commit().await?;
            account.used_generation = generation;
        }
        let account = Arc::new(account);
        self.remembered.keep_account(key, account.clone(), read_at);
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

fn key(token: &Verified) -> Key {
    (token.tenant_id(), token.user_id(), Some(token.session_id()))
}

fn caller(account: Arc<Account>, token: &Verified, asked: &Asked) -> Caller {
    Caller::new(account, Some(token.session_id()), token.expires_at(), asked)
}
