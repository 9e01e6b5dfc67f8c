//! One's own conversations as a file, and the end of all of them.

use crate::kit::{
    ADMIN1, Kit, SUPERUSER, T1, U1, U2, V1,
    scene::{Scene, Stored},
};
use axum::http::header;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

async fn begin(kit: &Kit, token: &str, message: &str) -> Uuid {
    let asked = kit.post(token, "/chat", json!({ "message": message }));
    asked.await.id("session_id")
}

#[tokio::test]
async fn is_what_the_lists_show_in_one_file() {
    let kit = Kit::new().await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 14 days.")
        .await;
    let token = kit.token(U1).await;
    let first = begin(&kit, &token, "How long does a refund take?").await;
    let second = begin(&kit, &token, "A \"quoted\" question\n# and no heading").await;
    let more = json!({ "message": "Thanks.", "session_id": first });
    assert_eq!(kit.post(&token, "/chat", more).await.status, 200);

    let file = kit.get(&token, "/chat/export").await;
    assert_eq!(file.status, 200, "{}", file.text);
    assert_eq!(
        file.header(header::CONTENT_TYPE.as_str()),
        "application/json"
    );
    assert!(
        file.header("content-disposition")
            .contains("conversations.json")
    );
    let mut expected = kit.get(&token, "/chat/sessions").await.json["items"].clone();
    for session in expected.as_array_mut().unwrap() {
        let path = format!(
            "/chat/sessions/{}/messages?limit=100",
            session["id"].as_str().unwrap()
        );
        session["messages"] = kit.get(&token, &path).await.json["items"].clone();
    }
    assert_eq!(file.json["conversations"], expected);
    assert!(file.json["exported_at"].is_string());

    let one = kit
        .get(
            &token,
            &format!("/chat/sessions/{second}/export?format=json"),
        )
        .await;
    assert_eq!(one.json["conversations"], json!([expected[0]]));

    let text = kit.get(&token, "/chat/export?format=markdown").await;
    assert_eq!(text.header("content-type"), "text/markdown; charset=utf-8");
    let text = text.text;
    for part in [
        "# A \"quoted\" question # and no heading\n\n*20",
        "\n---\n\n# How long does a refund take?\n",
        "**You**, 20",
        "**Assistant (",
        "A refund takes 14 days.",
        "\n- Refunds\n",
        "Thanks.\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // What is not whole is not shown as if it were.
    sqlx::query("update parlance.chat_messages set status = 'stopped', finish_reason = 'stopped' where role = 'assistant'")
        .execute(&kit.pool)
        .await
        .unwrap();
    let text = kit.get(&token, "/chat/export?format=markdown").await.text;
    assert_eq!(text.matches("Z, stopped\n\n").count(), 3, "{text}");
}

#[tokio::test]
async fn branches_are_for_programs_and_people_get_the_active_one() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let asked = kit
        .post(&token, "/chat", json!({ "message": "Which colour?" }))
        .await;
    let again = json!({ "regenerate": asked.id("message_id") });
    let again = kit.post(&token, "/chat", again).await;
    assert_eq!(again.status, 200, "{}", again.text);
    let file = kit.get(&token, "/chat/export").await;
    let all = file.json["conversations"][0]["messages"]
        .as_array()
        .unwrap();
    let parents: Vec<_> = all.iter().map(|m| &m["parent_id"]).collect();
    let question = &all[0]["id"];
    assert_eq!(parents, [&Value::Null, question, question]);
    let text = kit.get(&token, "/chat/export?format=markdown").await.text;
    assert_eq!(text.matches("**You**").count(), 1, "{text}");
    assert_eq!(text.matches("**Assistant").count(), 1, "{text}");
}

#[tokio::test]
async fn nothing_said_yet_makes_a_whole_file() {
    let kit = Kit::new().await;
    let token = kit.token(U2).await;
    let file = kit.get(&token, "/chat/export").await;
    assert_eq!(file.json["conversations"], json!([]), "{}", file.text);
    let text = kit.get(&token, "/chat/export?format=markdown").await;
    assert_eq!((text.status.as_u16(), &*text.text), (200, ""));
    for (path, field) in [
        ("/chat/export?format=csv", "format"),
        ("/chat/export?user_id=1", "user_id"),
        ("/chat/export?format=json&format=json", "format"),
        ("/chat/sessions/x/export", "id"),
    ] {
        assert_eq!(kit.get(&token, path).await.fields(), [field], "{path}");
    }
}

