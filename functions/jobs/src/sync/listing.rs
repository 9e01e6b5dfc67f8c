//! What lists all that it has, and which of it has changed.

use super::{BUSY, REFUSALS, area::is_silent, file, file::File, page::Got};
use crate::worker::Step;
use db::{Job, Listed, PageRead, PageToRead, Running};
use fetch::{Page, Refusal};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use service::{Result, Service};
use std::time::Duration;

/// What is written otherwise in the path of an address.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// What of it is read.
pub(super) struct Wanted<'a> {
    /// What all names begin with.
    pub(super) prefix: &'a str,
    /// Beginnings of names, behind a slash; all, if there is none.
    pub(super) include: &'a [String],
    /// Beginnings of those that are not read.
    pub(super) exclude: &'a [String],
    /// How many at most.
    pub(super) most: i32,
}

impl Wanted<'_> {
    pub(super) fn holds(&self, name: &str) -> bool {
        let path = format!("/{name}");
        let begins = |with: &String| path.starts_with(&**with);
        let is_wanted = self.include.is_empty() || self.include.iter().any(begins);
        let is_folder = name.is_empty() || name.ends_with('/');
        // Postgres keeps no zero byte.
        let can_be_kept = !name.contains('\0') && name.len() <= fetch::MAX_URL;
        can_be_kept
            && !is_folder
            && !is_silent(name)
            && name.starts_with(self.prefix)
            && is_wanted
            && !self.exclude.iter().any(begins)
    }

    /// Notes what was found of a list, or why it cannot be read: `why` as a part of a sentence that has begun.
    pub(super) async fn note(
        &self,
        (service, job, run): (&Service, &Job, &Running),
        found: std::result::Result<Listed, Refusal>,
        why: impl FnOnce(&Refusal) -> String,
    ) -> Result<Step> {
        let Some(mut tx) = service.db.job(job).await? else {
            return Ok(Step::Lost);
        };
        let is_busy = matches!(found, Err(Refusal::Busy(..)));
        let refusals = tx.count_refusals(run, is_busy).await?;
        let reason = match found {
            // A list that goes on where it went on before has no end.
            Ok(found) if found.next.is_some() && found.next == run.list_from => {
                "The list does not get on.".to_owned()
            }
            Ok(found) => {
                let pieces = found.pieces.into_iter();
                let pieces = pieces.filter(|piece| self.holds(&piece.name)).collect();
                let found = Listed { pieces, ..found };
                tx.add_listed(run.id, &found, self.most).await?;
                tx.commit().await?;
                return Ok(Step::More);
            }
            Err(Refusal::Busy(_, wait)) if refusals < REFUSALS => {
                let wait = wait.unwrap_or(BUSY.0).clamp(1, BUSY.1);
                tx.pause(Duration::from_secs(wait)).await?;
                return Ok(Step::Done);
            }
            Err(e) => why(&e),
        };
        let reason = format!("What there is cannot be listed: {reason} Nothing was deleted.");
        tx.end_run(run.id, Some(&reason)).await?;
        Ok(Step::Done)
    }
}

/// Reads what was had: with the mark of its version, and where people read it.
pub(super) async fn read(
    service: &Service,
    before: &PageToRead,
    found: Page,
    (etag, at): (Option<String>, Option<String>),
) -> Result<Got> {
    let left = |reason: Option<String>| Ok(Got::Left(reason, Vec::new()));
    let last = before.url.rsplit('/').next().unwrap_or_default();
    // Stores are told a type by whoever puts something there, who may not know; its name tells more.
    let name = file::name(last, "").or_else(|| file::name(last, &found.media_type));
    let Some(name) = name else {
        return left(None);
    };
    let page = match file::page(service, &name, &found.content).await? {
        Ok(page) => page,
        Err(reason) => return left(Some(reason)),
    };
    if page.text.is_empty() {
        return left(Some("The file holds no text.".to_owned()));
    }
    let title = file::title(&page, &name);
    let read = PageRead {
        etag,
        hash: Some(file::hash(&title, &page.text)),
        ..PageRead::default()
    };
    let at = at.filter(|at| at.len() <= fetch::MAX_URL);
    Ok(file::got(before, read, File::new(name, title, at, found)))
}

/// A name as a part of an address.
pub(super) fn in_address(name: &str) -> String {
    utf8_percent_encode(name, IN_PATH).to_string()
}
