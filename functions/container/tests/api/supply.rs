//! What the program is built of, and by what: docs/security.md, R89 and R90.

use crate::requirements::{files, read, root};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// What is locked: each package's versions, and where each is from.
fn locked() -> Vec<(String, Vec<u64>, String)> {
    let lock: toml::Table = read("Cargo.lock").parse().expect("the lock file parses");
    let packages = lock["package"].as_array().expect("there are packages");
    let field = |package: &toml::Value, name: &str| {
        let value = package.get(name).and_then(|value| value.as_str());
        value.unwrap_or_default().to_owned()
    };
    let read = packages.iter().map(|package| {
        let version = field(package, "version");
        let version = version.split(['-', '+']).next().unwrap_or_default();
        let version = version.split('.').map(|n| n.parse().expect("a number"));
        (
            field(package, "name"),
            version.collect(),
            field(package, "source"),
        )
    });
    read.collect()
}

#[test] // R89
fn what_is_locked_is_of_one_registry_and_of_no_version_that_is_known_to_be_bad() {
    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
    /// The first versions without a known fault that would matter here.
    const LEAST: [(&str, [u64; 3]); 8] = [
        ("sqlx", [0, 9, 0]),
        ("jsonwebtoken", [10, 3, 0]),
        ("aes-gcm", [0, 10, 3]),
        ("h2", [0, 4, 16]),
        ("tracing-subscriber", [0, 3, 20]),
        ("time", [0, 3, 47]),
        ("rustls-webpki", [0, 103, 13]),
        ("quick-xml", [0, 41, 0]),
    ];
    let locked = locked();
    let ours: BTreeSet<String> = ["functions", "shared"]
        .into_iter()
        .flat_map(|folder| files(folder, &["Cargo.toml"]))
        .filter_map(|manifest| {
            let manifest: toml::Table = read(manifest).parse().expect("a manifest parses");
            Some(manifest.get("package")?["name"].as_str()?.to_owned())
        })
        .collect();
    for (name, version, source) in &locked {
        let is_ours = ours.contains(name) && source.is_empty();
        assert!(is_ours || source == REGISTRY, "{name} is from {source}");
        let least = LEAST.iter().find(|(of, _)| of == name);
        assert!(
            least.is_none_or(|(_, least)| version[..] >= least[..]),
            "{name} {version:?} is older than {least:?}"
        );
        for banned in ["openssl", "openssl-sys", "native-tls", "aws-lc-rs"] {
            assert_ne!(name, banned);
        }
    }
    let deny = read("deny.toml");
    for said in ["yanked = \"deny\"", "unknown-git = \"deny\"", "\"openssl\""] {
        assert!(deny.contains(said), "deny.toml does not say {said}");
    }
}

#[test] // R89
fn whatever_builds_takes_what_is_locked() {
    let scripts = files("scripts", &[""]).into_iter();
    let others = ["Dockerfile", ".ci/run"].map(|file| root().join(file));
    let mut seen = BTreeMap::new();
    for path in scripts.chain(others) {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let lines = text.lines().map(str::trim_start);
        let lines = lines.filter(|line| !line.starts_with('#') && !line.contains("echo "));
        for line in lines {
            for word in ["build", "test", "clippy", "doc", "run"] {
                let command = format!("cargo {word} ");
                let Some((_, rest)) = line.split_once(&command) else {
                    continue;
                };
                let is_told = line.contains("left_out") || line.contains("step ");
                assert!(
                    is_told || rest.contains("--locked"),
                    "{} builds what is not locked: {line}",
                    path.display()
                );
                *seen.entry(word).or_insert(0) += 1;
            }
        }
    }
    assert!(seen["build"] >= 2 && seen["test"] >= 2, "{seen:?}");
}

#[test] // R90
fn what_is_built_is_safe_code_on_what_is_pinned() {
    let workspace: toml::Table = read("Cargo.toml").parse().expect("the manifest parses");
    let lints = &workspace["workspace"]["lints"]["rust"];
    assert_eq!(lints["unsafe_code"].as_str(), Some("forbid"));
    let manifests = ["functions", "shared"].map(|folder| files(folder, &["Cargo.toml"]));
    for manifest in manifests.into_iter().flatten() {
        let text = read(&manifest);
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{} has lints of its own",
            manifest.display()
        );
    }
    let image = read("Dockerfile");
    let stages: BTreeSet<&str> = image
        .lines()
        .filter_map(|line| line.strip_prefix("FROM ")?.split(" AS ").nth(1))
        .collect();
    let mut bases = 0;
    for line in image.lines().filter_map(|line| line.strip_prefix("FROM ")) {
        let base = line.split(' ').next().unwrap_or_default();
        bases += usize::from(base.contains("@sha256:"));
        let is_ours = base == "scratch" || stages.contains(base);
        assert!(base.contains("@sha256:") || is_ours, "{base}");
    }
    assert!(bases >= 1);
    // Whatever is called on the way is named by what it is, not by what it is called today.
    let workflows = root().join(".github/workflows");
    let workflows = workflows
        .exists()
        .then(|| files(".github/workflows", &[".yml", ".yaml"]));
    for workflow in workflows.into_iter().flatten() {
        for line in read(&workflow).lines() {
            let Some((_, action)) = line.split_once("uses: ") else {
                continue;
            };
            let pin = action.split_once('@').map(|(_, pin)| pin.split(' ').next());
            let pin = pin.flatten().unwrap_or_default();
            let is_pinned = pin.len() == 40 && pin.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_pinned || action.starts_with("./"), "{action}");
        }
    }
}
