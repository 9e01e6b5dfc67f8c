//! Work that a site asks new visitors for, always or while many come.

use super::{PAGE, edit, identities::Known, site};
use crate::kit::{ADMIN1, Answer, Kit, request};
use axum::body::Body;
use chrono::TimeDelta;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// Wants in at a site, from an address.
async fn come(kit: &Kit, site: &Value, ip: &str, more: Value) -> Answer {
    let mut body = json!({ "site_key": site["site_key"] });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    let asked = request("", "POST", "/login/visitor")
        .header("origin", PAGE)
        .header("content-type", "application/json")
        .header("x-forwarded-for", ip);
    kit.send(asked, Body::from(body.to_string())).await
}

const IP: &str = "192.0.2.1";

/// The challenge that an answer asks to be solved.
fn asked_of(answer: &Answer, code: &str) -> Value {
    assert_eq!(answer.problem(401), code, "{}", answer.text);
    let challenge = answer.json["challenge"].clone();
    assert_eq!(challenge["algorithm"], "SHA-256", "{}", answer.text);
    challenge
}

/// Solves a challenge by what the contract says of it, and nothing else.
fn solve(challenge: &Value) -> Value {
    let salt = challenge["salt"].as_str().unwrap();
    let wanted = challenge["challenge"].as_str().unwrap();
    let hash = |number: &u64| {
        let hash = digest(&SHA256, format!("{salt}{number}").as_bytes());
        let hash = hash.as_ref().iter();
        hash.map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let largest = challenge["maxnumber"].as_u64().unwrap();
    let number = (0..=largest).find(|number| hash(number) == wanted).unwrap();
    json!({ "salt": salt, "number": number, "signature": challenge["signature"] })
}

async fn kit() -> Kit {
    Kit::with([("TRUSTED_PROXY_HOPS", "1")]).await
}

#[tokio::test] // R10
async fn a_solution_lets_one_visitor_in() {
    let kit = kit().await;
    let site = site(&kit, json!({ "challenge": "always" })).await;
    let challenge = asked_of(
        &come(&kit, &site, IP, json!({})).await,
        "challenge_required",
    );
    let proof = json!({ "proof": solve(&challenge) });
    let entered = come(&kit, &site, IP, proof.clone()).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    asked_of(&come(&kit, &site, IP, proof).await, "challenge_failed");
    // Of many at once one gets in.
    let challenge = asked_of(
        &come(&kit, &site, IP, json!({})).await,
        "challenge_required",
    );
    let proof = json!({ "proof": solve(&challenge) });
    let all = (0..5).map(|_| come(&kit, &site, IP, proof.clone()));
    let all = futures_util::future::join_all(all).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[tokio::test] // R10
async fn what_is_no_solution_of_ours_lets_nobody_in() {
    let kit = kit().await;
    let site = site(&kit, json!({ "challenge": "always" })).await;
    let other = super::site(&kit, json!({ "challenge": "always" })).await;
    let challenge = asked_of(
        &come(&kit, &site, IP, json!({})).await,
        "challenge_required",
    );
    let good = solve(&challenge);
    let number = good["number"].as_u64().unwrap();
    let with = |field: &str, value: Value| {
        let mut proof = good.clone();
        proof[field] = value;
        proof
    };
    let salt = good["salt"].as_str().unwrap();
    // An easier one, made up: its number is known.
    let easy = json!({ "salt": salt, "number": 0, "signature": "0".repeat(64) });
    for bad in [
        easy,
        with("number", json!(number + 1)),
        with("signature", json!("")),
        with("signature", json!("f".repeat(64))),
        with("salt", json!("A".repeat(32))),
        with("salt", json!(&salt[1..])),
        with("salt", json!(format!("{salt}{number}"))),
        with("salt", json!("")),
    ] {
        let refused = come(&kit, &site, IP, json!({ "proof": bad })).await;
        asked_of(&refused, "challenge_failed");
    }
    for (bad, field) in [
        (with("number", json!(-1)), "proof.number"),
        (with("number", json!("1")), "proof.number"),
        (with("easy", json!(true)), "proof.easy"),
    ] {
        let refused = come(&kit, &site, IP, json!({ "proof": bad })).await;
        assert_eq!(refused.fields(), [field], "{}", refused.text);
    }
    // Another site's.
    let proof = json!({ "proof": good });
    let refused = come(&kit, &other, IP, proof.clone()).await;
    asked_of(&refused, "challenge_failed");
    // Late.
    kit.clock.advance(TimeDelta::seconds(300));
    asked_of(&come(&kit, &site, IP, proof).await, "challenge_failed");
    let challenge = asked_of(
        &come(&kit, &site, IP, json!({})).await,
        "challenge_required",
    );
    let proof = json!({ "proof": solve(&challenge) });
    kit.clock.advance(TimeDelta::seconds(299));
    assert_eq!(come(&kit, &site, IP, proof).await.status, 200);
}

/// Lets one after the other come until one is refused: how many came in, and the refusal. On a slow machine some more do than the
/// limit says, since it is one of a minute.
async fn come_until_refused(
    kit: &Kit,
    site: &Value,
    address: impl Fn(usize) -> String,
) -> (usize, Answer) {
    for n in 1..=250 {
        let entered = come(kit, site, &address(n), json!({})).await;
        if entered.status != 200 {
            return (n - 1, entered);
        }
    }
    panic!("250 came in one after the other, and none was refused");
}

#[tokio::test]
async fn work_is_asked_for_while_many_come() {
    let kit = Kit::with([
        ("TRUSTED_PROXY_HOPS", "1"),
        ("VISITORS_PER_MINUTE_BY_NETWORK", "8"),
    ])
    .await;
    let site = site(&kit, json!({ "visitors_per_minute": 20 })).await;
    assert_eq!(site["challenge"], "under_load");
    // From one network.
    let (came, refused) = come_until_refused(&kit, &site, |n| format!("192.0.2.{n}")).await;
    assert!(came >= 4, "{came}");
    let proof = json!({ "proof": solve(&asked_of(&refused, "challenge_required")) });
    assert_eq!(come(&kit, &site, "192.0.2.9", proof).await.status, 200);
    // From many.
    let (more, refused) = come_until_refused(&kit, &site, |n| format!("198.51.{n}.1")).await;
    assert!(came + 1 + more >= 11, "{came} and {more}");
    let proof = json!({ "proof": solve(&asked_of(&refused, "challenge_required")) });
    assert_eq!(come(&kit, &site, "203.0.113.1", proof).await.status, 200);
    // Unless nobody wants that.
    edit(&kit, &site, json!({ "challenge": "off" })).await;
    assert_eq!(
        come(&kit, &site, "203.0.113.2", json!({})).await.status,
        200
    );
}

#[tokio::test]
async fn who_works_is_counted_once_and_who_only_seems_to_each_time() {
    let kit = Kit::with([
        ("TRUSTED_PROXY_HOPS", "1"),
        ("VISITORS_PER_MINUTE_BY_NETWORK", "3"),
    ])
    .await;
    let site = site(&kit, json!({ "challenge": "always" })).await;
    let mut last = json!({});
    for _ in 0..2 {
        let refused = come(&kit, &site, IP, json!({})).await;
        last = json!({ "proof": solve(&asked_of(&refused, "challenge_required")) });
        assert_eq!(come(&kit, &site, IP, last.clone()).await.status, 200);
    }
    asked_of(
        &come(&kit, &site, IP, last.clone()).await,
        "challenge_failed",
    );
    for more in [last, json!({})] {
        let refused = come(&kit, &site, IP, more).await;
        assert_eq!(
            refused.problem(429),
            "too_many_requests",
            "{}",
            refused.text
        );
    }
}

#[tokio::test]
async fn who_is_known_does_no_work() {
    let kit = kit().await;
    let known = Known::new(&kit, "optional").await;
    edit(&kit, &known.site, json!({ "challenge": "always" })).await;
    let token = known.token(&kit, "4711", json!({}));
    let entered = come(&kit, &known.site, IP, json!({ "identity_token": token })).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    let stranger = come(&kit, &known.site, IP, json!({})).await;
    asked_of(&stranger, "challenge_required");
    let admin = kit.token(ADMIN1).await;
    let path = format!(
        "/tenants/current/sites/{}",
        known.site["id"].as_str().unwrap()
    );
    let refused = kit
        .patch(&admin, &path, json!({ "challenge": "sometimes" }))
        .await;
    assert_eq!(refused.fields(), ["challenge"], "{}", refused.text);
}
