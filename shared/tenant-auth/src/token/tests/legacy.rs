//! Tokens of the service before this one: read like the others, and no less strictly.

use super::*;
use sha2::Sha512;

const PLAIN: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn old(change: &[(&'static str, &str)]) -> String {
    let mut members = vec![
        ("sub", "\"ana@one.example\"".to_owned()),
        ("tenant_id", format!("\"{TENANT}\"")),
        ("exp", (NOW + 900).to_string()),
    ];
    for (name, value) in change {
        members.retain(|member| member.0 != *name);
        if !value.is_empty() {
            members.push((name, (*value).to_owned()));
        }
    }
    sign(PLAIN, &json(&members))
}

#[test]
fn an_old_token_is_read() {
    let read = keys().verify_legacy(&old(&[]), NOW).unwrap();
    assert_eq!(read.subject(), "ana@one.example");
    assert_eq!(read.tenant(), TENANT);
    assert_eq!(read.expires_at(), NOW + 900);
    let header = r#"{"alg":"HS256"}"#;
    let claims = format!(
        r#"{{"sub":"{USER}","tenant_id":"{TENANT}","exp":{}}}"#,
        NOW + 1
    );
    assert!(keys().verify_legacy(&sign(header, &claims), NOW).is_ok());
    let now = NOW.to_string();
    let more = [
        ("iat", &*now),
        ("nbf", &now),
        ("role", "\"admin\""),
        ("is_superuser", "true"),
    ];
    assert!(keys().verify_legacy(&old(&more), NOW).is_ok());
    // A key that was replaced signs for as long as it is accepted.
    let mut next = Keys::new(&SECRET.replace('q', "z").into(), Algorithm::Hs512).unwrap();
    assert_eq!(next.verify_legacy(&old(&[]), NOW), Err(TokenError::Invalid));
    next.accept(&SECRET.into()).unwrap();
    assert!(next.verify_legacy(&old(&[]), NOW).is_ok());
}

#[test]
fn ids_are_texts_or_numbers_and_times_may_have_a_fraction() {
    for (sub, tenant, subject, named) in [
        ("\"2\"", "1", "2", "1"),
        ("2", "\"tenant_b\"", "2", "tenant_b"),
        (
            "\"Ana@A.example\"",
            "\"\\u6771\\u4eac\"",
            "Ana@A.example",
            "\u{6771}\u{4eac}",
        ),
    ] {
        let token = old(&[("sub", sub), ("tenant_id", tenant)]);
        let read = keys().verify_legacy(&token, NOW).unwrap();
        assert_eq!((read.subject(), read.tenant()), (subject, named));
    }
    let half = old(&[("exp", &format!("{NOW}.5")), ("iat", &format!("{NOW}.25"))]);
    assert_eq!(keys().verify_legacy(&half, NOW).unwrap().expires_at(), NOW);
    assert_eq!(
        keys().verify_legacy(&half, NOW + 1),
        Err(TokenError::Expired)
    );
}

#[test] // R11
fn a_secret_of_the_service_before_may_be_short_and_signs_nothing_of_ours() {
    let short = "globex-JWT_SECRET_KEY-0f0e0d";
    let mut keys = keys();
    keys.accept_legacy(&short.into()).unwrap();
    let claims = format!(r#"{{"sub":"2","tenant_id":1,"exp":{}}}"#, NOW + 1);
    let signed = |header: &str, claims: &str| {
        let message = [header, claims]
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .join(".");
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(short.as_bytes()).unwrap();
        let mac = mac.chain_update(&message).finalize().into_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))
    };
    assert!(keys.verify_legacy(&signed(PLAIN, &claims), NOW).is_ok());
    for kid in [kid(), key_id(short.as_bytes(), Algorithm::Hs256)] {
        let ours = signed(&header("HS256", TYPE, &kid), &json(&super::claims()));
        assert_eq!(keys.verify(&ours, NOW), Err(TokenError::Invalid));
    }
    for (weak, why) in [
        ("", WeakSecret::Empty),
        ("fifteen letters", WeakSecret::TooShort { min: 16 }),
        ("changeme-changeme", WeakSecret::Sample),
        (
            "your-super-secret-key-change-in-production",
            WeakSecret::Sample,
        ),
        (
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            WeakSecret::Sample,
        ),
    ] {
        assert_eq!(keys.accept_legacy(&weak.into()), Err(why));
    }
}

#[test] // R10
fn the_two_kinds_are_not_taken_for_each_other() {
    assert_eq!(keys().verify(&old(&[]), NOW), Err(TokenError::Invalid));
    let new = keys().sign(&token());
    assert_eq!(keys().verify_legacy(&new, NOW), Err(TokenError::Invalid));
    let whole = sign(PLAIN, &json(&claims()));
    assert_eq!(keys().verify(&whole, NOW), Err(TokenError::Invalid));
}

#[test] // R10
fn old_tokens_are_refused_for_the_same_faults() {
    let later = (NOW + 60).to_string();
    let now = NOW.to_string();
    for change in [
        ("sub", ""),
        ("sub", "null"),
        ("sub", "1.5"),
        ("sub", "[1]"),
        ("tenant_id", ""),
        ("tenant_id", "null"),
        ("tenant_id", "true"),
        ("tenant_id", "{}"),
        ("exp", ""),
        ("exp", "null"),
        ("exp", "\"1900000000\""),
        ("exp", "1e300"),
        ("iat", &later),
        ("nbf", &later),
        ("nbf", "\"x\""),
        ("iss", "\"other\""),
        ("aud", "\"other\""),
        ("aud", "[\"parlance\"]"),
    ] {
        let refused = keys().verify_legacy(&old(&[change]), NOW);
        assert_eq!(refused, Err(TokenError::Invalid), "{change:?}");
    }
    let expired = keys().verify_legacy(&old(&[("exp", &now)]), NOW);
    assert_eq!(expired, Err(TokenError::Expired));
    let good = old(&[]);
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let body = unsigned.split_once('.').unwrap().1;
    let with = |header: &str| {
        let message = format!("{}.{body}", URL_SAFE_NO_PAD.encode(header));
        format!("{message}.{}", mac::<Hmac<Sha256>>(&message))
    };
    let hs512 = format!("{}.{body}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512"}"#));
    for bad in [
        format!("{unsigned}."),
        unsigned.to_owned(),
        format!("{good}A"),
        format!("{unsigned}.{}", signature.chars().rev().collect::<String>()),
        with(r#"{"alg":"none"}"#),
        with(r#"{"alg":"HS512"}"#),
        with(r#"{"alg":"RS256"}"#),
        with(r#"{"alg":"HS256","typ":"at+jwt"}"#),
        with(r#"{"alg":"HS256","typ":"JWT","kid":"x"}"#),
        with(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#),
        format!("{hs512}.{}", mac::<Hmac<Sha512>>(&hs512)),
        "x".repeat(5000),
        String::new(),
    ] {
        assert_eq!(
            keys().verify_legacy(&bad, NOW),
            Err(TokenError::Invalid),
            "{bad}"
        );
    }
}
