//! An answer that is read on from where its reader was cut off.

use super::{begin, kit, resume, twin};
use crate::kit::{
    Kit, U1, U2, V1,
    http::{Event, Events, Served, streamed, text_of},
    provider::{Provider, Reply},
};
use serde_json::json;
use uuid::Uuid;

const PIECES: [&str; 4] = ["Grüße, ", "日本語 ", "and 🦀", ". The end."];

/// All of the events, the last of which must say how the answer ended.
async fn rest(served: &Served, token: &str, message: Uuid, from: Option<&str>) -> Vec<Event> {
    let response = resume(served, token, message, from).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Events::new(response).all().await
}

#[tokio::test] // R27
async fn from_any_event_on_the_text_is_the_same_at_every_process() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit, &provider).await;
    let (here, there) = (Served::new(&kit).await, Served::new(&other).await);
    let token = kit.token(U1).await;
    let whole = PIECES.concat();
    provider.hold(&PIECES);
    let mut events = Events::new(here.send(streamed(&token, "Hello?")).await);
    let start = events.one().await;
    let message = start.uuid("message_id");
    let mut positions = vec![start.id.clone()];
    for _ in PIECES {
        provider.let_go(1);
        positions.push(events.one().await.id);
    }
    // While it is made: everybody is told the rest, and the end when it comes.
    let readers = positions.iter().flat_map(|position| {
        let read = |served| rest(served, &token, message, Some(position));
        [read(&here), read(&there)]
    });
    let let_go = async {
        other_reader_has_begun(&kit, message).await;
        provider.let_go(1);
    };
    let (running, ()) = tokio::join!(futures_util::future::join_all(readers), let_go);
    kit.until(message, "complete").await;
    let mut all = running;
    for position in &positions {
        all.push(rest(&here, &token, message, Some(position)).await);
        all.push(rest(&there, &token, message, Some(position)).await);
    }
    for (n, events) in all.iter().enumerate() {
        let position = &positions[n / 2 % positions.len()];
        let had: usize = position.parse().unwrap();
        assert_eq!(format!("{}{}", &whole[..had], text_of(events)), whole);
        assert_eq!(events[0].event, "start");
        assert_eq!(&events[0].id, position);
        let last = events.last().unwrap();
        assert_eq!(
            (&*last.event, &*last.id),
            ("done", &*whole.len().to_string())
        );
        assert_eq!(last.data, all[0].last().unwrap().data);
    }
    // Without a position it is all of it.
    assert_eq!(text_of(&rest(&there, &token, message, None).await), whole);
    assert_eq!(provider.chats().len(), 1);
}

/// Returns when all of the text so far is in the row, which readers elsewhere see.
async fn other_reader_has_begun(kit: &Kit, message: Uuid) {
    crate::kit::wait::wait_until("the text so far in the row", async || {
        let row = kit.message(message).await.unwrap().content;
        (row == PIECES.concat()).then_some(()).ok_or(row)
    })
    .await;
}

#[tokio::test]
async fn sources_and_failures_come_again() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit, &provider).await;
    kit.add_document(
        crate::kit::ADMIN1,
        "Refunds",
        "A refund takes 5 working days.",
    )
    .await;
    let (here, there) = (Served::new(&kit).await, Served::new(&other).await);
    let token = kit.token(U1).await;
    provider.reply(Reply::BreakAfter(vec!["It takes".to_owned()]));
    let asked = streamed(&token, "How long does a refund take?");
    let first = Events::new(here.send(asked).await).all().await;
    let message = first[0].uuid("message_id");
    for served in [&here, &there] {
        let again = rest(served, &token, message, Some("8")).await;
        let names: Vec<_> = again.iter().map(|e| &*e.event).collect();
        assert_eq!(names, ["start", "sources", "error"]);
        assert_eq!(again[1].data, first[1].data);
        let (was, is) = (&first.last().unwrap().data, &again[2].data);
        for field in ["type", "title", "status", "retryable"] {
            assert_eq!(was[field], is[field], "{field}");
        }
    }
}

#[tokio::test]
async fn what_is_no_position_in_the_text_is_refused() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit, &provider).await;
    let (here, there) = (Served::new(&kit).await, Served::new(&other).await);
    let token = kit.token(U1).await;
    let begun = begin(&here, &provider, &token, &["Grüße", "."]).await;
    // The third byte is the first half of the second ü.
    for from in ["x", "-1", "1.5", "0x1", "99999999999999999999999", "3"] {
        let refused = resume(&here, &token, begun.message, Some(from)).await;
        assert_eq!(refused.status(), 422, "{from}");
    }
    let beyond = resume(&here, &token, begun.message, Some("8")).await;
    assert_eq!(beyond.status(), 422);
    // Another process cannot know how much there is: it tells so when it does.
    let beyond = resume(&there, &token, begun.message, Some("5000")).await;
    assert_eq!(beyond.status(), 200);
    provider.let_go(2);
    let beyond = Events::new(beyond).all().await;
    let last = beyond.last().unwrap();
    assert_eq!((&*last.event, &last.data["status"]), ("error", &json!(422)));
    kit.until(begun.message, "complete").await;
    for served in [&here, &there] {
        for from in ["3", "9", "2147483647", "2147483648"] {
            let refused = resume(served, &token, begun.message, Some(from)).await;
            assert_eq!(refused.status(), 422, "{from}");
        }
        let end = rest(served, &token, begun.message, Some("8")).await;
        assert_eq!(text_of(&end), "");
        assert_eq!(end.last().unwrap().event, "done");
    }
}

#[tokio::test] // R27
async fn nobody_else_reads_it() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit, &provider).await;
    let (here, there) = (Served::new(&kit).await, Served::new(&other).await);
    let token = kit.token(U1).await;
    let begun = begin(&here, &provider, &token, &["Secret", "."]).await;
    for who in [U2, V1] {
        let theirs = kit.token(who).await;
        for served in [&here, &there] {
            let refused = resume(served, &theirs, begun.message, None).await;
            assert_eq!(refused.status(), 404);
        }
        let path = format!("/chat/messages/{}", begun.message);
        assert_eq!(kit.get(&theirs, &path).await.problem(404), "not_found");
    }
    let own = kit
        .get(&token, &format!("/chat/messages/{}", begun.message))
        .await;
    assert_eq!(
        (&own.json["status"], &own.json["role"]),
        (&json!("streaming"), &json!("assistant"))
    );
}

#[tokio::test] // R4
async fn it_ends_with_the_login_that_reads_it() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let served = Served::new(&kit).await;
    let asks = kit.token(U1).await;
    let begun = begin(&served, &provider, &asks, &["One, ", "two."]).await;
    let login = kit.login(U1).await;
    let reads = login.json["access_token"].as_str().unwrap();
    let mut events = Events::new(resume(&served, reads, begun.message, None).await);
    assert_eq!(events.one().await.event, "start");
    assert_eq!(events.one().await.data["text"], "One, ");
    let refresh = json!({ "refresh_token": login.json["refresh_token"] });
    assert_eq!(kit.post("", "/login/logout", refresh).await.status, 204);
    let last = events.one().await;
    assert_eq!(last.data["type"], "urn:parlance:error:session_revoked");
    assert!(events.next().await.is_none());
    // Whose answer it is, another login of the same user, reads on.
    provider.let_go(2);
    kit.until(begun.message, "complete").await;
}
