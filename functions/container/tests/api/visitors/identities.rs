//! Visitors whom the tenant's server says: the same one from every device, for as long as the tenant says so.

use super::{PAGE, ask, edit, from, visitor};
use crate::kit::{ADMIN1, Answer, Kit, wait::wait_until};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use sqlx::types::Uuid;

/// A site that takes identities, and the secret by which they are signed.
pub(super) struct Known {
    pub(super) site: Value,
    pub(super) secret: String,
    pub(super) key_id: Uuid,
}

impl Known {
    /// The site of [`super::site`], with one secret.
    pub(super) async fn new(kit: &Kit, identity: &str) -> Self {
        let site = super::site(kit, json!({ "identity": identity })).await;
        let made = add_key(kit, &site, json!({ "algorithm": "HS256" })).await;
        assert_eq!(made.status, 201, "{}", made.text);
        Self {
            secret: made.json["secret"].as_str().unwrap().to_owned(),
            key_id: made.id_at("/identity_key/id"),
            site,
        }
    }

    /// What the tenant's server says of `sub`, with other claims if need be.
    pub(super) fn claims(&self, kit: &Kit, sub: &str, more: Value) -> Value {
        let now = kit.clock.now().timestamp();
        let mut claims = json!({
            "aud": self.site["id"], "sub": sub, "jti": Uuid::new_v4(), "iat": now, "exp": now + 60
        });
        let more = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(more);
        claims
    }

    pub(super) fn token(&self, kit: &Kit, sub: &str, more: Value) -> String {
        let claims = self.claims(kit, sub, more);
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        encode(&Header::default(), &claims, &key).unwrap()
    }

    pub(super) async fn enter(&self, kit: &Kit, token: &str) -> Answer {
        self.enter_with(kit, json!({ "identity_token": token }))
            .await
    }

    pub(super) async fn enter_with(&self, kit: &Kit, more: Value) -> Answer {
        let mut body = json!({ "site_key": self.site["site_key"] });
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        from(kit, PAGE, "", "POST", "/login/visitor", &body).await
    }

    /// The access token of `sub`, who comes in.
    pub(super) async fn visitor(&self, kit: &Kit, sub: &str) -> String {
        let entered = self.enter(kit, &self.token(kit, sub, json!({}))).await;
        assert_eq!(entered.status, 200, "{}", entered.text);
        entered.json["access_token"].as_str().unwrap().to_owned()
    }
}

pub(super) async fn add_key(kit: &Kit, site: &Value, key: Value) -> Answer {
    let admin = kit.token(ADMIN1).await;
    let site = site["id"].as_str().unwrap();
    let path = format!("/tenants/current/sites/{site}/identity-keys");
    kit.post(&admin, &path, key).await
}

/// The ids of the conversations that a visitor sees.
pub(super) async fn chats(kit: &Kit, token: &str) -> Vec<String> {
    let list = from(kit, PAGE, token, "GET", "/chat/sessions", &Value::Null).await;
    assert_eq!(list.status, 200, "{}", list.text);
    let items = list.json["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_same_person_finds_the_same_history_from_every_device() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    let token = known.token(&kit, "4711", json!({ "name": "Ada", "groups": ["staff"] }));
    let entered = known.enter(&kit, &token).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    let user = &entered.json["user"];
    let told = (&user["role"], &user["email"], &user["full_name"]);
    assert_eq!(told, (&json!("visitor"), &json!(""), &json!("Ada")));
    let first = entered.json["access_token"].as_str().unwrap();
    let answer = ask(&kit, first, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);

    let second = known.visitor(&kit, "4711").await;
    assert_eq!(
        chats(&kit, &second).await,
        [answer.json["session_id"].as_str().unwrap()]
    );
    let me = from(&kit, PAGE, &second, "GET", "/login/me", &Value::Null).await;
    assert_eq!(me.json["user"]["id"], user["id"], "{}", me.text);
    assert_eq!(me.json["user"]["full_name"], "", "as the last token says");
    // Nobody else does: not another one, nor one who does not say who it is.
    let other = known.visitor(&kit, "4712").await;
    let nobody = visitor(&kit, &known.site).await;
    for token in [&other, &nobody] {
        assert_eq!(chats(&kit, token).await, [""; 0]);
    }
    // What the tenant calls them is not kept.
    let kept: String = sqlx::query_scalar("select string_agg(u::text, '') from parlance.users u")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert!(!kept.contains("4711"), "{kept}");

    // On another site of the same tenant, whose history is another one.
    let elsewhere = Known::new(&kit, "optional").await;
    let there = elsewhere.visitor(&kit, "4711").await;
    assert_eq!(chats(&kit, &there).await, [""; 0]);
}

#[tokio::test]
async fn a_login_by_an_identity_lasts_a_day_and_is_renewed_until_then() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    let entered = known
        .enter(&kit, &known.token(&kit, "4711", json!({})))
        .await;
    // The database has no nanoseconds.
    let ends = entered.json["refresh_expires_in"].as_i64();
    assert!([Some(86_399), Some(86_400)].contains(&ends), "{ends:?}");
    let renew = async |token: &Value| {
        let body = json!({ "refresh_token": token });
        from(&kit, PAGE, "", "POST", "/login/refresh", &body).await
    };
    kit.clock.advance(chrono::TimeDelta::hours(23));
    let renewed = renew(&entered.json["refresh_token"]).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    kit.clock.advance(chrono::TimeDelta::hours(1));
    let ended = renew(&renewed.json["refresh_token"]).await;
    assert_eq!(ended.problem(401), "session_expired", "{}", ended.text);
}

