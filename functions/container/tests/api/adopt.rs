//! `parlance adopt`: a deployment of the FastAPI service before this one, row by row beside what its dumps are known to hold.

mod back;
mod bad;
mod beside;
mod changed;
mod copied;
mod followed;
mod json;
mod keys;
mod killed;
mod longer;
mod mapped;
mod old;
mod people;
mod resumed;
mod returned;
mod settings;
mod tokens;

use crate::{
    commands::{Ended, run},
    kit::{SECRET_KEY, database::Database},
};
use old::Old;
use serde_json::Value;
use std::path::PathBuf;
use uuid::Uuid;

/// What somebody put into a column of acme's for keys as it was.
const UNENCRYPTED: &str = "pcsk_pasted_by_hand_in_psql";

/// An adoption of one database into another.
struct Move {
    old: Old,
    new: Database,
    arguments: Vec<String>,
}

impl Move {
    /// Into a deployment that has people already.
    async fn of(old: Old) -> Self {
        let arguments = vec![
            format!("--from={}", old.database.url()),
            format!("--secret-key={}", old.secret_key),
            "--default-tenant=homeless".to_owned(),
        ];
        Self {
            old,
            new: Database::clone_template().await,
            arguments,
        }
    }

    /// The program with these arguments besides.
    async fn run(&self, more: &[&str]) -> Ended {
        let mut arguments = vec!["adopt"];
        arguments.extend(more);
        arguments.extend(self.arguments.iter().map(String::as_str));
        let url = self.new.url();
        let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
        let ended = run(&arguments, &vars, "").await;
        self.assert_no_key(&format!("{}{}", ended.stdout, ended.stderr));
        ended
    }

    /// No key is printed, opened or as it stands there.
    fn assert_no_key(&self, told: &str) {
        let tenants = self.old.expected["tenants"].as_object();
        for tenant in tenants.into_iter().flat_map(|tenants| tenants.values()) {
            for column in ["openai_api_key", "pinecone_api_key"] {
                let key = tenant[column].as_str().filter(|key| !key.is_empty());
                assert!(key.is_none_or(|key| !told.contains(key)), "{told}");
            }
        }
        assert!(!told.contains(UNENCRYPTED), "{told}");
    }

    /// Copies, and has to.
    async fn copy(&self) -> Value {
        let file = report_file();
        let option = format!("--report={}", file.display());
        let ended = self.run(&[&option]).await;
        assert!(ended.ok, "{}{}", ended.stdout, ended.stderr);
        let text = std::fs::read_to_string(&file).expect("there is a report");
        std::fs::remove_file(&file).expect("it can be removed");
        self.assert_no_key(&text);
        serde_json::from_str(&text).expect("it is JSON")
    }

    /// Copies and compares.
    async fn copy_and_verify(&self) -> Value {
        let report = self.copy().await;
        self.verify().await;
        report
    }

    async fn verify(&self) {
        let same = self.run(&["verify"]).await;
        assert!(
            same.ok && same.stdout.contains("all the same"),
            "{}{}",
            same.stdout,
            same.stderr
        );
    }

    /// A refusal before anything is written; what it says.
    async fn refused(&self, more: &[&str]) -> String {
        let ended = self.run(more).await;
        assert!(!ended.ok, "{}", ended.stdout);
        let pool = self.new.pool().await;
        let legacy: i64 = sqlx::query_scalar("select count(*) from parlance.legacy_rows")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(legacy, 0, "{}", ended.stderr);
        assert!(
            !ended.stderr.contains(&self.old.secret_key),
            "{}",
            ended.stderr
        );
        ended.stderr
    }
}

fn report_file() -> PathBuf {
    std::env::temp_dir().join(format!("adopted-{}.json", Uuid::new_v4()))
}

/// How often a rule was needed, and for which ids.
fn rule(report: &Value, name: &str) -> (u64, Vec<String>) {
    let rule = &report["rules"][name];
    let ids = rule["ids"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
    ids.sort_by_key(|id| (id.len(), id.clone()));
    (rule["count"].as_u64().unwrap_or(0), ids)
}
