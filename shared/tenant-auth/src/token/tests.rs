//! Good tokens, their time, their keys, and the means to forge bad ones.

use super::*;
use hmac::{Hmac, KeyInit, Mac};

mod forged;
mod legacy;

const SECRET: &str = "q7Rk2vXw9LmZ4bTn8YcF3hJd6GpS5aQe-q7Rk2vXw9LmZ4bTn8YcF3hJd6GpS5aQe";
const NOW: i64 = 1_800_000_000;
const USER: &str = "00000000-0000-4000-8000-000000000001";
const TENANT: &str = "00000000-0000-4000-8000-000000000002";

fn keys() -> Keys {
    Keys::new(&SECRET.into(), Algorithm::Hs256).unwrap()
}

fn kid() -> String {
    key_id(SECRET.as_bytes(), Algorithm::Hs256)
}

fn token() -> AccessToken {
    AccessToken {
        user_id: USER.parse().unwrap(),
        tenant_id: TENANT.parse().unwrap(),
        session_id: Uuid::from_u128(3),
        generation: 7,
        issued_at: NOW,
        lifetime: Duration::from_secs(900),
    }
}

/// The members of a good set of claims, as JSON text.
fn claims() -> Vec<(&'static str, String)> {
    let text = |value: &str| format!("\"{value}\"");
    vec![
        ("iss", text(PARTY)),
        ("aud", text(PARTY)),
        ("sub", text(USER)),
        ("tenant_id", text(TENANT)),
        ("sid", text(USER)),
        ("iat", NOW.to_string()),
        ("nbf", NOW.to_string()),
        ("exp", (NOW + 900).to_string()),
        ("jti", text(USER)),
    ]
}

fn json(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn header(alg: &str, typ: &str, kid: &str) -> String {
    format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{kid}"}}"#)
}

fn mac<M: Mac + KeyInit>(message: &str) -> String {
    let mac = <M as KeyInit>::new_from_slice(SECRET.as_bytes()).unwrap();
    URL_SAFE_NO_PAD.encode(mac.chain_update(message).finalize().into_bytes())
}

/// Signs anything with the right secret and HS256.
fn sign(header: &str, claims: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    format!("{message}.{}", mac::<Hmac<Sha256>>(&message))
}

/// Good but for the header.
fn with_header(header: &str) -> String {
    sign(header, &json(&claims()))
}

/// Good but for one claim: another value, or none.
fn with_claim(name: &str, value: Option<&str>) -> String {
    let mut members = claims();
    match value {
        Some(value) => {
            members
                .iter_mut()
                .find(|member| member.0 == name)
                .unwrap()
                .1 = value.to_owned()
        }
        None => members.retain(|member| member.0 != name),
    }
    sign(&header("HS256", TYPE, &kid()), &json(&members))
}

fn good() -> String {
    with_header(&header("HS256", TYPE, &kid()))
}

/// A good header and claims, signed by another algorithm that the header names.
fn by_other_hmac<M: Mac + KeyInit>(alg: &str) -> String {
    let message = [header(alg, TYPE, &kid()), json(&claims())]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".");
    format!("{message}.{}", mac::<M>(&message))
}

// R10
#[test]
fn a_good_token_is_read() {
    let verified = keys().verify(&keys().sign(&token()), NOW).unwrap();
    assert_eq!(verified.user_id().to_string(), USER);
    assert_eq!(verified.tenant_id().to_string(), TENANT);
    assert_eq!(verified.session_id(), Uuid::from_u128(3));
    assert_eq!(verified.generation(), Some(7));
    assert_eq!(verified.expires_at(), NOW + 900);
    // The forge of the tests below makes good tokens, so each fails for its own reason.
    assert_eq!(
        keys().verify(&good(), NOW).unwrap().tenant_id().to_string(),
        TENANT
    );
    let mut members = claims();
    members.push(("new_claim", "[1]".to_owned()));
    assert!(
        keys()
            .verify(&sign(&header("HS256", TYPE, &kid()), &json(&members)), NOW)
            .is_ok()
    );
}

