//! Identity tokens that are refused, and what whoever signs them is told.

use super::identities::{Known, add_key};
use crate::kit::{ADMIN2, Kit};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};

fn signed(alg: &str, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({ "alg": alg })), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

#[tokio::test] // R10
async fn what_nobody_with_a_key_has_signed_is_refused_in_one_way() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "required").await;
    let claims = known.claims(&kit, "4711", json!({}));
    let good = known.token(&kit, "4711", json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = EncodingKey::from_secret(b"sis_somebody-else-s-secret-0123456789abcdef");
    let own = EncodingKey::from_secret(known.secret.as_bytes());
    let forged = encode(&Header::default(), &claims, &other).unwrap();
    let longer = encode(&Header::new(Algorithm::HS512), &claims, &own).unwrap();
    let payload = forged.split('.').nth(1).unwrap();
    let swapped = format!("{}.{payload}.{signature}", good.split('.').next().unwrap());
    let mut told = Vec::new();
    for token in [
        &*forged,
        &longer,
        &swapped,
        message,
        &format!("{message}."),
        &signed("none", &claims, |_| Vec::new()),
        &signed("None", &claims, |_| Vec::new()),
        &signed("RS256", &claims, |_| vec![1; 256]),
        "",
        "x",
        "a.b.c",
    ] {
        let refused = known.enter(&kit, token).await;
        assert_eq!(refused.problem(401), "invalid_identity_token", "{token}");
        told.push(refused.json["detail"].clone());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "a forger learns nothing: {told:?}");
    let entered = known.enter(&kit, &good).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
}

#[tokio::test] // R10
async fn whoever_signs_is_told_what_does_not_fit() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "required").await;
    let now = kit.clock.now().timestamp();
    let many: Vec<String> = (0..51).map(|n| format!("g{n}")).collect();
    for (claims, field) in [
        (json!({ "exp": now + 3600 }), "exp"),
        (json!({ "exp": null }), "exp"),
        (json!({ "jti": null }), "jti"),
        (json!({ "sub": null }), "sub"),
        (json!({ "sub": 4711 }), "sub"),
        (json!({ "sub": "x".repeat(10_000) }), "sub"),
        (json!({ "aud": "another site" }), "aud"),
        (json!({ "aud": [known.site["id"], "others"] }), "aud"),
        (json!({ "nbf": now + 60 }), "nbf"),
        (json!({ "iat": now + 60 }), "iat"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "name": "a\u{0}b" }), "name"),
        (json!({ "groups": many }), "groups"),
        (json!({ "groups": ["staff", "\u{200b}"] }), "groups[1]"),
        (json!({ "groups": ["x".repeat(65)] }), "groups[0]"),
        (json!({ "groups": "staff" }), "groups"),
    ] {
        let token = known.token(&kit, "4711", claims);
        let refused = known.enter(&kit, &token).await;
        let field = format!("identity_token.{field}");
        assert_eq!(refused.fields(), [field], "{}", refused.text);
    }
    let groups: Vec<String> = (0..1_300).map(|n| format!("group-{n}")).collect();
    let crowd = known.token(&kit, "4711", json!({ "groups": groups }));
    let long = "x".repeat(16 * 1024 + 1);
    for token in [&crowd, &long] {
        assert!(token.len() > 16 * 1024);
        let refused = known.enter(&kit, token).await;
        assert_eq!(refused.fields(), ["identity_token"], "{}", refused.text);
    }
    // Far beyond, nobody reads it.
    let huge = known.enter(&kit, &"x".repeat(32 * 1024)).await;
    assert_eq!(huge.problem(413), "too_large", "{}", huge.text);
    let past = json!({ "exp": now - 1 });
    let expired = known.enter(&kit, &known.token(&kit, "4711", past)).await;
    assert_eq!(expired.problem(401), "identity_token_expired");
}

