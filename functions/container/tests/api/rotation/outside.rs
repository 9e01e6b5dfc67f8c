//! What somebody outside holds that follows from a secret, and whether it is of use.

use super::KEY;
use crate::kit::{ADMIN1, Answer, Kit, U1, provider::Provider, request};
use axum::{body::Body, http::header};
use serde_json::{Value, json};

/// What somebody outside was given.
pub(super) struct Made {
    api_key: String,
    site_key: Value,
    /// By which the tenant's server says who its visitors are.
    identity_secret: String,
    site: Value,
}

const PAGE: &str = "https://shop.example";

impl Made {
    pub(super) async fn on(kit: &Kit) -> Self {
        let admin = kit.token(ADMIN1).await;
        let key = json!({ "name": "A server", "scopes": ["chat"] });
        let key = kit.post(&admin, "/admin/api-keys", key).await;
        let origins = json!({ "allowed_origins": [PAGE] });
        kit.patch(&admin, "/tenants/current", origins).await;
        let site = json!({ "name": "The shop", "origins": [PAGE], "identity": "optional" });
        let site = kit.post(&admin, "/tenants/current/sites", site).await;
        let path = format!("/tenants/current/sites/{}/identity-keys", site.id("id"));
        let identity = kit
            .post(&admin, &path, json!({ "algorithm": "HS256" }))
            .await;
        assert_eq!(identity.status, 201, "{}", identity.text);
        Self {
            api_key: key.json["key"]
                .as_str()
                .expect("it is told once")
                .to_owned(),
            site_key: site.json["site_key"].clone(),
            identity_secret: identity.json["secret"].as_str().unwrap().to_owned(),
            site: site.json["id"].clone(),
        }
    }

    async fn visitor(&self, kit: &Kit) -> Answer {
        let now = kit.clock.now().timestamp();
        let claims = json!({ "aud": self.site, "sub": "4711", "jti": uuid::Uuid::new_v4(), "iat": now, "exp": now + 60 });
        let key = jsonwebtoken::EncodingKey::from_secret(self.identity_secret.as_bytes());
        let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
        let body = json!({ "site_key": self.site_key, "identity_token": token }).to_string();
        let asked = request("", "POST", "/login/visitor")
            .header(header::ORIGIN, PAGE)
            .header(header::CONTENT_TYPE, "application/json");
        kit.send(asked, Body::from(body)).await
    }
}

/// That everything which follows from secrets is of use: provider keys and what else is sealed, API keys and keys of sites.
pub(super) async fn assert_all_works(kit: &Kit, provider: &Provider, made: &Made) {
    let asked = provider.chats().len();
    let question = json!({ "message": "Who is there?" });
    let answer = kit
        .post(&kit.token(U1).await, "/chat", question.clone())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        provider.chats()[asked].authorization,
        format!("Bearer {KEY}")
    );

    let admin = kit.token(ADMIN1).await;
    let secrets = kit.get(&admin, "/tenants/current/secrets").await;
    for key in secrets.json.as_array().unwrap() {
        assert_eq!(key["readable"], true, "{key}");
    }
    let connectors = kit.get(&admin, "/documents/connectors").await;
    let connectors = connectors.json["items"].as_array().unwrap().clone();
    let readable = |one: &&Value| {
        one["bucket"]["secret_readable"] == true || one["repository"]["token_readable"] == true
    };
    assert_eq!(
        connectors.iter().filter(readable).count(),
        2,
        "{connectors:?}"
    );

    let answer = kit.post(&made.api_key, "/chat", question).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let visitor = made.visitor(kit).await;
    assert_eq!(visitor.status, 200, "{}", visitor.text);
}
