//! A file of a tenant with what the API itself would have refused.

use super::moving::{OTHER, PREFIX, elsewhere, exported, rows};
use crate::kit::{Kit, T1, database::Database, provider::Provider};
use serde_json::{Value, json};

/// Puts another value into the first row of a table.
fn planted(file: &str, table: &str, column: &str, value: &Value) -> String {
    let mut done = false;
    let lines = file.lines().map(|line| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        if !done && row["table"] == table {
            row["row"][column] = value.clone();
            done = true;
        }
        format!("{row}\n")
    });
    let planted = lines.collect();
    assert!(done, "{table}");
    planted
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_would_refuse_is_not_imported() {
    let provider = Provider::start().await;
    let mut vars = provider.vars().to_vec();
    vars.push(("OPENAI_API_KEY".into(), "sk-of-the-deployment".into()));
    let (_there, file) = exported(&provider, &vars).await;
    let database = Database::empty().await;
    let url = database.url();
    assert!(elsewhere(&url, "migrate", "").await.ok);
    vars.extend([
        ("SECRET_KEY".into(), OTHER.into()),
        ("ROLE_PREFIX".into(), PREFIX.into()),
    ]);
    let here = Kit::on(database.clone(), vars).await;
    for (table, column, value) in [
        ("tenants", "limits", json!({ "per_minute": "evil" })),
        ("tenants", "user_limits", json!({ "tokens_per_day": -1 })),
        ("tenants", "created_at", json!("infinity")),
        ("tenants", "allowed_origins", json!(["null"])),
        ("users", "limits", json!({ "per_minute": "evil" })),
        ("users", "created_at", json!("-infinity")),
        (
            "users",
            "password_hash",
            json!("$argon2id$v=19$m=4194304,t=99,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ),
        ("sites", "origins", json!(["https://*.example"])),
        ("sites", "visitor_limits", json!([])),
        ("chat_messages", "sources", json!([{ "title": 1 }])),
        (
            "documents",
            "created_at",
            json!("99999-01-01T00:00:00+00:00"),
        ),
    ] {
        let refused = elsewhere(
            &url,
            "import-tenant",
            &planted(&file, table, column, &value),
        )
        .await;
        let told = format!("of the table {table}, column {column}");
        assert!(
            !refused.ok && refused.stderr.contains("line ") && refused.stderr.contains(&told),
            "{table}.{column}: {}{}",
            refused.stdout,
            refused.stderr
        );
        let left: i64 = sqlx::query_scalar("select count(*) from parlance.tenants where id = $1")
            .bind(T1)
            .fetch_one(&here.pool)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}.{column}");
        assert_eq!(rows(&here.pool, "users", &[]).await, Vec::<Value>::new());
    }
    let form = file.replacen("\"parlance_tenant\":1", "\"parlance_tenant\":2", 1);
    let form = elsewhere(&url, "import-tenant", &form).await;
    let told = "its form is 2, and this one reads 1";
    form.is_refused(told);
    // A connector is off whatever the file says.
    let on = planted(&file, "connectors", "is_on", &json!(true));
    // What its first line calls the tenant is not told.
    let on = on.replacen("\"slug\":\"one\"", "\"slug\":\"\\u001b[2Jone\"", 1);
    assert!(on.lines().next().unwrap().contains("u001b"));
    let whole = elsewhere(&url, "import-tenant", &on).await;
    assert!(whole.ok, "{}", whole.stderr);
    assert!(!whole.stdout.contains('\u{1b}'), "{:?}", whole.stdout);
    let on = rows(&here.pool, "connectors", &[]).await;
    assert!(on.iter().all(|row| row["is_on"] == false), "{on:?}");
}
