//! The audit log says what things are called, as far as they are still there and its readers may know.

use crate::kit::{ADMIN1, ADMIN2, Kit, T1, U1};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test] // R87
async fn a_row_names_what_is_still_there_and_nothing_else() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let kept = kit.add_document(ADMIN1, "Refunds", "Within 14 days.").await;
    let gone = kit.add_document(ADMIN1, "Prices", "The price is 14.").await;
    kit.delete(&token, &format!("/documents/{gone}")).await;
    let connector = json!({ "name": "Help", "url": "https://help.one.example/", "is_on": false });
    let connector = kit.post(&token, "/documents/connectors", connector).await;
    let site = json!({ "name": "A shop" });
    let site = kit.post(&token, "/tenants/current/sites", site).await;
    let name = json!({ "full_name": "Ute Eins" });
    kit.patch(&token, &format!("/admin/users/{}", U1.id), name)
        .await;
    let theirs = kit.add_document(ADMIN2, "Theirs", "Not to be seen.").await;
    // A visitor, whom administrators do not know; and what another tenant has, should it ever be a target here.
    let visitor = Uuid::now_v7();
    let sql = "insert into parlance.users (tenant_id, id, email, full_name, role, site_id, is_service) values ($1, $2, 'v@one.example', 'Vera', 'visitor', $3, true)";
    sqlx::query(sql)
        .bind(T1)
        .bind(visitor)
        .bind(site.id("id"))
        .execute(&kit.pool)
        .await
        .unwrap();
    for target in [visitor.to_string(), theirs.to_string(), "x".repeat(36)] {
        let sql = "insert into parlance.audit_log (tenant_id, id, actor_tenant_id, actor_id, action, target) values ($1, gen_random_uuid(), $1, $2, 'test.fill', $3)";
        let row = sqlx::query(sql).bind(T1).bind(U1.id).bind(target);
        row.execute(&kit.pool).await.unwrap();
    }
    let log = kit.get(&token, "/admin/audit?limit=100").await.json;
    let rows = log["items"].as_array().unwrap();
    let named = |target: &str| {
        let row = rows.iter().find(|row| row["target"] == target);
        row.unwrap_or_else(|| panic!("{target} is in the log"))["target_name"].clone()
    };
    assert_eq!(named(&kept.to_string()), "Refunds");
    assert_eq!(named(&connector.id("id").to_string()), "Help");
    assert_eq!(named(&site.id("id").to_string()), "A shop");
    assert_eq!(named(&U1.id.to_string()), "Ute Eins");
    for nameless in [gone, visitor, theirs] {
        assert_eq!(named(&nameless.to_string()), Value::Null, "{nameless}");
    }
    assert_eq!(named(&"x".repeat(36)), Value::Null);
}
