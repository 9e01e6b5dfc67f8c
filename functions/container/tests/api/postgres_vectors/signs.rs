//! The signs of vectors, by which those are chosen whose numbers are compared.

use super::*;
use sqlx::{AssertSqlSafe, Executor};

/// Fills a set of its own with 9,000 vectors of 64 numbers, in 300 groups of which each says much the same, and a table of its own with
/// 20 questions. The same every time.
const MANY: &str = "
    begin;
    select setseed(0.5);
    insert into parlance.embedding_sets (tenant_id, id, place, endpoint, model, dimensions, state, is_first)
    select tenant_id, 'ffffffff-0000-7000-8000-000000000000', place, endpoint, 'made up', 64, 'building', false from parlance.embedding_sets;
    create table many as
    select n, array(select random() - 0.5 from generate_series(1, 64) where n > 0) as middle from generate_series(1, 300) n;
    insert into parlance.chunk_vectors (tenant_id, set_id, chunk_id, document_id, embedding)
    select d.tenant_id, 'ffffffff-0000-7000-8000-000000000000', gen_random_uuid(), d.id,
      array(select m + 0.4 * (random() - 0.5) from unnest(many.middle) m where i > 0)::vector::halfvec
    from parlance.documents d, many, generate_series(1, 30) i;
    create table asked as
    select array(select m + 0.4 * (random() - 0.5) from unnest(many.middle) m)::vector::halfvec as vector from many where n <= 20;
    -- Of so many that signs are compared first.
    update parlance.documents set chunks = 200000;
    commit;";

/// How many of the ten that are nearest are among the ten that are found, of all questions.
const FOUND: &str = "
    select count(*) from asked a,
    lateral (
      select v.chunk_id from parlance.chunk_vectors v
      where v.set_id = 'ffffffff-0000-7000-8000-000000000000' order by v.embedding <=> a.vector limit 10
    ) nearest
    join lateral parlance.near_chunk_vectors($1, 'ffffffff-0000-7000-8000-000000000000', a.vector::text, 10, null) found using (chunk_id)";

/// How many of the 200 that are to be found are found among vectors that `made` makes; none where there is no pgvector.
async fn found_of_200(made: &str) -> Option<i64> {
    let provider = Provider::start().await;
    let kit = kept(&provider).await?;
    kit.add_document(ADMIN1, "Refunds", "Money comes back in a week.")
        .await;
    kit.pool
        .execute(AssertSqlSafe(made.to_owned()))
        .await
        .unwrap();
    assert_eq!(vectors(&kit).await, 9001);
    let found = sqlx::query_scalar(FOUND).bind(T1).fetch_one(&kit.pool);
    Some(found.await.unwrap())
}

#[tokio::test]
async fn the_nearest_of_many_are_found() {
    if let Some(found) = found_of_200(MANY).await {
        assert!(found >= 198, "{found} of 200");
    }
}

#[tokio::test]
async fn the_nearest_are_found_of_vectors_whose_signs_say_nothing() {
    let positive = MANY.replacen("random() - 0.5", "random() + 1", 1);
    if let Some(found) = found_of_200(&positive).await {
        assert_eq!(found, 200);
    }
}

#[tokio::test]
async fn vectors_of_a_release_without_signs_are_found_after_the_migration() {
    let provider = Provider::start().await;
    let Some(kit) = kept(&provider).await else {
        return;
    };
    for admin in [ADMIN1, ADMIN2] {
        kit.add_document(admin, "Refunds", "Money comes back in a week.")
            .await;
    }
    let before = "drop trigger store_chunk_signs on parlance.chunk_vectors;
        drop function parlance.store_chunk_signs();
        drop table parlance.chunk_signs;";
    kit.pool.execute(before).await.unwrap();
    let migration = include_str!("../../../../../migrations/pgvector.sql");
    let as_owner = format!(
        "begin; set local role parlance_owner; set local parlance.role_prefix = 'parlance'; {migration} commit;"
    );
    kit.pool.execute(AssertSqlSafe(as_owner)).await.unwrap();
    assert_eq!(vectors(&kit).await, 2);
    for who in [U1, V1] {
        let found = found(&kit, who, json!({ "query": QUESTION })).await;
        assert_eq!(found, ["Refunds"]);
    }
}
