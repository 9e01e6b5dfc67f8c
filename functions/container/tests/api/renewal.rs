//! Refresh and logout: tokens that rotate, a stolen one that ends its login, an end that is final.

use crate::kit::{ADMIN1, Answer, JWT_SECRET_KEY, Kit, U1, V1};
use chrono::TimeDelta;
use serde_json::json;

async fn refresh(kit: &Kit, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    kit.post("", "/login/refresh", body).await
}

async fn logout(kit: &Kit, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    kit.post("", "/login/logout", body).await
}

fn refresh_token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["refresh_token"].as_str().unwrap().to_owned()
}

/// Whether the login of a token still lives, asked of the database now: an administrator's route reads it anew.
async fn lives(kit: &Kit, login: &Answer) -> bool {
    let token = login.json["access_token"].as_str().unwrap();
    let answer = kit.get(token, "/admin/users").await;
    match answer.status.as_u16() {
        200 | 403 => true,
        401 => false,
        other => panic!("{other}: {}", answer.text),
    }
}

#[tokio::test]
async fn a_refresh_gives_a_new_pair_that_works() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    kit.clock.advance(TimeDelta::minutes(20));
    let old = login.json["access_token"].as_str().unwrap();
    let expired = kit.get(old, "/login/me").await;
    assert_eq!(expired.problem(401), "token_expired");

    let renewed = refresh(&kit, &refresh_token(&login)).await;
    assert_ne!(refresh_token(&renewed), refresh_token(&login));
    assert_eq!(renewed.json["user"], login.json["user"]);
    assert_eq!(renewed.header("cache-control"), "no-store");
    let token = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(token, "/login/me").await.status, 200);
}

#[tokio::test] // R17
async fn a_clock_that_is_set_back_makes_no_used_token_good() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    let first = refresh_token(&login);
    let second = refresh(&kit, &first).await;
    let token = second.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(token, "/login/me").await.status, 200);
    kit.clock.advance(-TimeDelta::minutes(1));
    let reused = refresh(&kit, &first).await;
    assert_eq!(reused.problem(401), "refresh_token_reused");
}

#[tokio::test] // R16
async fn a_lost_answer_can_be_asked_for_again_until_it_was_used() {
    let kit = Kit::new().await;
    let first = refresh_token(&kit.login(U1).await);
    let second = refresh_token(&refresh(&kit, &first).await);
    for wait in [3, 30, 3600] {
        kit.clock.advance(TimeDelta::seconds(wait));
        let again = refresh_token(&refresh(&kit, &first).await);
        assert_eq!(again, second, "the same generation");
    }
    let third = refresh_token(&refresh(&kit, &second).await);
    assert_ne!(third, second);
    // Lost is lost after two weeks, too.
    kit.clock
        .advance(TimeDelta::days(14) + TimeDelta::seconds(1));
    let late = refresh(&kit, &second).await;
    assert_eq!(late.problem(401), "session_expired");
}

#[tokio::test] // R16
async fn an_answer_that_was_used_was_not_lost() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    let first = refresh_token(&login);
    let before = login.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(before, "/login/me").await.status, 200);
    let renewed = refresh(&kit, &first).await;
    // The access token before proves nothing of the answer's arrival.
    assert_eq!(kit.get(before, "/login/me").await.status, 200);
    kit.clock.advance(TimeDelta::seconds(11));
    assert_eq!(
        refresh_token(&refresh(&kit, &first).await),
        refresh_token(&renewed)
    );
    let after = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(after, "/login/me").await.status, 200);
    let reused = refresh(&kit, &first).await;
    assert_eq!(reused.problem(401), "refresh_token_reused");
}

#[tokio::test] // R16
async fn two_tabs_may_refresh_at_the_same_moment() {
    let kit = Kit::new().await;
    let first = refresh_token(&kit.login(U1).await);
    let renewed = refresh(&kit, &first).await;
    let after = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(after, "/login/me").await.status, 200);
    kit.clock.advance(TimeDelta::seconds(9));
    let other_tab = refresh(&kit, &first).await;
    assert_eq!(refresh_token(&other_tab), refresh_token(&renewed));
}

#[tokio::test] // R17
async fn a_used_token_ends_its_login_and_no_other() {
    let kit = Kit::new().await;
    let login = kit.login(ADMIN1).await;
    let other = kit.login(ADMIN1).await;
    let first = refresh_token(&login);
    let second = refresh_token(&refresh(&kit, &first).await);
    let third = refresh_token(&refresh(&kit, &second).await);
    assert!(lives(&kit, &login).await);

    let reused = refresh(&kit, &first).await;
    assert_eq!(reused.problem(401), "refresh_token_reused");
    for dead in [&first, &second, &third] {
        assert_eq!(refresh(&kit, dead).await.problem(401), "session_expired");
    }
    assert!(!lives(&kit, &login).await, "its access token as well");
    assert!(lives(&kit, &other).await);
    assert_eq!(refresh(&kit, &refresh_token(&other)).await.status, 200);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    let good = refresh_token(&login);
    let access = login.json["access_token"].as_str().unwrap();
    for bad in [
        "",
        "x",
        access,
        &good[1..],
        &format!("{good}A"),
        &"A".repeat(82),
    ] {
        let refused = refresh(&kit, bad).await;
        assert_eq!(refused.problem(401), "invalid_refresh_token", "{bad}");
    }
    assert_eq!(
        kit.get(&good, "/login/me").await.problem(401),
        "invalid_token"
    );
}

