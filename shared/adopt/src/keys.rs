//! Provider keys of tenants: opened with the old secret, and sealed with the new one.

use crate::{
    Report,
    cipher::{OldKey, Unreadable, open},
    ids,
    source::rows::OldTenant,
};
use chrono::{DateTime, Utc};
use db::LegacySecret;
use secrecy::{ExposeSecret, SecretString};
use tenant_auth::{RootSecret, SealContext, Sealer, last4};
use uuid::Uuid;

/// Opens and seals.
pub(crate) struct Keys<'a> {
    pub(crate) old: &'a [OldKey],
    pub(crate) sealer: Sealer,
    /// Columns whose values are keys although they are not encrypted.
    pub(crate) plain: &'a [String],
    /// How many values were opened, and how many are of another key.
    pub(crate) opened: usize,
    pub(crate) closed: usize,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(old: &'a [OldKey], root: &RootSecret, plain: &'a [String]) -> Self {
        Self {
            old,
            sealer: Sealer::new(root),
            plain,
            opened: 0,
            closed: 0,
        }
    }

    /// The keys of a tenant, sealed for its id here. What cannot be opened is reported by tenant and column.
    pub(crate) fn of(
        &mut self,
        tenant: &OldTenant,
        id: Uuid,
        created: DateTime<Utc>,
        report: &mut Report,
    ) -> Vec<LegacySecret> {
        let columns = [
            ("openai", "openai_api_key", &tenant.openai_api_key),
            ("pinecone", "pinecone_api_key", &tenant.pinecone_api_key),
        ];
        let mut secrets = Vec::new();
        for (provider, column, stored) in columns {
            let Some(key) = stored
                .as_ref()
                .and_then(|stored| self.opened(&tenant.id, column, stored, report))
            else {
                continue;
            };
            let row_id = ids::id("secret", &format!("{} {provider}", tenant.id), created);
            let context = SealContext {
                tenant_id: id,
                provider,
                row_id,
            };
            secrets.push(LegacySecret {
                id: row_id,
                provider,
                sealed: self.sealer.seal(&context, &key),
                last4: last4(&key),
            });
        }
        secrets
    }

    /// A setting that is encrypted in some services and a plain text in others.
    pub(crate) fn setting(
        &mut self,
        tenant: &OldTenant,
        column: &'static str,
        stored: &[u8],
        is_bytes: bool,
        report: &mut Report,
    ) -> Option<String> {
        if is_bytes {
            let opened = self.opened(&tenant.id, column, stored, report)?;
            return Some(opened.expose_secret().to_owned());
        }
        match open(stored, self.old) {
            Ok((_, text)) => Some(text.expose_secret().to_owned()),
            Err(_) => String::from_utf8(stored.to_vec())
                .ok()
                .filter(|text| !text.is_empty()),
        }
    }

    fn opened(
        &mut self,
        tenant: &str,
        column: &'static str,
        stored: &[u8],
        report: &mut Report,
    ) -> Option<SecretString> {
        let place = format!("{tenant} {column}");
        let key = match open(stored, self.old) {
            Ok((_, key)) => {
                self.opened += 1;
                key
            }
            Err(Unreadable::NotCiphertext) if self.plain.iter().any(|plain| plain == column) => {
                String::from_utf8(stored.to_vec()).ok()?.into()
            }
            Err(Unreadable::NotCiphertext) => {
                report.note("key_not_encrypted", &place);
                return None;
            }
            Err(Unreadable::OtherKey) => {
                self.closed += 1;
                report.note("key_of_another_key", &place);
                return None;
            }
        };
        let text = key.expose_secret();
        if text.is_empty() {
            report.note("key_empty", &place);
            return None;
        }
        let is_key = column.ends_with("_api_key");
        if is_key
            && (!(8..=512).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()))
        {
            report.note("key_of_odd_characters", &place);
        }
        Some(key)
    }
}
