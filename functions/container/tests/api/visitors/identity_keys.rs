//! The keys of a site's identities: shown once, kept sealed, replaced one by the other.

use super::{
    PAGE, from,
    identities::{Known, add_key},
};
use crate::kit::{ADMIN1, Kit, T1, scene::Stored, wait::wait_until};
use serde_json::{Value, json};

fn path(known: &Known) -> String {
    let site = known.site["id"].as_str().unwrap();
    format!("/tenants/current/sites/{site}/identity-keys")
}

#[tokio::test] // R12
async fn a_key_is_replaced_without_a_gap_and_its_end_is_felt() {
    let kit = Kit::new().await;
    let old = Known::new(&kit, "required").await;
    let made = add_key(&kit, &old.site, json!({ "algorithm": "HS256" })).await;
    let new = Known {
        site: old.site.clone(),
        secret: made.json["secret"].as_str().unwrap().to_owned(),
        key_id: made.id_at("/identity_key/id"),
    };
    // Meanwhile both sign.
    let by_old = old.enter(&kit, &old.token(&kit, "4711", json!({}))).await;
    let first = by_old.json["access_token"].as_str().unwrap();
    let second = new.visitor(&kit, "4711").await;
    let admin = kit.token(ADMIN1).await;
    let one = format!("{}/{}", path(&old), old.key_id);
    assert_eq!(kit.delete(&admin, &one).await.status, 204);
    assert_eq!(kit.delete(&admin, &one).await.status, 404);
    let refused = old.enter(&kit, &old.token(&kit, "4711", json!({}))).await;
    assert_eq!(refused.problem(401), "invalid_identity_token");
    // With it end the logins that it has made, and no others.
    let get =
        async |token: &str| from(&kit, PAGE, token, "GET", "/chat/sessions", &Value::Null).await;
    let out = wait_until("the visitor to be out", async || {
        let answer = get(first).await;
        match answer.status.as_u16() {
            200 => Err("still in"),
            _ => Ok(answer),
        }
    });
    assert_eq!(out.await.problem(401), "invalid_token");
    let renewal = json!({ "refresh_token": by_old.json["refresh_token"] });
    let refused = from(&kit, PAGE, "", "POST", "/login/refresh", &renewal).await;
    assert_eq!(refused.problem(401), "session_expired");
    assert_eq!(get(&second).await.status, 200);
    assert_eq!(kit.audited(T1, "identity_key.create").await.len(), 2);
    assert_eq!(kit.audited(T1, "identity_key.delete").await.len(), 1);
}

#[tokio::test] // R47 R50
async fn a_secret_is_shown_once_and_opens_for_its_site_alone() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "required").await;
    assert!(known.secret.starts_with("sis_") && known.secret.len() == 47);
    let admin = kit.token(ADMIN1).await;
    let list = kit.get(&admin, &path(&known)).await;
    assert_eq!(list.status, 200, "{}", list.text);
    assert!(!list.text.contains(&known.secret));
    let key = &list.json[0];
    assert_eq!(
        (&key["algorithm"], &key["readable"]),
        (&json!("HS256"), &json!(true))
    );
    assert!(
        known
            .secret
            .ends_with(&key["hint"].as_str().unwrap().replace("sis_...", ""))
    );
    assert!(!Stored::all(&kit.pool).await.contains(&known.secret));

    // Moved to another site of the tenant, it opens no more.
    let other = Known::new(&kit, "required").await;
    let site: sqlx::types::Uuid = other.site["id"].as_str().unwrap().parse().unwrap();
    let moved = "update parlance.site_identity_keys set site_id = $1 where id = $2";
    let moved = sqlx::query(moved).bind(site).bind(known.key_id);
    assert_eq!(moved.execute(&kit.pool).await.unwrap().rows_affected(), 1);
    let list = kit.get(&admin, &path(&other)).await;
    let readable: Vec<_> = list.json.as_array().unwrap().iter().collect();
    assert_eq!(readable[0]["readable"], false, "{}", list.text);
    assert_eq!(readable[1]["readable"], true, "{}", list.text);
    let forged = Known {
        site: other.site.clone(),
        ..known
    };
    let token = forged.token(&kit, "4711", json!({}));
    let refused = forged.enter(&kit, &token).await;
    assert_eq!(refused.problem(503), "provider_key_unavailable");
    other.visitor(&kit, "4711").await;
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "off").await;
    let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43) });
    let with_private = json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43), "d": "A" });
    for (key, field) in [
        (json!({}), "algorithm"),
        (json!({ "algorithm": "none" }), "algorithm"),
        (json!({ "algorithm": "RS256" }), "algorithm"),
        (json!({ "algorithm": "ES256" }), "public_key"),
        (
            json!({ "algorithm": "HS256", "public_key": "mine" }),
            "public_key",
        ),
        (
            json!({ "algorithm": "EdDSA", "public_key": "x".repeat(2001) }),
            "public_key",
        ),
        (
            json!({ "algorithm": "EdDSA", "public_key": "x" }),
            "public_key",
        ),
        (
            json!({ "algorithm": "ES256", "public_key": ed.to_string() }),
            "public_key",
        ),
        (
            json!({ "algorithm": "EdDSA", "public_key": with_private.to_string() }),
            "public_key",
        ),
        (json!({ "algorithm": "HS256", "secret": "mine" }), "secret"),
    ] {
        let refused = add_key(&kit, &known.site, key.clone()).await;
        assert_eq!(refused.fields(), [field], "{key}: {}", refused.text);
    }
    for _ in 0..3 {
        let key = json!({ "algorithm": "EdDSA", "public_key": ed.to_string() });
        assert_eq!(add_key(&kit, &known.site, key).await.status, 201);
    }
    let fifth = add_key(&kit, &known.site, json!({ "algorithm": "HS256" })).await;
    assert_eq!(fifth.problem(409), "too_many_keys");
}
