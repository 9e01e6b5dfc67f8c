//! What an administrator makes and sees of them.

use super::{make, make_with, revoke};
use crate::kit::{ADMIN1, ADMIN2, Kit, T1, U1, database::Database};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn an_administrator_makes_sees_and_revokes_keys() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let asked = json!({ "name": "  The shop's server ", "scopes": ["documents", "chat"],
        "expires_in_days": 30, "limits": { "tokens_per_day": 5000, "cost_per_day": null } });
    let made = kit.post(&token, "/admin/api-keys", asked).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let key = made.json["key"].as_str().unwrap();
    let about = &made.json["api_key"];
    assert_eq!(about["name"], "The shop's server");
    assert_eq!(about["scopes"], json!(["documents", "chat"]));
    let limits = json!({ "tokens_per_day": 5000, "cost_per_day": null });
    assert_eq!(about["limits"], limits);
    assert_eq!(about["hint"], format!("pk_live_...{}", &key[96..]));
    assert_eq!(about["last_used_at"], Value::Null);
    let moment = |field: &str| -> DateTime<Utc> { about[field].as_str().unwrap().parse().unwrap() };
    assert_eq!(
        moment("expires_at") - moment("created_at"),
        TimeDelta::days(30)
    );

    let id = made.id_at("/api_key/id");
    let path = format!("/admin/api-keys/{id}");
    assert_eq!(kit.get(&token, &path).await.json, *about);
    let other = make(&kit, ADMIN1, &["chat"]).await;
    make(&kit, ADMIN2, &["chat"]).await;
    let first = kit.get(&token, "/admin/api-keys?limit=1").await;
    assert_eq!(first.id_at("/items/0/id"), other.id, "the newest first");
    let cursor = first.json["next_cursor"].as_str().unwrap();
    let next = format!("/admin/api-keys?limit=1&cursor={cursor}");
    let next = kit.get(&token, &next).await;
    assert_eq!(next.json, json!({ "items": [about], "next_cursor": null }));

    assert_eq!(kit.delete(&token, &path).await.status, 204);
    for gone in [
        kit.get(&token, &path).await,
        kit.delete(&token, &path).await,
    ] {
        assert_eq!(gone.problem(404), "not_found");
    }
    let left = kit.get(&token, "/admin/api-keys").await;
    assert_eq!(left.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test] // R87
async fn making_and_revoking_are_audited() {
    let kit = Kit::new().await;
    let asked = json!({ "name": "Importer", "scopes": ["documents", "usage"] });
    let made = make_with(&kit, ADMIN1, asked).await;
    assert_eq!(revoke(&kit, ADMIN1, made.id).await.status, 204);
    for action in ["api_key.create", "api_key.revoke"] {
        let [row] = &kit.audited(T1, action).await[..] else {
            panic!("one {action}");
        };
        assert_eq!(row.line(), format!("{action} {} success", made.id));
        assert_eq!(row.detail.as_deref(), Some("Importer: documents, usage"));
        assert_eq!(row.actor_id, Some(ADMIN1.id));
    }
    // None goes unseen.
    kit.break_audit("api_key.create").await;
    let token = kit.token(ADMIN1).await;
    let asked = json!({ "name": "Unseen", "scopes": ["chat"] });
    let refused = kit.post(&token, "/admin/api-keys", asked).await;
    assert_eq!(refused.problem(500), "internal");
    let keys = kit.get(&token, "/admin/api-keys").await;
    assert_eq!(keys.json["items"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_field() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let good = json!({ "name": "A server", "scopes": ["chat"] });
    for (field, value, named) in [
        ("name", json!(""), "name"),
        ("name", json!("   "), "name"),
        ("name", json!("x".repeat(101)), "name"),
        ("name", json!("\u{3164}"), "name"),
        ("name", json!("a\u{202e}b"), "name"),
        ("name", json!("a\u{0}b"), "body"),
        ("name", Value::Null, "name"),
        ("scopes", json!([]), "scopes"),
        ("scopes", json!(["chat", "chat"]), "scopes"),
        ("scopes", json!(["admin"]), "scopes[0]"),
        ("scopes", json!("chat"), "scopes"),
        ("expires_in_days", json!(0), "expires_in_days"),
        ("expires_in_days", json!(3651), "expires_in_days"),
        ("expires_in_days", json!(i64::MAX), "expires_in_days"),
        (
            "limits",
            json!({ "tokens_per_day": -1 }),
            "limits.tokens_per_day",
        ),
        ("limits", json!({ "more": 1 }), "limits.more"),
        ("limits", json!([]), "limits"),
        ("user_id", json!(U1.id), "user_id"),
        ("tenant_id", json!(T1), "tenant_id"),
        ("key", json!("pk_live_mine"), "key"),
    ] {
        let mut asked = good.clone();
        asked[field] = value;
        let refused = kit.post(&token, "/admin/api-keys", asked.clone()).await;
        assert_eq!(refused.fields(), [named], "{asked}");
    }
    for (name, days) in [
        ("x".repeat(100), 3650),
        ("\u{1f469}\u{200d}\u{1f680}".to_owned(), 1),
    ] {
        let asked = json!({ "name": name, "scopes": ["chat"], "expires_in_days": days });
        make_with(&kit, ADMIN1, asked).await;
    }
}

#[tokio::test]
async fn its_last_use_is_known_to_the_minute() {
    // The key is read from the database for each request.
    let kit = Kit::adjusted(Database::clone_template().await, [], |config| {
        config.secrets.connections.memory = Duration::ZERO;
    })
    .await;
    let made = make(&kit, ADMIN1, &["documents"]).await;
    let path = format!("/admin/api-keys/{}", made.id);
    let used = async || {
        let token = kit.token(ADMIN1).await;
        let last = kit.get(&token, &path).await.json["last_used_at"].clone();
        last.as_str()
            .map(|last| last.parse::<DateTime<Utc>>().unwrap())
    };
    assert_eq!(used().await, None);
    assert_eq!(kit.get(&made.key, "/documents").await.status, 200);
    let first = used().await.expect("it was used");
    for (later, known) in [(30, 0), (29, 0), (1, 60), (59, 60), (3600, 3719)] {
        kit.clock.advance(TimeDelta::seconds(later));
        assert_eq!(kit.get(&made.key, "/documents").await.status, 200);
        let since = used().await.map(|used| (used - first).num_seconds());
        assert_eq!(since, Some(known), "{later} s later");
    }
}
