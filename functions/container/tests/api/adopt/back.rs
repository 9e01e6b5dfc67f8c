//! The way back: what was written here is there when its SQL has run, and once, however often that is.

use super::{Move, old::Old};
use crate::kit::{Kit, SUPERUSER, database::connect_to};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

const NEWCOMER: &str = "newcomer@example.com";

/// Everything that was written out.
pub(super) async fn sql(moved: &Move) -> (String, String) {
    let ended = moved.run(&["back"]).await;
    assert!(ended.ok, "{}{}", ended.stdout, ended.stderr);
    (ended.stdout, ended.stderr)
}

pub(super) async fn one<T>(there: &mut PgConnection, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let one = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(there);
    one.await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

pub(super) async fn log_in(kit: &Kit, email: &str, password: &str) -> String {
    let login = json!({ "email": email, "password": password });
    let login = kit.post("", "/login", login).await;
    assert_eq!(login.status, 200, "{}", login.text);
    login.json["access_token"].as_str().unwrap().to_owned()
}

/// A token of a superuser within the tenant that had an id there.
pub(super) async fn within(kit: &Kit, legacy_id: &str) -> String {
    let sql = "select id from parlance.tenants where legacy_id = $1";
    let tenant: uuid::Uuid = sqlx::query_scalar(sql)
        .bind(legacy_id)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    let root = kit.token(SUPERUSER).await;
    let path = format!("/admin/tenants/{tenant}/assume");
    let assumed = kit.post(&root, &path, json!({ "reason": "Move" })).await;
    assert_eq!(assumed.status, 200, "{}", assumed.text);
    assumed.json["access_token"].as_str().unwrap().to_owned()
}

/// Invites somebody, who comes in.
pub(super) async fn newcomer(kit: &Kit, admin: &str) -> String {
    let invite = json!({ "email": NEWCOMER, "full_name": "Ñew O'Comer" });
    let invited = kit.post(admin, "/admin/users/invite", invite).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let password = "umbrella forty kettle moss";
    let accepted = json!({ "token": invited.json["token"], "password": password });
    let accepted = kit.post("", "/login/invitation", accepted).await;
    assert!(accepted.status.is_success(), "{}", accepted.text);
    log_in(kit, NEWCOMER, password).await
}

pub(super) async fn ask(kit: &Kit, token: &str, asked: Value) -> Value {
    let answer = kit.post(token, "/chat", asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

/// A conversation of somebody from there, by its id there.
pub(super) async fn theirs(kit: &Kit, email: &str) -> (String, uuid::Uuid) {
    sqlx::query_as(
        "select r.legacy_id, r.id from parlance.legacy_rows r join parlance.chat_sessions s on s.id = r.id
         join parlance.users u on u.id = s.user_id
         where r.kind = 'session' and u.email = $1 order by 1 limit 1",
    )
    .bind(email)
    .fetch_one(&kit.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_was_written_here_is_there_after_the_way_back() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    let mut there = connect_to(&moved.old.database.url()).await;
    let messages = "select count(*) from chat_messages";
    let before: i64 = one(&mut there, messages).await;
    // Nobody has written anything.
    moved.old.change(&sql(&moved).await.0).await;
    assert_eq!(one::<i64>(&mut there, messages).await, before);

    let who = &moved.old.expected["passwords"][0];
    let email = who["email"].as_str().unwrap();
    let token = log_in(&kit, email, who["password"].as_str().unwrap()).await;
    let (old_id, session) = theirs(&kit, email).await;
    let odd = "It's \\ 'odd'; drop table users; -- \u{2603}\n$$E'";
    ask(
        &kit,
        &token,
        json!({ "session_id": session, "message": odd }),
    )
    .await;
    let admin = within(&kit, "acme").await;
    let prompt = json!({ "system_prompt": "Be brief; don't \\ joke." });
    assert_eq!(
        kit.patch(&admin, "/tenants/current", prompt).await.status,
        200
    );
    let path = format!("/chat/sessions/{session}");
    let titled = json!({ "title": "Named 'here'" });
    assert_eq!(kit.patch(&token, &path, titled).await.status, 200);
    let newcomer = newcomer(&kit, &admin).await;
    let new = ask(&kit, &newcomer, json!({ "message": "What is new?" })).await;
    ask(&kit, &newcomer, json!({ "regenerate": new["message_id"] })).await;

    let (script, told) = sql(&moved).await;
    assert!(
        told.contains("1 settings of tenants, 1 new users, ")
            && told.contains("1 names and titles, 1 new conversations, 4 messages"),
        "{told}"
    );
    assert!(
        told.contains("1 messages of the tenant acme beside what is shown"),
        "{told}"
    );
    for _ in 0..2 {
        moved.old.change(&script).await;
        assert_eq!(one::<i64>(&mut there, messages).await, before + 4);
    }
    let last = format!(
        "select content from chat_messages where session_id = {old_id} and role = 'user' order by timestamp desc nulls last limit 1"
    );
    assert_eq!(one::<String>(&mut there, &last).await, odd);
    let title = format!("select title from chat_sessions where id = {old_id}");
    assert_eq!(one::<String>(&mut there, &title).await, "Named 'here'");
    let told: String = one(
        &mut there,
        "select system_prompt from tenants where id = 'acme'",
    )
    .await;
    assert_eq!(told, "Be brief; don't \\ joke.");
    let theirs = format!("select string_agg(m.role || coalesce(' ' || u.tenant_id, ''), ', ' order by m.timestamp, m.id)
        from users u join chat_sessions s on s.user_id = u.id join chat_messages m on m.session_id = s.id where u.email = '{NEWCOMER}'");
    assert_eq!(
        one::<String>(&mut there, &theirs).await,
        "user acme, assistant acme"
    );
    let hash: String = one(
        &mut there,
        &format!("select hashed_password from users where email = '{NEWCOMER}'"),
    )
    .await;
    assert!(hash.starts_with("$2b$"), "{hash}");

    // It goes on here, and back once more.
    ask(
        &kit,
        &newcomer,
        json!({ "session_id": new["session_id"], "message": "And now?" }),
    )
    .await;
    moved.old.change(&sql(&moved).await.0).await;
    assert_eq!(one::<i64>(&mut there, messages).await, before + 6);
    assert_eq!(
        one::<String>(&mut there, &theirs).await,
        "user acme, assistant acme, user acme, assistant acme"
    );
}

#[tokio::test]
async fn whoever_may_not_come_in_here_may_not_there() {
    for (old, tenant) in [(Old::acme().await, "acme"), (Old::globex().await, "1")] {
        let moved = Move::of(old).await;
        moved.copy().await;
        let kit = Kit::on(moved.new.clone(), []).await;
        let mut there = connect_to(&moved.old.database.url()).await;
        let admin = within(&kit, tenant).await;
        let (id, legacy_id): (uuid::Uuid, String) = sqlx::query_as(
            "select u.id, r.legacy_id from parlance.users u join parlance.tenants t on t.id = u.tenant_id
             join parlance.legacy_rows r on r.id = u.id and r.kind = 'user'
             where t.legacy_id = $1 and u.is_active and not u.is_superuser order by 2 limit 1",
        )
        .bind(tenant)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
        let row = format!("select u::text from users u where id = {legacy_id}");
        let before: String = one(&mut there, &row).await;
        let others = format!(
            "select md5(string_agg(u::text, '' order by id)) from users u where id <> {legacy_id}"
        );
        let untouched: String = one(&mut there, &others).await;
        let path = format!("/admin/users/{id}");
        let change = json!({ "is_active": false, "full_name": "Renamed Here" });
        let out = kit.patch(&admin, &path, change).await;
        assert_eq!(out.status, 200, "{}", out.text);
        let (script, told) = sql(&moved).await;
        moved.old.change(&script).await;
        let after: String = one(&mut there, &row).await;
        assert_ne!(after, before);
        // One of the two services has a column for names.
        let left = format!("the name of the user {legacy_id}: there is no column for it");
        assert_ne!(
            told.contains(&left),
            after.contains("Renamed Here"),
            "{told}"
        );
        assert_eq!(one::<String>(&mut there, &others).await, untouched);
    }
}

#[tokio::test]
async fn what_the_old_database_cannot_take_is_said_before_anything_is_done() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    newcomer(&kit, &within(&kit, "acme").await).await;
    moved
        .old
        .change(&format!(
            "insert into users (email, hashed_password) values ('{NEWCOMER}', '!')"
        ))
        .await;
    let (script, told) = sql(&moved).await;
    assert!(!script.contains(NEWCOMER), "{script}");
    assert!(
        told.contains("the address is somebody else's there"),
        "{told}"
    );
    moved
        .old
        .change(&format!(
            "delete from users where email = '{NEWCOMER}'; alter table users alter column id drop default"
        ))
        .await;
    let ended = moved.run(&["back"]).await;
    ended.is_refused("let it be serial");
}