// R10
#[test]
fn time_is_the_callers_and_never_stretched() {
    let keys = keys();
    let signed = keys.sign(&token());
    assert!(keys.verify(&signed, NOW - 5).is_ok());
    assert_eq!(keys.verify(&signed, NOW - 6), Err(TokenError::Invalid));
    assert!(keys.verify(&signed, NOW + 899).is_ok());
    assert_eq!(keys.verify(&signed, NOW + 900), Err(TokenError::Expired));
    assert_eq!(keys.verify(&signed, i64::MAX), Err(TokenError::Expired));
    assert_eq!(keys.verify(&signed, i64::MIN), Err(TokenError::Invalid));
    for exp in ["-1", "0", "1"] {
        assert_eq!(
            keys.verify(&with_claim("exp", Some(exp)), NOW),
            Err(TokenError::Expired)
        );
    }
    // Expired and wrong is wrong.
    assert_eq!(
        keys.verify(&with_claim("aud", Some("\"other\"")), NOW + 900),
        Err(TokenError::Invalid)
    );
    let endless = AccessToken {
        lifetime: Duration::MAX,
        ..token()
    };
    assert_eq!(
        keys.verify(&keys.sign(&endless), NOW).unwrap().expires_at(),
        i64::MAX
    );
    assert_eq!(TokenError::Expired.code(), "token_expired");
    assert_eq!(TokenError::Invalid.code(), "token_invalid");
}

// R11
#[test]
fn weak_secrets_are_refused() {
    let fastapi = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";
    let new = |secret: &str, algorithm| {
        Keys::new(&secret.into(), algorithm)
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(new("", Algorithm::Hs256), WeakSecret::Empty);
    assert_eq!(new("secret", Algorithm::Hs256), WeakSecret::Sample);
    assert_eq!(
        new(&SECRET[..31], Algorithm::Hs256),
        WeakSecret::TooShort { min: 32 }
    );
    assert_eq!(new(fastapi, Algorithm::Hs256), WeakSecret::Sample);
    assert_eq!(
        new(&SECRET[..47], Algorithm::Hs384),
        WeakSecret::TooShort { min: 48 }
    );
    assert_eq!(
        new(&SECRET[..63], Algorithm::Hs512),
        WeakSecret::TooShort { min: 64 }
    );
}

#[test]
fn each_algorithm_reads_its_own_tokens_only() {
    let all = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]
        .map(|algorithm| Keys::new(&SECRET.into(), algorithm).unwrap());
    for (at, signer) in all.iter().enumerate() {
        let signed = signer.sign(&token());
        assert!(signed.len() < 1024, "{}", signed.len());
        for (other, verifier) in all.iter().enumerate() {
            assert_eq!(verifier.verify(&signed, NOW).is_ok(), at == other);
        }
    }
    assert_ne!(all[0].sign(&token()), all[0].sign(&token()), "jti");
}

// R12
#[test]
fn a_replaced_key_is_accepted_until_it_is_removed() {
    let next = SECRET.replace('q', "z");
    let old = keys();
    let ring = |signing: &str, accepted: &[&str]| {
        let mut keys = Keys::new(&signing.into(), Algorithm::Hs256).unwrap();
        for secret in accepted {
            keys.accept(&(*secret).into()).unwrap();
        }
        keys
    };
    let signed = old.sign(&token());
    let both = ring(&next, &[SECRET]);
    assert_eq!(both.verify(&signed, NOW), old.verify(&signed, NOW));
    // The host that is updated later accepts what the first one signs already.
    let signed_next = both.sign(&token());
    assert_eq!(old.verify(&signed_next, NOW), Err(TokenError::Invalid));
    assert!(ring(SECRET, &[&next]).verify(&signed_next, NOW).is_ok());
    let new = ring(&next, &[]);
    assert!(new.verify(&signed_next, NOW).is_ok());
    assert_eq!(new.verify(&signed, NOW), Err(TokenError::Invalid));
    assert_eq!(
        keys().accept(&"short".into()),
        Err(WeakSecret::TooShort { min: 32 })
    );
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", keys());
    assert!(
        shown.contains(&kid()) && !shown.contains("q7Rk2vXw"),
        "{shown}"
    );
}
