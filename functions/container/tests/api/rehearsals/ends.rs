//! Its budget, its end, and what becomes of the settings that were tried.

use super::*;

#[tokio::test]
async fn a_budget_is_never_gone_over_and_its_end_is_said() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 20).await;
    let token = kit.token(ADMIN1).await;
    let small = json!({ "max_output_tokens": 100, "retrieval": { "enabled": false } });
    let set = kit.patch(&token, "/tenants/current", small).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let before = booked(&kit).await;
    // Of which most is what one answer may cost.
    let id = begin(&kit, json!({ "budget": "0.0001" })).await;
    kit.work().await;
    let stopped = shown(&kit, id).await;
    assert_eq!(stopped["status"], "stopped", "{stopped}");
    let note = stopped["note"].as_str().unwrap();
    assert!(note.starts_with("budget_reached: "), "{note}");
    assert!(note.ends_with('.'), "{note}");
    let answered = stopped["now"]["answered"].as_i64().unwrap();
    assert!((1..20).contains(&answered), "{stopped}");
    let spent = nano(&stopped["spent"]);
    assert_eq!(spent, booked(&kit).await - before);
    assert!(spent <= 100_000, "{spent}");
    assert_eq!(number(&kit, "select count(*) from parlance.jobs").await, 0);
    // What was answered can be compared, and published.
    assert_eq!(deed(&kit, id, "publish").await.status, 200);
}

#[tokio::test]
async fn one_that_is_cancelled_asks_no_more() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 5).await;
    let before = provider.chats().len();
    for _ in 0..2 {
        provider.reply(text("Before."));
    }
    provider.hold(&["Nobody waits for this."]);
    let id = begin(&kit, json!({})).await;
    let cancelled = async {
        provider.asked_for(before + 3).await;
        let cancelled = deed(&kit, id, "cancel").await;
        provider.let_go(2);
        cancelled
    };
    let ((), cancelled) = tokio::join!(kit.work(), cancelled);
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_eq!(cancelled.json["status"], "cancelled");
    let after = shown(&kit, id).await;
    assert_eq!(
        json!([after["now"]["answered"], after["changed"]["answered"]]),
        json!([1, 1]),
        "{after}"
    );
    // The call that was on its way was paid.
    let sides = nano(&after["now"]["cost"]) + nano(&after["changed"]["cost"]);
    assert!(nano(&after["spent"]) > sides, "{after}");
    assert_eq!(after, cancelled.json);
    assert_eq!(provider.chats().len(), before + 3);
    assert_eq!(number(&kit, "select count(*) from parlance.jobs").await, 0);
    let open = "select count(*) from parlance.reservations";
    assert_eq!(number(&kit, open).await, 0);
    // Again changes nothing.
    let again = deed(&kit, id, "cancel").await;
    assert_eq!(again.json, after);
    // Another may begin.
    begin(&kit, json!({})).await;
}

