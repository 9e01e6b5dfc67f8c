//! Large answers and long conversations cost nobody more than they must.

use super::{kit, resume, twin};
use crate::kit::{
    Kit, U1,
    http::{Events, Served, streamed, text_of},
    provider::{Provider, Reply},
};
use serde_json::{Value, json};
use sqlx::Executor;

#[tokio::test] // R78
async fn a_large_answer_comes_in_pieces() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit, &provider).await;
    let token = kit.token(U1).await;
    let (here, there) = (Served::new(&kit).await, Served::new(&other).await);
    // Three bytes a character, so that none of the bounds falls between two.
    let piece = "日本語".repeat(20_000);
    provider.reply(Reply::Text(vec![piece.clone(); 5]));
    let events = Events::new(here.send(streamed(&token, "Much?")).await);
    let first = events.all().await;
    let whole = piece.repeat(5);
    assert!(text_of(&first) == whole, "the stream has another text");
    let message = first[0].uuid("message_id");
    for served in [&here, &there] {
        let events = Events::new(resume(served, &token, message, None).await);
        let events = events.all().await;
        assert!(text_of(&events) == whole, "a later stream has another text");
        let largest = events
            .iter()
            .filter_map(|e| Some(e.data["text"].as_str()?.len()));
        let largest = largest.max().unwrap();
        assert!(largest <= 256 * 1024, "{largest}");
        assert_eq!(events.last().unwrap().event, "done");
    }
}

/// How many rows a plan looks at in vain, anywhere in it.
fn in_vain(plan: &Value) -> u64 {
    let own = plan["Rows Removed by Filter"].as_u64().unwrap_or(0);
    let loops = plan["Actual Loops"].as_u64().unwrap_or(1);
    let below = plan["Plans"].as_array().into_iter().flatten();
    own * loops + below.map(in_vain).sum::<u64>()
}

#[tokio::test]
async fn reading_one_message_does_not_read_the_conversation() {
    let kit = Kit::new().await;
    let answer = super::ask(&kit, U1, json!({ "message": "First?" })).await;
    let session = answer["session_id"].as_str().unwrap();
    let fill = format!(
        "insert into parlance.chat_messages (tenant_id, id, session_id, seq, role, content, status)
         select tenant_id, gen_random_uuid(), id, n, case n % 2 when 1 then 'user' else 'assistant' end, 'x', 'complete'
         from parlance.chat_sessions, generate_series(3, 5000) n where id = '{session}';
         update parlance.chat_sessions set last_seq = 5000; analyze parlance.chat_messages"
    );
    kit.pool.execute(sqlx::AssertSqlSafe(fill)).await.unwrap();
    let mut app = sqlx::PgPool::connect(&kit.database.url_as("app"))
        .await
        .unwrap()
        .acquire()
        .await
        .unwrap();
    let tenant = format!(
        "select set_config('app.tenant_id', '{}', false)",
        U1.tenant_id
    );
    app.execute(sqlx::AssertSqlSafe(tenant)).await.unwrap();
    // What `read_answer` and the lists of messages do to find the message before.
    let sql = format!(
        "explain (analyze, format json)
         select (select p.id
                 from (select coalesce(m.parent_seq, m.seq - 1) as seq offset 0) parent
                 join chat_messages p on p.session_id = m.session_id and p.seq = parent.seq)
         from chat_messages m where m.session_id = '{session}' and m.seq in (2, 3000, 5000)"
    );
    let plan: Value = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(&mut *app)
        .await
        .unwrap();
    assert!(in_vain(&plan[0]["Plan"]) < 10, "{plan:#}");
    // And through the door, page by page, of a conversation that has branched.
    let token = kit.token(U1).await;
    let back = json!({ "active_message_id": answer["message_id"] });
    let path = format!("/chat/sessions/{session}");
    assert_eq!(kit.patch(&token, &path, back).await.status, 200);
    let list = kit.get(&token, &format!("{path}/messages")).await;
    assert_eq!(list.json["items"].as_array().unwrap().len(), 2);
    for query in ["?branches=true&limit=100", "?limit=100"] {
        let page = kit.get(&token, &format!("{path}/messages{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
    }
}
