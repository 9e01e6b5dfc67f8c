//! What is done with a document after its request was answered.

mod killed;

use crate::kit::{
    ADMIN1, ADMIN2, Kit, T2, U1,
    program::Program,
    provider::{Asked, Provider},
    wait::wait_until,
};
use crate::vectors::indexed;
use db::Lane;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// As if the pauses of all jobs were over.
pub(crate) async fn make_due(kit: &Kit) {
    for sql in [
        "update parlance.jobs set run_at = now() where state = 'waiting'",
        "update parlance.job_turns set due_at = now()",
    ] {
        sqlx::query(sql).execute(&kit.pool).await.unwrap();
    }
}

/// A document of several batches of passages; its id.
async fn add_long(kit: &Kit, title: &str, passages: usize) -> Uuid {
    let token = kit.token(ADMIN1).await;
    let passage = |n| {
        format!(
            "Fact {n} of {title}. {}\n\n",
            "More of it follows. ".repeat(20)
        )
    };
    let text: String = (0..passages).map(passage).collect();
    let document = json!({ "title": title, "text": text });
    let added = kit.post(&token, "/documents", document).await;
    assert_eq!(
        (added.status.as_u16(), &added.json["status"]),
        (202, &json!("ready"))
    );
    added.id("id")
}

async fn shown(kit: &Kit, id: Uuid) -> Value {
    let token = kit.token(ADMIN1).await;
    let shown = kit.get(&token, &format!("/documents/{id}")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.json
}

async fn deed(kit: &Kit, id: Uuid, deed: &str, status: u16) -> Value {
    let token = kit.token(ADMIN1).await;
    let path = format!("/documents/{id}/{deed}");
    let done = kit.post(&token, &path, json!({})).await;
    assert_eq!(done.status, status, "{}", done.text);
    done.json
}

fn asked(provider: &Provider, path: &str) -> Vec<Asked> {
    let all = provider.asked().into_iter();
    all.filter(|asked| asked.path.ends_with(path)).collect()
}

async fn count(kit: &Kit, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap()
}

#[tokio::test]
async fn full_text_finds_a_document_before_its_vectors_are_made() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = add_long(&kit, "Refunds", 130).await;
    assert_eq!(provider.asked().len(), 0, "the request asks nobody");
    let before = shown(&kit, id).await;
    assert_eq!(
        json!([
            before["status"],
            before["vectors"],
            before["chunks"],
            before["chunks_done"]
        ]),
        json!(["ready", "pending", 130, 0])
    );
    let user = kit.token(U1).await;
    let search = json!({ "query": "Fact 77 of Refunds", "top_k": 1 });
    let found = kit.post(&user, "/documents/search", search).await;
    assert_eq!(found.json["items"][0]["document_id"], id.to_string());
    kit.work().await;
    let after = shown(&kit, id).await;
    assert_eq!(
        json!([after["vectors"], after["chunks_done"], after["error"]]),
        json!(["ready", 130, null])
    );
    // The first was of the question.
    let batches = asked(&provider, "/embeddings").split_off(1);
    let sizes = batches
        .iter()
        .map(|b| b.body["input"].as_array().unwrap().len());
    assert_eq!(sizes.sum::<usize>(), 130);
    assert!(batches.len() > 1);
    assert_eq!(count(&kit, "select count(*) from parlance.jobs").await, 0);
}

#[tokio::test]
async fn without_an_index_there_is_nothing_more_to_do() {
    let kit = Kit::new().await;
    let id = add_long(&kit, "Refunds", 2).await;
    assert_eq!(shown(&kit, id).await["vectors"], "none");
    assert_eq!(count(&kit, "select count(*) from parlance.jobs").await, 0);
    // Nothing lacks, so nothing is tried again.
    let before = shown(&kit, id).await;
    assert_eq!(deed(&kit, id, "retry", 202).await, before);
    assert_eq!(deed(&kit, id, "cancel", 200).await, before);
    assert_eq!(count(&kit, "select count(*) from parlance.jobs").await, 0);
}

#[tokio::test]
async fn an_index_that_came_later_is_filled_when_asked() {
    let provider = Provider::start().await;
    let kit = provider.kit([]).await;
    let id = add_long(&kit, "Refunds", 2).await;
    crate::vectors::give_index(&kit, ADMIN1).await;
    assert_eq!(deed(&kit, id, "retry", 202).await["vectors"], "pending");
    kit.work().await;
    assert_eq!(shown(&kit, id).await["vectors"], "ready");
}

