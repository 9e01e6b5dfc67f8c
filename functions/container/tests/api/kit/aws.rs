//! `scripts/deploy-lambda` with programs in the place of `aws`, `sam` and `curl` that write down how they were called.

use serde_json::Value;
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

/// No program's arguments and no output may hold one of these.
const CANARIES: &[&str] = &["canary-login", "canary-root", "canary-provider"];
pub const DATABASE_URL: &str =
    "postgresql://admin:canary-login@db.example:5432/parlance?sslmode=require";

/// Stands for AWS: what it holds is in files of `$RECORD`.
const STUB: &str = r#"#!/usr/bin/env bash
set -euo pipefail
name=${0##*/}
echo "$name $*" >>"$RECORD/calls"
secret=$RECORD/none
previous=''
for argument; do
  case $previous in
    --secret-id | --name) secret=$RECORD/${argument##*/}.secret ;;
    --secret-string) file=${argument#file://} ;;
  esac
  previous=$argument
done
case "$name ${1:-} ${2:-} $*" in
  *StackStatus*) cat "$RECORD/stack" 2>/dev/null || { echo "it does not exist" >&2; exit 254; } ;;
  *\'DatabaseConnections\'*) echo 120 ;;
  *BaseUrl*) echo https://api.example/live ;;
  *MigrateFunction*) echo the-migrate-function ;;
  *get-secret-value*) cat "$secret" 2>/dev/null || { echo ResourceNotFoundException >&2; exit 254; } ;;
  *create-secret* | *put-secret-value*) stat -c %a "$file" >>"$RECORD/modes" && cp "$file" "$secret" ;;
  *describe-secret*) echo "arn:aws:secretsmanager:eu-central-1:1:secret:${secret##*/}" ;;
  *get-account-settings*) echo "${FREE:-1000}" ;;
  *get-account*) echo None ;;
  *"lambda invoke"*) echo '{"errorMessage":"no such host"}' >"$previous" && echo "${FUNCTION_ERROR:-None}" ;;
  "sam build"*) mkdir -p .aws-sam/build/MigrateFunction && echo >.aws-sam/build/MigrateFunction/bootstrap ;;
  *--concurrency*) echo ChatConcurrency=20 ;;
esac
"#;

pub struct Aws {
    folder: PathBuf,
}

pub struct Ended {
    pub ok: bool,
    pub stdout: String,
    pub output: String,
    pub calls: Vec<String>,
}

impl Ended {
    /// Where a call that starts so is in the order of calls; `None` if it was not made.
    pub fn place(&self, start: &str) -> Option<usize> {
        self.calls.iter().position(|call| call.starts_with(start))
    }

    pub fn in_order(&self, starts: &[&str]) {
        let places: Vec<_> = starts.iter().map(|start| self.place(start)).collect();
        let made = places.iter().all(Option::is_some);
        assert!(
            made && places.is_sorted(),
            "{places:?} of {:#?}",
            self.calls
        );
    }
}

impl Aws {
    /// An account without anything, and a checkout with the script.
    pub fn empty(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deploy-{test}"));
        drop(fs::remove_dir_all(&folder));
        let this = Self { folder };
        for part in ["bin", "record", "scripts/lib"] {
            fs::create_dir_all(this.folder.join(part)).expect("a folder can be made");
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for script in ["scripts/deploy-lambda", "scripts/lib/lambda_secrets.py"] {
            fs::copy(root.join(script), this.folder.join(script)).expect("the script is there");
        }
        let stub = this.folder.join("bin/stub");
        fs::write(&stub, STUB).expect("a file can be written");
        fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("it is ours");
        for name in [
            "bin/aws",
            "bin/sam",
            "bin/cargo-lambda",
            "bin/curl",
            "scripts/check-template",
        ] {
            symlink(&stub, this.folder.join(name)).expect("a link can be made");
        }
        this
    }

    pub fn with_stack(self) -> Self {
        self.write("stack", "UPDATE_COMPLETE");
        self
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join("record").join(name), text).expect("a file can be written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join("record").join(name)).unwrap_or_default()
    }

    pub fn secret(&self, kind: &str) -> Value {
        let text = self.read(&format!("{kind}.secret"));
        serde_json::from_str(&text).expect("a secret is an object")
    }

    /// Runs the script. `None` where there is no Python, which it then must say.
    pub fn deploy(&self, arguments: &[&str], vars: &[(&str, &str)]) -> Option<Ended> {
        let path = std::env::var("PATH").expect("there is a PATH");
        let mut script = Command::new(self.folder.join("scripts/deploy-lambda"));
        script.args(arguments).arg("--yes").env_clear();
        for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME"] {
            script.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        script.env(
            "PATH",
            format!("{}:{path}", self.folder.join("bin").display()),
        );
        script.env("RECORD", self.folder.join("record"));
        let ended = script
            .envs(vars.iter().copied())
            .output()
            .expect("bash runs");
        let stdout = String::from_utf8(ended.stdout).expect("it writes UTF-8");
        let output = format!("{stdout}{}", String::from_utf8_lossy(&ended.stderr));
        let calls = self.read("calls");
        for canary in CANARIES {
            assert!(
                !calls.contains(canary) && !output.contains(canary),
                "{canary} is told:\n{calls}\n{output}"
            );
        }
        if Command::new("python3").arg("--version").output().is_err() {
            assert!(
                !ended.status.success() && output.contains("python3 is missing"),
                "{output}"
            );
            return None;
        }
        let calls = calls.lines().map(str::to_owned).collect();
        Some(Ended {
            ok: ended.status.success(),
            stdout,
            output,
            calls,
        })
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}
