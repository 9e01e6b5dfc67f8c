//! A tenant's provider keys: they go in, are used, and never come out; moved or damaged ones are useless.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, T1, T2, U1, database::Database, provider::Provider};
use serde_json::{Value, json};
use uuid::Uuid;

const OPENAI: &str = "/tenants/current/secrets/openai";
const KEY1: &str = "sk-canary-one-4f1d9a7c2e6b8035";
const KEY2: &str = "sk-canary-two-8c0e5b3d7f1a9264";
const DEEP: &str = "sk-canary-deep-1a2b3c4d5e6f7089";

/// Two tenants, the first with two keys, and a provider that would tell if one were sent to it.
async fn with_keys() -> (Kit, Provider) {
    let provider = Provider::start().await;
    let kit = Kit::on(Database::clone_template().await, provider.vars()).await;
    for (admin, name, key) in [
        (ADMIN1, "openai", KEY1),
        (ADMIN1, "deepseek", DEEP),
        (ADMIN2, "openai", KEY2),
    ] {
        let token = kit.token(admin).await;
        let path = format!("/tenants/current/secrets/{name}");
        let set = kit.put(&token, &path, json!({ "api_key": key })).await;
        assert_eq!((set.status.as_u16(), &*set.text), (204, ""));
    }
    (kit, provider)
}

/// A deployment with a key of its own, and the provider that both would be sent to.
async fn with_deployments_key() -> (Kit, Provider) {
    let provider = Provider::start().await;
    let mut vars = provider.vars().to_vec();
    vars.push(("OPENAI_API_KEY".into(), "sk-canary-deployment".into()));
    let kit = Kit::on(Database::clone_template().await, vars).await;
    (kit, provider)
}

async fn sealed(kit: &Kit, tenant: Uuid, provider: &str) -> Vec<u8> {
    sqlx::query_scalar(
        "select sealed from parlance.tenant_secrets where tenant_id = $1 and provider = $2",
    )
    .bind(tenant)
    .bind(provider)
    .fetch_one(&kit.pool)
    .await
    .unwrap()
}

async fn put_sealed(kit: &Kit, tenant: Uuid, provider: &str, sealed: &[u8]) {
    sqlx::query(
        "update parlance.tenant_secrets set sealed = $3 where tenant_id = $1 and provider = $2",
    )
    .bind(tenant)
    .bind(provider)
    .bind(sealed)
    .execute(&kit.pool)
    .await
    .unwrap();
}

/// Whether the first tenant's key of that name can be opened, as its administrator is told.
async fn readable(kit: &Kit, token: &str, provider: &str) -> bool {
    let listed = kit.get(token, "/tenants/current/secrets").await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    let keys = listed.json.as_array().unwrap();
    let key = keys.iter().find(|k| k["provider"] == provider).unwrap();
    key["readable"].as_bool().unwrap()
}

/// What a new login of the first tenant's member gets for a question.
async fn ask(kit: &Kit) -> Answer {
    let token = kit.token(U1).await;
    kit.post(&token, "/chat", json!({ "message": "Hello?" }))
        .await
}

/// Asserts that the first tenant's OpenAI key is unusable, and that nobody was asked with it or another.
async fn assert_unusable(kit: &Kit, provider: &Provider) {
    let asked = provider.asked().len();
    let refused = ask(kit).await;
    assert_eq!(refused.problem(503), "provider_key_unavailable");
    assert!(!refused.text.contains("canary"));
    assert_eq!(provider.asked().len(), asked);
    let admin = kit.token(ADMIN1).await;
    assert!(!readable(kit, &admin, "openai").await);
}