#[tokio::test]
async fn what_a_provider_asks_to_wait_is_waited() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = add_long(&kit, "Refunds", 2).await;
    provider.refuse_vectors(429, Some(1200));
    kit.work().await;
    let waiting = shown(&kit, id).await;
    assert_eq!(
        (&waiting["status"], &waiting["vectors"]),
        (&json!("ready"), &json!("pending"))
    );
    let reason = waiting["error"].as_str().unwrap();
    assert!(reason.starts_with("provider_rate_limited: "), "{reason}");
    let waits = "select count(*) from parlance.jobs where state = 'waiting' and run_at between now() + interval '19 minutes'
                   and now() + interval '20 minutes'";
    assert_eq!(count(&kit, waits).await, 1);
    let tried = provider.asked().len();
    kit.work().await;
    assert_eq!(provider.asked().len(), tried, "it is not due");
    provider.heal_vectors();
    make_due(&kit).await;
    kit.work().await;
    let done = shown(&kit, id).await;
    assert_eq!(
        (&done["vectors"], &done["error"]),
        (&json!("ready"), &Value::Null)
    );
}

#[tokio::test]
async fn what_fails_again_and_again_is_left_until_somebody_asks() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = add_long(&kit, "Refunds", 2).await;
    provider.fail_vectors();
    let pauses = "select extract(epoch from run_at - now())::bigint from parlance.jobs where state = 'waiting'";
    let mut pause = 0;
    for attempt in 1..=12 {
        assert_eq!(shown(&kit, id).await["vectors"], "pending", "{attempt}");
        kit.work().await;
        if attempt < 12 {
            let longer = count(&kit, pauses).await;
            assert!(
                longer >= pause || longer > 2500,
                "{attempt}: {longer} after {pause}"
            );
            pause = longer;
        }
        make_due(&kit).await;
    }
    let dead = shown(&kit, id).await;
    assert_eq!(
        (&dead["status"], &dead["vectors"]),
        (&json!("ready"), &json!("failed"))
    );
    assert!(dead["error"].as_str().unwrap().ends_with('.'), "{dead}");
    provider.heal_vectors();
    kit.work().await;
    assert_eq!(shown(&kit, id).await, dead);
    let again = deed(&kit, id, "retry", 202).await;
    assert_eq!(
        (&again["vectors"], &again["error"]),
        (&json!("pending"), &Value::Null)
    );
    kit.work().await;
    assert_eq!(shown(&kit, id).await["vectors"], "ready");
}

#[tokio::test]
async fn a_refused_key_is_tried_once() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = add_long(&kit, "Refunds", 2).await;
    provider.refuse_vectors(401, None);
    kit.work().await;
    let failed = shown(&kit, id).await;
    assert_eq!(failed["vectors"], "failed");
    let reason = failed["error"].as_str().unwrap();
    assert!(reason.starts_with("provider_auth_failed: "), "{reason}");
}

#[tokio::test]
async fn what_is_cancelled_while_it_is_done_goes_no_further() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = add_long(&kit, "Refunds", 130).await;
    provider.hold_vectors();
    let (work, cancelled) = tokio::join!(kit.work(), async {
        wait_until("the first request", async || {
            let asked = provider.asked().len();
            (asked > 0).then_some(()).ok_or(asked)
        })
        .await;
        let cancelled = deed(&kit, id, "cancel", 200).await;
        provider.let_vectors_go(100);
        cancelled
    });
    let () = work;
    assert_eq!(cancelled["vectors"], "failed");
    assert_eq!(shown(&kit, id).await, cancelled);
    let sent = asked(&provider, "/embeddings").into_iter();
    let sent = sent.map(|asked| asked.body["input"].as_array().unwrap().len());
    assert!(
        sent.sum::<usize>() < 130,
        "what was begun is done, and no more"
    );
    assert_eq!(deed(&kit, id, "retry", 202).await["vectors"], "pending");
    kit.work().await;
    assert_eq!(shown(&kit, id).await["chunks_done"], 130);
}

#[tokio::test]
async fn a_tenant_with_much_to_do_keeps_no_other_waiting() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    for n in 0..20 {
        add_long(&kit, &format!("One {n}"), 1).await;
    }
    crate::vectors::give_index(&kit, ADMIN2).await;
    let token = kit.token(ADMIN2).await;
    let document = json!({ "title": "Two", "text": "Theirs." });
    let theirs = kit.post(&token, "/documents", document).await.id("id");
    let mut taken = Vec::new();
    for _ in 0..2 {
        let job = kit
            .app
            .db
            .take_job(Lane::Documents)
            .await
            .unwrap()
            .expect("there are some");
        taken.push(job.document_id());
    }
    assert!(taken.contains(&theirs), "{taken:?} without {theirs}");
    // And one tenant does not have everybody work for it.
    let mut more = 0;
    while kit
        .app
        .db
        .take_job(Lane::Documents)
        .await
        .unwrap()
        .is_some()
    {
        more += 1;
    }
    assert_eq!(more, 3);
    let of = "select count(*) from parlance.jobs where state = 'running' and tenant_id <> $1";
    let running: i64 = sqlx::query_scalar(of)
        .bind(T2)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(running, 4);
}
