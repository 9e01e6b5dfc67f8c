//! Another password, and the logins that are left after it.

use crate::kit::{Answer, Kit, PASSWORD, T1, U1, U2};
use serde_json::{Value, json};

const NEW: &str = "seven green bicycles";

async fn change(kit: &Kit, token: &str, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    kit.post(token, "/login/password", body).await
}

async fn log_in(kit: &Kit, password: &str) -> u16 {
    let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": password });
    kit.post("", "/login", login).await.status.as_u16()
}

async fn refresh(kit: &Kit, login: &Answer) -> Answer {
    let token = json!({ "refresh_token": login.json["refresh_token"] });
    kit.post("", "/login/refresh", token).await
}

/// The audit log but for logins.
async fn log(kit: &Kit) -> Vec<String> {
    sqlx::query_scalar("select action from parlance.audit_log where action <> 'login' order by id")
        .fetch_all(&kit.pool)
        .await
        .unwrap()
}

fn token(login: &Answer) -> &str {
    login.json["access_token"].as_str().unwrap()
}

#[tokio::test] // R9 R87
async fn a_changed_password_ends_every_other_login_of_its_user() {
    let kit = Kit::new().await;
    let (here, elsewhere) = (kit.login(U1).await, kit.login(U1).await);
    let other = kit.login(U2).await;
    let changed = change(&kit, token(&here), PASSWORD, NEW).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(changed.text, "");

    assert_eq!(
        refresh(&kit, &elsewhere).await.problem(401),
        "session_expired"
    );
    assert_eq!(refresh(&kit, &here).await.status, 200);
    assert_eq!(refresh(&kit, &other).await.status, 200);
    assert_eq!(log_in(&kit, PASSWORD).await, 401);
    assert_eq!(log_in(&kit, NEW).await, 200);
    assert_eq!(log(&kit).await, ["password.change"]);
}

/// Gives a member another hash, as if it came from elsewhere.
async fn store(kit: &Kit, hash: &str) {
    sqlx::query("update parlance.users set password_hash = $1 where id = $2")
        .bind(hash)
        .bind(U1.id)
        .execute(&kit.pool)
        .await
        .unwrap();
}

async fn stored(kit: &Kit) -> String {
    sqlx::query_scalar("select password_hash from parlance.users where id = $1")
        .bind(U1.id)
        .fetch_one(&kit.pool)
        .await
        .unwrap()
}

#[tokio::test] // R20
async fn a_password_from_another_service_works_and_is_hashed_anew() {
    let kit = Kit::new().await;
    let hash = "$2b$12$vzhKisd.IYVWQTzBezgeIOAmNZ56PkijMCP8s0cNCYPNlz9tK2bJi";
    store(&kit, hash).await;
    assert_eq!(log_in(&kit, "wrong").await, 401);
    assert_eq!(stored(&kit).await, hash);
    // Of two at once, the second one finds another hash than it has checked.
    let both = tokio::join!(log_in(&kit, PASSWORD), log_in(&kit, PASSWORD));
    assert_eq!(both, (200, 200));
    for _ in 0..2 {
        assert_eq!(log_in(&kit, PASSWORD).await, 200);
        assert!(stored(&kit).await.starts_with("$argon2id$"));
    }
    assert_eq!(log_in(&kit, "wrong").await, 401);
}

#[tokio::test] // R20
async fn a_hash_that_costs_less_or_too_much_is_not_kept_or_not_tried() {
    let kit = Kit::new().await;
    let store = async |hash: &str| store(&kit, hash).await;
    let current = "$argon2id$v=19$m=19456,t=2,p=1$";
    // The same password at 8 MiB and one pass.
    store("$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$xwP/sUpncRUpT63+0aadhrYrW8PTzYL8TrQp/6Tj9lA").await;
    assert_eq!(log_in(&kit, "wrong").await, 401);
    assert_eq!(log_in(&kit, PASSWORD).await, 200);
    assert!(
        stored(&kit).await.starts_with(current),
        "{}",
        stored(&kit).await
    );
    assert_eq!(log_in(&kit, PASSWORD).await, 200);

    let tail = stored(&kit).await.replace(current, "");
    let hashed = kit.app.hasher.invocations();
    // 1 GiB, 4 TiB, eleven passes, five lanes.
    for cost in [
        "m=1048576,t=2,p=1",
        "m=4294967295,t=2,p=1",
        "m=19456,t=11,p=1",
        "m=19456,t=2,p=9",
    ] {
        store(&format!("$argon2id$v=19${cost}${tail}")).await;
        assert_eq!(log_in(&kit, PASSWORD).await, 401, "{cost}");
    }
    // No such hash was begun, and no memory taken for one: what was done each time is what nobody's password takes.
    assert_eq!(kit.app.hasher.invocations(), hashed + 4);
    let told = kit.audited(T1, "password.unusable").await;
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|row| row.target == U1.id.to_string()));
}

