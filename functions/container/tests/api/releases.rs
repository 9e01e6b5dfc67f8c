//! What docs/releasing.md says of a release.

use crate::{
    commands::run,
    kit::Kit,
    requirements::{read, root},
};
use serde_json::Value;
use std::process::Command;

/// Runs `scripts/release`; whether it ended well, and what it said.
fn release(arguments: &[&str]) -> (bool, String) {
    let mut script = Command::new(root().join("scripts/release"));
    let ran = script.args(arguments).output().expect("the script runs");
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8_lossy(&said).into())
}

#[tokio::test]
async fn one_version_is_told_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    let told = run(&["--version"], &[], "").await.stdout;
    assert_eq!(told.trim(), format!("parlance {version}"));
    let health = Kit::new().await.get("", "/health").await;
    assert_eq!(health.json["version"], version);
    let contract: Value = serde_json::from_str(&read("functions/container/openapi.json")).unwrap();
    assert_eq!(contract["info"]["version"], version);
    let changelog = read("CHANGELOG.md");
    let newest = changelog.lines().find_map(|line| line.strip_prefix("## "));
    let newest = newest.expect("the changelog has a version");
    assert_eq!(newest.split(" - ").next(), Some(version), "{newest}");
}

#[test]
fn a_release_is_of_a_tag_that_says_the_version_and_has_something_to_say() {
    let (ok, notes) = release(&["--notes"]);
    assert!(
        ok && !notes.trim().is_empty() && !notes.contains("## "),
        "{notes}"
    );
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("dist");
    let (ok, said) = release(&["--version", "9.9.9", folder.to_str().unwrap()]);
    assert!(
        !ok && said.contains("the tag is v9.9.9, but Cargo.toml says"),
        "{said}"
    );
    let (ok, said) = release(&[]);
    assert!(!ok && said.contains("say which folder"), "{said}");
    assert!(!folder.exists());
}

#[test] // R89
fn continuous_integration_runs_what_anybody_can_with_the_toolchain_of_the_image() {
    let ci = read(".github/workflows/ci.yml");
    assert!(ci.contains("- run: .ci/run\n"));
    assert!(ci.contains("- run: scripts/check-dependencies --install\n"));
    let image = read("Dockerfile");
    let (_, version) = image
        .split_once("FROM rust:")
        .expect("the image is built by Rust");
    let version = version.split('-').next().unwrap();
    let said = format!("rustup toolchain install {version} ");
    assert_eq!(
        ci.matches("rustup toolchain install ").count(),
        ci.matches(&said).count()
    );
    // A token of the repository can do what a job says, and jobs say what they need.
    for workflow in ["ci", "release"] {
        let workflow = read(format!(".github/workflows/{workflow}.yml"));
        assert!(workflow.contains("\npermissions:\n  contents: read\n"));
    }
}
