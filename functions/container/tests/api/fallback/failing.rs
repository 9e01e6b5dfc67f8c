//! Where the second provider is not asked, or fails, too.

use super::{Two, set_key, status};
use crate::kit::{T1, http::text_of, provider::Reply};
use serde_json::json;

#[tokio::test] // R73
async fn a_key_that_cannot_be_opened_is_not_replaced() {
    let two = Two::new().await;
    set_key(&two.kit, "deepseek", "sk-of-the-tenant").await;
    let spoil = "update parlance.tenant_secrets set sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))";
    sqlx::query(spoil).execute(&two.kit.pool).await.unwrap();
    two.first.always(status(503));
    assert_eq!(two.ask().await.problem(502), "provider_unavailable");
    assert_eq!(two.asked()[1], 0);
    let noted = two.kit.audited(T1, "secret.unreadable").await;
    assert_eq!(noted.len(), 1);
}

#[tokio::test] // R73
async fn a_refused_key_or_request_is_seen_and_not_made_good() {
    let two = Two::new().await;
    set_key(&two.kit, "openai", "sk-of-the-tenant").await;
    let filtered = json!({ "error": { "code": "content_filter" } });
    for (reply, status, code) in [
        (status(401), 502, "provider_auth_failed"),
        (status(403), 502, "provider_auth_failed"),
        (status(400), 502, "provider_rejected"),
        (Reply::Status(400, filtered), 400, "content_filter"),
        (status(402), 502, "provider_misconfigured"),
    ] {
        two.first.always(reply);
        assert_eq!(two.ask().await.problem(status), code);
        let error = two.ask_streamed().await.pop().unwrap();
        assert_eq!(error.data["type"], format!("urn:parlance:error:{code}"));
    }
    assert_eq!(two.asked()[1], 0);
    assert_eq!(two.kit.audited(T1, "secret.rejected").await.len(), 1);
}

#[tokio::test] // R73
async fn what_has_begun_is_not_begun_anew() {
    let two = Two::new().await;
    let thought = json!({ "choices": [{ "index": 0, "delta": { "reasoning_content": "Hm." } }] });
    for (reply, text) in [
        (Reply::BreakAfter(vec!["One, ".into()]), "One, "),
        (Reply::Raw(format!("data: {thought}\n\n")), ""),
    ] {
        two.first.reply(reply);
        let events = two.ask_streamed().await;
        let error = &events.last().unwrap().data;
        assert_eq!(error["type"], "urn:parlance:error:provider_interrupted");
        assert_eq!(text_of(&events), text);
        let shown = two.shown(events[0].uuid("message_id")).await;
        assert_eq!(shown, ["interrupted", "openai", "gpt-6-luna", text]);
    }
    assert_eq!(two.asked(), [2, 0]);
}

#[tokio::test] // R73
async fn where_both_fail_the_first_one_s_fault_is_told() {
    let two = Two::new().await;
    two.first.always(status(429));
    two.second.always(status(401));
    assert_eq!(two.ask().await.problem(503), "provider_rate_limited");
    let shown = two.shown(two.last().await).await;
    assert_eq!(shown, ["failed", "openai", "gpt-6-luna", ""]);
    let error = two.ask_streamed().await.pop().unwrap();
    assert_eq!(
        error.data["type"],
        "urn:parlance:error:provider_rate_limited"
    );
    // But of what the second wrote, the second is told.
    two.second.reply(Reply::BreakAfter(vec!["One, ".into()]));
    let events = two.ask_streamed().await;
    let error = &events.last().unwrap().data;
    assert_eq!(error["type"], "urn:parlance:error:provider_interrupted");
    let shown = two.shown(events[0].uuid("message_id")).await;
    assert_eq!(
        shown,
        ["interrupted", "deepseek", "deepseek-flash", "One, "]
    );
}

#[tokio::test] // R73
async fn a_second_that_refuses_the_tenant_s_key_is_told_to_its_administrators() {
    let two = Two::new().await;
    set_key(&two.kit, "deepseek", "sk-of-the-tenant").await;
    two.first.always(status(503));
    two.second.always(status(401));
    assert_eq!(two.ask().await.problem(502), "provider_unavailable");
    let noted = two.kit.audited(T1, "secret.rejected").await;
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0].target, "deepseek");
}
