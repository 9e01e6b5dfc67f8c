//! What is given up, and what stands in the way.

use super::{
    begin, catalogue, count, execute, furnish, is_partitioned, partition, until_copying, whole,
};
use crate::{
    kit::{Kit, U1},
    migrating::migrate,
};
use serde_json::json;

async fn killed_while_copying(kit: &Kit) {
    let mut child = begin(kit, &["--partitions", "3"]);
    until_copying(kit).await;
    child.kill().await.expect("it ends");
}

#[tokio::test]
async fn what_was_begun_can_be_given_up() {
    let (kit, _provider) = whole().await;
    furnish(&kit, 20).await;
    let before = catalogue(&kit.pool).await;
    let planned = partition(&kit, &["--plan"]).await;
    assert!(
        planned.ok && planned.stdout.contains("Nothing was changed."),
        "{}",
        planned.stdout
    );
    assert_eq!(catalogue(&kit.pool).await, before, "a plan changes nothing");
    killed_while_copying(&kit).await;
    let given_up = partition(&kit, &["--abandon"]).await;
    assert!(given_up.ok, "{}", given_up.stderr);
    assert_eq!(catalogue(&kit.pool).await, before);
    let token = kit.token(U1).await;
    let asked = kit
        .post(&token, "/chat", json!({ "message": "Still there?" }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    // And begun again.
    let said = partition(&kit, &[]).await;
    assert!(
        said.ok && said.stdout.contains("with 16 partitions"),
        "{}",
        said.stderr
    );
    assert!(is_partitioned(&kit).await);
}

#[tokio::test]
async fn what_depends_on_the_table_itself_is_named_before_anything_is_done() {
    let (kit, _provider) = whole().await;
    let before = catalogue(&kit.pool).await;
    for (make, drop, named) in [
        (
            "create view parlance.seen as select id from parlance.chat_messages",
            "drop view parlance.seen",
            "rule _RETURN on view",
        ),
        (
            "create function parlance.first(parlance.chat_messages) returns uuid language sql as 'select $1.id'",
            "drop function parlance.first",
            "first(",
        ),
        (
            "create function parlance.many() returns bigint language sql begin atomic select count(*) from parlance.chat_messages; end",
            "drop function parlance.many",
            "many()",
        ),
        (
            "create policy seen on parlance.tenants using (exists (select from parlance.chat_messages))",
            "drop policy seen on parlance.tenants",
            "policy seen on table",
        ),
        (
            "create publication everything for all tables",
            "drop publication everything",
            "the publication everything",
        ),
        (
            "create function public.nothing() returns trigger language plpgsql as 'begin return null; end';
             create trigger nothing after insert on parlance.chat_messages for each row execute function public.nothing()",
            "drop trigger nothing on parlance.chat_messages",
            "trigger nothing on table",
        ),
        (
            "create statistics parlance.both on role, status from parlance.chat_messages",
            "drop statistics parlance.both",
            "statistics object",
        ),
        (
            "create table parlance.names (tenant_id uuid, id uuid) partition by hash (tenant_id);
             alter table parlance.names add constraint of_message foreign key (tenant_id, id) references parlance.chat_messages",
            "drop table parlance.names",
            "constraint of_message on table",
        ),
    ] {
        execute(&kit.pool, make).await;
        for more in [&[][..], &["--plan"]] {
            let told = partition(&kit, more).await;
            let told = if more.is_empty() {
                assert!(!told.ok, "{named}");
                told.stderr
            } else {
                told.stdout
            };
            assert!(told.contains(named), "{named} in {told}");
        }
        execute(&kit.pool, drop).await;
        assert_eq!(catalogue(&kit.pool).await, before, "{named}: nothing was made");
    }
}

#[tokio::test]
async fn a_table_that_changes_meanwhile_is_not_exchanged() {
    let (kit, _provider) = whole().await;
    furnish(&kit, 20).await;
    for (change, back, told) in [
        (
            "create index late on parlance.chat_messages (tenant_id, model)",
            "drop index parlance.late",
            "What only one of them has: index late",
        ),
        (
            "grant delete on parlance.chat_messages to parlance_platform",
            "revoke delete on parlance.chat_messages from parlance_platform",
            "What only one of them has: table",
        ),
        (
            "alter table parlance.chat_messages disable trigger carry_message",
            "select 1",
            "the trigger that carries over what is written is gone or switched off",
        ),
    ] {
        killed_while_copying(&kit).await;
        execute(&kit.pool, change).await;
        let refused = partition(&kit, &[]).await;
        assert!(
            !refused.ok && refused.stderr.contains(told),
            "{}",
            refused.stderr
        );
        assert!(!is_partitioned(&kit).await);
        let given_up = partition(&kit, &["--abandon"]).await;
        assert!(given_up.ok, "{}", given_up.stderr);
        execute(&kit.pool, back).await;
    }
}

#[tokio::test]
async fn what_is_not_the_same_in_both_is_not_exchanged() {
    let (kit, _provider) = whole().await;
    furnish(&kit, 20).await;
    killed_while_copying(&kit).await;
    // As if the disk had forgotten it.
    let lost = "delete from parlance.chat_messages_partitioned where (tenant_id, id) = (
                  select tenant_id, id from parlance.chat_messages_partitioned limit 1)";
    execute(&kit.pool, lost).await;
    let gone = "parlance.chat_messages_partitioned";
    let copied: i64 = sqlx::query_scalar("select copied from parlance.message_partitioning")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(count(&kit.pool, gone).await, copied - 1);
    let refused = partition(&kit, &[]).await;
    let told = "are not the same in both tables, so nothing was changed";
    assert!(
        !refused.ok && refused.stderr.contains(told),
        "{}",
        refused.stderr
    );
    assert!(!is_partitioned(&kit).await);
}

#[tokio::test]
async fn nothing_is_migrated_meanwhile() {
    let (kit, _provider) = whole().await;
    furnish(&kit, 20).await;
    killed_while_copying(&kit).await;
    let none_pending = migrate(&kit, &["migrate"]).await;
    assert!(none_pending.ok, "{}", none_pending.stderr);
    execute(
        &kit.pool,
        "delete from parlance._sqlx_migrations where version = 104;
         alter table parlance.tenant_secrets drop column checked_at, drop column failure",
    )
    .await;
    let refused = migrate(&kit, &["migrate"]).await;
    let told = "chat_messages is being partitioned, and nothing may change it meanwhile";
    assert!(
        !refused.ok && refused.stderr.contains(told),
        "{}",
        refused.stderr
    );
    let ended = partition(&kit, &[]).await;
    assert!(ended.ok, "{}", ended.stderr);
    let migrated = migrate(&kit, &["migrate"]).await;
    assert!(migrated.ok, "{}", migrated.stderr);
}
