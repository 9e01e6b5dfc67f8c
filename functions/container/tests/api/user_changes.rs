//! What administrators change of people, and what ends with it.

use crate::kit::{
    ADMIN1, Answer, Kit, PASSWORD, Person, SUPERUSER, T1, U1, U2, scene::Stored, wait::wait_until,
};
use serde_json::{Value, json};
use uuid::Uuid;

const NEW: &str = "tomato bicycle harbour";

pub(crate) async fn change(kit: &Kit, token: &str, whom: Uuid, body: Value) -> Answer {
    kit.patch(token, &format!("/admin/users/{whom}"), body)
        .await
}

async fn log_in(kit: &Kit, who: Person, password: &str) -> u16 {
    let login = json!({ "tenant": who.tenant, "email": who.email, "password": password });
    kit.post("", "/login", login).await.status.as_u16()
}

async fn refresh(kit: &Kit, login: &Answer) -> Answer {
    let token = json!({ "refresh_token": login.json["refresh_token"] });
    kit.post("", "/login/refresh", token).await
}

/// Waits until so many transactions of the service wait for a lock.
pub(crate) async fn until_waiting(kit: &Kit, transactions: i64) {
    let sql = "select count(*) from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock'";
    wait_until(
        format!("{transactions} transactions that wait for a lock"),
        async || {
            let waiting = sqlx::query_scalar(sql).fetch_one(&kit.pool);
            let waiting: i64 = waiting.await.unwrap();
            if waiting >= transactions {
                Ok(())
            } else {
                Err(waiting)
            }
        },
    )
    .await;
}

/// What was done in a tenant besides coming in, oldest first: the action, by whom, to what.
pub(crate) async fn log(kit: &Kit, tenant: Uuid) -> Vec<(String, Uuid, String)> {
    let rows = kit.audit(tenant).await.into_iter();
    rows.filter(|row| !["login", "access.denied"].contains(&&*row.action))
        .map(|row| {
            (
                row.action,
                row.actor_id.expect("somebody did it"),
                row.target,
            )
        })
        .collect()
}

pub(crate) fn deed(action: &str, by: Person, whom: Uuid) -> (String, Uuid, String) {
    (action.to_owned(), by.id, whom.to_string())
}

#[tokio::test] // R87
async fn an_administrator_changes_what_is_given_and_nothing_else() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let before = kit.get(&admin, &format!("/admin/users/{}", U1.id)).await;
    assert_eq!(before.json["is_invited"], false);
    let nothing = change(&kit, &admin, U1.id, json!({})).await;
    assert_eq!(
        (nothing.status.as_u16(), &nothing.json),
        (200, &before.json)
    );
    assert_eq!(log(&kit, T1).await, []);

    let asked = json!({ "full_name": "Ute Eins", "role": "admin" });
    let changed = change(&kit, &admin, U1.id, asked).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let mut expected = before.json.clone();
    expected["full_name"] = json!("Ute Eins");
    expected["role"] = json!("admin");
    assert_eq!(changed.json, expected);
    assert_eq!(log(&kit, T1).await, [deed("user.update", ADMIN1, U1.id)]);
    assert_eq!(log_in(&kit, U1, PASSWORD).await, 200);
}

#[tokio::test] // R9 R87
async fn another_password_ends_every_login_of_its_user() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let (one, other) = (kit.login(U1).await, kit.login(U1).await);
    let bystander = kit.login(U2).await;
    let changed = change(&kit, &admin, U1.id, json!({ "password": NEW })).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    for login in [&one, &other] {
        assert_eq!(refresh(&kit, login).await.problem(401), "session_expired");
    }
    assert_eq!(refresh(&kit, &bystander).await.status, 200);
    assert_eq!(log_in(&kit, U1, PASSWORD).await, 401);
    assert_eq!(log_in(&kit, U1, NEW).await, 200);
    assert_eq!(log(&kit, T1).await, [deed("password.reset", ADMIN1, U1.id)]);
}

#[tokio::test] // R9
async fn a_login_that_was_under_way_does_not_outlive_the_password() {
    let kit = Kit::new().await;
    // The password has been checked, and the login waits for what an administrator is about to do.
    let mut reset = kit.pool.begin().await.unwrap();
    // Of "ferret piano lantern".
    let another = "$2b$04$MnshD1.koxX.Pg3Ib0kBBe0Nw2R9mWhpVoKWBMFsoQEMaIOeFspdG";
    sqlx::query("update parlance.users set password_hash = $2 where id = $1")
        .bind(U1.id)
        .bind(another)
        .execute(&mut *reset)
        .await
        .unwrap();
    let (login, ()) = tokio::join!(log_in(&kit, U1, PASSWORD), async {
        until_waiting(&kit, 1).await;
        reset.commit().await.unwrap();
    });
    assert_eq!(login, 401);
    let logins: i64 = sqlx::query_scalar("select count(*) from parlance.login_sessions")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(logins, 0);
}

#[tokio::test] // R9 R87
async fn who_is_deactivated_is_out_and_stays_out() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let login = kit.login(U1).await;
    let off = change(&kit, &admin, U1.id, json!({ "is_active": false })).await;
    assert_eq!(off.json["is_active"], false, "{}", off.text);
    assert_eq!(log_in(&kit, U1, PASSWORD).await, 401);
    let on = change(&kit, &admin, U1.id, json!({ "is_active": true })).await;
    assert_eq!(on.json["is_active"], true, "{}", on.text);
    // The login of before does not come back.
    assert_eq!(refresh(&kit, &login).await.problem(401), "session_expired");
    assert_eq!(log_in(&kit, U1, PASSWORD).await, 200);
    let deeds = [(); 2].map(|()| deed("user.update", ADMIN1, U1.id));
    assert_eq!(log(&kit, T1).await, deeds);
}

