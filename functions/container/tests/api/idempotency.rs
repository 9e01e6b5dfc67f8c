//! The same request sent twice, wherever something is made; `turns/repeating.rs` has it for questions.

mod aftermath;

use crate::kit::{ADMIN1, Answer, Kit, Person, SUPERUSER, U1, U2, request, scene::Stored};
use axum::body::Body;
use futures_util::future::join_all;
use serde_json::{Value, json};

/// A request that makes something.
struct Making {
    who: Person,
    path: &'static str,
    body: Value,
    /// Another one that could have the same key, where the path says what is made.
    other_path: &'static str,
    other: Value,
    /// One that is refused.
    refused_path: &'static str,
    refused: Value,
    status: u16,
    /// What is written down of it.
    deeds: &'static [&'static str],
}

const DOCUMENTS: &str = "/documents";
const USERS: &str = "/admin/users";
const INVITE: &str = "/admin/users/invite";
const TENANTS: &str = "/tenants";
const RESTORE: &str = "/tenants/current/prompts/1/restore";
const EMAIL: &str = "ana@one.example";
const CHOSEN: &str = "seven green bicycles";

fn making(who: Person, path: &'static str, status: u16, bodies: [Value; 3]) -> Making {
    let [body, other, refused] = bodies;
    Making {
        who,
        path,
        body,
        other_path: path,
        other,
        refused_path: path,
        refused,
        status,
        deeds: &[],
    }
}

fn document(title: &str) -> Value {
    json!({ "title": title, "text": "A refund takes 5 working days." })
}

fn user(email: &str) -> Value {
    json!({ "email": email, "password": CHOSEN })
}

fn tenant(slug: &str) -> Value {
    let origins = [format!("https://{slug}.example")];
    json!({ "slug": slug, "name": slug, "system_prompt": "Be kind.", "allowed_origins": origins })
}

/// Every request that makes something, but for questions.
fn all() -> [Making; 5] {
    let invited = |email: &str| json!({ "email": email, "expires_in_hours": 5 });
    let documents = [document("Refunds"), document("Returns"), document(" ")];
    let users = [user(EMAIL), user("bo@one.example"), user(U1.email)];
    let invite = ["cy@one.example", "di@one.example", U1.email].map(invited);
    let tenants = ["three", "four", "one"].map(tenant);
    [
        Making {
            deeds: &["document.create"],
            ..making(ADMIN1, DOCUMENTS, 202, documents)
        },
        Making {
            deeds: &["user.create"],
            ..making(ADMIN1, USERS, 201, users)
        },
        Making {
            deeds: &["user.invite"],
            ..making(ADMIN1, INVITE, 201, invite)
        },
        Making {
            deeds: &["tenant.create", "tenant.update"],
            ..making(SUPERUSER, TENANTS, 201, tenants)
        },
        Making {
            other_path: "/tenants/current/prompts/2/restore",
            refused_path: "/tenants/current/prompts/99/restore",
            deeds: &["prompt.restore"],
            ..making(
                ADMIN1,
                RESTORE,
                200,
                [Value::Null, Value::Null, Value::Null],
            )
        },
    ]
}

async fn send(kit: &Kit, token: &str, key: &str, path: &str, body: &Value) -> Answer {
    let asked = request(token, "POST", path).header("idempotency-key", key);
    match body {
        Value::Null => kit.send(asked, Body::empty()).await,
        body => {
            let asked = asked.header("content-type", "application/json");
            kit.send(asked, Body::from(body.to_string())).await
        }
    }
}

impl Making {
    async fn send(&self, kit: &Kit, token: &str) -> Answer {
        send(kit, token, "k-1", self.path, &self.body).await
    }

    async fn send_well(&self, kit: &Kit, token: &str) -> Answer {
        let answer = self.send(kit, token).await;
        assert_eq!(answer.status, self.status, "{}: {}", self.path, answer.text);
        answer
    }

    async fn send_other(&self, kit: &Kit, token: &str) -> Answer {
        send(kit, token, "k-1", self.other_path, &self.other).await
    }
}

/// A service whose first tenant has had two prompts.
async fn kit(connections: &str) -> Kit {
    let kit = Kit::with([("DATABASE_MAX_CONNECTIONS", connections)]).await;
    set_prompt(&kit, "Be brief.").await;
    kit
}

