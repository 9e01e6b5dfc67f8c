//! Vectors in the service's own database, where it has pgvector: `scripts/test --pgvector` runs these tests on one that does.

mod signs;

use crate::{
    kit::{ADMIN1, ADMIN2, Kit, Person, T1, T2, U1, V1, left_out, provider::Provider},
    vectors::asked,
};
use serde_json::{Value, json};
use sqlx::{Acquire, PgPool};
use uuid::Uuid;

/// What nobody's words say.
const QUESTION: &str = "Combien de temps?";

async fn has_pgvector(pool: &PgPool) -> bool {
    let sql = "select to_regclass('parlance.chunk_vectors') is not null";
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// A service whose first two tenants have vectors in its database; none if that cannot be.
async fn kept(provider: &Provider) -> Option<Kit> {
    provider.means("Money", &[1.0, 0.0, 0.0]);
    provider.means("Shoes", &[0.0, 1.0, 0.0]);
    provider.means("temps", &[0.9, 0.1, 0.0]);
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    if !has_pgvector(&kit.pool).await {
        left_out("PostgreSQL has no pgvector here; `scripts/test --pgvector` takes one that has");
        return None;
    }
    for admin in [ADMIN1, ADMIN2] {
        set(
            &kit,
            admin,
            json!({ "retrieval": { "vectors": "postgres" } }),
        )
        .await;
    }
    Some(kit)
}

async fn set(kit: &Kit, admin: Person, settings: Value) {
    let token = kit.token(admin).await;
    let changed = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

/// The titles of what a search finds, best first.
async fn found(kit: &Kit, who: Person, asked: Value) -> Vec<String> {
    let token = kit.token(who).await;
    let found = kit.post(&token, "/documents/search", asked).await;
    assert_eq!(found.status, 200, "{}", found.text);
    let items = found.json["items"].as_array().unwrap().iter();
    let title = |item: &Value| item["title"].as_str().unwrap().to_owned();
    items.map(title).collect()
}

async fn vectors(kit: &Kit) -> i64 {
    let sql = "select (select count(*) from parlance.chunk_vectors), (select count(*) from parlance.chunk_signs)";
    let (vectors, signs): (i64, i64) = sqlx::query_as(sql).fetch_one(&kit.pool).await.unwrap();
    assert_eq!(vectors, signs, "each vector has its signs");
    vectors
}

#[tokio::test]
async fn passages_are_found_by_meaning() {
    let provider = Provider::start().await;
    let Some(kit) = kept(&provider).await else {
        return;
    };
    kit.add_document(ADMIN1, "Refunds", "Money comes back in a week.")
        .await;
    kit.add_document(ADMIN1, "Wares", "Shoes of all sizes.")
        .await;
    // What is as far away as that is none.
    assert_eq!(
        found(&kit, U1, json!({ "query": QUESTION })).await,
        ["Refunds"]
    );
    set(&kit, ADMIN1, json!({ "retrieval": { "min_score": 0 } })).await;
    assert_eq!(
        found(&kit, U1, json!({ "query": QUESTION })).await,
        ["Refunds", "Wares"]
    );
    // No index elsewhere is asked.
    let elsewhere = ["/query", "/vectors/upsert", "/indexes/knowledge"];
    assert!(
        elsewhere
            .iter()
            .all(|path| asked(&provider, path).is_empty())
    );
}

#[tokio::test] // R32, R42
async fn nobody_finds_the_vectors_of_another_tenant() {
    let provider = Provider::start().await;
    let Some(kit) = kept(&provider).await else {
        return;
    };
    kit.add_document(ADMIN1, "Ours", "Money comes back in a week.")
        .await;
    kit.add_document(ADMIN2, "Theirs", "Money comes back in a year.")
        .await;
    assert_eq!(
        found(&kit, U1, json!({ "query": QUESTION })).await,
        ["Ours"]
    );
    assert_eq!(
        found(&kit, V1, json!({ "query": QUESTION })).await,
        ["Theirs"]
    );

    // The same below the service, as its role: whoever names another tenant is shown nothing, and may store nothing for it.
    let sets: Vec<(Uuid, Uuid)> =
        sqlx::query_as("select tenant_id, id from parlance.embedding_sets")
            .fetch_all(&kit.pool)
            .await
            .unwrap();
    let mut connection = kit.pool.acquire().await.unwrap();
    let mut tx = connection.begin().await.unwrap();
    for sql in [
        "set local role parlance_app",
        "set local search_path = parlance, pg_temp",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    sqlx::query("select set_config('app.tenant_id', $1, true)")
        .bind(T1.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    let seen: Vec<Uuid> = sqlx::query_scalar("select distinct tenant_id from chunk_vectors")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    assert_eq!(seen, [T1]);
    for (tenant, set) in sets {
        for named in [T1, T2] {
            let near: Vec<Uuid> = sqlx::query_scalar(
                "select chunk_id from near_chunk_vectors($1, $2, '[1,0,0]', 10, null)",
            )
            .bind(named)
            .bind(set)
            .fetch_all(&mut *tx)
            .await
            .unwrap();
            let expected = usize::from(tenant == T1 && named == T1);
            assert_eq!(near.len(), expected, "{named} asks of {set}");
        }
    }
    let stolen = sqlx::query("update chunk_vectors set tenant_id = $1")
        .bind(T2)
        .execute(&mut *tx)
        .await;
    assert!(
        stolen
            .unwrap_err()
            .to_string()
            .contains("row-level security")
    );
}

#[tokio::test]
async fn a_filter_holds_for_them_too() {
    let provider = Provider::start().await;
    let Some(kit) = kept(&provider).await else {
        return;
    };
    let token = kit.token(ADMIN1).await;
    for (title, product) in [("For a", "a"), ("For b", "b")] {
        let text = format!("Money comes back {title}.");
        let document = json!({ "title": title, "text": text, "metadata": { "product": product } });
        let added = kit.post(&token, "/documents", document).await;
        assert_eq!(added.status, 202, "{}", added.text);
    }
    kit.work().await;
    let filter = json!({ "query": QUESTION, "filter": { "metadata": { "product": "b" } } });
    assert_eq!(found(&kit, U1, filter).await, ["For b"]);
}

#[tokio::test] // R44
async fn nothing_is_left_of_a_deleted_documents_vectors() {
    let provider = Provider::start().await;
    let Some(kit) = kept(&provider).await else {
        return;
    };
    let id = kit
        .add_document(ADMIN1, "Refunds", "Money comes back in a week.")
        .await;
    let token = kit.token(ADMIN1).await;
    let gone = kit.delete(&token, &format!("/documents/{id}")).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    kit.work().await;
    assert_eq!(vectors(&kit).await, 0);
    let cached: i64 = sqlx::query_scalar("select count(*) from parlance.embedding_cache")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(cached, 0);
    assert!(
        found(&kit, U1, json!({ "query": QUESTION }))
            .await
            .is_empty()
    );
}

/// Model, state and number of the vectors of each set, by model.
async fn sets(kit: &Kit) -> Vec<(String, String, i64)> {
    let sql = "select s.model, s.state, (select count(*) from parlance.chunk_vectors v where v.set_id = s.id)
        from parlance.embedding_sets s order by 1";
    sqlx::query_as(sql).fetch_all(&kit.pool).await.unwrap()
}

#[tokio::test]
async fn another_model_serves_once_its_vectors_are_whole() {
    let provider = Provider::start().await;
    let Some(kit) = kept(&provider).await else {
        return;
    };
    let (small, large) = ("text-embedding-3-small", "text-embedding-3-large");
    for (title, text) in [
        ("Refunds", "Money comes back in a week."),
        ("Wares", "Shoes of all sizes."),
    ] {
        kit.add_document(ADMIN1, title, text).await;
    }
    let last_model = || {
        asked(&provider, "/openai/v1/embeddings")
            .pop()
            .unwrap()
            .body["model"]
            .clone()
    };
    set(&kit, ADMIN1, json!({ "embedding_model": large })).await;
    assert_eq!(
        found(&kit, U1, json!({ "query": QUESTION })).await,
        ["Refunds"]
    );
    assert_eq!(
        last_model(),
        small,
        "what serves is asked, by its own model"
    );
    kit.work().await;
    let expected = [(large.to_owned(), "serving".to_owned(), 2)];
    assert_eq!(sets(&kit).await, expected);
    assert_eq!(
        found(&kit, U1, json!({ "query": QUESTION })).await,
        ["Refunds"]
    );
    assert_eq!(last_model(), large);
}

#[tokio::test]
async fn without_pgvector_they_cannot_be_chosen() {
    let kit = Kit::new().await;
    if has_pgvector(&kit.pool).await {
        left_out("PostgreSQL has pgvector here");
        return;
    }
    let token = kit.token(ADMIN1).await;
    let settings = json!({ "retrieval": { "vectors": "postgres" } });
    let refused = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let why = &refused.json["errors"][0];
    assert_eq!(why["field"], "retrieval.vectors");
    assert!(
        why["message"].as_str().unwrap().contains("pgvector"),
        "{why}"
    );
}

#[tokio::test] // R30
async fn documents_of_others_are_not_near() {
    let provider = Provider::start().await;
    let Some(kit) = kept(&provider).await else {
        return;
    };
    let admin = kit.token(ADMIN1).await;
    for (title, groups) in [("Shoes", json!([])), ("Money", json!(["board"]))] {
        let document = json!({ "title": title, "text": title, "groups": groups });
        let added = kit.post(&admin, "/documents", document).await;
        assert_eq!(added.status, 202, "{}", added.text);
    }
    kit.work().await;
    let asked = json!({ "query": QUESTION });
    let outside = found(&kit, U1, asked.clone()).await;
    assert!(!outside.contains(&"Money".to_owned()), "{outside:?}");
    let path = format!("/admin/users/{}", U1.id);
    let joined = json!({ "groups": ["board"] });
    assert_eq!(kit.patch(&admin, &path, joined).await.status, 200);
    for who in [U1, ADMIN1] {
        let inside = found(&kit, who, asked.clone()).await;
        assert_eq!(inside.first().map(String::as_str), Some("Money"));
    }
}
