//! Work whose process is killed.

use super::*;

/// The ids of the vectors that the index was given, and how often each.
fn upserted(provider: &Provider) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for asked in asked(provider, "/vectors/upsert") {
        for vector in asked.body["vectors"].as_array().unwrap() {
            *ids.entry(vector["id"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    ids
}

#[tokio::test] // R83
async fn whatever_kills_the_service_loses_nothing() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = add_long(&kit, "Refunds", 200).await;
    provider.hold_vectors();
    let vars: Vec<_> = provider.vars().into();
    // Each time it is killed while another request is on its way: one is answered before that.
    for killed in 0..4 {
        // It may ask before it says that it is ready.
        let before = provider.asked().len();
        let program = Program::serve(&kit, &vars).await;
        provider.let_vectors_go(1);
        wait_until("a request that is on its way", async || {
            let asked = provider.asked().len();
            (asked >= before + 2)
                .then_some(())
                .ok_or(format!("{killed}: {asked}"))
        })
        .await;
        program.kill().await;
        let lost = "update parlance.jobs set lease_until = now() - interval '1 second' where state = 'running'";
        sqlx::query(lost).execute(&kit.pool).await.unwrap();
        make_due(&kit).await;
    }
    // Requests of those that are dead take what is let go for them.
    provider.let_vectors_go(1000);
    let program = Program::serve(&kit, &vars).await;
    wait_until("the last vector", async || {
        let shown = shown(&kit, id).await;
        (shown["vectors"] == "ready").then_some(()).ok_or(shown)
    })
    .await;
    program.terminate().await;
    assert!(program.ended().await.success());
    let sql =
        "select id::text from parlance.document_chunks where document_id = $1 order by id::text";
    let chunks: Vec<String> = sqlx::query_scalar(sql)
        .bind(id)
        .fetch_all(&kit.pool)
        .await
        .unwrap();
    let upserted = upserted(&provider);
    assert_eq!(upserted.keys().cloned().collect::<Vec<_>>(), chunks);
}
