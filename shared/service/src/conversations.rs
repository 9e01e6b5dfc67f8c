//! Looking for words in conversations, so that it takes little from everybody else.

use crate::{Error, Result, Service};
use db::{Caller, FoundChat, Need, PageOf};
use std::time::Duration;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// How long one statement of a search may take, and how long a search may wait for its turn.
pub(crate) const SEARCH_TIME: Duration = Duration::from_secs(2);
/// How many searches of one tenant may go on in this process: each holds a connection of the few that all tenants share.
pub(crate) const AT_ONCE: usize = 1;

impl Service {
    /// The caller's conversations that hold `text`, newest first, and after which one to go on, if there are more to look
    /// through.
    ///
    /// # Errors
    /// It takes too long, or the tenant's other searches do.
    pub async fn search_chats(
        &self,
        caller: &Caller,
        text: &str,
        page: PageOf,
    ) -> Result<(Vec<FoundChat>, Option<Uuid>)> {
        // As keyboards write it, and most of what was pasted.
        let text: String = text.nfc().collect();
        let turn = self
            .chat_searches
            .take(caller.whose(), Need::Asked, SEARCH_TIME);
        let Some(_turn) = turn.await else {
            return Err(Error::SearchTooSlow);
        };
        let read = self.db.read_within(caller, SEARCH_TIME, async |mut tx| {
            tx.search_chats(caller, &text, page).await
        });
        let found: Option<_> = read.await?;
        found.ok_or(Error::SearchTooSlow)
    }
}
