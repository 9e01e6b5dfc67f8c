//! How much at the same time, and how often in a minute.

use super::{ask, limit_users, refused_by, reserved};
use crate::kit::{
    ADMIN1, Kit, Person, T1, U1, U2, V1,
    http::{Events, Served, streamed},
    provider::{Provider, Reply},
    wait::wait_until,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// A service with the usual limits, but that one user may have as many answers made as its tenant.
async fn kit(provider: &Provider) -> Kit {
    let limits = r#"{"user": {"concurrent_answers": null}}"#;
    let vars = [("OPENAI_API_KEY", "sk-deployment"), ("LIMITS", limits)];
    provider.kit(vars).await
}

async fn nothing_reserved(kit: &Kit) {
    wait_until("every answer to be settled", async || {
        match reserved(&kit.pool).await {
            0 => Ok(()),
            n => Err(n),
        }
    })
    .await;
}

#[tokio::test] // R64
async fn of_25_at_once_a_tenant_has_20_and_nobody_else_fewer() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (token, other) = (kit.token(U1).await, kit.token(V1).await);
    let served = Served::new(&kit).await;
    provider.always(Reply::Held(vec!["One.".into()]));
    let asked = (0..25).map(|_| served.send(streamed(&token, "Hello?")));
    let answers = join_all(asked).await;
    let statuses: Vec<u16> = answers.iter().map(|a| a.status().as_u16()).collect();
    let count = |status| statuses.iter().filter(|s| **s == status).count();
    assert_eq!((count(200), count(429)), (20, 5), "{statuses:?}");
    let refused = ask(&kit, &token).await;
    assert_eq!(
        refused_by(&refused),
        ("tenant".into(), "concurrent_answers".into())
    );
    let theirs = served.send(streamed(&other, "Hello?")).await;
    assert_eq!(theirs.status(), 200);
    // One that is stopped makes room for one.
    let mut streams = answers
        .into_iter()
        .filter(|a| a.status() == 200)
        .map(Events::new);
    let mut first = streams.next().unwrap();
    let message = first.one().await.uuid("message_id");
    let path = format!("/chat/messages/{message}/stop");
    assert_eq!(kit.post(&token, &path, Value::Null).await.status, 200);
    assert_eq!(
        served.send(streamed(&token, "And now?")).await.status(),
        200
    );
    assert_eq!(ask(&kit, &token).await.status, 429);
    provider.let_go(1000);
    for stream in streams {
        assert_eq!(stream.all().await.last().unwrap().event, "done");
    }
    nothing_reserved(&kit).await;
}

#[tokio::test] // R64
async fn a_user_has_three_at_once_over_all_processes() {
    let provider = Provider::start().await;
    let vars = || {
        let own = [("OPENAI_API_KEY", "sk-deployment"), ("LIMITS", "{}")];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        provider.vars().into_iter().chain(own)
    };
    let kit = Kit::on(
        crate::kit::database::Database::clone_template().await,
        vars(),
    )
    .await;
    let twin = Kit::on(kit.database.clone(), vars()).await;
    let served = [Served::new(&kit).await, Served::new(&twin).await];
    provider.always(Reply::Held(vec!["One.".into()]));
    let asked = async |who: Person| {
        let token = kit.token(who).await;
        let asked = (0..8).map(|n| served[n % 2].send(streamed(&token, "Hello?")));
        let answers = join_all(asked).await;
        answers.iter().filter(|a| a.status() == 200).count()
    };
    assert_eq!((asked(U1).await, asked(U2).await), (3, 3));
    provider.let_go(1000);
    nothing_reserved(&kit).await;
}

#[tokio::test] // R64
async fn none_at_once_is_none() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_users(&kit, ADMIN1, json!({ "concurrent_answers": 0 })).await;
    for _ in 0..3 {
        let refused = ask(&kit, &kit.token(U1).await).await;
        let by = ("user".into(), "concurrent_answers".into());
        assert_eq!(refused_by(&refused), by);
    }
    assert_eq!(ask(&kit, &kit.token(V1).await).await.status, 200);
}

#[tokio::test] // R64
async fn a_minute_has_as_many_questions_as_it_says() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_users(&kit, ADMIN1, json!({ "requests_per_minute": 4 })).await;
    let token = kit.token(U1).await;
    let asked = join_all((0..9).map(|_| ask(&kit, &token))).await;
    let good = asked.iter().filter(|a| a.status == 200).count();
    // A slow machine may take so long that there is another.
    assert!((4..9).contains(&good), "{good}");
    let refused = asked.iter().find(|a| a.status == 429).unwrap();
    assert_eq!(
        refused_by(refused),
        ("user".into(), "requests_per_minute".into())
    );
    assert_eq!(ask(&kit, &kit.token(U2).await).await.status, 200);
    limit_users(&kit, ADMIN1, json!({ "requests_per_minute": 0 })).await;
    assert_eq!(ask(&kit, &kit.token(V1).await).await.status, 200);
    let refused = ask(&kit, &kit.token(U2).await).await;
    assert_eq!(
        refused_by(&refused),
        ("user".into(), "requests_per_minute".into())
    );
}

#[tokio::test]
async fn a_question_is_as_long_as_it_may_be() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_users(&kit, ADMIN1, json!({ "tokens_per_question": 10 })).await;
    let token = kit.token(U1).await;
    let long = |n: usize| json!({ "message": "a".repeat(n) });
    assert_eq!(kit.post(&token, "/chat", long(40)).await.status, 200);
    let refused = kit.post(&token, "/chat", long(41)).await;
    assert_eq!(refused.problem(422), "invalid_request");
    assert_eq!(refused.json["errors"][0]["field"], "message");
    assert_eq!(super::calls(&kit.pool, T1).await.len(), 1);
}
