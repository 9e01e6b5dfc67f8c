//! The examples of docs/visitors.md, run where there is what runs them: what they sign lets people in.

use super::identities::Known;
use crate::kit::{
    Kit,
    packages::{example, has, npm, pip},
};
use chrono::Utc;
use serde_json::json;
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
