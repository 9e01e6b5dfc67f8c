//! Nobody is logged out: tokens of the service before are judged as they should be.

use super::{Move, old::Old};
use crate::kit::Kit;
use serde_json::{Value, json};

async fn accepting(moved: &Move) -> Kit {
    let secret = moved.old.expected["JWT_SECRET_KEY"].as_str().unwrap();
    let vars = [
        ("LEGACY_TOKENS", "accept"),
        ("LEGACY_JWT_SECRET_KEY", secret),
    ];
    Kit::on(
        moved.new.clone(),
        vars.map(|(name, value)| (name.to_owned(), value.to_owned())),
    )
    .await
}

/// Judges each token; how many there are.
async fn assert_judged(kit: &Kit, tokens: &Value) -> usize {
    let tokens = tokens.as_array().unwrap();
    for token in tokens {
        let me = kit.get(token["token"].as_str().unwrap(), "/login/me").await;
        let good = token["good"].as_bool().unwrap();
        assert_eq!(
            me.status,
            if good { 200 } else { 401 },
            "{}: {}",
            token["name"],
            me.text
        );
    }
    tokens.len()
}

fn token<'a>(old: &'a Old, name: &str) -> &'a str {
    let tokens = old.expected["tokens"].as_array().unwrap();
    let found = tokens.iter().find(|token| token["name"] == name);
    found.unwrap()["token"].as_str().unwrap()
}

#[tokio::test] // R13
async fn every_token_is_judged_right() {
    let acme = Move::of(Old::acme().await).await;
    acme.copy().await;
    let kit = accepting(&acme).await;
    assert_eq!(assert_judged(&kit, &acme.old.expected["tokens"]).await, 13);
    for (name, email) in [
        ("capital letters", "Ana@example.com"),
        ("small letters", "ana@example.com"),
    ] {
        let me = kit.get(token(&acme.old, name), "/login/me").await;
        assert_eq!(me.json["user"]["email"], email, "{name}");
    }
    let globex = Move::of(Old::globex().await).await;
    globex.copy().await;
    assert_eq!(
        assert_judged(&accepting(&globex).await, &globex.old.expected["tokens"]).await,
        6
    );
    // Without its secret none is good, whoever is asked.
    let without = Kit::on(
        globex.new.clone(),
        [("LEGACY_TOKENS".to_owned(), "accept".to_owned())],
    )
    .await;
    let refused = without.get(token(&globex.old, "valid"), "/login/me").await;
    assert_eq!(refused.problem(401), "invalid_token");
}

#[tokio::test] // R13
async fn whom_an_id_and_an_address_would_fit_is_nobody() {
    let globex = Move::of(Old::globex().await).await;
    // Somebody registered there with another one's id as address.
    globex
        .old
        .change("update users set email = '2' where id = 9")
        .await;
    globex.copy().await;
    let refused = accepting(&globex)
        .await
        .get(token(&globex.old, "valid"), "/login/me")
        .await;
    assert_eq!(refused.problem(401), "invalid_token");
}

#[tokio::test] // R35
async fn an_old_id_opens_a_conversation_for_its_user_alone() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let kit = accepting(&moved).await;
    let capital = token(&moved.old, "capital letters");
    let small = token(&moved.old, "small letters");
    let user = |id: u64| {
        let sessions = moved.old.expected["sessions"].as_array().unwrap();
        let mut own = sessions
            .iter()
            .filter(move |session| session["user_id"] == id && session["messages"] != 0);
        own.next().unwrap().clone()
    };
    let session = user(3);
    let path = format!("/chat/sessions/{}", session["id"]);
    let opened = kit.get(capital, &path).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    let messages = kit
        .get(capital, &format!("{path}/messages?limit=100"))
        .await;
    assert_eq!(
        json!(messages.json["items"].as_array().unwrap().len()),
        session["messages"]
    );
    let by_id = format!("/chat/sessions/{}/messages?limit=100", opened.id("id"));
    assert_eq!(
        kit.get(capital, &by_id).await.json["items"],
        messages.json["items"]
    );
    // Page by page with the same id.
    let first = kit.get(capital, &format!("{path}/messages?limit=1")).await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    let second = kit
        .get(capital, &format!("{path}/messages?limit=1&cursor={cursor}"))
        .await;
    assert_eq!(second.json["items"][0], messages.json["items"][1]);
    // To others it is as one that there is not.
    let (others, none) = (
        kit.get(small, &path).await,
        kit.get(small, "/chat/sessions/999999").await,
    );
    assert_eq!(others.fields(), none.fields());
    assert_eq!(others.status, none.status);
    let messages = kit.get(small, &format!("{path}/messages")).await;
    assert_eq!(messages.status, none.status);
    // It can be gone on with.
    let asked = json!({ "message": "And now?", "session_id": opened.json["id"] });
    let answer = kit.post(capital, "/chat", asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
