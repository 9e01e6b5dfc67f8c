//! Who did what to what is written down, in the tenant that it concerns.

use crate::kit::{ADMIN1, Kit, SUPERUSER, T1, T2, U1};
use serde_json::json;
use uuid::Uuid;

const LONG: &str = "a password that is long enough";

/// The actions in a tenant's log, oldest first, and who did them.
async fn log(kit: &Kit, tenant: Uuid) -> Vec<(String, Uuid)> {
    sqlx::query_as(
        "select action, actor_id from parlance.audit_log where tenant_id = $1 order by at, id",
    )
    .bind(tenant)
    .fetch_all(&kit.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_administrators_deeds_are_written_down() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let user = json!({ "email": "new@one.example", "password": LONG });
    assert_eq!(kit.post(&token, "/admin/users", user).await.status, 201);
    let key = json!({ "api_key": "sk-canary-0123456789" });
    let openai = "/tenants/current/secrets/openai";
    assert_eq!(kit.put(&token, openai, key).await.status, 204);
    assert_eq!(kit.delete(&token, openai).await.status, 204);
    let prompt = json!({ "system_prompt": "Be kind." });
    assert_eq!(
        kit.patch(&token, "/tenants/current", prompt).await.status,
        200
    );
    let document = kit.add_document(ADMIN1, "Title", "Text.").await;
    let gone = kit.delete(&token, &format!("/documents/{document}")).await;
    assert_eq!(gone.status, 204);

    let deeds = [
        "user.create",
        "secret.set",
        "secret.delete",
        "tenant.update",
        "document.create",
        "document.delete",
    ];
    let expected = deeds.map(|deed| (deed.to_owned(), ADMIN1.id));
    assert_eq!(log(&kit, T1).await, expected);
    assert_eq!(log(&kit, T2).await, []);
}

#[tokio::test]
async fn a_superuser_who_does_something_to_a_tenant_leaves_a_trace_in_it() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let path = format!("/tenants/{T1}");
    let suspended = kit
        .patch(&token, &path, json!({ "status": "suspended" }))
        .await;
    assert_eq!(suspended.status, 200, "{}", suspended.text);
    let inside = kit.assume(&token, T1).await;
    let prompt = json!({ "system_prompt": "Be kind." });
    assert_eq!(kit.patch(&inside, &path, prompt).await.status, 200);
    let deeds = ["tenant.suspend", "tenant.assume", "tenant.update"];
    let deeds = deeds.map(|deed| (deed.to_owned(), SUPERUSER.id));
    assert_eq!(log(&kit, T1).await, deeds);
}

#[tokio::test] // R48
async fn a_key_that_cannot_be_opened_is_written_down_once() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let key = json!({ "api_key": "sk-canary-0123456789" });
    kit.put(&admin, "/tenants/current/secrets/openai", key)
        .await;
    sqlx::query("update parlance.tenant_secrets set sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))")
        .execute(&kit.pool)
        .await
        .unwrap();
    let token = kit.token(U1).await;
    for _ in 0..2 {
        let refused = kit
            .post(&token, "/chat", json!({ "message": "Hello?" }))
            .await;
        assert_eq!(refused.problem(503), "provider_key_unavailable");
    }
    let unreadable = ("secret.unreadable".to_owned(), U1.id);
    let found: Vec<_> = log(&kit, T1)
        .await
        .into_iter()
        .filter(|row| *row == unreadable)
        .collect();
    assert_eq!(found.len(), 1);
}
