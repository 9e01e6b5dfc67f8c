//! How much may be asked and spent with a key.

use super::{Made, ask, make, make_with};
use crate::kit::{ADMIN1, Answer, Kit, SUPERUSER, T1, provider::Provider};
use serde_json::{Value, json};
use uuid::Uuid;

async fn limited(kit: &Kit, limits: Value) -> Made {
    let asked = json!({ "name": "A server", "scopes": ["chat"], "limits": limits });
    make_with(kit, ADMIN1, asked).await
}

fn refused_by(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.problem(429), "limit_reached", "{}", answer.text);
    let limit = &answer.json["limit"];
    let text = |name: &str| limit[name].as_str().expect("it is told");
    (text("scope"), text("name"))
}

#[tokio::test] // R64
async fn a_key_has_limits_of_its_own() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let free = make(&kit, ADMIN1, &["chat"]).await;
    for (name, limit) in [
        ("requests_per_minute", json!(0)),
        ("concurrent_answers", json!(0)),
        ("tokens_per_day", json!(100)),
        ("tokens_per_month", json!(100)),
        ("cost_per_day", json!("0")),
        ("cost_per_month", json!("0")),
    ] {
        let made = limited(&kit, json!({ name: limit })).await;
        let refused = ask(&kit, &made.key).await;
        assert_eq!(refused_by(&refused), ("key", name));
    }
    let short = limited(&kit, json!({ "tokens_per_question": 1 })).await;
    assert_eq!(ask(&kit, &short.key).await.fields(), ["message"]);
    assert_eq!(ask(&kit, &free.key).await.status, 200);
    let few = limited(&kit, json!({ "requests_per_minute": 2 })).await;
    let statuses = [
        ask(&kit, &few.key).await.status.as_u16(),
        ask(&kit, &few.key).await.status.as_u16(),
        ask(&kit, &few.key).await.status.as_u16(),
    ];
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test] // R64
async fn the_limits_of_its_tenant_hold_as_well_and_those_of_people_do_not() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let admin = kit.token(ADMIN1).await;
    let none = json!({ "users": { "requests_per_minute": 0 } });
    let set = kit.put(&admin, "/tenants/current/limits", none).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let fresh = kit.token(ADMIN1).await;
    assert_eq!(refused_by(&ask(&kit, &fresh).await).0, "user");
    let made = limited(
        &kit,
        json!({ "tokens_per_day": null, "requests_per_minute": 100 }),
    )
    .await;
    assert_eq!(ask(&kit, &made.key).await.status, 200);
    let root = kit.token(SUPERUSER).await;
    let path = format!("/tenants/{T1}/limits");
    let little = json!({ "tenant": { "tokens_per_day": 100 } });
    assert_eq!(kit.put(&root, &path, little).await.status, 200);
    let other = make(&kit, ADMIN1, &["chat"]).await;
    let refused = ask(&kit, &other.key).await;
    assert_eq!(refused_by(&refused), ("tenant", "tokens_per_day"));
}

#[tokio::test] // R64
async fn keys_of_which_nothing_is_said_have_the_deployments_limits() {
    let limits = r#"{"key": {"requests_per_minute": 0}}"#;
    let kit = Kit::with([("LIMITS", limits)]).await;
    let usual = make(&kit, ADMIN1, &["chat"]).await;
    assert_eq!(
        refused_by(&ask(&kit, &usual.key).await),
        ("key", "requests_per_minute")
    );
    let own = limited(&kit, json!({ "requests_per_minute": null })).await;
    assert_eq!(ask(&kit, &own.key).await.status, 200);
}

#[tokio::test]
async fn what_a_key_spends_is_written_down_as_its_own() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let made = limited(&kit, json!({ "tokens_per_day": 100_000 })).await;
    let other = make(&kit, ADMIN1, &["chat"]).await;
    for (key, times) in [(&made.key, 2), (&other.key, 1)] {
        for _ in 0..times {
            assert_eq!(ask(&kit, key).await.status, 200);
        }
    }
    kit.settled().await;
    let sql = "select api_key_id, user_id, count(*) from parlance.provider_calls group by 1, 2 order by 3";
    let calls: Vec<(Option<Uuid>, Option<Uuid>, i64)> =
        sqlx::query_as(sql).fetch_all(&kit.pool).await.unwrap();
    assert_eq!(
        calls,
        [
            (Some(other.id), Some(other.user), 1),
            (Some(made.id), Some(made.user), 2)
        ]
    );
    let sql = "select tokens from parlance.spending where scope = 'key' and subject = $1";
    let spent: i64 = sqlx::query_scalar(sql)
        .bind(made.id)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(spent, 2 * 18);
}

#[tokio::test]
async fn what_a_tenant_used_is_read_with_a_key() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let made = make(&kit, ADMIN1, &["chat", "usage"]).await;
    assert_eq!(ask(&kit, &made.key).await.status, 200);
    kit.settled().await;
    let path = "/admin/usage?group_by=user,key";
    let report = kit.get(&made.key, path).await;
    assert_eq!(report.status, 200, "{}", report.text);
    let [row] = &report.json["rows"].as_array().unwrap()[..] else {
        panic!("one row: {}", report.text)
    };
    assert_eq!(row["user_id"], json!(made.user));
    assert_eq!(row["api_key_id"], json!(made.id));
    assert!(row["api_key"].is_string(), "{row}");
    assert!(!report.text.contains(".invalid"), "{}", report.text);
    let admin = kit.token(ADMIN1).await;
    assert_eq!(kit.get(&admin, path).await.json, report.json);
}
