//! Erasing a tenant, a user and a visitor: what is gone, what is kept, and that nobody else is touched.

use super::{log_in, parlance};
use crate::kit::{
    ADMIN1, ADMIN2, Kit, SUPERUSER, T1, T2, U1, U2, V1,
    database::Database,
    provider::Provider,
    scene::{Scene, Stored},
};
use serde_json::{Value, json};
use sqlx::Executor;

/// What a tenant's own money and deeds are written in: it stays, and refers to nobody but by ids.
const KEPT: &[&str] = &[
    "audit_log",
    "provider_calls",
    "usage_of_users",
    "usage_rolled",
    "usage_totals",
];

const NAMESPACE: &str = "/namespaces/t_0190000000007000800000000000000a";

async fn scene(provider: &Provider) -> Scene {
    let mut vars = provider.vars().to_vec();
    vars.push(("OPENAI_API_KEY".into(), "sk-of-the-deployment".into()));
    vars.push(("INDEX_NAME".into(), "knowledge".into()));
    let kit = Kit::on(Database::clone_template().await, vars).await;
    let scene = Scene::on(kit).await;
    scene.settled().await;
    scene
}

fn tables(counts: &Value) -> Vec<&str> {
    let counts = counts.as_object().expect("counts of tables");
    counts.keys().map(String::as_str).collect()
}