#[tokio::test]
async fn a_login_ends_when_it_is_idle_or_old() {
    let kit = Kit::new().await;
    let idle = refresh_token(&kit.login(U1).await);
    kit.clock
        .advance(TimeDelta::days(14) + TimeDelta::seconds(1));
    assert_eq!(refresh(&kit, &idle).await.problem(401), "session_expired");

    let mut old = refresh_token(&kit.login(U1).await);
    for _ in 0..6 {
        kit.clock.advance(TimeDelta::days(13));
        old = refresh_token(&refresh(&kit, &old).await);
    }
    kit.clock.advance(TimeDelta::days(13));
    assert_eq!(refresh(&kit, &old).await.problem(401), "session_expired");
}

#[tokio::test]
async fn a_disabled_user_cannot_renew() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    sqlx::query("update parlance.users set is_active = false where id = $1")
        .bind(U1.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    let refused = refresh(&kit, &refresh_token(&login)).await;
    assert_eq!(refused.problem(401), "session_expired");
    assert!(!lives(&kit, &login).await);
}

#[tokio::test] // R18
async fn a_logout_ends_the_login_and_can_be_repeated() {
    let kit = Kit::new().await;
    let (login, other) = (kit.login(U1).await, kit.login(U1).await);
    let token = refresh_token(&login);
    for _ in 0..3 {
        let out = logout(&kit, &token).await;
        assert_eq!((out.status.as_u16(), &*out.text), (204, ""));
        assert!(!lives(&kit, &login).await);
    }
    assert_eq!(refresh(&kit, &token).await.problem(401), "session_expired");
    assert!(lives(&kit, &other).await);
}

#[tokio::test] // R18
async fn a_logout_does_not_tell_whether_there_was_a_login() {
    let kit = Kit::new().await;
    let foreign = kit.login(V1).await;
    let gone = refresh_token(&kit.login(U1).await);
    sqlx::query("delete from parlance.login_sessions where user_id = $1")
        .bind(U1.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    for token in ["", "x", &*"A".repeat(82), &*gone] {
        let out = logout(&kit, token).await;
        assert_eq!((out.status.as_u16(), &*out.text), (204, ""));
    }
    assert!(lives(&kit, &foreign).await);
}

#[tokio::test] // R18
async fn what_is_known_of_a_login_does_not_end_it() {
    let kit = Kit::new().await;
    let (own, foreign) = (kit.login(U1).await, kit.login(V1).await);
    let (mine, theirs) = (refresh_token(&own), refresh_token(&foreign));
    let access = foreign.json["access_token"].as_str().unwrap();
    let session = kit.get(access, "/login/sessions").await.json["items"][0]["id"].clone();
    // Everything but the code at its end, which only we can make, is told by the access token.
    let edited = format!("{}{}", &theirs[..60], &mine[60..]);
    for token in [access, session.as_str().unwrap(), &*edited, &theirs[..81]] {
        let body = json!({ "refresh_token": token });
        let by = own.json["access_token"].as_str().unwrap();
        let out = kit.post(by, "/login/logout", body).await;
        assert_eq!((out.status.as_u16(), &*out.text), (204, ""), "{token}");
        assert!(lives(&kit, &foreign).await, "{token}");
    }
    assert_eq!(refresh(&kit, &theirs).await.status, 200);
}

#[tokio::test] // R12
async fn a_new_signing_key_logs_nobody_out_until_the_old_one_is_removed() {
    const NEXT: &str = "test-canary-next-8e2d5b7a9c1f4e6083d7a2b5c9e1";
    let kit = Kit::new().await;
    let on = async |vars: Vec<(&str, String)>| {
        let vars = vars
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Kit::on(kit.database.clone(), vars).await
    };
    let before = kit.token(U1).await;
    let both = on(vec![
        ("JWT_SECRET_KEY", NEXT.into()),
        ("JWT_SECRET_KEY_PREVIOUS", format!("{JWT_SECRET_KEY}, ")),
    ])
    .await;
    let after = both.token(U1).await;
    for token in [&before, &after] {
        assert_eq!(both.get(token, "/login/me").await.status, 200);
    }
    // A host that has the next key already, and does not sign with it yet.
    let prepared = on(vec![("JWT_SECRET_KEY_PREVIOUS", NEXT.into())]).await;
    assert_eq!(prepared.get(&after, "/login/me").await.status, 200);
    let without = on(vec![("JWT_SECRET_KEY", NEXT.into())]).await;
    assert_eq!(without.get(&after, "/login/me").await.status, 200);
    let refused = without.get(&before, "/login/me").await;
    assert_eq!(refused.problem(401), "invalid_token");
}