#[tokio::test]
async fn however_much_there_is_all_of_it_comes_in_order() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    // More conversations than are read at once, one of more messages and bytes than a page of them may have.
    let rows = format!(
        "with s as (
           insert into parlance.chat_sessions (tenant_id, id, user_id, title, last_seq)
           select '{T1}', lpad(to_hex(n), 32, '0')::uuid, '{}', 'Talk ' || n, case when n = 7 then 250 else 1 end
           from generate_series(1, 205) n returning *)
         insert into parlance.chat_messages (tenant_id, id, session_id, seq, role, content, status)
         select s.tenant_id, gen_random_uuid(), s.id, k, 'user', k || repeat('x', 20000), 'complete'
         from s, generate_series(1, s.last_seq) k",
        U1.id
    );
    sqlx::query(AssertSqlSafe(rows))
        .execute(&kit.pool)
        .await
        .unwrap();
    let file = kit.get(&token, "/chat/export").await;
    let all = file.json["conversations"].as_array().unwrap();
    let titles: Vec<_> = all
        .iter()
        .map(|chat| chat["title"].as_str().unwrap())
        .collect();
    let expected: Vec<_> = (1..=205).rev().map(|n| format!("Talk {n}")).collect();
    assert_eq!(titles, expected);
    let long = all[205 - 7]["messages"].as_array().unwrap();
    let said: Vec<_> = long
        .iter()
        .map(|m| {
            m["content"]
                .as_str()
                .unwrap()
                .trim_end_matches('x')
                .parse::<usize>()
                .unwrap()
        })
        .collect();
    assert_eq!(said, (1..=250).collect::<Vec<_>>());
}

#[tokio::test] // R25
async fn holds_nothing_of_anybody_else() {
    let scene = Scene::new().await;
    let (own, text) = (
        scene.ids_of(U1),
        scene.get(scene.token_of(U1), "/chat/export").await,
    );
    assert_eq!(text.json["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(text.id_at("/conversations/0/id"), own.session);
    for other in [U2, V1, ADMIN1] {
        let path = format!("/chat/sessions/{}/export", scene.ids_of(other).session);
        let refused = scene.get(scene.token_of(U1), &path).await;
        assert_eq!(refused.problem(404), "not_found");
    }
    let inside = scene.assume(scene.token_of(SUPERUSER), T1).await;
    let refused = scene.get(&inside, "/chat/export").await;
    assert_eq!(refused.problem(403), "tenant_assumed");
}

#[tokio::test] // R25 R45
async fn all_of_ones_own_go_and_only_when_that_is_meant() {
    let scene = Scene::new().await;
    let token = scene.token_of(U1);
    let before = Stored::all(&scene.pool).await;
    for path in [
        "/chat/sessions",
        "/chat/sessions?confirm=",
        "/chat/sessions?confirm=yes",
        "/chat/sessions?confirm=ALL",
    ] {
        assert_eq!(
            scene.delete(token, path).await.fields(),
            ["confirm"],
            "{path}"
        );
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
    let rows = format!(
        "insert into parlance.chat_sessions (tenant_id, id, user_id, title)
         select '{T1}', lpad(to_hex(n), 32, '0')::uuid, '{}', 'Talk ' || n from generate_series(1, 65) n",
        U1.id
    );
    sqlx::query(AssertSqlSafe(rows))
        .execute(&scene.pool)
        .await
        .unwrap();
    for _ in 0..2 {
        let gone = scene.delete(token, "/chat/sessions?confirm=all").await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    }
    let left = scene.get(token, "/chat/sessions").await;
    assert_eq!(left.json["items"], json!([]));
    let own = scene.ids_of(U1).session.to_string();
    let mut expected = before.0;
    let mut after = Stored::all(&scene.pool).await.0;
    for table in ["chat_sessions", "chat_messages"] {
        let kept: Vec<_> = expected.remove(table).unwrap();
        let kept: Vec<_> = kept.into_iter().filter(|row| !row.contains(&own)).collect();
        assert_eq!(after.remove(table), Some(kept), "{table}");
    }
    let deeds = scene.audit(T1).await;
    let erased: Vec<_> = deeds
        .iter()
        .filter(|row| row.action == "chat.erase")
        .collect();
    assert_eq!(erased.len(), 1, "once, and not where there was nothing");
    assert_eq!(erased[0].target, U1.id.to_string());
    let begun = scene
        .post(token, "/chat", json!({ "message": "Again?" }))
        .await;
    assert_eq!(begun.status, 200);
    assert_ne!(begun.json["session_id"], Value::Null);
}
