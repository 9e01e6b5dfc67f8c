//! Good identity tokens, and what becomes of bad ones.

mod public_keys;

use super::*;
use crate::{SiteKeys, secret::tests::root};
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::Sha256;

const NOW: i64 = 1_800_000_000;
const KEY: Uuid = Uuid::from_u128(5);
const SECRET: &str = "sis_q7Rk2vXw9LmZ4bTn8YcF3hJd6GpS5aQe";

fn site() -> SiteClaim {
    let keys = SiteKeys::new(&root(1));
    let key = keys.issue(Uuid::from_u128(1), Uuid::from_u128(2));
    keys.open(&key).unwrap()
}

fn claims() -> Value {
    json!({
        "aud": site().site_id(), "sub": "4711", "jti": "t1", "exp": NOW + 300, "iat": NOW, "nbf": NOW,
        "name": "Ada", "groups": ["staff"], "email": "ada@acme.example",
    })
}

fn signed(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn by_secret(claims: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    signed(&header, claims, |message| hmac(SECRET.as_bytes(), message))
}

fn key() -> IdentityKey {
    IdentityKey::secret(KEY, &SECRET.into())
}

fn verify(token: &str) -> Result<Identity, IdentityFault> {
    Identity::verify(token, &site(), &[key()], NOW)
}

fn changed(claim: &str, value: Option<Value>) -> String {
    let mut claims = claims();
    let all = claims.as_object_mut().unwrap();
    match value {
        Some(value) => all.insert(claim.to_owned(), value),
        None => all.remove(claim),
    };
    by_secret(&claims)
}

#[test] // R10
fn a_good_token_is_read() {
    let identity = verify(&by_secret(&claims())).unwrap();
    assert_eq!(identity.site(), &site());
    assert_eq!((identity.key_id(), identity.expires_at()), (KEY, NOW + 300));
    assert_eq!(identity.name(), "Ada");
    assert_eq!(identity.groups(), ["staff"]);
    let other = verify(&changed("sub", Some(json!("4712")))).unwrap();
    assert_ne!(identity.subject(), other.subject());
    assert_eq!(identity.token(), other.token());
    for (claim, value) in [
        ("aud", Some(json!([site().site_id()]))),
        ("iat", None),
        ("nbf", Some(Value::Null)),
        ("iat", Some(json!(NOW + 30))),
        ("exp", Some(json!(NOW + 330))),
        ("exp", Some(json!(NOW as f64 + 1.5))),
        ("name", None),
        ("groups", None),
    ] {
        assert!(verify(&changed(claim, value)).is_ok(), "{claim}");
    }
}

#[test] // R10
fn a_claim_that_does_not_fit_is_named() {
    let long = "x".repeat(256);
    for (claim, value) in [
        ("aud", None),
        ("aud", Some(json!("another"))),
        ("aud", Some(json!([site().site_id(), "another"]))),
        ("aud", Some(json!([]))),
        ("sub", None),
        ("sub", Some(json!(""))),
        ("sub", Some(json!(4711))),
        ("sub", Some(json!(long))),
        ("jti", None),
        ("jti", Some(json!(["t1"]))),
        ("exp", None),
        ("exp", Some(json!("soon"))),
        ("exp", Some(json!(NOW + 331))),
        ("exp", Some(json!(1e300))),
        ("iat", Some(json!(NOW + 31))),
        ("nbf", Some(json!("now"))),
        ("name", Some(json!(["Ada"]))),
        ("groups", Some(json!("staff"))),
        ("groups", Some(json!(["staff", 1]))),
    ] {
        match verify(&changed(claim, value.clone())) {
            Err(IdentityFault::Claims(faults)) => {
                assert_eq!(faults.len(), 1, "{claim} {value:?}: {faults:?}");
                assert_eq!(faults[0].0, claim);
            }
            other => panic!("{claim} {value:?}: {other:?}"),
        }
    }
    for end in [NOW, NOW - 1, 0, -1] {
        let token = changed("exp", Some(json!(end)));
        assert_eq!(verify(&token), Err(IdentityFault::Expired), "{end}");
    }
}

#[test] // R10
fn what_no_key_of_the_site_has_signed_is_refused() {
    let good = by_secret(&claims());
    let other = IdentityKey::secret(KEY, &"another secret".into());
    let unsigned = Err(IdentityFault::Unsigned);
    assert_eq!(Identity::verify(&good, &site(), &[], NOW), unsigned);
    assert_eq!(
        Identity::verify(&good, &site(), &[other], NOW),
        unsigned,
        "another secret"
    );
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "HS512" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "HS256", "crit": ["exp"] }),
        json!({ "typ": "JWT" }),
    ] {
        let token = signed(&header, &claims(), |message| {
            hmac(SECRET.as_bytes(), message)
        });
        assert_eq!(verify(&token), unsigned, "{header}");
        let token = signed(&header, &claims(), |_| Vec::new());
        assert_eq!(verify(&token), unsigned, "{header}");
    }
    let (message, _) = good.rsplit_once('.').unwrap();
    for token in [
        String::new(),
        "a.b.c".to_owned(),
        message.to_owned(),
        format!("{message}."),
        format!("{good}.x"),
    ] {
        assert_eq!(verify(&token), unsigned, "{token}");
    }
    assert_eq!(
        verify(&"x".repeat(MAX_BYTES + 1)),
        Err(IdentityFault::TooLong)
    );
}

#[test] // R10
fn a_claim_of_another_type_is_named() {
    for claim in ["aud", "sub", "jti", "exp", "iat", "nbf", "name", "groups"] {
        for value in [json!([1]), json!([[1]]), json!({}), json!(true)] {
            let Err(IdentityFault::Claims(faults)) = verify(&changed(claim, Some(value.clone())))
            else {
                panic!("{claim}: {value}")
            };
            let named: Vec<_> = faults.iter().map(|(name, _)| *name).collect();
            assert_eq!(named, [claim], "{value}");
        }
    }
}

#[test]
fn secrets_differ_and_are_hardly_shown() {
    let (one, two) = (IdentitySecret::make(), IdentitySecret::make());
    let secret = one.secret.expose_secret();
    assert_ne!(secret, two.secret.expose_secret());
    assert_eq!((secret.len(), one.hint.len()), (47, 11));
    assert!(secret.ends_with(&one.hint[7..]));
    assert!(!format!("{one:?} {:?}", key()).contains(secret));
}

proptest! {
    #[test]
    fn arbitrary_texts_are_refused(text in ".*", parts in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,43}") {
        prop_assert_eq!(verify(&text), Err(IdentityFault::Unsigned));
        prop_assert_eq!(verify(&parts), Err(IdentityFault::Unsigned));
        prop_assert!(read_public_key(&text).is_err());
    }
}
