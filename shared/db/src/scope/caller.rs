//! Who asks: the proof that all others follow from.

use super::{Superuser, TenantAdmin};
use crate::{
    ApiKeyScope, Trial, Whose,
    access::accounts::Account,
    audit::deeds::{Actor, Asked},
    people::users::Role,
};
use std::sync::Arc;
use uuid::Uuid;

/// Proof of an active user of an active tenant with a login that has not ended, or of an API key.
///
/// ```compile_fail
/// let caller = db::Caller { account: loop {}, session_id: Default::default(), expires_at: 0 };
/// ```
#[derive(Clone, Debug)]
pub struct Caller {
    account: Arc<Account>,
    session_id: Option<Uuid>,
    expires_at: i64,
    asked: Asked,
    /// The origin of the page that a visitor asks from.
    page: Option<Arc<str>>,
}

impl Caller {
    /// Only the file beside this one that reads accounts has one to show.
    pub(crate) fn new(
        account: Arc<Account>,
        session_id: Option<Uuid>,
        expires_at: i64,
        asked: &Asked,
    ) -> Self {
        Self {
            account,
            session_id,
            expires_at,
            asked: asked.clone(),
            page: None,
        }
    }

    /// The same caller, who asks from a page of that origin.
    pub fn on_page(self, origin: &str) -> Self {
        let page = Some(origin.into());
        Self { page, ..self }
    }

    /// The same request, made by whoever has that account and login.
    pub(crate) fn made_by(&self, account: Arc<Account>, session_id: Option<Uuid>) -> Self {
        let page = self.page.clone();
        let made = Self::new(account, session_id, self.expires_at, &self.asked);
        Self { page, ..made }
    }

    /// Whether the page that the caller asks from is one of the site by which `account` came in.
    pub(crate) fn is_on_page_of(&self, account: &Account) -> bool {
        match (&self.page, &account.site) {
            (Some(page), Some(site)) => site.origins.iter().any(|origin| **origin == **page),
            _ => true,
        }
    }

    /// The tenant.
    pub fn tenant_id(&self) -> Uuid {
        self.account.tenant.id
    }

    /// The user.
    pub fn user_id(&self) -> Uuid {
        self.account.user_id
    }

    /// The login that the token belongs to; tokens of the service before this one have none.
    pub fn session_id(&self) -> Option<Uuid> {
        self.session_id
    }

    /// For whom what the caller asks is done.
    pub fn whose(&self) -> Whose {
        Whose::user(self.tenant_id(), self.user_id())
    }

    /// Whether this is a superuser who has assumed the tenant, and none of its users.
    pub fn has_assumed(&self) -> bool {
        self.account.assumed_from.is_some()
    }

    /// The tenant whose user this is.
    pub(crate) fn home_tenant_id(&self) -> Uuid {
        self.account.assumed_from.unwrap_or(self.tenant_id())
    }

    /// Whose conversations may be read: the caller's own; `None` is everybody's, for a superuser who has assumed the
    /// tenant.
    pub fn reads(&self) -> Option<Uuid> {
        (!self.has_assumed()).then_some(self.user_id())
    }

    /// When the token or the API key expires, in Unix seconds; the end of time where it does not.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// The request that the caller is asking in.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Everything known about the user and its tenant.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The same caller, in whose tenant answers are made with other settings, and by nobody else where that fails: whose it is, and
    /// what it may see, stays.
    #[must_use]
    pub fn trying(&self, trial: &Trial) -> Self {
        let mut account = Account::clone(&self.account);
        trial.apply(&mut account.tenant);
        account.tenant.fallback_provider = None;
        Self {
            account: Arc::new(account),
            ..self.clone()
        }
    }

    /// The same caller, proven to administer its tenant. No API key does.
    pub fn admin(&self) -> Option<TenantAdmin> {
        let is_admin = self.account.role == Role::Admin && self.account.api_key.is_none();
        is_admin.then(|| self.managing())
    }

    /// As [`Caller::admin`], and of an API key with that scope: for what belongs to the scope, and nothing else.
    pub fn admin_or_key(&self, scope: ApiKeyScope) -> Option<TenantAdmin> {
        match self.scopes() {
            None => self.admin(),
            Some(scopes) => scopes.contains(&scope).then(|| self.managing()),
        }
    }

    fn managing(&self) -> TenantAdmin {
        TenantAdmin {
            tenant_id: self.tenant_id(),
            actor: Actor::new(self),
        }
    }

    /// The same caller, proven to be a superuser. One who has assumed a tenant is none until back at home.
    pub fn superuser(&self) -> Option<Superuser> {
        self.superuser_anywhere().filter(|_| !self.has_assumed())
    }

    /// As [`Caller::superuser`], and also of one who has assumed the tenant: for what only superusers may do to its users.
    pub fn superuser_anywhere(&self) -> Option<Superuser> {
        self.account
            .is_superuser
            .then(|| Superuser(Actor::new(self)))
    }
}
