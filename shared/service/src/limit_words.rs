//! Limits in sentences: for those who are near one, and for those whom one refuses.

use crate::{Warning, WarningCode};
use db::{LimitScope, LimitState, Usd};

/// What is said of limits that are nearly reached.
pub fn near_limits(states: &[LimitState]) -> impl Iterator<Item = Warning> {
    states.iter().filter(|state| state.is_near()).map(|state| Warning {
        code: WarningCode::LimitNear,
        setting: "limits",
        detail: format!(
            "{} of {} are left to this tenant. There are more in {} s. Ask the operator for a higher limit if that is too long.",
            number(state, state.left),
            per_period(state),
            state.reset
        ),
    })
}

/// Why a limit refuses, and what to do.
pub(crate) fn sentence(limit: &LimitState) -> String {
    let (who, whom) = match limit.scope {
        LimitScope::Tenant => ("This tenant", "its administrator"),
        LimitScope::User => ("You", "your administrator"),
        LimitScope::Key => ("This API key", "your administrator"),
    };
    let (most, wait) = (limit.most, limit.reset);
    match &*limit.name {
        "requests_per_minute" => {
            format!("{who} may ask {most} questions a minute. Try again in {wait} s.")
        }
        "concurrent_answers" => format!(
            "{who} may have {most} answers made at the same time. Wait until one is done, or stop one."
        ),
        _ => format!(
            "{who} may use {}, and this question may take more than the {} that are left. Try again in {wait} s, or ask {whom} for more.",
            per_period(limit),
            amount(limit, limit.left),
        ),
    }
}

/// So many seconds, as people say them.
pub(crate) fn after(seconds: i64) -> String {
    match seconds.max(1) {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7200 => format!("{} minutes", (s + 59) / 60),
        s => format!("{} hours", (s + 3599) / 3600),
    }
}

fn number(limit: &LimitState, n: i64) -> String {
    match limit.is_cost() {
        true => Usd::from_nano(n).to_string(),
        false => n.to_string(),
    }
}

fn amount(limit: &LimitState, n: i64) -> String {
    let unit = match limit.is_cost() {
        true => "USD",
        false => "tokens",
    };
    format!("{} {unit}", number(limit, n))
}

fn per_period(limit: &LimitState) -> String {
    let period = match limit.name.ends_with("day") {
        true => "a day",
        false => "a month",
    };
    format!("{} {period}", amount(limit, limit.most))
}