#[tokio::test]
async fn a_site_says_whether_it_takes_identities() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "off").await;
    let token = known.token(&kit, "4711", json!({}));
    let refused = known.enter(&kit, &token).await;
    assert_eq!(refused.fields(), ["identity_token"], "{}", refused.text);
    let entered = known.enter_with(&kit, json!({})).await;
    let nobody = entered.json["access_token"].as_str().unwrap();
    assert_eq!(ask(&kit, nobody, json!({})).await.status, 200);

    edit(&kit, &known.site, json!({ "identity": "required" })).await;
    let refused = known.enter_with(&kit, json!({})).await;
    assert_eq!(refused.problem(401), "identity_required");
    // Who came without one is out.
    let out = wait_until("the visitor to be out", async || {
        let answer = from(&kit, PAGE, nobody, "GET", "/chat/sessions", &Value::Null).await;
        match answer.status.as_u16() {
            200 => Err("still in"),
            _ => Ok(answer),
        }
    });
    assert_eq!(out.await.problem(401), "invalid_token");
    let renewal = json!({ "refresh_token": entered.json["refresh_token"] });
    let refused = from(&kit, PAGE, "", "POST", "/login/refresh", &renewal).await;
    assert_eq!(refused.problem(401), "session_expired");
    let somebody = known.visitor(&kit, "4711").await;
    assert_eq!(ask(&kit, &somebody, json!({})).await.status, 200);

    // From its pages alone, as everybody.
    let token = known.token(&kit, "4711", json!({}));
    let body = json!({ "site_key": known.site["site_key"], "identity_token": token });
    for page in ["", super::OTHER] {
        let refused = from(&kit, page, "", "POST", "/login/visitor", &body).await;
        assert_eq!(refused.problem(403), "origin_not_allowed", "{page}");
        let path = "/chat/sessions";
        let refused = from(&kit, page, &somebody, "GET", path, &Value::Null).await;
        assert_eq!(refused.problem(403), "origin_not_allowed", "{page}");
    }
    let entered = known.enter(&kit, &token).await;
    assert_eq!(
        entered.status, 200,
        "what was refused has used up nothing: {}",
        entered.text
    );
    edit(&kit, &known.site, json!({ "is_on": false })).await;
    let token = known.token(&kit, "4711", json!({}));
    let refused = known.enter(&kit, &token).await;
    assert_eq!(refused.problem(403), "site_closed");
}

#[tokio::test]
async fn who_is_known_is_purged_as_the_others_are() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    known.visitor(&kit, "4711").await;
    let count = async |sql: &'static str| {
        let n: i64 = sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap();
        n
    };
    const TOKENS: &str = "select count(*) from parlance.used_identity_tokens";
    kit.app.db.purge_visitors().await.unwrap();
    assert_eq!(count(TOKENS).await, 1);
    let past = "update parlance.used_identity_tokens set expires_at = now() - interval '2 minutes'";
    sqlx::query(past).execute(&kit.pool).await.unwrap();
    kit.app.db.purge_visitors().await.unwrap();
    assert_eq!(count(TOKENS).await, 0);
    known.visitor(&kit, "4711").await;
    let admin = kit.token(ADMIN1).await;
    let path = format!(
        "/tenants/current/sites/{}",
        known.site["id"].as_str().unwrap()
    );
    assert_eq!(kit.delete(&admin, &path).await.status, 204);
    kit.app.db.purge_visitors().await.unwrap();
    for table in [
        TOKENS,
        "select count(*) from parlance.site_identity_keys",
        "select count(*) from parlance.sites",
        "select count(*) from parlance.users where subject is not null",
    ] {
        assert_eq!(count(table).await, 0, "{table}");
    }
}
