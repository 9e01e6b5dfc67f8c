//! The examples of docs/visitors.md, run where there is what runs them: what they sign lets people in.

use super::identities::{Known, add_key};
use crate::kit::{
    Kit,
    packages::{example, has, npm, pip},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use serde_json::{Value, json};
use std::{fs, path::Path};
use tokio::process::Command;

const PERSON: &str = r#"{"id": 4711, "name": "Ada", "groups": ["staff"]}"#;

/// Has `program` sign as `script` says.
async fn signed(known: &Known, program: &Path, script: &Path) -> String {
    let ran = Command::new(program)
        .arg(script)
        .env("SITE_ID", known.site["id"].as_str().unwrap())
        .env("SITE_SECRET", &known.secret)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}: {said}", script.display());
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

async fn lets_in(kit: &Kit, known: &Known, token: &str) {
    // The other program's clock goes on meanwhile.
    kit.clock.advance(Utc::now() - kit.clock.now());
    let more = json!({ "identity_token": token });
    let entered = known.enter_with(kit, more).await;
    assert_eq!(entered.status, 200, "{token}: {}", entered.text);
    assert_eq!(entered.json["user"]["full_name"], "Ada");
    let groups: Vec<String> =
        sqlx::query_scalar("select unnest(groups) from parlance.users where subject is not null")
            .fetch_all(&kit.pool)
            .await
            .unwrap();
    assert_eq!(groups, ["staff"]);
}

#[tokio::test]
async fn the_examples_of_the_page_sign_what_lets_people_in() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "required").await;
    let package = json!({ "type": "module", "dependencies": { "jsonwebtoken": "9.0.3" } });
    if let Some(folder) = npm("jsonwebtoken-9.0.3", &package.to_string()) {
        let text = example("visitors.md", "**Node.**", "javascript");
        let script = folder.join("sign.mjs");
        let run = format!("{text}\nconsole.log(identityToken({PERSON}));\n");
        fs::write(&script, run).unwrap();
        let token = signed(&known, Path::new("node"), &script).await;
        lets_in(&kit, &known, &token).await;
    }
    if let Some(python) = pip("pyjwt-2.15.1", "PyJWT==2.15.1\n") {
        let text = example("visitors.md", "**Python.**", "python");
        let script = python.parent().unwrap().join("sign.py");
        let run = format!("{text}\nprint(identity_token({PERSON}))\n");
        fs::write(&script, run).unwrap();
        let token = signed(&known, &python, &script).await;
        lets_in(&kit, &known, &token).await;
    }
    for (program, needs, heading, language, run) in [
        ("php", &["-r", ""][..], "**PHP.**", "php", PHP),
        (
            "ruby",
            &["-rjwt", "-e", ""][..],
            "**Ruby, Rails.**",
            "ruby",
            RUBY,
        ),
    ] {
        if has(program, needs) {
            let text = example("visitors.md", heading, language);
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
            let script = folder.join(format!("sign-{}.{program}", std::process::id()));
            fs::write(&script, run.replace("EXAMPLE", &text)).unwrap();
            let token = signed(&known, Path::new(program), &script).await;
            fs::remove_file(&script).unwrap();
            lets_in(&kit, &known, &token).await;
        }
    }
}

const PHP: &str = "<?php
EXAMPLE
echo identity_token(['id' => 4711, 'name' => 'Ada', 'groups' => ['staff']]);
";

const RUBY: &str = r#"require "jwt"
require "securerandom"
EXAMPLE
Person = Struct.new(:id, :name, :groups)
print identity_token(Person.new(4711, "Ada", ["staff"]))
"#;

/// What openssl says to some arguments.
async fn openssl(folder: &Path, args: &str) -> Vec<u8> {
    let mut ran = Command::new("openssl");
    let ran = ran.args(args.split(' ')).current_dir(folder).output();
    let ran = ran.await.unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "openssl {args}: {said}");
    ran.stdout
}

/// The two numbers of a signature in DER (RFC 3279, section 2.2.3), each as 32 bytes.
fn numbers(der: &[u8]) -> Vec<u8> {
    let (mut all, mut rest) = (Vec::new(), &der[2..]);
    while let [2, length, more @ ..] = rest {
        let (number, left) = more.split_at(usize::from(*length));
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        all.resize(all.len() + 32 - number.len(), 0);
        all.extend_from_slice(number);
        rest = left;
    }
    all
}

