//! Public keys, by which a site signs itself.

use super::*;

#[test] // R10
fn a_public_key_is_no_secret() {
    let random = SystemRandom::new();
    let by = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(by, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(by, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let ed = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let es256 = |message: &[u8]| pair.sign(&random, message).unwrap().as_ref().to_vec();
    let eddsa = |message: &[u8]| ed.sign(message).as_ref().to_vec();
    let x = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x(1), "y": x(33), "kid": "a" });
    let info = [
        &[
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ],
        ed.public_key().as_ref(),
    ]
    .concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(info)
    );
    let ec = read_public_key(&jwk.to_string()).unwrap();
    let edwards = read_public_key(&pem).unwrap();
    let raw = ed.public_key().as_ref().to_vec();
    assert_eq!(
        (ec.algorithm, &ec.bytes[..]),
        (IdentityAlgorithm::Es256, point)
    );
    assert_eq!(
        (edwards.algorithm, &edwards.bytes),
        (IdentityAlgorithm::EdDsa, &raw)
    );
    assert!(pem.contains(&edwards.hint()[3..]));
    let keys = [
        IdentityKey::public(KEY, ec.algorithm, &ec.bytes).unwrap(),
        IdentityKey::public(Uuid::from_u128(6), edwards.algorithm, &edwards.bytes).unwrap(),
    ];
    let verify = |token: &str| Identity::verify(token, &site(), &keys, NOW);
    let header = |alg: &str| json!({ "alg": alg });
    let token = signed(&header("ES256"), &claims(), es256);
    assert_eq!(verify(&token).unwrap().key_id(), KEY);
    let token = signed(&header("EdDSA"), &claims(), eddsa);
    assert_eq!(verify(&token).unwrap().key_id(), Uuid::from_u128(6));

    // With the public key, in whatever form, as the secret of an HMAC; and with the algorithms exchanged.
    let text = jwk.to_string();
    for secret in [point, &raw, pem.as_bytes(), text.as_bytes()] {
        for alg in ["HS256", "ES256", "EdDSA"] {
            let token = signed(&header(alg), &claims(), |message| hmac(secret, message));
            assert_eq!(verify(&token), Err(IdentityFault::Unsigned), "{alg}");
        }
    }
    for token in [
        signed(&header("EdDSA"), &claims(), es256),
        signed(&header("ES256"), &claims(), eddsa),
        signed(&header("HS256"), &claims(), eddsa),
    ] {
        assert_eq!(verify(&token), Err(IdentityFault::Unsigned));
    }
}

#[test]
fn what_is_no_public_key_to_sign_by_is_refused() {
    let off = json!({ "kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) });
    let pem = |kind: &str, bytes: &[u8]| {
        let text = STANDARD.encode(bytes);
        format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----")
    };
    use PublicKeyFault::{OtherKind, Private, Unreadable};
    for (text, fault) in [
        (String::new(), Unreadable),
        ("sis_secret".to_owned(), Unreadable),
        ("{".to_owned(), Unreadable),
        ("{}".to_owned(), Unreadable),
        (off.to_string(), Unreadable),
        (pem("PUBLIC KEY", b"x"), OtherKind),
        (pem("PRIVATE KEY", b"x"), Private),
        (pem("EC PRIVATE KEY", b"x"), Private),
        (pem("CERTIFICATE", b"x"), Unreadable),
        (json!({ "kty": "oct", "k": "AAAA" }).to_string(), Private),
        (
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43), "d": "A" }).to_string(),
            Private,
        ),
        (
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA" }).to_string(),
            Unreadable,
        ),
        (
            json!({ "kty": "EC", "crv": "P-384", "x": "A", "y": "A" }).to_string(),
            OtherKind,
        ),
        (
            json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }).to_string(),
            OtherKind,
        ),
    ] {
        assert_eq!(read_public_key(&text).map(|_| ()), Err(fault), "{text}");
    }
}
