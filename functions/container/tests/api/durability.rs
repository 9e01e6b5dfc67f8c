//! An answer is never lost: its row is there before anybody is asked, and neither a reader who leaves nor a
//! process that dies takes it away.

use crate::kit::{
    Kit, U1,
    http::{Events, Served, streamed},
    program::Program,
    provider::Provider,
    wait::wait_until,
};
use serde_json::json;
use uuid::Uuid;

async fn kit(provider: &Provider) -> Kit {
    provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await
}

/// Asserts that question and answer are committed, the answer still running with this text.
async fn assert_running(kit: &Kit, question: &str, text: &str) {
    let rows = kit.messages().await;
    let rows: Vec<_> = rows
        .iter()
        .map(|m| (&*m.role, &*m.status, &*m.content))
        .collect();
    assert_eq!(
        rows,
        [
            ("user", "complete", question),
            ("assistant", "streaming", text)
        ]
    );
}

#[tokio::test] // R81
async fn both_rows_are_there_while_the_provider_thinks() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;

    provider.hold(&["At last."]);
    let response = served.send(streamed(&token, "Streamed?")).await;
    assert_eq!(response.status(), 200);
    assert_running(&kit, "Streamed?", "").await;
    provider.asked_for(1).await;
    provider.let_go(2);
    let events = Events::new(response).all().await;
    kit.until(events[0].uuid("message_id"), "complete").await;

    sqlx::query("delete from parlance.chat_sessions")
        .execute(&kit.pool)
        .await
        .unwrap();
    provider.hold(&["At last."]);
    let plain = kit.post(&token, "/chat", json!({ "message": "Plain?" }));
    let look = async {
        provider.asked_for(2).await;
        assert_running(&kit, "Plain?", "").await;
        provider.let_go(2);
    };
    let (answer, ()) = tokio::join!(plain, look);
    assert_eq!(answer.json["answer"], "At last.");
}

#[tokio::test] // R81
async fn what_cannot_be_committed_is_not_asked() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    // It fails at the commit, after every statement went well.
    for sql in [
        "create function parlance.refuse() returns trigger language plpgsql
           as $$ begin raise exception 'refused'; end $$",
        "create constraint trigger refuse after insert on parlance.chat_messages
           deferrable initially deferred for each row execute function parlance.refuse()",
        "grant execute on function parlance.refuse to public",
    ] {
        sqlx::query(sql).execute(&kit.pool).await.unwrap();
    }
    for stream in [false, true] {
        let body = json!({ "message": "Hello?", "stream": stream });
        let refused = kit.post(&token, "/chat", body).await;
        assert_eq!(refused.problem(500), "internal");
    }
    assert!(provider.asked().is_empty());
    assert!(kit.messages().await.is_empty());
}

/// Asks the real program, takes `deltas` of its pieces, kills it; the answer's id.
async fn killed_after(kit: &Kit, provider: &Provider, pieces: &[&str], deltas: usize) -> Uuid {
    let vars = provider.vars().into_iter();
    let vars: Vec<_> = vars
        .chain([("OPENAI_API_KEY".into(), "sk-deployment".into())])
        .collect();
    let program = Program::serve(kit, &vars).await;
    provider.hold(pieces);
    let token = kit.token(U1).await;
    let response = program.send(streamed(&token, "Hello?")).await;
    let mut events = Events::new(response);
    let start = events.one().await;
    for _ in 0..deltas {
        // Two at once may come as one.
        provider.let_go(1);
        assert_eq!(events.one().await.event, "delta");
    }
    let message = start.uuid("message_id");
    if pieces[..deltas].concat().len() > 2048 {
        wait_until("the text so far to be stored", async || {
            match kit.message(message).await {
                Some(row) if !row.content.is_empty() => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }
    program.kill().await;
    assert!(events.next().await.is_none(), "the stream is cut off");
    message
}

/// The status and the text of the answer as the API tells them.
async fn told(kit: &Kit, token: &str, session: Uuid) -> (String, String) {
    let messages = kit
        .get(token, &format!("/chat/sessions/{session}/messages"))
        .await;
    let answer = &messages.json["items"][1];
    let field = |name: &str| answer[name].as_str().expect("a message has it").to_owned();
    (field("status"), field("content"))
}

#[tokio::test] // R81
async fn a_killed_process_leaves_both_rows_and_the_text_so_far() {
    let long = "So much is stored already. ".repeat(100);
    for (pieces, deltas, kept) in [
        (&["Never sent."][..], 0, ""),
        (&["Sent.", "Not sent."], 1, ""),
        (&[&long, "A last word.", "Not sent."], 1, &long),
        (&[&long, "A last word.", "Not sent."], 2, &long),
    ] {
        let provider = Provider::start().await;
        let kit = kit(&provider).await;
        let message = killed_after(&kit, &provider, pieces, deltas).await;
        let row = kit.message(message).await.expect("the row is there");
        assert_eq!(row.status, "streaming");
        assert!(row.content.starts_with(kept), "{}", row.content);
        assert!(pieces.concat().starts_with(&row.content), "{}", row.content);

        let token = kit.token(U1).await;
        let session = row.session_id;
        let running = told(&kit, &token, session).await;
        assert_eq!(running, ("streaming".to_owned(), row.content.clone()));
        sqlx::query(
            "update parlance.chat_messages set heartbeat_at = now() - interval '61 seconds'",
        )
        .execute(&kit.pool)
        .await
        .unwrap();
        let ended = told(&kit, &token, session).await;
        assert_eq!(ended, ("interrupted".to_owned(), row.content));
        let again = json!({ "message": "Once more?", "session_id": session });
        provider.let_go(100);
        assert_eq!(kit.post(&token, "/chat", again).await.status, 200);
    }
}

#[tokio::test] // R83
async fn a_reader_who_leaves_does_not_end_the_answer() {
    let pieces = ["One, ", "two, ", "three, ", "four."];
    for read in 0..=pieces.len() {
        let provider = Provider::start().await;
        let kit = kit(&provider).await;
        let token = kit.token(U1).await;
        let served = Served::new(&kit).await;
        provider.hold(&pieces);
        let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
        let message = events.one().await.uuid("message_id");
        for piece in &pieces[..read] {
            provider.let_go(1);
            assert_eq!(events.one().await.data["text"], *piece);
        }
        drop(events);
        provider.asked_for(1).await;
        assert_eq!(kit.message(message).await.unwrap().status, "streaming");
        provider.let_go(pieces.len() + 1 - read);
        let row = kit.until(message, "complete").await;
        assert_eq!(row.content, "One, two, three, four.");
        assert_eq!(provider.chats().len(), 1);
    }
}

#[tokio::test] // R83
async fn nor_does_one_who_leaves_before_a_plain_answer() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.hold(&["At last."]);
    let asking = kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    tokio::select! {
        answer = asking => panic!("it cannot be answered yet: {answer:?}"),
        () = provider.asked_for(1) => {}
    }
    let message: Uuid =
        sqlx::query_scalar("select id from parlance.chat_messages where role = 'assistant'")
            .fetch_one(&kit.pool)
            .await
            .unwrap();
    provider.let_go(2);
    let row = kit.until(message, "complete").await;
    assert_eq!(row.content, "At last.");
    assert_eq!(provider.chats().len(), 1);
}
