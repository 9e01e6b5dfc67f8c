//! Every way to get a token wrong, each signed with the right secret where that is possible.

use super::*;
use sha2::{Sha384, Sha512};

// R10
#[test]
fn wrong_algorithms_are_refused() {
    let mut tokens = vec![
        by_other_hmac::<Hmac<Sha384>>("HS384"),
        by_other_hmac::<Hmac<Sha512>>("HS512"),
        by_other_hmac::<Hmac<Sha512>>("HS256"),
    ];
    for alg in [
        "none", "None", "NONE", "nOnE", "", "hs256", "RS256", "PS256", "ES256", "EdDSA", "HS384",
    ] {
        let signed = with_header(&header(alg, TYPE, &kid()));
        let unsigned = signed.rsplit_once('.').unwrap().0;
        tokens.push(format!("{unsigned}."));
        tokens.push(unsigned.to_owned());
        tokens.push(signed);
    }
    tokens.push(with_header(&format!(
        r#"{{"typ":"{TYPE}","kid":"{}"}}"#,
        kid()
    )));
    refuse(&tokens);
}

// R10
#[test]
fn wrong_headers_are_refused() {
    let mut tokens: Vec<_> = ["", "../../", "../../dev/null", "AAAAAAAAAAA", "' OR 1=1 --"]
        .map(|kid| with_header(&header("HS256", TYPE, kid)))
        .to_vec();
    for typ in [
        "refresh",
        "JWT",
        "AT+JWT",
        "at+jwt ",
        "application/at+jwt",
        "",
    ] {
        tokens.push(with_header(&header("HS256", typ, &kid())));
    }
    tokens.push(with_header(&format!(r#"{{"alg":"HS256","typ":"{TYPE}"}}"#)));
    tokens.push(with_header(&format!(
        r#"{{"alg":"HS256","kid":"{}"}}"#,
        kid()
    )));
    let crit = format!(
        r#"{{"alg":"HS256","typ":"{TYPE}","kid":"{}","crit":["b64"],"b64":false}}"#,
        kid()
    );
    tokens.push(with_header(&crit));
    let twice = format!(
        r#"{{"alg":"HS256","alg":"HS256","typ":"{TYPE}","kid":"{}"}}"#,
        kid()
    );
    tokens.push(with_header(&twice));
    tokens.push(with_header("[]"));
    refuse(&tokens);
}

// R10
#[test]
fn wrong_shapes_and_signatures_are_refused() {
    let good = good();
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = unsigned.split_once('.').unwrap();
    let other = with_claim("tenant_id", Some(&format!("\"{USER}\"")));
    let mut tokens = vec![
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        unsigned.to_owned(),
        format!("{unsigned}."),
        good[..good.len() - 1].to_owned(),
        format!("{unsigned}.{}", &signature[..22]),
        format!("{good}="),
        format!("{good}A"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{head}.{head}.{body}.{signature}"),
        format!(".{good}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("Bearer {good}"),
        format!("{}.{signature}", other.rsplit_once('.').unwrap().0),
        with_claim("iss", Some(&format!("\"{}\"", "x".repeat(64 * 1024)))),
        format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode([0; 32])),
        "x".repeat(64 * 1024),
        "\u{1f980}.\u{1f980}.\u{1f980}".to_owned(),
    ];
    for flip in ["A", "_", "0"] {
        tokens.push(format!("{head}.{body}.{flip}{}", &signature[1..]));
    }
    tokens.retain(|token| *token != good);
    let stranger = Keys::new(&format!("{SECRET}x").into(), Algorithm::Hs256).unwrap();
    tokens.push(stranger.sign(&token()));
    refuse(&tokens);
}

// R10
#[test]
fn missing_claims_are_refused() {
    let mut tokens: Vec<_> = claims()
        .iter()
        .map(|(name, _)| with_claim(name, None))
        .collect();
    assert_eq!(tokens.len(), 9);
    tokens.extend(
        claims()
            .iter()
            .map(|(name, _)| with_claim(name, Some("null"))),
    );
    tokens.push(sign(&header("HS256", TYPE, &kid()), "{}"));
    tokens.push(sign(&header("HS256", TYPE, &kid()), ""));
    refuse(&tokens);
}

// R10
#[test]
fn wrong_claims_are_refused() {
    let in_a_minute = (NOW + 60).to_string();
    let mut tokens = Vec::new();
    for (name, values) in [
        (
            "aud",
            &[
                "\"other\"",
                "[\"parlance\"]",
                "[]",
                "\"\"",
                "\"PARLANCE\"",
                "\"parlance \"",
                "1",
            ][..],
        ),
        ("iss", &["\"other\"", "[\"parlance\"]", "\"\""]),
        (
            "exp",
            &[
                "\"1900000000\"",
                "1900000000.5",
                "1900000000.0",
                "1e300",
                "1e10",
                "1e400",
                "true",
            ],
        ),
        ("exp", &["99999999999999999999", "[1900000000]", "{}"]),
        (
            "nbf",
            &[
                &in_a_minute,
                "\"1800000000\"",
                "1800000000.5",
                "9223372036854775807",
            ],
        ),
        ("iat", &[&in_a_minute, "\"1800000000\"", "1.8e9"]),
        ("sub", &["\"\"", "\"1\"", "1", "\"../admin\""]),
        ("tenant_id", &["\"\"", "\"*\"", "[]"]),
        ("sid", &["\"\"", "0"]),
        ("jti", &["\"\"", "0"]),
    ] {
        tokens.extend(values.iter().map(|value| with_claim(name, Some(value))));
    }
    refuse(&tokens);
}

// R10
#[test]
fn repeated_claims_are_refused() {
    let tokens: Vec<_> = claims()
        .into_iter()
        .map(|again| {
            let mut members = claims();
            members.push(again);
            sign(&header("HS256", TYPE, &kid()), &json(&members))
        })
        .collect();
    refuse(&tokens);
}

fn refuse(tokens: &[String]) {
    let keys = keys();
    for token in tokens {
        let shown: String = token.chars().take(300).collect();
        assert_eq!(keys.verify(token, NOW), Err(TokenError::Invalid), "{shown}");
    }
}
