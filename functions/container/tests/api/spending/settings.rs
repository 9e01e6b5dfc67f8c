//! Who may say how much.

use super::{ask, kit};
use crate::kit::{ADMIN1, SUPERUSER, T1, U1, U2, V1, provider::Provider};
use serde_json::json;

#[tokio::test]
async fn the_operator_limits_tenants_and_their_administrators_users() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (root, admin, member) = (
        kit.token(SUPERUSER).await,
        kit.token(ADMIN1).await,
        kit.token(U1).await,
    );
    let path = format!("/tenants/{T1}/limits");
    let tenant = json!({ "tenant": { "tokens_per_day": 5 } });
    let users = json!({ "users": { "tokens_per_day": 6 } });
    let both = json!({ "tenant": { "tokens_per_day": 7 }, "users": { "tokens_per_day": 7 } });
    for (token, body, status) in [
        (&root, &tenant, 200),
        (&root, &users, 403),
        (&admin, &tenant, 403),
        (&admin, &users, 200),
        (&root, &both, 403),
        (&admin, &both, 403),
        (&member, &users, 403),
    ] {
        let set = kit.put(token, &path, body.clone()).await;
        assert_eq!(set.status, status, "{body} {}", set.text);
    }
    for token in [&root, &admin] {
        let seen = kit.get(token, &path).await;
        assert_eq!(seen.json["tenant"], json!({ "tokens_per_day": 5 }));
        assert_eq!(seen.json["users"], json!({ "tokens_per_day": 6 }));
        assert_eq!(seen.json["each_user"]["tokens_per_day"], 6);
    }
    assert_eq!(kit.get(&member, &path).await.status, 403);
    let noted = kit.audited(T1, "tenant.limits").await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    let noted = kit.audited(T1, "tenant.user_limits").await;
    assert_eq!(noted.len(), 1, "{noted:?}");
}

#[tokio::test]
async fn what_is_no_limit_is_refused_and_what_is_none_is_taken_away() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let admin = kit.token(ADMIN1).await;
    let user = format!("/admin/users/{}/limits", U2.id);
    for (limits, field) in [
        (json!({ "tokens_per_day": -1 }), "tokens_per_day"),
        (
            json!({ "tokens_per_day": 1_000_000_000_000_000_000_i64 }),
            "tokens_per_day",
        ),
        (json!({ "tokens_per_day": 1.5 }), "tokens_per_day"),
        (json!({ "tokens_per_day": "5" }), "tokens_per_day"),
        (json!({ "cost_per_day": 5 }), "cost_per_day"),
        (json!({ "cost_per_day": "-5" }), "cost_per_day"),
        (json!({ "cost_per_day": "0.0000000001" }), "cost_per_day"),
        (
            json!({ "cost_per_day": "1000000000000000000" }),
            "cost_per_day",
        ),
        (
            json!({ "concurrent_answers": 1_000_001 }),
            "concurrent_answers",
        ),
        (json!({ "tokens_per_year": 1 }), "tokens_per_year"),
    ] {
        let refused = kit.put(&admin, &user, limits.clone()).await;
        assert_eq!(refused.problem(422), "invalid_request", "{limits}");
        assert_eq!(
            refused.json["errors"][0]["field"], field,
            "{}",
            refused.text
        );
        let body = json!({ "users": limits });
        let refused = kit.put(&admin, "/tenants/current/limits", body).await;
        assert_eq!(refused.problem(422), "invalid_request", "{limits}");
        let at = format!("users.{field}");
        assert_eq!(refused.json["errors"][0]["field"], at, "{}", refused.text);
    }
    let blocked = kit
        .put(&admin, &user, json!({ "requests_per_minute": 0 }))
        .await;
    assert_eq!(blocked.json["limits"], json!({ "requests_per_minute": 0 }));
    assert_eq!(ask(&kit, &kit.token(U2).await).await.status, 429);
    let free = kit
        .put(&admin, &user, json!({ "requests_per_minute": null }))
        .await;
    assert_eq!(free.json["limits"], json!({ "requests_per_minute": null }));
    assert_eq!(ask(&kit, &kit.token(U2).await).await.status, 200);
    let unsaid = kit.put(&admin, &user, json!({})).await;
    assert_eq!(unsaid.json["limits"], json!({}));
    let foreign = format!("/admin/users/{}/limits", V1.id);
    assert_eq!(kit.put(&admin, &foreign, json!({})).await.status, 404);
}
