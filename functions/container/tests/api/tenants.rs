//! Tenants: created by superusers, edited by their own administrators, suspended.

use crate::kit::{ADMIN1, Kit, PASSWORD, SUPERUSER, T1, T2, U1};
use serde_json::{Value, json};
use uuid::Uuid;

const NEW_PASSWORD: &str = "tomato bicycle harbour";

#[tokio::test]
async fn a_superuser_sets_up_a_tenant_and_its_first_administrator() {
    let kit = Kit::new().await;
    let superuser = kit.token(SUPERUSER).await;
    let asked = json!({
        "slug": "three", "name": "Three Ltd", "system_prompt": "Be brief.",
        "allowed_origins": ["HTTPS://Three.Example:443/"], "provider": "deepseek", "temperature": 0.5,
        "retrieval": { "top_k": 3 }, "pinecone": { "environment": "old" }
    });
    let made = kit.post(&superuser, "/tenants", asked).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(
        made.json["allowed_origins"],
        json!(["https://three.example"])
    );
    assert_eq!(made.json["system_prompt"], "Be brief.");
    assert_eq!(made.json["retrieval"]["enabled"], true, "the default stays");
    let id = made.id("id");
    let inside = kit.assume(&superuser, id).await;
    let path = format!("/tenants/{id}/secrets/deepseek");
    let key = json!({ "api_key": "sk-three-123456" });
    assert_eq!(kit.put(&inside, &path, key).await.status, 204);
    let admin = json!({ "email": "a@three.example", "password": NEW_PASSWORD, "role": "admin" });
    let admin = kit.post(&inside, "/admin/users", admin).await;
    assert_eq!(admin.json["tenant_id"], id.to_string());

    let login = json!({ "tenant": "three", "email": "a@three.example", "password": NEW_PASSWORD });
    let login = kit.post("", "/login", login).await;
    let token = login.json["access_token"].as_str().unwrap();
    let own = kit.get(token, "/tenants/current").await;
    assert_eq!(own.id("id"), id);
    assert_eq!(own.json["provider"], "deepseek");
    let again = kit
        .post(
            &superuser,
            "/tenants",
            json!({ "slug": "three", "name": "Again" }),
        )
        .await;
    assert_eq!(again.problem(409), "slug_taken");
}

#[tokio::test]
async fn an_administrator_edits_its_own_tenant_by_id_and_as_current() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for path in ["/tenants/current", &format!("/tenants/{T1}")] {
        let change =
            json!({ "name": path, "chat_model": "gpt-x", "pinecone": { "environment": "old" } });
        let edited = kit.patch(&admin, path, change).await;
        assert_eq!(edited.status, 200, "{}", edited.text);
        assert_eq!(edited.json["name"], path);
        let shown = kit.get(&admin, path).await;
        assert_eq!(shown.json, edited.json);
        let cleared = kit.patch(&admin, path, json!({ "chat_model": null })).await;
        assert_eq!(cleared.json["chat_model"], Value::Null);
        assert_eq!(
            cleared.json["pinecone"]["environment"], "old",
            "absent is not null"
        );
    }
}

#[tokio::test]
async fn an_administrator_cannot_do_what_superusers_do() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let suspend = kit
        .patch(&admin, "/tenants/current", json!({ "status": "suspended" }))
        .await;
    assert_eq!(suspend.problem(403), "forbidden");
    let create = kit
        .post(&admin, "/tenants", json!({ "slug": "x", "name": "x" }))
        .await;
    assert_eq!(create.problem(403), "forbidden");
    assert_eq!(kit.get(&admin, "/tenants").await.problem(403), "forbidden");
    let renamed = kit
        .patch(&admin, "/tenants/current", json!({ "slug": "x" }))
        .await;
    assert_eq!(renamed.fields(), ["slug"]);
    for tenant in [T2, Uuid::now_v7()] {
        let path = format!("/tenants/{tenant}");
        assert_eq!(kit.get(&admin, &path).await.problem(404), "not_found");
        let edit = kit.patch(&admin, &path, json!({ "name": "mine" })).await;
        assert_eq!(edit.problem(404), "not_found");
        let keys = kit.get(&admin, &format!("{path}/secrets")).await;
        assert_eq!(keys.problem(404), "not_found");
    }
    let member = kit.token(U1).await;
    for path in ["/tenants", "/tenants/current", "/tenants/current/secrets"] {
        assert_eq!(kit.get(&member, path).await.problem(403), "forbidden");
    }
}