#[tokio::test]
async fn verdicts_are_kept_and_what_was_tried_is_published() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 3).await;
    let settings = json!({ "system_prompt": "Answer in one word.", "retrieval": { "top_k": 3 } });
    let id = begin(&kit, json!({ "settings": settings })).await;
    let running = deed(&kit, id, "publish").await;
    assert_eq!(running.problem(409), "rehearsal_running");
    let running = deed(&kit, id, "drop").await;
    assert_eq!(running.problem(409), "rehearsal_running");
    kit.work().await;
    let token = kit.token(ADMIN1).await;
    let all = questions(&kit, id).await;
    let verdicts = [
        json!({ "verdict": "changed", "comment": "Short." }),
        json!({ "verdict": "same" }),
        json!({ "verdict": "now" }),
    ];
    for (one, verdict) in all.iter().zip(verdicts) {
        let path = format!(
            "{PATH}/{id}/questions/{}/verdict",
            one["message_id"].as_str().unwrap()
        );
        let set = kit.put(&token, &path, verdict).await;
        assert_eq!(set.status, 204, "{}", set.text);
    }
    let last = format!(
        "{PATH}/{id}/questions/{}/verdict",
        all[2]["message_id"].as_str().unwrap()
    );
    let bad = json!({ "verdict": null, "comment": "Why?" });
    assert_eq!(kit.put(&token, &last, bad).await.fields(), ["comment"]);
    let back = kit.put(&token, &last, json!({ "verdict": null })).await;
    assert_eq!(back.status, 204, "{}", back.text);
    let counts = json!({ "now": 0, "changed": 1, "same": 1 });
    assert_eq!(shown(&kit, id).await["verdicts"], counts);
    let kept = questions(&kit, id).await;
    assert_eq!(
        json!([kept[0]["verdict"], kept[0]["comment"], kept[2]["verdict"]]),
        json!(["changed", "Short.", null])
    );

    // What somebody else set meanwhile stays, unless it is what was tried.
    let before = kit.get(&token, "/tenants/current").await;
    let other = json!({ "name": "Renamed", "temperature": 0.25 });
    let set = kit.patch(&token, "/tenants/current", other).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let publish = |tag: &str| {
        let path = format!("{PATH}/{id}/publish");
        request(&token, "POST", &path).header("if-match", tag)
    };
    let stale = kit
        .send(publish(before.header("etag")), Body::empty())
        .await;
    assert_eq!(stale.problem(412), "precondition_failed");
    assert_eq!(shown(&kit, id).await["decision"], Value::Null);
    let published = kit.send(publish(set.header("etag")), Body::empty()).await;
    assert_eq!(published.status, 200, "{}", published.text);
    let tenant = kit.get(&token, "/tenants/current").await;
    assert_eq!(published.header("etag"), tenant.header("etag"));
    let settings = &tenant.json;
    assert_eq!(
        json!([
            settings["system_prompt"],
            settings["retrieval"]["top_k"],
            settings["name"],
            settings["temperature"],
            settings["prompt_version"]
        ]),
        json!(["Answer in one word.", 3, "Renamed", 0.25, 2])
    );
    for again in ["publish", "drop"] {
        let again = deed(&kit, id, again).await;
        assert_eq!(again.problem(409), "rehearsal_decided");
    }
    let decided = shown(&kit, id).await;
    assert_eq!(decided["decision"], "published");
    let sql = "select array_agg(action order by id) from parlance.audit_log where action like 'rehearsal.%' or action = 'tenant.update'";
    let deeds: Vec<String> = sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap();
    assert_eq!(
        deeds,
        [
            "tenant.update",
            "rehearsal.create",
            "tenant.update",
            "tenant.update",
            "rehearsal.publish"
        ]
    );
}

#[tokio::test]
async fn what_is_dropped_changes_nothing() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let token = kit.token(ADMIN1).await;
    let before = kit.get(&token, "/tenants/current").await;
    let id = begin(&kit, json!({})).await;
    kit.work().await;
    let dropped = deed(&kit, id, "drop").await;
    assert_eq!(dropped.status, 200, "{}", dropped.text);
    assert_eq!(dropped.json["decision"], "dropped");
    let after = kit.get(&token, "/tenants/current").await;
    assert_eq!(after.json, before.json);
    assert_eq!(questions(&kit, id).await.len(), 1);
}

#[tokio::test] // R44
async fn what_was_made_of_a_conversation_goes_with_it() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 2).await;
    let id = begin(&kit, json!({})).await;
    kit.work().await;
    let spent = shown(&kit, id).await["spent"].clone();
    let user = kit.token(U1).await;
    let sessions = kit.get(&user, "/chat/sessions").await;
    let path = format!("/chat/sessions/{}", sessions.id_at("/items/0/id"));
    assert_eq!(kit.delete(&user, &path).await.status, 204);
    assert_eq!(questions(&kit, id).await.len(), 1);
    let left = "select count(*) from parlance.rehearsal_answers";
    assert_eq!(number(&kit, left).await, 2);
    let after = shown(&kit, id).await;
    assert_eq!(
        json!([after["questions"], after["spent"]]),
        json!([1, spent])
    );
}
