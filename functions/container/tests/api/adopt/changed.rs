//! What changes there between two runs, or is deleted on either side.

use super::{Move, old::Old, rule};
use sqlx::PgPool;

/// In which tenants a user is here, by their ids there, and with how many conversations.
async fn places(pool: &PgPool, user: &str) -> Vec<(Option<String>, i64)> {
    sqlx::query_as(
        "select t.legacy_id, (select count(*) from parlance.chat_sessions s where s.tenant_id = u.tenant_id and s.user_id = u.id)
         from parlance.legacy_rows r
         join parlance.users u on u.tenant_id = r.tenant_id and u.id = r.id
         join parlance.tenants t on t.id = u.tenant_id
         where r.kind = 'user' and r.legacy_id = $1",
    )
    .bind(user)
    .fetch_all(pool)
    .await
    .unwrap()
}

async fn address(pool: &PgPool, user: &str) -> String {
    sqlx::query_scalar(
        "select u.email from parlance.legacy_rows r join parlance.users u on u.id = r.id
         where r.kind = 'user' and r.legacy_id = $1",
    )
    .bind(user)
    .fetch_one(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn who_has_another_tenant_there_now_is_in_that_alone() {
    let mut moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let pool = moved.new.pool().await;
    assert_eq!(places(&pool, "31").await, [(None, 7)]);
    // Everybody has one now, so that nobody says any more where the others were put.
    moved
        .old
        .change("update users set tenant_id = 'acme' where tenant_id is null")
        .await;
    moved.arguments.pop();
    let report = moved.copy_and_verify().await;
    assert_eq!(places(&pool, "31").await, [(Some("acme".to_owned()), 7)]);
    let (count, ids) = rule(&report, "user_moved");
    assert_eq!((count, &*ids[0]), (5, "1"), "{ids:?}");
    assert_eq!(rule(&moved.copy().await, "user_moved").0, 0);
    // Who has been in here is not taken out of a tenant.
    let seen = "update parlance.users u set last_login_at = now() from parlance.legacy_rows r
                where r.kind = 'user' and r.legacy_id = '31' and r.id = u.id";
    sqlx::query(seen).execute(&pool).await.unwrap();
    let back = "update users set tenant_id = 'tenant_b_identifier' where id in (31, 32)";
    moved.old.change(back).await;
    let ended = moved.run(&[]).await;
    assert!(
        !ended.ok
            && ended
                .stderr
                .contains("user 31 has another tenant there than when it was copied"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        places(&pool, "32").await[0].0.as_deref(),
        Some("acme"),
        "nothing was written"
    );
}

#[tokio::test]
async fn addresses_that_are_somebody_elses_there_now_are_here_too() {
    let moved = Move::of(Old::acme().await).await;
    let three = "insert into users (id, email, hashed_password, tenant_id)
        values (901, 'one@swap.example', '!', 'acme'), (902, 'two@swap.example', '!', 'acme'), (903, 'gone@swap.example', '!', 'acme')";
    moved.old.change(three).await;
    moved.copy_and_verify().await;
    moved
        .old
        .change(
            "update users set email = 'between' where id = 901;
             update users set email = 'one@swap.example' where id = 902;
             update users set email = 'two@swap.example' where id = 901",
        )
        .await;
    let report = moved.copy_and_verify().await;
    assert_eq!(rule(&report, "address_of_another_before").0, 2);
    let pool = moved.new.pool().await;
    assert_eq!(address(&pool, "901").await, "two@swap.example");
    assert_eq!(address(&pool, "902").await, "one@swap.example");
    // Deleted there, and registered anew.
    moved
        .old
        .change(
            "delete from users where id = 903;
             insert into users (id, email, hashed_password, tenant_id) values (904, 'gone@swap.example', '!', 'acme')",
        )
        .await;
    let report = moved.copy().await;
    assert_eq!(rule(&report, "address_of_another_before").1, ["904"]);
    assert_eq!(address(&pool, "904").await, "gone@swap.example");
    assert!(address(&pool, "903").await.ends_with("@adopted.invalid"));
    let again = moved.copy().await;
    assert_eq!(again["copied"]["users"], 0);
}

#[tokio::test]
async fn times_that_become_known_make_nobody_else_of_a_row() {
    let moved = Move::of(Old::acme().await).await;
    moved
        .old
        .change(
            "insert into chat_sessions (id, user_id) values (901, 5), (902, 5);
             insert into chat_messages (session_id, role, content, timestamp) values (902, 'user', 'first', '2025-03-01')",
        )
        .await;
    moved.copy_and_verify().await;
    moved
        .old
        .change(
            "insert into chat_messages (session_id, role, content, timestamp) values (901, 'user', 'at last', '2025-05-01');
             update chat_sessions set created_at = '2025-02-01' where id = 902;
             update users set created_at = '2025-01-01' where created_at is null",
        )
        .await;
    let report = moved.copy_and_verify().await;
    assert_eq!(report["copied"]["sessions"], 2, "{report}");
    assert_eq!(rule(&report, "user_without_time").0, 0);
    // So many that it is copied in parts.
    moved
        .old
        .change(
            "insert into chat_messages (session_id, role, content, timestamp)
             select 901, 'user', 'more ' || n, timestamp '2025-05-02' + n * interval '1 second' from generate_series(1, 5000) n",
        )
        .await;
    let report = moved.copy_and_verify().await;
    assert_eq!(report["copied"]["messages"], 5001, "{report}");
    assert_eq!(moved.copy().await["copied"]["sessions"], 0);
}

#[tokio::test]
async fn what_is_deleted_here_stays_so_whatever_changes_there() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let pool = moved.new.pool().await;
    for deleted in [
        "delete from parlance.chat_sessions s using parlance.legacy_rows r
         where r.kind = 'session' and r.legacy_id = '5' and s.id = r.id",
        "delete from parlance.users u using parlance.legacy_rows r
         where r.kind = 'user' and r.legacy_id = '4' and u.id = r.id",
    ] {
        sqlx::query(deleted).execute(&pool).await.unwrap();
    }
    moved
        .old
        .change(
            "update chat_messages set content = 'edited' where session_id = 5
               or session_id in (select id from chat_sessions where user_id = 4);
             insert into chat_sessions (user_id, created_at) values (4, '2026-01-01');
             update users set profile_settings = '{}', is_superuser = true where id = 4",
        )
        .await;
    let report = moved.copy().await;
    assert_eq!(report["copied"]["sessions"], 0, "{report}");
    assert_eq!(rule(&report, "session_deleted_here").1, ["5"]);
    assert_eq!(rule(&report, "user_deleted_here").1, ["4"]);
    assert_eq!(places(&pool, "4").await, []);
    let verified = moved.run(&["verify"]).await;
    assert!(
        !verified.ok && verified.stdout.contains("user 4 is not here"),
        "{}",
        verified.stdout
    );
}

/// What somebody may do here: the role, whether it is active, and whether it is a superuser.
async fn rights(pool: &PgPool, user: &str) -> (String, bool, bool) {
    sqlx::query_as(
        "select u.role, u.is_active, u.is_superuser from parlance.legacy_rows r join parlance.users u on u.id = r.id
         where r.kind = 'user' and r.legacy_id = $1",
    )
    .bind(user)
    .fetch_one(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_somebody_may_do_follows_what_changes_of_that_there() {
    let moved = Move::of(Old::globex().await).await;
    moved
        .old
        .change(
            "insert into users (id, email, hashed_password, tenant_id, is_superuser)
             select n, n || '@rights.example', (select hashed_password from users where id = 2), 1, n = 902
             from generate_series(901, 904) n",
        )
        .await;
    moved.copy_and_verify().await;
    let pool = moved.new.pool().await;
    let may = |role: &str, is_active, is_superuser| (role.to_owned(), is_active, is_superuser);
    assert_eq!(rights(&pool, "902").await, may("admin", true, true));
    // Here one is made an administrator, and one is shut out.
    for (user, set) in [("901", "role = 'admin'"), ("903", "is_active = false")] {
        let sql = format!(
            "update parlance.users u set {set} from parlance.legacy_rows r
             where r.kind = 'user' and r.legacy_id = '{user}' and u.id = r.id"
        );
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await;
        assert_eq!(done.unwrap().rows_affected(), 1);
    }
    // There other things of them change; and one is a superuser no more, another one is now.
    moved
        .old
        .change(
            "update users set full_name = 'Another name' where id between 901 and 904;
             update users set is_superuser = false where id = 902;
             update users set is_superuser = true where id = 904",
        )
        .await;
    let report = moved.copy().await;
    assert_eq!(report["copied"]["users"], 4, "{report}");
    assert_eq!(rights(&pool, "901").await, may("admin", true, false));
    assert_eq!(rights(&pool, "902").await, may("member", true, false));
    assert_eq!(rights(&pool, "903").await, may("member", false, false));
    assert_eq!(rights(&pool, "904").await, may("admin", true, true));
    assert_eq!(moved.copy().await["copied"]["users"], 0);
    // What changes there counts.
    for is_active in [false, true] {
        let change = format!("update users set is_active = {is_active} where id in (901, 903)");
        moved.old.change(&change).await;
        moved.copy().await;
        for (user, role) in [("901", "admin"), ("903", "member")] {
            assert_eq!(rights(&pool, user).await, may(role, is_active, false));
        }
    }
}
