//! Lists, page by page.

use crate::{App, Error, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use db::PageOf;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts: send it as `cursor`. Null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A page of one list of one tenant: a cursor of another list or tenant does not fit it.
pub struct Page<'a> {
    app: &'a App,
    context: Vec<u8>,
    /// What to ask the database for: one row more than the page holds tells whether there is another.
    pub of: PageOf,
}

/// Confirms that what is searched in a list is of at most `most` characters.
///
/// # Errors
/// 422: it is longer.
pub fn check_search(search: Option<&str>, most: usize) -> Result<()> {
    match search {
        Some(search) if search.chars().count() > most => Err(Error::field(
            "search",
            format!("must be at most {most} characters"),
        )),
        _ => Ok(()),
    }
}

impl PageQuery {
    /// For a list that can be filtered, whose query has these two among others.
    pub fn new(limit: Option<i64>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// The page of `list` that is asked for. Where a list can be filtered, `list` says how, too.
    ///
    /// # Errors
    /// 422 for a limit out of bounds or a cursor that this list did not give.
    pub fn of<'a>(&self, app: &'a App, tenant: Uuid, list: &str) -> Result<Page<'a>> {
        let limit = self.limit.unwrap_or(20);
        if !(1..=100).contains(&limit) {
            return Err(Error::field("limit", "must be from 1 to 100"));
        }
        let context = [tenant.as_bytes(), list.as_bytes()].concat();
        let open = |cursor: &String| open(app, &context, cursor);
        // The first page is what an empty cursor means to those who always send one.
        let cursor = self.cursor.as_ref().filter(|cursor| !cursor.is_empty());
        let after = cursor.map(open).transpose()?;
        let of = PageOf {
            after,
            limit: limit + 1,
        };
        Ok(Page { app, context, of })
    }
}

impl Page<'_> {
    /// The answer with the `rows` that were found.
    pub fn listing<T>(&self, rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Listing<T> {
        self.listing_cut(rows, false, id)
    }

    /// As [`Page::listing`], where there is another page also if `is_cut`: the rows that were found are large.
    pub fn listing_cut<T>(
        &self,
        mut rows: Vec<T>,
        is_cut: bool,
        id: impl Fn(&T) -> Uuid,
    ) -> Listing<T> {
        let size = usize::try_from(self.of.limit - 1).unwrap_or(rows.len());
        let more = is_cut || rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(id);
        self.listing_until(rows, last)
    }

    /// As [`Page::listing`], of a list that tells by itself where the next page starts: after `last`, if there is one.
    pub fn listing_until<T>(&self, items: Vec<T>, last: Option<Uuid>) -> Listing<T> {
        let next_cursor = last.map(|id| seal(self.app, &self.context, id));
        Listing { items, next_cursor }
    }
}

fn seal(app: &App, context: &[u8], id: Uuid) -> String {
    let mac = app.cursor_mac(context, id.as_bytes());
    URL_SAFE_NO_PAD.encode([*id.as_bytes(), mac].concat())
}

fn open(app: &App, context: &[u8], cursor: &str) -> Result<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let parts = bytes.as_ref().and_then(|b| b.split_first_chunk::<16>());
    parts
        .filter(|(id, mac)| app.is_cursor_mac(context, *id, mac))
        .map(|(id, _)| Uuid::from_bytes(*id))
        .ok_or_else(|| {
            Error::field(
                "cursor",
                "is not a cursor of this list; start again without one",
            )
        })
}