#[tokio::test] // R47
async fn a_key_is_used_and_never_comes_out() {
    let (kit, provider) = with_keys().await;
    assert_eq!(ask(&kit).await.status, 200);
    assert_eq!(provider.chats()[0].authorization, format!("Bearer {KEY1}"));

    let admin = kit.token(ADMIN1).await;
    let listed = kit.get(&admin, "/tenants/current/secrets").await;
    let keys = listed.json.as_array().unwrap();
    let told: Vec<_> = keys
        .iter()
        .map(|k| {
            (
                k["provider"].as_str().unwrap(),
                k["last4"].as_str().unwrap(),
                &k["readable"],
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("deepseek", "7089", &json!(true)),
            ("openai", "8035", &json!(true))
        ]
    );
    for path in [
        "/tenants/current",
        "/tenants/current/secrets",
        "/admin/users",
        "/login/me",
        "/chat/sessions",
    ] {
        let answer = kit.get(&admin, path).await;
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    let patched = kit
        .patch(&admin, "/tenants/current", json!({ "name": "x" }))
        .await;
    assert!(!patched.text.contains("canary"));
}

#[tokio::test] // R47
async fn no_key_is_in_the_database_in_the_clear() {
    let (kit, _provider) = with_keys().await;
    assert_eq!(ask(&kit).await.status, 200);
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'parlance'")
            .fetch_all(&kit.pool)
            .await
            .unwrap();
    assert!(tables.contains(&"tenant_secrets".into()) && tables.contains(&"audit_log".into()));
    for table in tables {
        let sql =
            format!("select coalesce(string_agg(t::text, E'\\n'), '') from parlance.{table} t");
        let dump: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&kit.pool)
            .await
            .unwrap();
        for key in [KEY1, KEY2, DEEP] {
            let hex: String = key.bytes().map(|b| format!("{b:02x}")).collect();
            assert!(
                !dump.contains(&key[3..]) && !dump.contains(&hex[6..20]),
                "{table}"
            );
        }
    }
}

#[tokio::test] // R47
async fn the_same_key_is_sealed_differently_each_time() {
    let (kit, _provider) = with_keys().await;
    let admin = kit.token(ADMIN1).await;
    let before = sealed(&kit, T1, "openai").await;
    let set = kit.put(&admin, OPENAI, json!({ "api_key": KEY1 })).await;
    assert_eq!(set.status, 204);
    let after = sealed(&kit, T1, "openai").await;
    assert_eq!(before.len(), after.len());
    let shared = before.iter().zip(&after).filter(|(a, b)| a == b).count();
    // The version and the key's name, and here and there a byte by chance.
    assert!(shared < before.len() / 3, "{shared} of {}", before.len());
}

#[tokio::test] // R47
async fn a_sealed_key_fits_only_its_own_tenant_provider_and_row() {
    let (kit, provider) = with_keys().await;
    let own = sealed(&kit, T1, "openai").await;
    for (tenant, name) in [(T2, "openai"), (T1, "deepseek")] {
        let foreign = sealed(&kit, tenant, name).await;
        put_sealed(&kit, T1, "openai", &foreign).await;
        assert_unusable(&kit, &provider).await;
        put_sealed(&kit, T1, "openai", &own).await;
    }
    assert_eq!(ask(&kit).await.status, 200, "its own fits again");
    sqlx::query("update parlance.tenant_secrets set id = gen_random_uuid() where tenant_id = $1 and provider = 'openai'")
        .bind(T1)
        .execute(&kit.pool)
        .await
        .unwrap();
    assert_unusable(&kit, &provider).await;
}

#[tokio::test] // R48
async fn a_damaged_key_is_a_typed_error_and_no_other_stands_in() {
    let (kit, provider) = with_deployments_key().await;
    let admin = kit.token(ADMIN1).await;
    let set = kit.put(&admin, OPENAI, json!({ "api_key": KEY1 })).await;
    assert_eq!(set.status, 204);
    let good = sealed(&kit, T1, "openai").await;
    let last = good.len() - 1;
    // The version, the sealing key's name, the nonce, the text, the tag.
    for at in [0, 2, 8, 20, last] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        put_sealed(&kit, T1, "openai", &bad).await;
        assert_unusable(&kit, &provider).await;
    }
    for bad in [&good[..last], &good[..10], &[]] {
        put_sealed(&kit, T1, "openai", bad).await;
        assert_unusable(&kit, &provider).await;
    }
    let set = kit.put(&admin, OPENAI, json!({ "api_key": KEY1 })).await;
    assert_eq!(set.status, 204, "setting it again heals it");
    assert_eq!(ask(&kit).await.status, 200);
}

#[tokio::test] // R48
async fn every_flipped_byte_is_noticed() {
    let (kit, _provider) = with_keys().await;
    let admin = kit.token(ADMIN1).await;
    let good = sealed(&kit, T1, "openai").await;
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x80;
        put_sealed(&kit, T1, "openai", &bad).await;
        assert!(!readable(&kit, &admin, "openai").await, "byte {at}");
    }
    put_sealed(&kit, T1, "openai", &good).await;
    assert!(readable(&kit, &admin, "openai").await);
}

#[tokio::test]
async fn without_its_own_key_a_tenant_uses_the_deployments() {
    let (kit, provider) = with_deployments_key().await;
    let admin = kit.token(ADMIN1).await;
    assert_eq!(
        kit.put(&admin, OPENAI, json!({ "api_key": KEY1 }))
            .await
            .status,
        204
    );
    assert_eq!(ask(&kit).await.status, 200);
    assert_eq!(kit.delete(&admin, OPENAI).await.status, 204);
    assert_eq!(kit.delete(&admin, OPENAI).await.problem(404), "not_found");
    assert_eq!(ask(&kit).await.status, 200);
    let sent: Vec<String> = provider
        .chats()
        .into_iter()
        .map(|c| c.authorization)
        .collect();
    assert_eq!(
        sent,
        [
            format!("Bearer {KEY1}"),
            "Bearer sk-canary-deployment".into()
        ]
    );
    let listed = kit.get(&admin, "/tenants/current/secrets").await;
    assert_eq!(listed.json, json!([]));
}

#[tokio::test]
async fn what_is_no_key_is_refused_and_not_repeated() {
    let (kit, _provider) = with_keys().await;
    let admin = kit.token(ADMIN1).await;
    for key in [
        "",
        "1234567",
        "canary with spaces",
        "canary\nline",
        "canary-ключ",
        "canary-0123456789€€",
        &"c".repeat(513),
    ] {
        let refused = kit.put(&admin, OPENAI, json!({ "api_key": key })).await;
        assert_eq!(refused.fields(), ["api_key"], "{key}");
        assert!(key.is_empty() || !refused.text.contains(key));
    }
    for (provider, body) in [
        ("anthropic", json!({ "api_key": KEY1 })),
        ("openai", Value::Null),
    ] {
        let path = format!("/tenants/current/secrets/{provider}");
        let refused = kit.put(&admin, &path, body).await;
        assert_eq!(refused.problem(422), "invalid_request");
    }
    let short = kit
        .put(&admin, OPENAI, json!({ "api_key": "12345678" }))
        .await;
    assert_eq!(short.status, 204);
    let listed = kit.get(&admin, "/tenants/current/secrets").await;
    let openai = listed
        .json
        .as_array()
        .unwrap()
        .iter()
        .find(|k| k["provider"] == "openai")
        .unwrap();
    assert_eq!(openai["last4"], "", "too short to tell a part of it");
}
