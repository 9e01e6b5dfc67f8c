//! Deleting conversations, many of them, some at a time.

use crate::{Caller, Db, Deed, Result};
use uuid::Uuid;

/// So many conversations are deleted by one statement, with their messages: it must end well within the role's statement
/// timeout, and other work must get its turn.
const AT_ONCE: i64 = 20;

impl Db {
    /// Deletes every conversation that the caller has now. What was deleted stays so if this does not come to its end.
    pub async fn erase_chats(&self, caller: &Caller) -> Result<()> {
        // Those that are started meanwhile are others.
        let newest = Uuid::now_v7();
        let mut is_first = true;
        loop {
            let mut tx = self.tenant(caller).await?;
            let gone = sqlx::query(
                "with next as (
                   select id from chat_sessions where user_id = $1 and id <= $2 order by id limit $3
                 ), told as (
                   select pg_notify('parlance', 'stop ' || m.id) from chat_messages m
                   where m.session_id in (select id from next) and m.status = 'streaming'
                 )
                 delete from chat_sessions where id in (select id from next) and (select count(*) from told) >= 0",
            )
            .bind(caller.user_id())
            .bind(newest)
            .bind(AT_ONCE)
            .execute(tx.conn())
            .await?
            .rows_affected();
            if gone == 0 {
                return Ok(());
            }
            if is_first {
                tx.audit(caller, Deed::done("chat.erase", caller.user_id()))
                    .await?;
            }
            is_first = false;
            tx.commit().await?;
        }
    }

    /// Deletes conversations that were last written to longer ago than their tenant keeps them; how many. So many as one
    /// run may take; the next one goes on. May run anywhere, at any time, and twice at once.
    pub async fn purge_chats(&self) -> Result<i64> {
        self.purge("select tenant, deleted from purge_chats($1, $2)", AT_ONCE)
            .await
    }
}
