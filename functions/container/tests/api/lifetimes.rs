//! How long tokens and logins live, by a clock that is moved.

use crate::kit::{Answer, Kit, U1};
use chrono::TimeDelta;
use serde_json::json;

const SECOND: TimeDelta = TimeDelta::seconds(1);

async fn refresh(kit: &Kit, login: &Answer) -> Answer {
    assert_eq!(login.status, 200, "{}", login.text);
    let token = json!({ "refresh_token": login.json["refresh_token"] });
    kit.post("", "/login/refresh", token).await
}

async fn me(kit: &Kit, login: &Answer) -> Answer {
    let token = login.json["access_token"].as_str().unwrap();
    kit.get(token, "/login/me").await
}

#[tokio::test] // R14
async fn an_access_token_lives_as_long_as_is_configured() {
    for (configured, minutes) in [("", 15), ("5", 5)] {
        let kit = Kit::with([("ACCESS_TOKEN_EXPIRE_MINUTES", configured)]).await;
        let life = TimeDelta::minutes(minutes);
        let login = kit.login(U1).await;
        assert_eq!(login.json["expires_in"], life.num_seconds());
        kit.clock.advance(life - SECOND);
        assert_eq!(me(&kit, &login).await.status, 200);
        kit.clock.advance(SECOND * 2);
        assert_eq!(me(&kit, &login).await.problem(401), "token_expired");
    }
}

#[tokio::test] // R14
async fn a_login_lives_14_days_without_being_renewed() {
    let kit = Kit::new().await;
    let idle = TimeDelta::days(14);
    let login = kit.login(U1).await;
    assert_eq!(login.json["refresh_expires_in"], idle.num_seconds());
    kit.clock.advance(idle - SECOND);
    let renewed = refresh(&kit, &login).await;
    kit.clock.advance(idle + SECOND);
    let late = refresh(&kit, &renewed).await;
    assert_eq!(late.problem(401), "session_expired");
}

#[tokio::test] // R14
async fn a_login_lives_90_days_however_often_it_is_renewed() {
    let kit = Kit::new().await;
    let begun = kit.clock.now();
    let mut login = kit.login(U1).await;
    for _ in 0..6 {
        kit.clock.advance(TimeDelta::days(13));
        login = refresh(&kit, &login).await;
    }
    kit.clock
        .advance(begun + TimeDelta::days(90) - SECOND - kit.clock.now());
    let last = refresh(&kit, &login).await;
    assert_eq!(last.status, 200, "{}", last.text);
    assert!(last.json["refresh_expires_in"].as_i64() <= Some(1));
    kit.clock.advance(SECOND * 2);
    assert_eq!(refresh(&kit, &last).await.problem(401), "session_expired");
    // Nor does an access token from its last moment outlive it.
    assert_eq!(me(&kit, &last).await.problem(401), "invalid_token");
}