/// Changes to a tenant, and the fields that each is refused for.
fn out_of_bounds() -> Vec<(Value, Vec<&'static str>)> {
    let many: Vec<String> = (0..51).map(|n| format!("https://o{n}.example")).collect();
    // Varied, so that nothing shortens it on its way into an index.
    let long: String = (0..700).map(|n| format!("{:x}.", n * 7919)).collect();
    vec![
        (json!({ "name": "" }), vec!["name"]),
        (
            json!({ "name": "n".repeat(201), "temperature": 2.1 }),
            vec!["name", "temperature"],
        ),
        (
            json!({ "system_prompt": "p".repeat(32_769) }),
            vec!["system_prompt"],
        ),
        (json!({ "temperature": -0.1 }), vec!["temperature"]),
        (json!({ "temperature": 1e300 }), vec!["temperature"]),
        (json!({ "max_output_tokens": 0 }), vec!["max_output_tokens"]),
        (
            json!({ "max_output_tokens": 32_769 }),
            vec!["max_output_tokens"],
        ),
        (
            json!({ "history_token_budget": -1 }),
            vec!["history_token_budget"],
        ),
        (json!({ "chat_model": "a model" }), vec!["chat_model"]),
        (json!({ "embedding_model": "" }), vec!["embedding_model"]),
        (
            json!({ "retrieval": { "top_k": 21, "min_score": 1.5 } }),
            vec!["retrieval.top_k", "retrieval.min_score"],
        ),
        (
            json!({ "retrieval": { "rerank": true } }),
            vec!["retrieval.rerank"],
        ),
        (
            json!({ "pinecone": { "index": "An Index" } }),
            vec!["pinecone.index"],
        ),
        (
            json!({ "pinecone": { "environment": "e".repeat(101) } }),
            vec!["pinecone.environment"],
        ),
        (
            json!({ "allowed_origins": ["https://a.example", "*", "null"] }),
            vec!["allowed_origins[1]", "allowed_origins[2]"],
        ),
        (
            json!({ "allowed_origins": [format!("https://{long}example")] }),
            vec!["allowed_origins[0]"],
        ),
        (json!({ "allowed_origins": many }), vec!["allowed_origins"]),
        (json!({ "name": "Ac\u{200b}me" }), vec!["name"]),
        (json!({ "provider": "anthropic" }), vec!["provider"]),
    ]
}

#[tokio::test]
async fn settings_out_of_bounds_are_refused_field_by_field() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let before = kit.get(&admin, "/tenants/current").await;
    for (change, wrong) in out_of_bounds() {
        let refused = kit.patch(&admin, "/tenants/current", change.clone()).await;
        assert_eq!(refused.fields(), wrong, "{change}");
    }
    let after = kit.get(&admin, "/tenants/current").await;
    assert_eq!(after.json, before.json);
}

