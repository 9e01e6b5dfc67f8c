//! What `railway config apply` does to a project that has more in it than Parlance.

use super::{
    changes::{Owners, changes},
    flat,
    sdk::{Evaluated, evaluate},
    toml_sections,
};
use serde_json::{Value, json};

/// As `railway config plan --json` tells of it: of the variables the names only.
fn project(service: &str) -> Value {
    let unread = json!({ "type": "preserve" });
    json!({
        "project": { "name": "robust-joy" },
        "resources": [
            {
                "address": format!("service.{service}"), "type": "service", "name": service, "engine": null,
                "variables": {
                    "DATABASE_URL": unread, "SECRET_KEY": unread, "JWT_SECRET_KEY": unread, "LEGACY_TOKENS": unread,
                    "METRICS_TOKEN": unread, "ROLE_PREFIX": unread, "ACCESS_TOKEN_EXPIRE_MINUTES": unread,
                    "ALGORITHM": unread, "RUST_LOG": unread, "NOBODY_KNOWS_THIS_ONE": unread,
                },
                "source": { "type": "github", "repo": "owner/name", "branch": "live", "rootDirectory": "/" },
                "build": { "builder": "RAILPACK", "buildEnvironment": "V3" },
                "deploy": {
                    "startCommand": "uvicorn main:app", "healthcheckPath": "/health",
                    "multiRegionConfig": { "europe-west4": { "numReplicas": 2 } }, "sleepApplication": false,
                },
                "networking": {
                    "customDomains": { "api.example.com": { "port": 8080 } }, "tcpProxies": { "8080": {} },
                },
                "volumeAttachments": null, "config": null, "groupId": "backend",
            },
            { "address": "service.cron", "type": "service", "name": "cron", "variables": { "TOKEN": unread } },
            { "address": "database.Postgres", "type": "database", "name": "Postgres", "engine": "postgres" },
            { "address": "volume.postgres-volume", "type": "volume", "name": "postgres-volume" },
            { "address": "bucket.uploads", "type": "bucket", "name": "uploads" },
        ],
    })
}

/// What the file may change: its own settings, those that `railway.toml` has.
fn own(service: &str) -> Vec<String> {
    let sections = toml_sections();
    let names = flat(&sections).into_keys();
    names
        .map(|name| format!("update service.{service} {name}"))
        .collect()
}

#[test]
fn nothing_but_our_settings_changes() {
    for (service, vars) in [
        ("parlance", &[][..]),
        ("web", &[("PARLANCE_SERVICE", "web")]),
    ] {
        let current = project(service);
        let Some(evaluated) = evaluate(service, None, &current, vars) else {
            return;
        };
        let Evaluated { said, asked } = evaluated.expect("the file can be evaluated");
        let address = format!("service.{service}");
        for owners in [Owners::new(), Owners::from([(&*address, "parlance")])] {
            let changed = changes(&current, &said, &owners);
            assert!(!changed.is_empty(), "the settings are new to this service");
            for change in &changed {
                assert!(own(service).contains(change), "{change} of {changed:#?}");
            }
            assert_eq!(
                changes(&current, &asked, &owners),
                [""; 0],
                "asking is no change"
            );
        }
        // Applied, it plans no more.
        let applied =
            json!({ "resources": [&said["project"]["resources"][0], current["resources"][2]] });
        assert_eq!(changes(&applied, &said, &Owners::new()), [""; 0]);
    }
}

#[test]
fn no_value_of_a_variable_is_written_down() {
    let current = project("parlance");
    let Some(evaluated) = evaluate("values", None, &current, &[]) else {
        return;
    };
    let said = evaluated.expect("the file can be evaluated").said;
    let variables = said["project"]["resources"][0]["variables"].as_object();
    let variables = variables.expect("the variables are said again");
    assert_eq!(variables.len(), 10, "{variables:?}");
    for (name, value) in variables {
        assert_eq!(value["type"], "preserve", "{name}");
    }
}

#[test]
fn what_cannot_be_planned_safely_is_not() {
    let refused = |test: &str, current: &Value, what: &str| {
        let Some(evaluated) = evaluate(test, None, current, &[]) else {
            return;
        };
        let error = evaluated.err().expect("it must not be planned");
        assert!(error.contains(what), "{error}");
    };
    refused(
        "absent",
        &project("web"),
        "has no service parlance (its services: web, cron)",
    );
    refused(
        "silent",
        &Value::Null,
        "Railway did not say what the project has",
    );
    let mut stored = project("parlance");
    stored["resources"][0]["volumeAttachments"] =
        json!({ "data": { "volume": "volume.data", "mountPath": "/data" } });
    refused("stored", &stored, "has a volume");
}

/// The rule above finds what a file does that speaks for the whole project and names a few variables.
#[test]
fn a_file_that_says_less_would_delete_and_overwrite() {
    let less = r#"
        import { defineRailway, preserve, project, service } from "railway/iac";
        export default defineRailway(() => project("parlance", { resources: [service("parlance", {
          env: { DATABASE_URL: preserve(), RUST_LOG: "info" },
        })] }));"#;
    let current = project("parlance");
    let Some(evaluated) = evaluate("less", Some(less), &current, &[]) else {
        return;
    };
    let said = evaluated.expect("the file can be evaluated").said;
    let changed = changes(&current, &said, &Owners::new());
    for change in [
        "delete database.Postgres",
        "delete service.cron",
        "delete bucket.uploads",
        "delete service.parlance.SECRET_KEY",
        "delete service.parlance.NOBODY_KNOWS_THIS_ONE",
        "set service.parlance.RUST_LOG",
        "update service.parlance networking.tcpProxies",
        "update service.parlance deploy.multiRegionConfig",
    ] {
        assert!(
            changed.iter().any(|c| c == change),
            "{change} in {changed:#?}"
        );
    }
    assert!(!changed.contains(&"delete volume.postgres-volume".to_owned()));
}
