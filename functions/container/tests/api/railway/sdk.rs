//! Evaluates `.railway/railway.ts` as Railway's CLI does, with the SDK from npm, and a program in the place of the CLI that
//! the file asks what the project has.

use super::{TS, root};
use crate::kit::left_out;
use serde_json::Value;
use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

const SDK: &str = "railway@3.11.0";

/// What the CLI runs in Node (railwayapp/cli df3838b, `src/iac/eval.rs`, `evaluate_javascript`), there with the option that
/// strips types, here with `tsx`, which the SDK brings and older versions of Node need.
const EVALUATE: &str = r#"
import { pathToFileURL } from "node:url";
const mod = await import(`${pathToFileURL(process.argv[1]).href}?t=${Date.now()}`);
const project = typeof mod.default === "function" ? await mod.default({}) : mod.default;
process.stdout.write(JSON.stringify({ partial: mod.partial, project }));
"#;

/// Answers `railway config plan --json --file …` with what the project has, after it evaluated the file as the CLI does.
const CLI: &str = r#"#!/bin/sh
set -eu
[ "$1 $2 $3 $4" = "config plan --json --file" ]
node --import tsx --input-type=module -e "$EVALUATE" -- "$5" >"$HERE/asked.json"
cat "$HERE/current.json"
"#;

fn missing(why: &str) -> Option<PathBuf> {
    left_out(&format!("npm cannot install {SDK}: {why}"));
    None
}

/// Where the SDK is, if it can be had: a sentence says why it cannot.
fn installed() -> Option<&'static Path> {
    static AT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = || {
        let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join("railway-sdk");
        fs::create_dir_all(&at).expect("a folder can be made");
        if at.join("node_modules/railway").exists() {
            return Some(at);
        }
        fs::write(at.join("package.json"), "{}").expect("a file can be written");
        // What its dependencies would run after their installation is not needed.
        let npm = Command::new("npm")
            .args([
                "install",
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                SDK,
            ])
            .current_dir(&at)
            .output();
        match npm {
            Ok(npm) if npm.status.success() => Some(at),
            Ok(npm) => missing(&String::from_utf8_lossy(&npm.stderr)),
            Err(e) => missing(&e.to_string()),
        }
    };
    AT.get_or_init(install).as_deref()
}

/// What the file says, and what it said when it asked.
pub struct Evaluated {
    pub said: Value,
    pub asked: Value,
}

/// Evaluates a file of that text (none: ours) where the project is `current`; what it said, or why it said nothing. `None`
/// where the SDK cannot be had.
pub fn evaluate(
    test: &str,
    text: Option<&str>,
    current: &Value,
    vars: &[(&str, &str)],
) -> Option<Result<Evaluated, String>> {
    let sdk = installed()?;
    let here = sdk.join(test);
    let file = here.join(".railway/railway.ts");
    fs::create_dir_all(file.parent().expect("it is in a folder")).expect("a folder can be made");
    let ours = || fs::read_to_string(root().join(TS)).expect("the file is there");
    fs::write(&file, text.map_or_else(ours, str::to_owned)).expect("a file can be written");
    let module = r#"{"type":"module"}"#;
    fs::write(here.join("package.json"), module).expect("a file can be written");
    let answer = serde_json::json!({ "ok": true, "currentGraph": current });
    fs::write(here.join("current.json"), answer.to_string()).expect("a file can be written");
    fs::write(here.join("railway"), CLI).expect("a file can be written");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(here.join("railway"), executable).expect("it is ours");

    let path = env::var("PATH").unwrap_or_default();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new("node")
        .args([
            "--import",
            "tsx",
            "--input-type=module",
            "-e",
            EVALUATE,
            "--",
        ])
        .arg(&file)
        .current_dir(&here)
        .env("PATH", format!("{}:{path}", here.display()))
        .env("HERE", &here)
        .env("EVALUATE", EVALUATE)
        .env_remove("PARLANCE_SERVICE")
        .envs(vars.iter().copied())
        .output()
        .expect("npm is there, so node is");
    if !status.success() {
        return Some(Err(String::from_utf8_lossy(&stderr).into_owned()));
    }
    let asked = fs::read(here.join("asked.json")).unwrap_or_else(|_| b"null".to_vec());
    Some(Ok(Evaluated {
        said: serde_json::from_slice(&stdout).expect("what it says is JSON"),
        asked: serde_json::from_slice(&asked).expect("what it said is JSON"),
    }))
}
