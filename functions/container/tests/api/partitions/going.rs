//! Everybody goes on.

use super::{
    assert_kept_apart, begin, catalogue, count, ends_well, furnish, is_partitioned, partition,
    people::{People, compare},
    until_copying, vars, whole,
};
use crate::kit::{
    U2,
    http::{Events, streamed, text_of},
    program::Program,
    provider::Reply,
    wait::{tell, wait_until},
};
use sqlx::{AssertSqlSafe, Executor};

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_partitioned_while_everybody_goes_on() {
    let (kit, provider) = whole().await;
    furnish(&kit, 30).await;
    let furnished = count(&kit.pool, "parlance.chat_messages").await;
    let before = catalogue(&kit.pool).await;
    let token = kit.token(U2).await;
    let program = Program::serve(&kit, &vars(&provider)).await;
    // An answer that is under way when it begins, and ends when it is over.
    provider.reply(Reply::Held(vec![
        "The beginning, ".into(),
        "and the end.".into(),
    ]));
    let held = program.send(streamed(&token, "Do you stay?")).await;
    let mut events = Events::new(held);
    let begun = events.one().await;
    assert_eq!(begun.event, "start");
    provider.asked_for(1).await;
    let people = People::at(&kit).await;

    let mut killed = begin(&kit, &["--partitions", "4"]);
    until_copying(&kit).await;
    killed.kill().await.expect("it ends");
    people.more().await;
    let other = partition(&kit, &["--partitions", "5"]).await;
    assert!(
        !other.ok && other.stderr.contains("it is under way with 4 partitions"),
        "{}",
        other.stderr
    );
    provider.let_go(1);
    let planned = partition(&kit, &["--plan"]).await;
    let told = "It was begun, with 4 partitions: ";
    assert!(
        planned.ok && planned.stdout.starts_with(told),
        "{}",
        planned.stdout
    );
    let again = begin(&kit, &[]);
    wait_until("it to be at work", async || {
        let sql = "pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and l.granted
                   and a.application_name = 'parlance migrate' and a.datname = current_database()";
        let at_work = count(&kit.pool, sql).await;
        (at_work > 0).then_some(()).ok_or("it is not")
    })
    .await;
    let meanwhile = wait_alone(&kit).await;
    assert!(
        meanwhile.contains("another `parlance partition-messages`"),
        "{meanwhile}"
    );
    let said = ends_well(again).await;
    for line in [
        " messages are the same in both.",
        "The partitioned table has taken its place. For ",
        "Done: chat_messages is partitioned.",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    people.more().await;
    let told = people.end().await;
    provider.let_go(2);
    let text = text_of(&events.all().await);
    assert_eq!(text, "The beginning, and the end.");
    kit.until(begun.uuid("message_id"), "complete").await;

    let [turns, rated, gone] = compare(&kit.pool, &told).await;
    assert!(rated > 0 && gone > 0, "{turns} {rated} {gone}");
    let left = "parlance.chat_messages m join parlance.chat_sessions s on s.id = m.session_id where s.title = 'furnished'";
    assert_eq!(count(&kit.pool, left).await, furnished);
    assert!(is_partitioned(&kit).await);
    let after = catalogue(&kit.pool).await;
    assert_eq!(after, before, "but for its partitions, it is as it was");
    assert_kept_apart(&kit).await;

    let rows = count(&kit.pool, "parlance.chat_messages").await;
    let once_more = partition(&kit, &[]).await;
    let nothing = "chat_messages has 4 partitions already. There is nothing to do.\n";
    assert_eq!((once_more.ok, &*once_more.stdout), (true, nothing));
    assert_eq!(count(&kit.pool, "parlance.chat_messages").await, rows);
    let nothing = partition(&kit, &["--abandon"]).await;
    assert!(
        nothing.ok && nothing.stdout.starts_with("Nothing was begun"),
        "{}",
        nothing.stdout
    );
    tell(&format!(
        "{turns} turns, {rated} rated, {gone} deleted, while {said}"
    ));
}

/// What a second one says.
async fn wait_alone(kit: &crate::kit::Kit) -> String {
    let refused = partition(kit, &[]).await;
    assert!(!refused.ok, "{}", refused.stdout);
    refused.stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_has_to_wait_lets_others_pass() {
    let (kit, _provider) = whole().await;
    furnish(&kit, 20).await;
    let partitioning = begin(&kit, &["--partitions", "3"]);
    until_copying(&kit).await;
    // As pg_dump does for as long as it takes.
    let mut dump = crate::kit::database::connect_to(&kit.database.url()).await;
    let hold = "begin; lock table parlance.chat_messages in access share mode";
    dump.execute(hold).await.unwrap();
    let people = People::at(&kit).await;
    let waits = "pg_locks where not granted
                 and relation = 'parlance.chat_messages'::regclass and mode = 'AccessExclusiveLock'";
    for _ in 0..2 {
        wait_until("the change to wait for the table", async || {
            let waiting = count(&kit.pool, waits).await;
            (waiting > 0).then_some(()).ok_or("it does not")
        })
        .await;
        // Nobody is refused, since it waits for less than they do.
        people.more().await;
    }
    assert!(!is_partitioned(&kit).await);
    dump.execute("rollback").await.unwrap();
    ends_well(partitioning).await;
    people.more().await;
    compare(&kit.pool, &people.end().await).await;
    assert!(is_partitioned(&kit).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_or_changed_while_it_is_copied_is_not_copied_as_it_was() {
    let (kit, _provider) = whole().await;
    furnish(&kit, 5).await;
    // The first of a tenant and the last, so that one is met at once and the other late.
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select id from (select tenant_id, id, row_number() over (partition by tenant_id order by id) as n from parlance.chat_messages) m
         where n in (1, 2, 20, 21) order by tenant_id, id",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    let mut somebody = crate::kit::database::connect_to(&kit.database.url()).await;
    let partitioning = begin(&kit, &["--partitions", "3"]);
    wait_until("what is written to be carried over", async || {
        let follows = count(&kit.pool, "pg_trigger where tgname = 'carry_message'").await;
        (follows > 0).then_some(()).ok_or("it is not")
    })
    .await;
    somebody.execute("begin").await.unwrap();
    for (n, id) in ids.iter().enumerate() {
        let sql = match n % 2 {
            0 => format!("delete from parlance.chat_messages where id = '{id}'"),
            _ => format!("update parlance.chat_messages set content = 'changed' where id = '{id}'"),
        };
        somebody.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    wait_until("the copy to meet one of them", async || {
        let waiting = count(
            &kit.pool,
            "pg_locks where not granted and locktype in ('transactionid', 'tuple')",
        )
        .await;
        (waiting > 0).then_some(()).ok_or("it does not")
    })
    .await;
    somebody.execute("commit").await.unwrap();
    ends_well(partitioning).await;
    for (n, id) in ids.iter().enumerate() {
        let found: Option<String> =
            sqlx::query_scalar("select content from parlance.chat_messages where id = $1")
                .bind(id)
                .fetch_optional(&kit.pool)
                .await
                .unwrap();
        let expected = (n % 2 == 1).then_some("changed");
        assert_eq!(found.as_deref(), expected, "{n}");
    }
}
