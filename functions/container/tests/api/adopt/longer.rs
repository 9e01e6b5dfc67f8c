//! Conversations that are too long to be kept in memory.

use super::{Move, old::Old};

#[tokio::test]
async fn a_long_conversation_is_copied_in_parts_and_compared_before_it_is_copied_again() {
    let moved = Move::of(Old::acme().await).await;
    moved.old.change(
        "insert into chat_messages (id, session_id, role, content, sources, timestamp)
         select 100000 + n, 3, case n % 2 when 0 then 'assistant' else 'user' end, 'line ' || n, null,
                timestamp '2025-09-01' + n * interval '1 second' from generate_series(1, 9001) n;
         insert into chat_messages (id, session_id, role, content, sources, timestamp)
         select 200000 + n, 4, 'user', repeat('ü', 50000), null, timestamp '2025-09-01' + n * interval '1 second'
         from generate_series(1, 60) n",
    )
    .await;
    let report = moved.copy_and_verify().await;
    assert_eq!(report["copied"]["messages"], 6112 + 9001 + 60);
    let again = moved.copy().await;
    assert_eq!(again["copied"]["messages"], 0);
    assert_eq!(again["unchanged"]["messages"], 6112 + 9001 + 60);
    // In the middle of the long one, and a message before all others of it.
    moved.old.change(
        "update chat_messages set content = 'another line' where id = 104000;
         insert into chat_messages (id, session_id, role, content, timestamp) values (300000, 3, 'user', 'late', '2020-01-01')",
    )
    .await;
    let changed = moved.run(&["verify"]).await;
    assert!(
        !changed.ok && changed.stdout.contains("conversation 3"),
        "{}",
        changed.stdout
    );
    let third = moved.copy_and_verify().await;
    assert_eq!(third["copied"]["sessions"], 1);
    assert_eq!(third["unchanged"]["sessions"], 399);
}