#[tokio::test] // R87
async fn a_deleted_user_leaves_nothing_behind_but_the_log_and_the_ledger() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let login = kit.login(U1).await;
    let token = login.json["access_token"].as_str().unwrap();
    let question = json!({ "message": "Will this be kept?" });
    assert_eq!(kit.post(token, "/chat", question.clone()).await.status, 200);
    let path = format!("/admin/users/{}", U1.id);
    assert_eq!(kit.delete(&admin, &path).await.status, 204);
    assert_eq!(kit.delete(&admin, &path).await.problem(404), "not_found");

    // For up to five seconds the service may take its token for good, and still nothing comes of it.
    assert_eq!(
        kit.post(token, "/chat", question).await.problem(401),
        "invalid_token"
    );
    let name = json!({ "full_name": "A ghost" });
    assert_eq!(
        kit.patch(token, "/login/me", name).await.problem(401),
        "invalid_token"
    );
    assert_eq!(refresh(&kit, &login).await.problem(401), "session_expired");
    assert_eq!(log_in(&kit, U1, PASSWORD).await, 401);
    let mut stored = Stored::all(&kit.pool).await;
    stored.0.remove("audit_log");
    // What was paid for stays paid for, by an id that nobody has any more.
    stored
        .0
        .retain(|table, _| !table.starts_with("provider_calls"));
    assert!(!stored.contains(&U1.id.to_string()) && !stored.contains(U1.email));
    assert!(!stored.contains("Will this be kept?"));
    assert_eq!(log(&kit, T1).await, [deed("user.delete", ADMIN1, U1.id)]);

    let again = json!({ "email": U1.email, "password": NEW });
    assert_eq!(kit.post(&admin, "/admin/users", again).await.status, 201);
}

#[tokio::test] // R22
async fn what_cannot_be_set_is_refused() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let before = Stored::all(&kit.pool).await;
    for (body, wrong) in [
        (json!({ "full_name": "n".repeat(201) }), "full_name"),
        (json!({ "role": "owner" }), "role"),
        (json!({ "is_active": "no" }), "is_active"),
        (json!({ "password": "short" }), "password"),
        (json!({ "email": "x@one.example" }), "email"),
        (json!({ "tenant_id": T1 }), "tenant_id"),
        (json!({ "password_hash": "x" }), "password_hash"),
        (json!({ "is_invited": true }), "is_invited"),
    ] {
        let refused = change(&kit, &admin, U1.id, body.clone()).await;
        assert_eq!(refused.fields(), [wrong], "{body}");
    }
    let nobody = change(&kit, &admin, Uuid::now_v7(), json!({ "password": NEW })).await;
    assert_eq!(nobody.problem(404), "not_found");
    assert_eq!(Stored::all(&kit.pool).await, before);
}

#[tokio::test] // R87
async fn the_log_tells_from_what_to_what() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for body in [
        json!({ "role": "admin" }),
        json!({ "role": "member", "full_name": "Ute" }),
        json!({ "is_active": false }),
        json!({ "is_active": true }),
    ] {
        let changed = change(&kit, &admin, U1.id, body).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
    let invite = json!({ "email": "invited@one.example", "role": "admin" });
    let invited = kit.post(&admin, "/admin/users/invite", invite).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let rows = kit.audit(T1).await.into_iter();
    let told: Vec<_> = rows.filter_map(|row| row.detail).collect();
    let expected = [
        "role: member -> admin",
        "full_name, role: admin -> member",
        "is_active: true -> false",
        "is_active: false -> true",
        "admin",
    ];
    assert_eq!(told, expected);
}

#[tokio::test] // R87
async fn what_changes_nothing_is_not_written_down() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let superuser = kit.token(SUPERUSER).await;
    let inside = kit.assume(&superuser, T1).await;
    let shown = kit
        .get(&admin, &format!("/admin/users/{}", U1.id))
        .await
        .json;
    let me = kit.get(&admin, "/login/me").await.json["user"]["full_name"].clone();
    let tenant = kit.get(&admin, "/tenants/current").await.json;
    let before = Stored::all(&kit.pool).await;
    let same = ["full_name", "role", "is_active", "is_superuser"].map(|name| (name, &shown[name]));
    for (name, value) in same {
        let by = match name {
            "is_superuser" => &inside,
            _ => &admin,
        };
        let kept = change(&kit, by, U1.id, json!({ name: value })).await;
        assert_eq!(kept.json, shown, "{name}: {}", kept.text);
    }
    let kept = kit
        .patch(&admin, "/login/me", json!({ "full_name": me }))
        .await;
    assert_eq!(kept.status, 200, "{}", kept.text);
    let mut settings = tenant.clone();
    let only = settings.as_object_mut().unwrap();
    only.retain(|name, _| {
        ![
            "id",
            "slug",
            "status",
            "pinecone",
            "prompt_version",
            "warnings",
            "created_at",
            "updated_at",
        ]
        .contains(&&**name)
    });
    for (path, token, body) in [
        ("/tenants/current", &admin, settings),
        (
            &*format!("/tenants/{T1}"),
            &superuser,
            json!({ "status": "active" }),
        ),
    ] {
        let kept = kit.patch(token, path, body).await;
        assert_eq!(kept.json, tenant, "{}", kept.text);
    }
    assert_eq!(Stored::all(&kit.pool).await, before);
}