#[tokio::test] // R9
async fn a_token_alone_changes_no_password() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    for wrong in [
        "",
        "wrong",
        NEW,
        &PASSWORD.to_uppercase(),
        &"x".repeat(1000),
    ] {
        let refused = change(&kit, token(&login), wrong, NEW).await;
        assert_eq!(refused.fields(), ["current_password"], "{wrong}");
    }
    assert_eq!(log_in(&kit, PASSWORD).await, 200);
    assert_eq!(log(&kit).await, [""; 0]);
}

#[tokio::test] // R22
async fn a_new_password_is_long_enough_and_not_too_long() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    for new in ["", "14 characters!", &"ä".repeat(129)] {
        let refused = change(&kit, token(&login), PASSWORD, new).await;
        assert_eq!(refused.fields(), ["new_password"], "{new}");
    }
    let longest: String = ('\u{1f400}'..'\u{1f480}').collect();
    let changed = change(&kit, token(&login), PASSWORD, &longest).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(log_in(&kit, &longest).await, 200);
    let all_but_one: String = ('\u{1f400}'..'\u{1f47f}').collect();
    assert_eq!(log_in(&kit, &all_but_one).await, 401);
}

#[tokio::test] // R23
async fn a_new_password_is_not_easy_to_guess() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    sqlx::query("update parlance.users set full_name = 'Ursula Andersson' where id = $1")
        .bind(U1.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    let before = kit.app.hasher.invocations();
    for new in ["passwordpassword", "ursula andersson", U1.email] {
        let new = format!("{new}1234");
        let refused = change(&kit, token(&login), PASSWORD, &new).await;
        assert_eq!(refused.problem(422), "password_blocked", "{new}");
        assert_eq!(refused.json["errors"][0]["field"], "new_password");
    }
    assert_eq!(kit.app.hasher.invocations(), before);
    assert_eq!(log_in(&kit, PASSWORD).await, 200);
}

#[tokio::test] // R9
async fn of_two_changes_at_once_one_counts() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    let other = "nine yellow tricycles";
    let (a, b) = tokio::join!(
        change(&kit, token(&login), PASSWORD, NEW),
        change(&kit, token(&login), PASSWORD, other)
    );
    let won = [(a, NEW), (b, other)].map(|(answer, new)| (answer.status == 204, new));
    assert_ne!(won[0].0, won[1].0);
    for (counted, password) in won {
        assert_eq!(log_in(&kit, password).await == 200, counted);
    }
}

async fn logins(kit: &Kit, token: &str) -> Vec<Value> {
    let list = kit.get(token, "/login/sessions").await;
    list.json["items"].as_array().unwrap().clone()
}

#[tokio::test] // R87
async fn people_see_where_they_are_logged_in_and_can_end_it() {
    let kit = Kit::new().await;
    let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
    let request = crate::kit::request("", "POST", "/login")
        .header("content-type", "application/json")
        .header("user-agent", "a phone");
    let phone = kit.send(request, login.to_string().into()).await;
    let here = kit.login(U1).await;
    kit.login(U2).await;
    let mine = logins(&kit, token(&here)).await;
    let shown: Vec<_> = mine
        .iter()
        .map(|l| (l["user_agent"].as_str(), l["current"] == true))
        .collect();
    assert_eq!(shown, [(None, true), (Some("a phone"), false)]);

    let lost = format!("/login/sessions/{}", mine[1]["id"].as_str().unwrap());
    assert_eq!(kit.delete(token(&here), &lost).await.status, 204);
    assert_eq!(refresh(&kit, &phone).await.problem(401), "session_expired");
    assert_eq!(logins(&kit, token(&here)).await.len(), 1);
    // Again is no error, and no deed.
    assert_eq!(kit.delete(token(&here), &lost).await.status, 204);
    assert_eq!(log(&kit).await, ["login.end"]);

    let own = format!("/login/sessions/{}", mine[0]["id"].as_str().unwrap());
    assert_eq!(kit.delete(token(&here), &own).await.status, 204);
    assert_eq!(refresh(&kit, &here).await.problem(401), "session_expired");
}

#[tokio::test] // R14
async fn a_login_that_was_not_renewed_is_none_any_more() {
    let kit = Kit::new().await;
    kit.login(U1).await;
    kit.clock.advance(chrono::TimeDelta::days(15));
    let here = kit.login(U1).await;
    assert_eq!(logins(&kit, token(&here)).await.len(), 1);
}
