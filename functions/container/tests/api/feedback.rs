//! What people think of the answers they got.

use crate::kit::{
    ADMIN1, Kit, SUPERUSER, T1, U1, U2, V1,
    scene::{Scene, Stored},
};
use serde_json::{Value, json};
use uuid::Uuid;

fn path(message: Uuid) -> String {
    format!("/chat/messages/{message}/feedback")
}

/// What the list of messages says of the answer.
async fn shown(kit: &Kit, token: &str, session: Uuid) -> Value {
    let path = format!("/chat/sessions/{session}/messages");
    let list = kit.get(token, &path).await;
    assert_eq!(
        list.json["items"][0]["feedback"],
        Value::Null,
        "of a question"
    );
    list.json["items"][1]["feedback"].clone()
}

#[tokio::test]
async fn an_answer_is_rated_rated_again_and_no_more() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let asked = kit
        .post(&token, "/chat", json!({ "message": "Why?" }))
        .await;
    let (session, answer) = (asked.id("session_id"), asked.id("message_id"));
    assert_eq!(shown(&kit, &token, session).await, Value::Null);
    for (body, rating, comment) in [
        (json!({ "rating": "up" }), json!("up"), Value::Null),
        (
            json!({ "rating": "down", "comment": "  No, „so“ not. " }),
            json!("down"),
            json!("No, „so“ not."),
        ),
        (
            json!({ "rating": "down", "comment": " " }),
            json!("down"),
            Value::Null,
        ),
        (
            json!({ "rating": "up", "comment": null }),
            json!("up"),
            Value::Null,
        ),
    ] {
        let rated = kit.put(&token, &path(answer), body.clone()).await;
        assert_eq!(rated.status, 204, "{body}: {}", rated.text);
        let shown = shown(&kit, &token, session).await;
        assert_eq!((&shown["rating"], &shown["comment"]), (&rating, &comment));
        assert!(shown["rated_at"].is_string());
        let message = kit.get(&token, &format!("/chat/messages/{answer}")).await;
        assert_eq!(message.json["feedback"], shown);
    }
    for _ in 0..2 {
        let back = kit
            .put(&token, &path(answer), json!({ "rating": null }))
            .await;
        assert_eq!(back.status, 204, "{}", back.text);
        assert_eq!(shown(&kit, &token, session).await, Value::Null);
    }
    // It goes with the conversation.
    let up = json!({ "rating": "up" });
    assert_eq!(kit.put(&token, &path(answer), up).await.status, 204);
    let gone = kit
        .delete(&token, &format!("/chat/sessions/{session}"))
        .await;
    assert_eq!(gone.status, 204);
    let left: i64 = sqlx::query_scalar("select count(*) from parlance.message_feedback")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test] // R28 R54
async fn what_is_no_rating_is_refused() {
    let scene = Scene::new().await;
    let token = scene.token_of(U1);
    let answer = scene.ids_of(U1).message;
    let before = Stored::all(&scene.pool).await;
    for (body, field) in [
        (json!({}), "rating"),
        (json!({ "comment": "Good." }), "rating"),
        (json!({ "rating": null, "comment": "Good." }), "comment"),
        (json!({ "rating": "sideways" }), "rating"),
        (json!({ "rating": 1 }), "rating"),
        (
            json!({ "rating": "up", "comment": "x".repeat(2001) }),
            "comment",
        ),
        (json!({ "rating": "up", "comment": 5 }), "comment"),
        (json!({ "rating": "up", "user_id": U2.id }), "user_id"),
        (json!({ "rating": "up", "tenant_id": T1 }), "tenant_id"),
    ] {
        let refused = scene.put(token, &path(answer), body.clone()).await;
        assert_eq!(refused.fields(), [field], "{body}");
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
    let longest = json!({ "rating": "up", "comment": "💥".repeat(2000) });
    assert_eq!(scene.put(token, &path(answer), longest).await.status, 204);
}

#[tokio::test] // R25
async fn only_ones_own_answers_can_be_rated() {
    let scene = Scene::new().await;
    let before = Stored::all(&scene.pool).await;
    let own = scene.ids_of(U1);
    let question: Uuid = sqlx::query_scalar(
        "select id from parlance.chat_messages where session_id = $1 and role = 'user'",
    )
    .bind(own.session)
    .fetch_one(&scene.pool)
    .await
    .unwrap();
    let others = [U2, V1, ADMIN1].map(|other| scene.ids_of(other).message);
    for message in others
        .into_iter()
        .chain([question, own.session, Uuid::now_v7()])
    {
        for rating in [json!("up"), Value::Null] {
            let body = json!({ "rating": rating });
            let refused = scene.put(scene.token_of(U1), &path(message), body).await;
            assert_eq!(refused.problem(404), "not_found");
        }
    }
    let inside = scene.assume(scene.token_of(SUPERUSER), T1).await;
    let refused = scene
        .put(&inside, &path(own.message), json!({ "rating": "up" }))
        .await;
    assert_eq!(refused.problem(403), "tenant_assumed");
    let mut after = Stored::all(&scene.pool).await;
    // The superuser's stay is written down.
    for table in ["audit_log", "assumptions"] {
        after.0.remove(table);
    }
    let mut before = before;
    for table in ["audit_log", "assumptions"] {
        before.0.remove(table);
    }
    assert_eq!(after, before);
}