#[tokio::test] // R10
async fn keys_that_openssl_has_made_let_people_in() {
    if !has("openssl", &["version"]) {
        return;
    }
    let kit = Kit::new().await;
    let known = Known::new(&kit, "required").await;
    let folder = format!("openssl-{}", std::process::id());
    let at = &Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir_all(at).unwrap();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    for (algorithm, kind, sign) in [
        (
            "ES256",
            "EC -pkeyopt ec_paramgen_curve:P-256",
            "dgst -sha256 -sign key.pem text",
        ),
        (
            "EdDSA",
            "ED25519",
            "pkeyutl -sign -rawin -inkey key.pem -in text",
        ),
    ] {
        openssl(at, &format!("genpkey -algorithm {kind} -out key.pem")).await;
        let public = openssl(at, "pkey -in key.pem -pubout").await;
        let public = String::from_utf8(public).unwrap();
        let private = fs::read_to_string(at.join("key.pem")).unwrap();
        let key = |pem: &str| json!({ "algorithm": algorithm, "public_key": pem });
        let refused = add_key(&kit, &known.site, key(&private)).await;
        assert_eq!(refused.fields(), ["public_key"], "{}", refused.text);
        assert!(refused.text.contains("private key") && !refused.text.contains("BEGIN PRIVATE"));
        let added = add_key(&kit, &known.site, key(&public)).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let more = json!({ "name": "Ada", "groups": ["staff"] });
        let claims = known.claims(&kit, "4711", more);
        let header = json!({ "alg": algorithm, "typ": "JWT" });
        let said = [header, claims].map(|part| text(part.to_string().as_bytes()));
        let said = said.join(".");
        fs::write(at.join("text"), &said).unwrap();
        let signature = openssl(at, sign).await;
        let raw = match algorithm {
            "ES256" => numbers(&signature),
            _ => signature.clone(),
        };
        assert_eq!(raw.len(), 64);
        // As openssl writes it, a signature of ES256 is none of a JWT (RFC 7518, section 3.4).
        if algorithm == "ES256" {
            let refused = known
                .enter(&kit, &format!("{said}.{}", text(&signature)))
                .await;
            assert_eq!(refused.problem(401), "invalid_identity_token");
        }
        lets_in(&kit, &known, &format!("{said}.{}", text(&raw))).await;
    }
    for kind in [
        "EC -pkeyopt ec_paramgen_curve:P-384",
        "EC -pkeyopt ec_paramgen_curve:secp256k1",
        "RSA -pkeyopt rsa_keygen_bits:2048",
        "ED448",
    ] {
        openssl(at, &format!("genpkey -algorithm {kind} -out key.pem")).await;
        let public = openssl(at, "pkey -in key.pem -pubout").await;
        let public = String::from_utf8(public).unwrap();
        for algorithm in ["ES256", "EdDSA"] {
            let key = json!({ "algorithm": algorithm, "public_key": public });
            let refused = add_key(&kit, &known.site, key).await;
            assert_eq!(refused.fields(), ["public_key"], "{kind}: {}", refused.text);
        }
    }
    fs::remove_dir_all(at).unwrap();
}

#[tokio::test] // R10
async fn keys_that_python_has_made_let_people_in() {
    let list = "PyJWT==2.15.1\ncryptography==48.0.0\n";
    let Some(python) = pip("pyjwt-2.15.1-cryptography-48.0.0", list) else {
        return;
    };
    let kit = Kit::new().await;
    let known = Known::new(&kit, "required").await;
    let script = python.parent().unwrap().join("pairs.py");
    fs::write(&script, PAIRS).unwrap();
    let made = signed(&known, &python, &script).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let made = made.as_array().unwrap();
    assert_eq!(made.len(), 3);
    for pair in made {
        let key = json!({ "algorithm": pair["algorithm"], "public_key": pair["public_key"] });
        let added = add_key(&kit, &known.site, key).await;
        assert_eq!(added.status, 201, "{}", added.text);
    }
    for pair in made {
        lets_in(&kit, &known, pair["token"].as_str().unwrap()).await;
    }
}

/// A pair of each kind, the public key as PEM and as a JWK, and what it signs.
const PAIRS: &str = r#"
import json, os, time, uuid
import jwt
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

def pem(key):
    return key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()

def made(algorithm, key, public):
    claims = {"aud": os.environ["SITE_ID"], "sub": "4711", "jti": str(uuid.uuid4()), "exp": int(time.time()) + 60,
              "name": "Ada", "groups": ["staff"]}
    return {"algorithm": algorithm, "public_key": public, "token": jwt.encode(claims, key, algorithm=algorithm)}

first, second, third = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
print(json.dumps([
    made("ES256", first, pem(first)),
    made("EdDSA", second, OKPAlgorithm.to_jwk(second.public_key())),
    made("ES256", third, ECAlgorithm.to_jwk(third.public_key())),
]))
"#;