async fn set_prompt(kit: &Kit, prompt: &str) {
    let admin = kit.token(ADMIN1).await;
    let change = json!({ "system_prompt": prompt });
    let changed = kit.patch(&admin, "/tenants/current", change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

async fn count(kit: &Kit, sql: &'static str) -> i64 {
    let count = sqlx::query_scalar(sql).fetch_one(&kit.pool).await;
    count.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

async fn run(kit: &Kit, sql: &'static str) {
    let done = sqlx::query(sql).execute(&kit.pool).await;
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

#[tokio::test] // R85
async fn it_is_done_once_and_answered_alike() {
    let kit = kit("1").await;
    for making in all() {
        let token = kit.token(making.who).await;
        let first = making.send_well(&kit, &token).await;
        let (stored, hashed) = (Stored::all(&kit.pool).await, kit.app.hasher.invocations());
        for _ in 0..2 {
            assert_eq!(making.send_well(&kit, &token).await.json, first.json);
        }
        let other = making.send_other(&kit, &token).await;
        assert_eq!(other.problem(422), "idempotency_key_reused");
        assert_eq!(Stored::all(&kit.pool).await, stored, "{}", making.path);
        assert_eq!(kit.app.hasher.invocations(), hashed, "{}", making.path);
    }
}

#[tokio::test] // R85
async fn of_many_at_once_one_is_done() {
    let kit = kit("10").await;
    for making in all() {
        let token = kit.token(making.who).await;
        let written = async || {
            let sql = "select count(*) from parlance.audit_log where action = any ($1)";
            let count = sqlx::query_scalar::<_, i64>(sql).bind(making.deeds);
            count.fetch_one(&kit.pool).await.unwrap()
        };
        let before = written().await;
        let answers = join_all((0..10).map(|_| making.send_well(&kit, &token))).await;
        for answer in &answers {
            assert_eq!(answer.json, answers[0].json, "{}", making.path);
        }
        let deeds = i64::try_from(making.deeds.len()).unwrap();
        assert_eq!(written().await - before, deeds, "{}", making.path);
    }
}

#[tokio::test] // R85
async fn a_key_is_its_users_own() {
    let kit = kit("1").await;
    run(
        &kit,
        "update parlance.users set role = 'admin', is_superuser = true where email = 'u2@one.example'",
    )
    .await;
    let theirs = kit.token(U2).await;
    let assumed = kit
        .assume(&kit.token(SUPERUSER).await, ADMIN1.tenant_id)
        .await;
    for making in all() {
        let token = kit.token(making.who).await;
        let first = making.send_well(&kit, &token).await;
        let other = making.send_other(&kit, &theirs).await;
        assert_eq!(other.status, making.status, "{}", other.text);
        assert_ne!(other.json, first.json);
        if making.who.id == ADMIN1.id {
            // A superuser who has assumed the tenant is none of its users, and has keys there all the same.
            let body = match making.path {
                USERS => user("eve@one.example"),
                DOCUMENTS => document("Rebates"),
                INVITE => json!({ "email": "fay@one.example" }),
                _ => making.body.clone(),
            };
            let stay = send(&kit, &assumed, "k-1", making.path, &body).await;
            assert_eq!(stay.status, making.status, "{}", stay.text);
            let again = send(&kit, &assumed, "k-1", making.path, &body).await;
            assert_eq!(again.json, stay.json);
        }
    }
}

#[tokio::test] // R85
async fn what_was_refused_used_up_no_key() {
    let kit = kit("1").await;
    for making in all() {
        let token = kit.token(making.who).await;
        let refused = send(&kit, &token, "k-1", making.refused_path, &making.refused).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
        assert_ne!(
            refused.problem(refused.status.as_u16()),
            "idempotency_key_reused"
        );
        making.send_well(&kit, &token).await;
    }
}

#[tokio::test] // R85
async fn a_key_is_good_for_a_day() {
    let kit = kit("1").await;
    const DAY: &str =
        "update parlance.idempotency_keys set created_at = now() - interval '24 hours 1 second'";
    for making in all() {
        let token = kit.token(making.who).await;
        let first = making.send_well(&kit, &token).await;
        run(&kit, DAY).await;
        let later = making.send_other(&kit, &token).await;
        assert_eq!(later.status, making.status, "{}", later.text);
        assert_ne!(later.json, first.json);
    }
    run(&kit, DAY).await;
    kit.app.db.sweep().await.unwrap();
    let left = "select count(*) from parlance.idempotency_keys";
    assert_eq!(count(&kit, left).await, 0);
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let kit = kit("1").await;
    let stored = Stored::all(&kit.pool).await;
    for making in all() {
        let token = kit.token(making.who).await;
        for key in ["", " ", &"k".repeat(256), "schlüssel"] {
            let refused = send(&kit, &token, key, making.path, &making.body).await;
            assert_eq!(refused.fields(), ["Idempotency-Key"], "{key}");
        }
    }
    // Nothing but logins.
    let now = Stored::all(&kit.pool).await;
    for table in ["documents", "users", "tenants", "idempotency_keys"] {
        let count = |stored: &Stored| stored.count(table);
        assert_eq!(count(&now), count(&stored), "{table}");
    }
}