/// Has the index refuse, then the database: each time nobody comes in, and the same command goes on.
async fn break_off_twice(scene: &Scene, provider: &Provider, erase: &[&str]) {
    provider.refuse(NAMESPACE, 403, "Forbidden");
    let refused = parlance(scene, provider, erase).await;
    let told = "vectors could not be deleted";
    refused.is_refused(told);
    let kept_out = log_in(scene, U1).await;
    assert_eq!(kept_out.status, 403, "{}", kept_out.text);
    let broken = "
        create function parlance.refuses() returns trigger language plpgsql as
          $$ begin raise exception 'not now'; end $$;
        create trigger refuses before delete on parlance.users for each row execute function parlance.refuses()";
    scene.pool.execute(broken).await.unwrap();
    assert!(!parlance(scene, provider, erase).await.ok);
    let mended = "drop trigger refuses on parlance.users";
    scene.pool.execute(mended).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")] // R44
async fn a_tenant_that_leaves_is_gone_and_nobody_else_is_touched() {
    let provider = Provider::start().await;
    let scene = scene(&provider).await;
    let others = Stored::of(&scene.pool, T2).await;
    let erase = ["erase", "--tenant", "one", "--confirm", "one"];
    let asked = parlance(&scene, &provider, &erase[..3]).await;
    for told in [
        "Nothing was erased.",
        "chat_messages: ",
        "tenant_secrets: 1",
    ] {
        assert!(
            asked.ok && asked.stdout.contains(told),
            "{}{}",
            asked.stdout,
            asked.stderr
        );
    }
    assert_eq!(scene.get(scene.token_of(U1), "/login/me").await.status, 200);
    break_off_twice(&scene, &provider, &erase).await;
    let erased = parlance(&scene, &provider, &erase).await;
    assert!(erased.ok, "{}", erased.stderr);

    let receipt: Value = serde_json::from_str(&erased.stdout).unwrap();
    assert_eq!(
        (&receipt["kind"], &receipt["slug"]),
        (&json!("tenant"), &json!("one"))
    );
    assert!(receipt["finished_at"].is_string(), "{receipt}");
    assert_eq!(receipt["vectors"], "deleted: 1 namespaces");
    for table in [
        "chat_messages",
        "documents",
        "document_chunks",
        "tenant_secrets",
        "users",
        "login_sessions",
        "api_keys",
        "sites",
    ] {
        assert!(
            receipt["removed"][table].as_i64() > Some(0),
            "{table}: {receipt}"
        );
    }
    let kept = tables(&receipt["kept"]);
    assert!(kept.iter().all(|table| KEPT.contains(table)), "{kept:?}");
    assert!(
        kept.contains(&"audit_log") && kept.contains(&"provider_calls"),
        "{kept:?}"
    );
    let asked = provider.asked();
    let deleted = asked
        .iter()
        .filter(|asked| asked.method == "DELETE" && asked.path == NAMESPACE);
    assert!(deleted.count() >= 2);

    // Nothing that anybody said or is called is left; only ids are.
    let left = Stored::all(&scene.pool).await;
    for text in [
        ADMIN1.email,
        U1.email,
        U2.email,
        &format!("Only one knows the word {T1}."),
    ] {
        assert!(!left.contains(text), "{text}");
    }
    assert_eq!(Stored::of(&scene.pool, T2).await, others);
    assert_eq!(log_in(&scene, U1).await.status, 401);
    assert_eq!(
        scene
            .get(&scene.token(V1).await, "/chat/sessions")
            .await
            .status,
        200
    );

    let again = parlance(&scene, &provider, &erase).await;
    again.is_refused("there is no tenant one");
    let receipts = parlance(&scene, &provider, &["erasures"]).await;
    let receipts = receipts
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(receipts.collect::<Vec<Value>>(), [receipt]);
}

#[tokio::test(flavor = "multi_thread")] // R44
async fn a_user_that_leaves_is_gone_and_its_tenant_is_not() {
    let provider = Provider::start().await;
    let scene = scene(&provider).await;
    let (others, own) = (Stored::of(&scene.pool, T2).await, scene.ids_of(U2));
    let erase = |user: &'static str| {
        [
            "erase",
            "--tenant",
            "one",
            "--user",
            user,
            "--confirm",
            "one",
        ]
    };
    for nobody in ["nobody@one.example", V1.email] {
        let refused = parlance(&scene, &provider, &erase(nobody)).await;
        let told = "has no user with this email";
        refused.is_refused(told);
    }
    let erased = parlance(&scene, &provider, &erase(U1.email)).await;
    assert!(erased.ok, "{}", erased.stderr);
    let receipt: Value = serde_json::from_str(&erased.stdout).unwrap();
    assert_eq!(
        (&receipt["kind"], &receipt["subject"]),
        (&json!("user"), &json!(U1.id))
    );
    for (table, rows) in [("chat_messages", 2), ("chat_sessions", 1), ("users", 1)] {
        assert_eq!(receipt["removed"][table], rows, "{receipt}");
    }
    let kept = tables(&receipt["kept"]);
    assert!(kept.iter().all(|table| KEPT.contains(table)), "{kept:?}");

    let left = Stored::all(&scene.pool).await;
    assert!(!left.contains(U1.email) && left.contains(U2.email));
    assert_eq!(Stored::of(&scene.pool, T2).await, others);
    let session = format!("/chat/sessions/{}/messages", own.session);
    assert_eq!(scene.get(scene.token_of(U2), &session).await.status, 200);
    let noted = scene.audited(T1, "user.delete").await;
    assert_eq!(noted[0].target, U1.id.to_string());
    assert_eq!(noted[0].detail.as_deref(), Some("erased by the operator"));

    let superuser = [
        "erase",
        "--tenant",
        SUPERUSER.tenant,
        "--confirm",
        SUPERUSER.tenant,
        "--user",
        SUPERUSER.email,
    ];
    for command in [&superuser[..], &superuser[..5]] {
        let refused = parlance(&scene, &provider, command).await;
        let told = "is a superuser, or a tenant that has one";
        refused.is_refused(told);
    }
    assert_eq!(
        scene
            .get(&scene.token(ADMIN2).await, "/login/me")
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")] // R44
async fn a_visitor_that_leaves_is_gone() {
    let provider = Provider::start().await;
    let scene = scene(&provider).await;
    // As one who came in at a page, and asked something.
    let visitor = "with v as (
          insert into parlance.users (tenant_id, id, email, role, is_service, site_id)
          select s.tenant_id, $2, $2 || '@visitors.invalid', 'visitor', true, s.id from parlance.sites s where s.tenant_id = $1
          returning tenant_id, id)
        insert into parlance.chat_sessions (tenant_id, id, user_id, title) select v.tenant_id, $3, v.id, 'Of a visitor' from v";
    let (id, session) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    sqlx::query(visitor)
        .bind(T1)
        .bind(id)
        .bind(session)
        .execute(&scene.pool)
        .await
        .unwrap();
    let id = id.to_string();
    let erase = [
        "erase",
        "--tenant",
        "one",
        "--user",
        &id,
        "--confirm",
        "one",
    ];
    let erased = parlance(&scene, &provider, &erase).await;
    assert!(erased.ok, "{}", erased.stderr);
    let receipt: Value = serde_json::from_str(&erased.stdout).unwrap();
    assert_eq!(
        (&receipt["kind"], &receipt["subject"]),
        (&json!("visitor"), &json!(id))
    );
    assert_eq!(
        receipt["removed"],
        json!({ "chat_sessions": 1, "users": 1 })
    );
    assert!(!Stored::all(&scene.pool).await.contains("Of a visitor"));
}
