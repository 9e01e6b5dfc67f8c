//! Invitations: an account that nobody can log in to, until whom it is for has chosen a password. Once.

use crate::{
    kit::{ADMIN1, ADMIN2, Answer, Kit, T1, T2, U1, scene::Stored},
    user_changes::log,
};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

pub(crate) const EMAIL: &str = "ana@one.example";
pub(crate) const CHOSEN: &str = "tomato bicycle harbour";

pub(crate) async fn invite(kit: &Kit, body: Value) -> Answer {
    let admin = kit.token(ADMIN1).await;
    kit.post(&admin, "/admin/users/invite", body).await
}

/// The token of an invitation for [`EMAIL`].
pub(crate) async fn invited(kit: &Kit) -> String {
    token(&invite(kit, json!({ "email": EMAIL })).await)
}

pub(crate) fn token(invited: &Answer) -> String {
    assert_eq!(invited.status, 201, "{}", invited.text);
    invited.json["token"].as_str().unwrap().to_owned()
}

pub(crate) async fn accept(kit: &Kit, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    kit.post("", "/login/invitation", body).await
}

pub(crate) async fn log_in(kit: &Kit, password: &str) -> Answer {
    let login = json!({ "tenant": "one", "email": EMAIL, "password": password });
    kit.post("", "/login", login).await
}

pub(crate) async fn assert_useless(kit: &Kit, token: &str) {
    let refused = accept(kit, token, CHOSEN).await;
    assert_eq!(refused.problem(401), "invalid_invitation");
}

pub(crate) async fn run(kit: &Kit, sql: &'static str) {
    sqlx::query(sql).execute(&kit.pool).await.unwrap();
}

#[tokio::test] // R87
async fn an_invited_user_chooses_a_password_and_logs_in() {
    let kit = Kit::new().await;
    let asked = json!({ "email": " Ana@One.Example ", "full_name": "Ana", "role": "admin" });
    let invited = invite(&kit, asked).await;
    let token = token(&invited);
    let user = &invited.json["user"];
    assert_eq!(
        (
            &user["email"],
            &user["role"],
            &user["is_invited"],
            &user["tenant_id"]
        ),
        (&json!(EMAIL), &json!("admin"), &json!(true), &json!(T1))
    );
    assert_eq!(invited.json["link"], Value::Null);
    assert!(!Stored::all(&kit.pool).await.contains(&token));
    // To who has no password, the answer is as to nobody.
    for password in ["", CHOSEN] {
        assert_eq!(
            log_in(&kit, password).await.problem(401),
            "invalid_credentials"
        );
    }

    let body = json!({ "token": token, "password": CHOSEN, "full_name": "Ana Lima" });
    let accepted = kit.post("", "/login/invitation", body).await;
    assert_eq!((accepted.status.as_u16(), &*accepted.text), (204, ""));
    let login = log_in(&kit, CHOSEN).await;
    assert_eq!(
        login.json["user"]["full_name"], "Ana Lima",
        "{}",
        login.text
    );
    let id = invited.id_at("/user/id");
    let admin = login.json["access_token"].as_str().unwrap();
    let shown = kit.get(admin, &format!("/admin/users/{id}")).await;
    assert_eq!(shown.json["is_invited"], false, "{}", shown.text);
    let by = |action: &str, who| (action.to_owned(), who, id.to_string());
    let deeds = [by("user.invite", ADMIN1.id), by("invitation.accept", id)];
    assert_eq!(log(&kit, T1).await, deeds);
}

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    let kit = Kit::with([("DATABASE_MAX_CONNECTIONS", "8")]).await;
    let token = invited(&kit).await;
    let passwords: Vec<String> = (0..8).map(|n| format!("{CHOSEN} number {n}")).collect();
    let tries = passwords
        .iter()
        .map(|password| accept(&kit, &token, password));
    let answers = join_all(tries).await;
    let mut won = Vec::new();
    for (answer, password) in answers.iter().zip(&passwords) {
        match answer.status.as_u16() {
            204 => won.push(password),
            _ => assert_eq!(answer.problem(401), "invalid_invitation"),
        }
    }
    let [password] = won[..] else {
        panic!("{} of them succeeded", won.len());
    };
    assert_eq!(log_in(&kit, password).await.status, 200);
    assert_useless(&kit, &token).await;
    assert_eq!(log_in(&kit, password).await.status, 200);
}

