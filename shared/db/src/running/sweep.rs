//! Putting right what dead processes left behind, in every tenant.

use crate::{Db, Need, Result, Whose};
use uuid::Uuid;

/// How many tenants one statement sweeps: it must end well within the role's statement timeout.
const TENANTS: i32 = 500;

/// So many steps are taken by one run of [`Db::purge`].
const PURGE_STEPS: usize = 200;

/// What a sweep has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Answers whose process is gone: now `interrupted`, with the text there is.
    pub answers: i64,
    /// Documents whose indexing was cut off: now `failed`.
    pub documents: i64,
    /// Logins that ended over 30 days ago: deleted.
    pub logins: i64,
}

impl Db {
    /// Sweeps every tenant, and what is kept outside of them. May run anywhere, at any time, and twice at once.
    pub async fn sweep(&self) -> Result<Swept> {
        self.forget_full_buckets().await?;
        let (mut swept, mut after) = (Swept::default(), None);
        loop {
            let mut tx = self.outside(Whose::SERVICE, Need::Begun).await?;
            let (last, answers, documents, logins): (Option<Uuid>, i64, i64, i64) =
                sqlx::query_as("select last_tenant, answers, documents, logins from sweep($1, $2)")
                    .bind(after)
                    .bind(TENANTS)
                    .fetch_one(tx.conn())
                    .await?;
            tx.commit().await?;
            swept.answers += answers;
            swept.documents += documents;
            swept.logins += logins;
            match last {
                Some(_) => after = last,
                None => return Ok(swept),
            }
        }
    }

    /// Has `statement` delete up to `at_once` of what the first tenant after another has too long, again and again, and tells how
    /// many that were. It gives `tenant`, null after the last, and `deleted`. So many steps as one run may take; the next one goes on.
    pub(crate) async fn purge(&self, statement: &'static str, at_once: i64) -> Result<i64> {
        let (mut gone, mut after) = (0, None);
        for _ in 0..PURGE_STEPS {
            let mut tx = self.outside(Whose::SERVICE, Need::Begun).await?;
            let (tenant, deleted): (Option<Uuid>, i64) = sqlx::query_as(statement)
                .bind(after)
                .bind(at_once)
                .fetch_one(tx.conn())
                .await?;
            tx.commit().await?;
            gone += deleted;
            match tenant {
                None => break,
                // The same tenant has more.
                Some(_) if deleted >= at_once => {}
                Some(_) => after = tenant,
            }
        }
        Ok(gone)
    }
}
