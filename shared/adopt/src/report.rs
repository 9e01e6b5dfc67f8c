//! What was found and done, for people and as JSON.

use crate::{Counts, Differences, MadeOf};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

mod rules;

use rules::RULES;

/// How many ids a rule tells.
const TOLD: usize = 100;

/// How often a rule was needed, and for what.
#[derive(Debug, Default, Serialize)]
pub struct Rule {
    /// What it says.
    pub says: &'static str,
    /// For how many rows.
    pub count: u64,
    /// Their ids there, the first hundred.
    pub ids: Vec<String>,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Tenants.
    pub tenants: u64,
    /// Users.
    pub users: u64,
    /// Conversations.
    pub sessions: u64,
    /// Messages.
    pub messages: u64,
}

impl Done {
    pub(crate) fn add(&mut self, more: &Self) {
        self.tenants += more.tenants;
        self.users += more.users;
        self.sessions += more.sessions;
        self.messages += more.messages;
    }
}

/// A tenant there and here.
#[derive(Debug, Serialize)]
pub struct TenantReport {
    /// Its id there; none of the one for users who have none.
    pub legacy_id: Option<String>,
    /// Its id here.
    pub id: Uuid,
    /// Its slug here.
    pub slug: String,
    /// What that was made of.
    pub slug_of: MadeOf,
    /// Whether it is new here.
    pub is_new: bool,
    /// Which of its keys are taken over.
    pub keys: Vec<&'static str>,
}

/// The whole report.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Which database on which server.
    pub source: String,
    /// What Alembic says.
    pub revision: Option<String>,
    /// How many rows there are.
    pub there: Counts,
    /// The tenants.
    pub tenants: Vec<TenantReport>,
    /// What was written, or would be.
    pub copied: Done,
    /// What was here already, and is the same.
    pub unchanged: Done,
    /// What was needed to say.
    pub rules: BTreeMap<&'static str, Rule>,
    /// Columns that are not copied.
    pub left: Vec<String>,
    /// What differs, where both sides were compared.
    pub differences: Option<Differences>,
}

impl Report {
    /// Counts a row that a rule was needed for.
    pub(crate) fn note(&mut self, rule: &'static str, id: &str) {
        let rule = self.rule(rule);
        rule.count += 1;
        if rule.ids.len() < TOLD {
            rule.ids.push(id.to_owned());
        }
    }

    /// Counts many.
    pub(crate) fn note_all(&mut self, rule: &'static str, count: i64, ids: Vec<String>) {
        if count > 0 {
            let rule = self.rule(rule);
            rule.count += count.unsigned_abs();
            rule.ids.extend(ids);
        }
    }

    /// Whether both sides were compared and are the same.
    pub fn is_equal(&self) -> bool {
        self.differences
            .as_ref()
            .is_some_and(|found| found.count == 0)
    }

    fn rule(&mut self, name: &'static str) -> &mut Rule {
        self.rules.entry(name).or_insert_with(|| {
            let says = RULES.iter().find(|(known, _)| *known == name);
            debug_assert!(says.is_some(), "{name} is a rule");
            Rule {
                says: says.map_or("", |(_, says)| says),
                ..Rule::default()
            }
        })
    }

    /// The report for people, in lines.
    pub fn lines(&self) -> Vec<String> {
        let revision = self.revision.as_deref().unwrap_or("of no known revision");
        let mut lines = vec![format!("From {} ({revision}):", self.source)];
        for tenant in &self.tenants {
            let id = tenant
                .legacy_id
                .as_deref()
                .map_or("users without a tenant".to_owned(), |id| format!("{id:?}"));
            let is_new = if tenant.is_new {
                "new"
            } else {
                "there already"
            };
            let keys = match tenant.keys[..] {
                [] => String::new(),
                ref keys => format!(", keys: {}", keys.join(" ")),
            };
            lines.push(format!(
                "  {id} is the tenant {} ({is_new}{keys})",
                tenant.slug
            ));
        }
        if let Some(found) = &self.differences {
            lines.push(match found.count {
                0 => format!(
                    "  compared {} users, {} conversations and {} messages: all the same",
                    self.unchanged.users, self.unchanged.sessions, self.unchanged.messages
                ),
                count => format!("  {count} differences, the first of them:"),
            });
            lines.extend(found.first.iter().map(|told| format!("  - {told}")));
            return lines;
        }
        let told = |what: &str, there: i64, copied: u64, same: u64| {
            let verb = if self.dry_run { "to copy" } else { "copied" };
            format!("  {what}: {there} there, {copied} {verb}, {same} the same already")
        };
        let (there, copied, same) = (&self.there, &self.copied, &self.unchanged);
        lines.push(told("users", there.users, copied.users, same.users));
        lines.push(told(
            "conversations",
            there.sessions,
            copied.sessions,
            same.sessions,
        ));
        lines.push(told(
            "messages",
            there.messages,
            copied.messages,
            same.messages,
        ));
        for rule in self.rules.values() {
            let few: Vec<&str> = rule.ids.iter().take(5).map(String::as_str).collect();
            let more = if rule.count > 5 { ", ..." } else { "" };
            lines.push(format!(
                "  {}x {} ({}{more})",
                rule.count,
                rule.says,
                few.join(", ")
            ));
        }
        if !self.left.is_empty() {
            lines.push(format!("  not copied: {}", self.left.join(", ")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = RULES.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn a_rule_tells_how_often_and_for_whom() {
        let mut report = Report::default();
        for id in 0..150 {
            report.note("title_made", &id.to_string());
        }
        let rule = &report.rules["title_made"];
        assert_eq!((rule.count, rule.ids.len()), (150, 100));
        assert!(
            report
                .lines()
                .iter()
                .any(|line| line.contains("150x conversation without a title")
                    && line.ends_with("(0, 1, 2, 3, 4, ...)"))
        );
    }
}