#[tokio::test] // R59
async fn no_tenant_chooses_where_its_key_is_sent() {
    let kit = Kit::new().await;
    for person in [ADMIN1, SUPERUSER] {
        let token = kit.token(person).await;
        let key = json!({ "api_key": "pc-key-0123456789" });
        let set = kit
            .put(&token, "/tenants/current/secrets/pinecone", key)
            .await;
        assert_eq!(set.status, 204, "{}", set.text);
        for name in ["base_url", "openai_base_url", "endpoint", "url", "proxy"] {
            let change = json!({ name: "https://evil.example/v1/" });
            let refused = kit.patch(&token, "/tenants/current", change).await;
            assert_eq!(refused.fields(), [name]);
        }
        for host in [
            "evil.example",
            "https://evil.example",
            "x.pinecone.io.evil.example",
            "evilpinecone.io",
            "pinecone.io.",
            "http://i.svc.pinecone.io",
            "file:///etc/passwd",
            "https://user@i.svc.pinecone.io",
            "https://i.svc.pinecone.io@evil.example",
            "i.svc.pinecone.io:22",
            "i.svc.pinecone.io/path",
            "i.svc.pinecone.io?x",
            "i.svc.pinecone.io#x",
            "127.0.0.1",
            "localhost:5432",
            "[::1]",
            "169.254.169.254",
            "",
        ] {
            let change = json!({ "pinecone": { "host": host } });
            let refused = kit.patch(&token, "/tenants/current", change).await;
            assert_eq!(refused.fields(), ["pinecone.host"], "{host}");
        }
        let good = json!({ "pinecone": { "host": "one-abc123.svc.aped-1.pinecone.io" } });
        assert_eq!(
            kit.patch(&token, "/tenants/current", good).await.status,
            200
        );
    }
}

#[tokio::test]
async fn a_bad_slug_is_refused() {
    let kit = Kit::new().await;
    let superuser = kit.token(SUPERUSER).await;
    for slug in [
        "",
        "-a",
        "a-",
        "A",
        "a b",
        "ä",
        "a_b",
        "a/b",
        &"a".repeat(64),
    ] {
        let refused = kit
            .post(&superuser, "/tenants", json!({ "slug": slug, "name": "x" }))
            .await;
        assert_eq!(refused.fields(), ["slug"], "{slug}");
    }
    for (body, wrong) in [
        (json!({ "name": "x" }), "slug"),
        (json!({ "slug": "x" }), "name"),
    ] {
        assert_eq!(
            kit.post(&superuser, "/tenants", body).await.fields(),
            [wrong]
        );
    }
    let suspended = json!({ "slug": "later", "name": "x", "status": "suspended" });
    let made = kit.post(&superuser, "/tenants", suspended).await;
    assert_eq!(made.json["status"], "suspended", "{}", made.text);
}

#[tokio::test]
async fn a_suspended_tenant_lets_nobody_in_until_it_is_active_again() {
    let kit = Kit::new().await;
    let superuser = kit.token(SUPERUSER).await;
    let login = kit.login(ADMIN1).await;
    let token = login.json["access_token"].as_str().unwrap();
    let refresh = json!({ "refresh_token": login.json["refresh_token"] });
    let set = async |status: &str| {
        let set = kit
            .patch(
                &superuser,
                &format!("/tenants/{T1}"),
                json!({ "status": status }),
            )
            .await;
        assert_eq!(set.json["status"], status, "{}", set.text);
    };
    set("suspended").await;
    let credentials = json!({ "tenant": "one", "email": U1.email, "password": PASSWORD });
    let refused = kit.post("", "/login", credentials.clone()).await;
    assert_eq!(refused.problem(403), "tenant_suspended");
    assert_eq!(
        kit.get(token, "/admin/users").await.problem(401),
        "invalid_token"
    );
    let refreshed = kit.post("", "/login/refresh", refresh.clone()).await;
    assert_eq!(refreshed.problem(401), "session_expired");
    set("active").await;
    assert_eq!(kit.post("", "/login", credentials).await.status, 200);
    assert_eq!(kit.get(token, "/admin/users").await.status, 200);
    let actions: Vec<String> = sqlx::query_scalar(
        "select action from parlance.audit_log where tenant_id = $1 order by id",
    )
    .bind(T1)
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    assert!(
        actions.contains(&"tenant.suspend".into()) && actions.contains(&"tenant.activate".into()),
        "{actions:?}"
    );
}