#[tokio::test] // R10
async fn a_token_works_once_and_at_its_site() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "required").await;
    let token = known.token(&kit, "4711", json!({ "jti": "t1" }));
    assert_eq!(known.enter(&kit, &token).await.status, 200);
    // The same name in another token is the same token; that of another person, too.
    for again in [
        token,
        known.token(&kit, "4711", json!({ "jti": "t1", "name": "Ada" })),
        known.token(&kit, "4712", json!({ "jti": "t1" })),
    ] {
        let refused = known.enter(&kit, &again).await;
        assert_eq!(refused.problem(401), "identity_token_used");
    }
    // Of many at once one gets in.
    let token = known.token(&kit, "4711", json!({}));
    let all = futures_util::future::join_all((0..5).map(|_| known.enter(&kit, &token))).await;
    let entered = all.iter().filter(|answer| answer.status == 200);
    assert_eq!(entered.count(), 1);

    // Elsewhere the same token is another site's: by its keys, and where both have the same one, by its audience.
    let elsewhere = Known::new(&kit, "required").await;
    let token = known.token(&kit, "4711", json!({}));
    let refused = elsewhere.enter(&kit, &token).await;
    assert_eq!(refused.problem(401), "invalid_identity_token");
    let admin = kit.token(ADMIN2).await;
    let allowed = json!({ "allowed_origins": ["https://two.example"] });
    assert_eq!(
        kit.patch(&admin, "/tenants/current", allowed).await.status,
        200
    );
    let site = json!({ "name": "Two", "origins": ["https://two.example"], "identity": "optional" });
    let site = kit.post(&admin, "/tenants/current/sites", site).await;
    let body = json!({ "site_key": site.json["site_key"], "identity_token": token });
    let page = "https://two.example";
    let refused = super::from(&kit, page, "", "POST", "/login/visitor", &body).await;
    assert_eq!(
        refused.problem(401),
        "invalid_identity_token",
        "{}",
        refused.text
    );
    assert!(refused.text.contains("no identity key yet"));
    assert_eq!(known.enter(&kit, &token).await.status, 200);
}

#[tokio::test] // R10
async fn a_pair_of_keys_signs_by_its_own_algorithm() {
    let kit = Kit::new().await;
    let site = super::site(&kit, json!({ "identity": "required" })).await;
    let random = SystemRandom::new();
    let by = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(by, &random).unwrap();
    let ec = EcdsaKeyPair::from_pkcs8(by, document.as_ref(), &random).unwrap();
    let ed = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let point = ec.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let ec_key =
        json!({ "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) });
    let ed_key = json!({ "kty": "OKP", "crv": "Ed25519", "x": text(ed.public_key().as_ref()) });
    for (algorithm, jwk) in [("ES256", &ec_key), ("EdDSA", &ed_key)] {
        let key = json!({ "algorithm": algorithm, "public_key": jwk.to_string() });
        let made = add_key(&kit, &site, key).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.json["secret"], Value::Null);
    }
    let known = Known {
        site,
        secret: ec_key.to_string(),
        key_id: sqlx::types::Uuid::nil(),
    };
    let es256 = |message: &[u8]| ec.sign(&random, message).unwrap().as_ref().to_vec();
    let eddsa = |message: &[u8]| ed.sign(message).as_ref().to_vec();
    let claims = || known.claims(&kit, "4711", json!({}));
    for token in [
        signed("ES256", &claims(), es256),
        signed("EdDSA", &claims(), eddsa),
    ] {
        let entered = known.enter(&kit, &token).await;
        assert_eq!(entered.status, 200, "{}", entered.text);
    }
    for token in [
        signed("EdDSA", &claims(), es256),
        signed("ES256", &claims(), eddsa),
        // The public key as a secret.
        known.token(&kit, "4711", json!({})),
        encode(
            &Header::default(),
            &claims(),
            &EncodingKey::from_secret(point),
        )
        .unwrap(),
    ] {
        let refused = known.enter(&kit, &token).await;
        assert_eq!(refused.problem(401), "invalid_identity_token");
    }
}
