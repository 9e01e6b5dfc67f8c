//! What nobody changes of people, for want of a right: their own rights, and superusers.

use crate::{
    kit::{ADMIN1, Kit, Person, SUPERUSER, T1, U1, U2, V1, scene::Stored},
    user_changes::{change, deed, log, until_waiting},
};
use serde_json::json;
use uuid::Uuid;

const NEW: &str = "tomato bicycle harbour";

/// Arranges what only another administrator, or nobody, could arrange through the API.
async fn set(kit: &Kit, who: Person, column: &'static str) {
    let sql = match column {
        "admin" => "update parlance.users set role = 'admin' where id = $1",
        "superuser" => "update parlance.users set is_superuser = true where id = $1",
        other => panic!("nothing to set for {other}"),
    };
    let done = sqlx::query(sql).bind(who.id).execute(&kit.pool);
    done.await.unwrap();
}

#[tokio::test] // R29
async fn nobody_takes_away_their_own_rights() {
    let kit = Kit::new().await;
    for who in [ADMIN1, SUPERUSER] {
        let token = kit.token(who).await;
        let before = Stored::all(&kit.pool).await;
        for own in [
            json!({ "role": "member" }),
            json!({ "is_active": false }),
            json!({ "password": NEW }),
            json!({ "full_name": "Renamed", "role": "member" }),
        ] {
            let refused = change(&kit, &token, who.id, own.clone()).await;
            assert_eq!(refused.problem(409), "own_account", "{own}");
        }
        let path = format!("/admin/users/{}", who.id);
        assert_eq!(kit.delete(&token, &path).await.problem(409), "own_account");
        assert_eq!(Stored::all(&kit.pool).await, before);
        // What takes nothing away is no different from anybody else's.
        let harmless = json!({ "full_name": "Renamed", "role": "admin", "is_active": true });
        let changed = change(&kit, &token, who.id, harmless).await;
        assert_eq!(changed.json["full_name"], "Renamed", "{}", changed.text);
    }
    let token = kit.token(SUPERUSER).await;
    for value in [true, false] {
        let own = json!({ "is_superuser": value });
        let refused = change(&kit, &token, SUPERUSER.id, own).await;
        assert_eq!(refused.problem(409), "own_account");
    }
}

#[tokio::test] // R29
async fn of_two_administrators_who_demote_each_other_one_is_left() {
    let kit = Kit::with([("DATABASE_MAX_CONNECTIONS", "8")]).await;
    set(&kit, U1, "admin").await;
    let (one, other) = (kit.token(ADMIN1).await, kit.token(U1).await);
    for body in [json!({ "role": "member" }), json!({ "is_active": false })] {
        // Both are held where they lock, so that neither has seen the other's change.
        let mut held = kit.pool.begin().await.unwrap();
        sqlx::query("select from parlance.users where tenant_id = $1 for update")
            .bind(T1)
            .execute(&mut *held)
            .await
            .unwrap();
        let waiting = async {
            until_waiting(&kit, 2).await;
            held.commit().await.unwrap();
        };
        let (a, b, ()) = tokio::join!(
            change(&kit, &one, U1.id, body.clone()),
            change(&kit, &other, ADMIN1.id, body.clone()),
            waiting
        );
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403], "{} {}", a.text, b.text);
        let left: i64 = sqlx::query_scalar(
            "select count(*) from parlance.users where tenant_id = $1 and role = 'admin' and is_active",
        )
        .bind(T1)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
        assert_eq!(left, 1);
        let again =
            "update parlance.users set role = 'admin', is_active = true where id in ($1, $2)";
        sqlx::query(again)
            .bind(U1.id)
            .bind(ADMIN1.id)
            .execute(&kit.pool)
            .await
            .unwrap();
        sqlx::query("update parlance.login_sessions set revoked_at = null")
            .execute(&kit.pool)
            .await
            .unwrap();
    }
}

#[tokio::test] // R29
async fn a_superuser_is_changed_by_superusers_only() {
    let kit = Kit::new().await;
    set(&kit, U2, "superuser").await;
    let admin = kit.token(ADMIN1).await;
    let before = Stored::all(&kit.pool).await;
    for body in [
        json!({ "password": NEW }),
        json!({ "full_name": "Renamed" }),
        json!({ "role": "admin" }),
        json!({ "is_active": false }),
        json!({ "is_superuser": false }),
    ] {
        let refused = change(&kit, &admin, U2.id, body.clone()).await;
        assert_eq!(refused.problem(403), "forbidden", "{body}");
    }
    let path = format!("/admin/users/{}", U2.id);
    assert_eq!(kit.delete(&admin, &path).await.problem(403), "forbidden");
    assert_eq!(Stored::all(&kit.pool).await, before);

    set(&kit, U1, "superuser").await;
    set(&kit, U1, "admin").await;
    let superuser = kit.token(U1).await;
    let reset = change(&kit, &superuser, U2.id, json!({ "password": NEW })).await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    assert_eq!(kit.delete(&superuser, &path).await.status, 204);
}

#[tokio::test] // R29
async fn only_superusers_make_superusers() {
    let kit = Kit::new().await;
    set(&kit, U1, "superuser").await;
    set(&kit, U1, "admin").await;
    let (admin, superuser) = (kit.token(ADMIN1).await, kit.token(U1).await);
    for value in [true, false] {
        let body = json!({ "is_superuser": value });
        let refused = change(&kit, &admin, U2.id, body.clone()).await;
        assert_eq!(refused.problem(403), "forbidden");
        let changed = change(&kit, &superuser, U2.id, body).await;
        assert_eq!(changed.json["is_superuser"], value, "{}", changed.text);
        let tenants = kit.get(&kit.token(U2).await, "/tenants").await;
        assert_eq!(tenants.status == 200, value);
    }
    let deeds = ["superuser.grant", "superuser.revoke"].map(|action| deed(action, U1, U2.id));
    assert_eq!(log(&kit, T1).await, deeds);

    let before = Stored::all(&kit.pool).await;
    for also in ["full_name", "role", "is_active", "password"] {
        let mut body = json!({ "is_superuser": true });
        body[also] = match also {
            "role" => json!("member"),
            "is_active" => json!(true),
            _ => json!(NEW),
        };
        let refused = change(&kit, &superuser, U2.id, body).await;
        assert_eq!(refused.fields(), ["is_superuser"], "{also}");
    }
    for nobody in [V1.id, Uuid::now_v7()] {
        let refused = change(&kit, &superuser, nobody, json!({ "is_superuser": true })).await;
        assert_eq!(refused.problem(404), "not_found");
    }
    assert_eq!(Stored::all(&kit.pool).await, before);
}