#[tokio::test]
async fn what_is_no_good_invitation_is_refused_alike() {
    let kit = Kit::new().await;
    let good = invited(&kit).await;
    let refresh = kit.login(U1).await.json["refresh_token"].clone();
    let flipped = if good.starts_with('B') { "A" } else { "B" };
    let hashed = kit.app.hasher.invocations();
    for bad in [
        "",
        "x",
        refresh.as_str().unwrap(),
        &format!("{flipped}{}", &good[1..]),
        &format!("{good}="),
        &good[1..],
        &"A".repeat(71),
    ] {
        assert_useless(&kit, bad).await;
        // Nobody learns from the password's rules whether a token was good.
        let weak = accept(&kit, bad, "short").await;
        assert_eq!(weak.problem(401), "invalid_invitation", "{bad}");
    }
    assert_eq!(kit.app.hasher.invocations(), hashed, "that costs nothing");
    for (off, on) in [
        (
            "update parlance.tenants set status = 'suspended' where slug = 'one'",
            "update parlance.tenants set status = 'active'",
        ),
        (
            "update parlance.users set is_active = false where email = 'ana@one.example'",
            "update parlance.users set is_active = true",
        ),
    ] {
        run(&kit, off).await;
        assert_useless(&kit, &good).await;
        run(&kit, on).await;
    }
    kit.clock.advance(TimeDelta::hours(72));
    assert_useless(&kit, &good).await;
    kit.clock.advance(TimeDelta::seconds(-1));
    assert_eq!(accept(&kit, &good, CHOSEN).await.status, 204);
}

#[tokio::test] // R22
async fn a_password_that_is_refused_spends_no_invitation() {
    let kit = Kit::new().await;
    let token = invited(&kit).await;
    for password in ["", "14 characters!", &"ä".repeat(129)] {
        let refused = accept(&kit, &token, password).await;
        assert_eq!(refused.fields(), ["password"], "{password}");
    }
    let body = json!({ "token": token, "password": CHOSEN, "full_name": "n".repeat(201) });
    let refused = kit.post("", "/login/invitation", body).await;
    assert_eq!(refused.fields(), ["full_name"]);
    assert_eq!(accept(&kit, &token, CHOSEN).await.status, 204);
}

#[tokio::test] // R29
async fn no_invitation_leads_to_a_superuser() {
    let kit = Kit::new().await;
    let first = invite(&kit, json!({ "email": EMAIL })).await;
    run(&kit, "update parlance.users set is_superuser = true, role = 'admin' where email = 'u1@one.example'").await;
    let superuser = kit.token(U1).await;
    let path = format!("/admin/users/{}", first.id_at("/user/id"));
    let refused = kit
        .patch(&superuser, &path, json!({ "is_superuser": true }))
        .await;
    assert_eq!(refused.problem(409), "not_joined");
    run(
        &kit,
        "update parlance.users set is_superuser = true where email = 'ana@one.example'",
    )
    .await;
    let again = invite(&kit, json!({ "email": EMAIL })).await;
    assert_eq!(again.problem(409), "email_taken");
}

#[tokio::test]
async fn an_invitation_is_of_one_tenant() {
    let kit = Kit::new().await;
    let here = invited(&kit).await;
    let admin = kit.token(ADMIN2).await;
    let there = kit
        .post(&admin, "/admin/users/invite", json!({ "email": EMAIL }))
        .await;
    assert_eq!(accept(&kit, &token(&there), CHOSEN).await.status, 204);
    // The one in the other tenant is the only account with that address that somebody can log in to.
    let login = json!({ "email": EMAIL, "password": CHOSEN });
    let login = kit.post("", "/login", login).await;
    assert_eq!(login.id_at("/tenant/id"), T2, "{}", login.text);
    assert_eq!(
        log_in(&kit, CHOSEN).await.problem(401),
        "invalid_credentials"
    );
    assert_eq!(accept(&kit, &here, CHOSEN).await.status, 204);
}
