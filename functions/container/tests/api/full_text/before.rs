//! What a release before has added, or left.

use super::*;

/// A document as the release before full text of its own has stored it.
const AS_BEFORE: &str = "
    insert into documents (id, title, status, created_by)
      values ('00000000-0000-7000-8000-000000000d0c', 'Refunds', 'ready', gen_random_uuid());
    insert into document_chunks (id, document_id, ordinal, text, terms)
      values (gen_random_uuid(), '00000000-0000-7000-8000-000000000d0c', 1, 'A refund takes 5 days.',
        setweight(to_tsvector('english', 'Refunds'), 'A') || to_tsvector('english', 'A refund takes 5 days.'));";

async fn store_as_before(kit: &Kit) {
    let url = kit.database.url_as("app");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let tenant = U1.tenant_id;
    let sql =
        format!("begin; select set_config('app.tenant_id', '{tenant}', true); {AS_BEFORE} commit;");
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

#[tokio::test]
async fn what_the_release_before_adds_is_found() {
    let kit = Kit::new().await;
    store_as_before(&kit).await;
    assert_eq!(
        titles(&kit, "How long does a refund take?").await,
        ["Refunds"]
    );
}

#[tokio::test]
async fn what_there_was_is_found_after_the_migration() {
    let kit = Kit::new().await;
    run(
        &kit.pool,
        "alter table parlance.document_chunks disable trigger index_added_terms",
    )
    .await;
    store_as_before(&kit).await;
    assert_eq!(titles(&kit, "refund").await, [""; 0]);
    let migration = include_str!("../../../../../migrations/0052_index_documents.sql");
    let as_owner = format!(
        "begin; set local role parlance_owner; set local search_path = parlance;
         set local parlance.role_prefix = 'parlance'; {migration} commit;"
    );
    run(&kit.pool, &as_owner).await;
    assert_eq!(
        titles(&kit, "How long does a refund take?").await,
        ["Refunds"]
    );
}
