//! What closes a page's chat to visitors for a while: what its tenant may spend, and an answer that is still being made.

use super::{PAGE, ask, from, site, visitor};
use crate::kit::{
    ADMIN1, SUPERUSER, T1, U1,
    http::{Events, Served, streamed},
    provider::Provider,
    wait::wait_until,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_tenant_that_has_spent_its_money_closes_its_pages_politely() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let site = site(&kit, json!({})).await;
    let token = visitor(&kit, &site).await;
    assert_eq!(ask(&kit, &token, json!({})).await.status, 200);
    let root = kit.token(SUPERUSER).await;
    let path = format!("/tenants/{T1}/limits");
    let cap = json!({ "tenant": { "cost_per_day": "0.000001" } });
    let set = kit.put(&root, &path, cap).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let token = visitor(&kit, &site).await;
    let closed = ask(&kit, &token, json!({})).await;
    assert_eq!(closed.problem(429), "limit_reached", "{}", closed.text);
    let sentence = "This chat is closed for now. It opens again in";
    assert!(closed.text.contains(sentence), "{}", closed.text);
    assert!(!closed.header("retry-after").is_empty());
    for secret in ["0.00", "USD", "tenant", "cost", "\"limit\""] {
        assert!(!closed.text.contains(secret), "{}", closed.text);
    }
    for (name, _) in &closed.headers {
        assert!(!name.as_str().starts_with("ratelimit"), "{name}");
    }
    // Whoever is one of its people is told which limit that is.
    let question = json!({ "message": "Hello?" });
    let told = kit.post(&kit.token(U1).await, "/chat", question).await;
    assert_eq!(told.problem(429), "limit_reached", "{}", told.text);
    assert_eq!(told.json["limit"]["name"], "cost_per_day", "{}", told.text);
}

#[tokio::test] // R64
async fn a_visitor_has_one_answer_at_a_time() {
    let provider = Provider::start().await;
    let vars = [("OPENAI_API_KEY", "sk-deployment"), ("LIMITS", "{}")];
    let kit = provider.kit(vars).await;
    let often = json!({ "visitor_limits": { "requests_per_minute": 10_000 } });
    let site = site(&kit, often).await;
    let (one, other) = (visitor(&kit, &site).await, visitor(&kit, &site).await);
    let served = Served::new(&kit).await;
    provider.hold(&["One, ", "two."]);
    provider.let_go(1);
    let mut asked = streamed(&one, "Hello?");
    asked.headers_mut().insert("origin", PAGE.parse().unwrap());
    let mut events = Events::new(served.send(asked).await);
    let message = events.one().await.uuid("message_id");
    assert_eq!(events.one().await.data["text"], "One, ");
    let refused = ask(&kit, &one, json!({})).await;
    assert_eq!(refused.problem(429), "limit_reached", "{}", refused.text);
    let sentence = "Wait until the answer is done, or stop it, before you ask again.";
    assert!(refused.text.contains(sentence), "{}", refused.text);
    // Nobody else waits for that.
    assert_eq!(ask(&kit, &other, json!({})).await.status, 200);
    let admin = json!({ "message": "Hello?" });
    let admin = kit.post(&kit.token(ADMIN1).await, "/chat", admin).await;
    assert_eq!(admin.status, 200, "{}", admin.text);
    let path = format!("/chat/messages/{message}/stop");
    let stopped = from(&kit, PAGE, &one, "POST", &path, &Value::Null).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    provider.let_go(2);
    wait_until("there to be room", async || {
        let answer = ask(&kit, &one, json!({})).await;
        match answer.status.as_u16() {
            200 => Ok(()),
            _ => Err(answer.text),
        }
    })
    .await;
}
