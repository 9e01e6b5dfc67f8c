//! Reading the limits that hold where nobody says otherwise.

use super::vars::Vars;
use crate::Object;
use db::Limits;
use serde::{Deserialize, Deserializer};

/// What `LIMITS` looks like.
const EXAMPLE: &str = r#"{"tenant": {"concurrent_answers": 20, "cost_per_month": "50"}, "user": {"requests_per_minute": 30}, "key": {}}"#;

/// What holds for tenants, users, API keys, sites and visitors of which nobody says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DefaultLimits {
    /// Of all that a tenant's users and keys do.
    #[serde(deserialize_with = "object")]
    pub tenant: Limits,
    /// Of one user.
    #[serde(deserialize_with = "object")]
    pub user: Limits,
    /// Of one API key.
    #[serde(deserialize_with = "object")]
    pub key: Limits,
    /// Of all visitors of one site.
    #[serde(deserialize_with = "object")]
    pub site: Limits,
    /// Of one visitor.
    #[serde(deserialize_with = "object")]
    pub visitor: Limits,
}

fn object<'de, D: Deserializer<'de>>(value: D) -> Result<Limits, D::Error> {
    Object::deserialize(value).map(|Object(limits)| limits)
}

/// How often something may be done in a minute.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    /// By one user: whatever changes something or is for administrators, but for questions.
    pub changes_by_user: u32,
    /// By all of a tenant.
    pub changes_by_tenant: u32,
    /// Searches, by one user.
    pub searches_by_user: u32,
    /// Searches, by all of a tenant.
    pub searches_by_tenant: u32,
    /// New visitors of a site, from one network.
    pub visitors_by_network: u32,
    /// Questions of a site's visitors, from one network.
    pub visitor_questions_by_network: u32,
}

/// What holds of these where `LIMITS` does not say otherwise.
fn usual() -> DefaultLimits {
    let at_once = |n| Limits {
        concurrent_answers: Some(Some(n)),
        ..Limits::default()
    };
    DefaultLimits {
        tenant: at_once(20),
        user: at_once(3),
        key: Limits::default(),
        // Half of what a tenant may: its people are answered, too.
        site: at_once(10),
        visitor: Limits {
            requests_per_minute: Some(Some(10)),
            ..at_once(1)
        },
    }
}

impl Vars {
    /// The deployment's limits.
    pub(super) fn limits(&mut self) -> DefaultLimits {
        let set = self.parsed("LIMITS", parse).unwrap_or_default();
        let usual = usual();
        DefaultLimits {
            tenant: set.tenant.or(usual.tenant),
            user: set.user.or(usual.user),
            key: set.key.or(usual.key),
            site: set.site.or(usual.site),
            visitor: set.visitor.or(usual.visitor),
        }
    }
}

fn parse(text: &str) -> Result<DefaultLimits, String> {
    let Object(set): Object<DefaultLimits> = serde_json::from_str(text)
        .map_err(|e| format!("cannot be used: {e}. It is JSON such as {EXAMPLE}"))?;
    let all = [
        ("tenant", set.tenant),
        ("user", set.user),
        ("key", set.key),
        ("site", set.site),
        ("visitor", set.visitor),
    ];
    let mut faults = all.iter().flat_map(|(of, limits)| {
        let faults = limits.faults();
        faults
            .into_iter()
            .map(move |(name, what)| format!("{of}.{name} {what}"))
    });
    match faults.next() {
        Some(fault) => Err(format!("cannot be used: {fault}")),
        None => Ok(set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_limit_is_refused_in_a_sentence() {
        for (text, told) in [
            ("20", "cannot be used: invalid type: integer `20`"),
            ("[]", "cannot be used: invalid type: sequence"),
            (r#"{"user": {}, "user": {}}"#, "duplicate field `user`"),
            (
                r#"{"tenant": []}"#,
                "cannot be used: invalid type: sequence",
            ),
            (r#"{"tenants": {}}"#, "unknown field `tenants`"),
            (r#"{"tenant": {"cost_per_day": 5}}"#, "expected a string"),
            (
                r#"{"tenant": {"cost_per_day": "-5"}}"#,
                "must be an amount of USD",
            ),
            (
                r#"{"user": {"tokens_per_day": -1}}"#,
                "user.tokens_per_day must be a whole number",
            ),
            (r#"{"key": {"tokens_per_day": 1.5}}"#, "expected i64"),
        ] {
            let fault = parse(text).unwrap_err();
            assert!(fault.contains(told), "{fault}");
        }
        assert!(parse(EXAMPLE).is_ok());
    }
}
