//! What is nobody's to rehearse.

use super::*;

#[tokio::test] // R30 R45
async fn only_questions_that_the_tenant_shares_are_taken() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(ADMIN1).await;
    ask(&kit, 2).await;
    let refused = kit.post(&token, PATH, shorter(json!({}))).await;
    assert_eq!(refused.problem(403), "not_shared");
    let words = refused.json["detail"].as_str().unwrap();
    assert!(words.contains("share_unanswered"), "{words}");
    // What was asked before people were told stays theirs.
    share(&kit, true).await;
    let none = kit.post(&token, PATH, shorter(json!({}))).await;
    assert_eq!(none.fields(), ["sample"]);
    assert_eq!(
        number(&kit, "select count(*) from parlance.rehearsals").await,
        0
    );
    ask(&kit, 1).await;
    let id = begin(&kit, json!({})).await;
    assert_eq!(shown(&kit, id).await["questions"], 1);
    // A superuser who has assumed the tenant sees no more than its administrators.
    let superuser = kit.token(SUPERUSER).await;
    let path = format!("/tenants/{T1}/rehearsals");
    let outside = kit.get(&superuser, &path).await;
    assert_eq!(outside.problem(403), "assume_required");
    let inside = kit.assume(&superuser, T1).await;
    let listed = kit.get(&inside, PATH).await;
    assert_eq!(listed.id_at("/items/0/id"), id);
}

#[tokio::test] // R45
async fn a_tenant_that_shares_no_more_ends_it() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 3).await;
    let before = provider.chats().len();
    provider.hold(&["The last one."]);
    let id = begin(&kit, json!({})).await;
    let switched_off = async {
        provider.asked_for(before + 1).await;
        share(&kit, false).await;
        provider.let_go(2);
    };
    tokio::join!(kit.work(), switched_off);
    let stopped = shown(&kit, id).await;
    assert_eq!(stopped["status"], "stopped", "{stopped}");
    let note = stopped["note"].as_str().unwrap();
    assert!(note.starts_with("not_shared: "), "{note}");
    assert_eq!(provider.chats().len(), before + 1);
    let token = kit.token(ADMIN1).await;
    let path = format!("{PATH}/{id}/questions");
    let refused = kit.get(&token, &path).await;
    assert_eq!(refused.problem(403), "not_shared");
    // Shared anew, what was asked before is not.
    share(&kit, true).await;
    let none = kit.get(&token, &path).await;
    assert_eq!(none.json["items"], json!([]));
}

#[tokio::test] // R26
async fn a_tenants_questions_are_its_own() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let (other, admin) = (kit.token(ADMIN2).await, kit.token(ADMIN1).await);
    let set = json!({ "share_unanswered": true });
    assert_eq!(kit.patch(&other, "/tenants/current", set).await.status, 200);
    let visitor = kit.token(V1).await;
    let secret = json!({ "message": "Only two knows of this." });
    assert_eq!(kit.post(&visitor, "/chat", secret).await.status, 200);
    let id = begin(&kit, json!({})).await;
    let theirs = kit.post(&other, PATH, shorter(json!({}))).await;
    assert_eq!(theirs.status, 201, "{}", theirs.text);
    kit.work().await;
    let all = questions(&kit, id).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["question"], "What of number 0?");
    let message = all[0]["message_id"].as_str().unwrap();
    for (method, rest) in [
        ("GET", String::new()),
        ("GET", "/questions".to_owned()),
        ("PUT", format!("/questions/{message}/verdict")),
        ("POST", "/cancel".to_owned()),
        ("POST", "/publish".to_owned()),
        ("POST", "/drop".to_owned()),
    ] {
        let path = format!("{PATH}/{id}{rest}");
        let body = json!({ "verdict": "now" });
        let refused = kit.json(&other, method, &path, body).await;
        assert_eq!(refused.problem(404), "not_found", "{path}");
    }
    let listed = kit.get(&admin, PATH).await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
    for who in [U1, U2] {
        let member = kit.token(who).await;
        assert_eq!(kit.get(&member, PATH).await.problem(403), "forbidden");
    }
}

#[tokio::test]
async fn each_sample_has_its_questions() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 0).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 14 days.")
        .await;
    let user = kit.token(U1).await;
    let say = async |message: &str, session: Option<Uuid>| {
        let body = json!({ "message": message, "session_id": session });
        let asked = kit.post(&user, "/chat", body).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        (asked.id("session_id"), asked.id("message_id"))
    };
    say("How long does a refund take?", None).await;
    let (session, useless) = say("Is a refund quick?", None).await;
    let down = json!({ "rating": "down" });
    let path = format!("/chat/messages/{useless}/feedback");
    assert_eq!(kit.put(&user, &path, down).await.status, 204);
    say("Iceland?", None).await;
    // What follows another cannot be understood without it, and that is not shared.
    say("And Greenland?", Some(session)).await;
    for (sample, expected) in [
        ("thumbs_down", &["Is a refund quick?"][..]),
        ("unanswered", &["Iceland?"]),
        ("latest", &["Iceland?", "Is a refund quick?"]),
        ("random", &["Iceland?", "Is a refund quick?"]),
    ] {
        let id = begin(&kit, json!({ "sample": sample })).await;
        let all = questions(&kit, id).await;
        let asked: Vec<&str> = all
            .iter()
            .filter_map(|one| one["question"].as_str())
            .collect();
        assert_eq!(asked, expected, "{sample}");
        assert_eq!(deed(&kit, id, "cancel").await.status, 200);
    }
    let one = begin(&kit, json!({ "sample": "random", "questions": 1 })).await;
    assert_eq!(shown(&kit, one).await["questions"], 1);
    let token = kit.token(ADMIN1).await;
    let second = kit.post(&token, PATH, shorter(json!({}))).await;
    assert_eq!(second.problem(409), "rehearsal_running");
    let listed = kit.get(&token, &format!("{PATH}?limit=2")).await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 2);
    assert!(listed.json["next_cursor"].is_string());
}

#[tokio::test] // R54
async fn what_cannot_be_rehearsed_is_refused() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let token = kit.token(ADMIN1).await;
    let settings = |settings: Value| json!({ "settings": settings });
    for (body, fields) in [
        (settings(json!({})), &["settings"][..]),
        // That is what the tenant has.
        (settings(json!({ "provider": "openai" })), &["settings"]),
        (
            settings(json!({ "provider": "nobody", "chat_model": "a b", "temperature": 3 })),
            &[
                "settings.provider",
                "settings.chat_model",
                "settings.temperature",
            ],
        ),
        (
            settings(json!({ "retrieval": { "top_k": 21, "min_score": -1 } })),
            &["settings.retrieval.top_k", "settings.retrieval.min_score"],
        ),
        (
            settings(json!({ "retrieval": { "rerank_provider": "openai" } })),
            &["settings.retrieval.rerank_model"],
        ),
        // Where vectors are cannot be tried: they would have to be made.
        (
            settings(json!({ "retrieval": { "vectors": "none" } })),
            &["settings.retrieval.vectors"],
        ),
        (settings(json!({ "name": "Renamed" })), &["settings.name"]),
        (
            json!({ "budget": "0", "questions": 101 }),
            &["questions", "budget"],
        ),
        (json!({ "budget": "a lot" }), &["budget"]),
        (json!({ "sample": "best" }), &["sample"]),
        (
            json!({ "from": "2026-01-01T00:00:00Z", "to": "2026-12-01T00:00:00Z" }),
            &["to"],
        ),
        (
            json!({ "judge": { "provider": "local" } }),
            &["judge.provider"],
        ),
    ] {
        let refused = kit.post(&token, PATH, shorter(body.clone())).await;
        assert_eq!(refused.fields(), fields, "{body}");
    }
    let unknown = settings(json!({ "chat_model": "nobody-knows-this" }));
    let unpriced = kit.post(&token, PATH, shorter(unknown)).await;
    assert_eq!(unpriced.problem(409), "model_unpriced");
    let made = "select count(*) from parlance.rehearsals";
    assert_eq!(number(&kit, made).await, 0);
}

/// Begins the one of a key.
async fn begin_one(kit: &Kit, token: &str, body: &str) -> Answer {
    let request = request(token, "POST", PATH)
        .header("content-type", "application/json")
        .header("idempotency-key", "one");
    kit.send(request, Body::from(body.to_owned())).await
}

#[tokio::test] // R77
async fn the_same_request_twice_begins_one() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let token = kit.token(ADMIN1).await;
    let body = shorter(json!({})).to_string();
    let send = || begin_one(&kit, &token, &body);
    let (first, second) = (send().await, send().await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.id("id"), second.id("id"));
}

#[tokio::test] // R85
async fn one_that_is_gone_is_not_begun_again() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let token = kit.token(ADMIN1).await;
    let body = shorter(json!({})).to_string();
    let send = || begin_one(&kit, &token, &body);
    let first = send().await.id("id");
    // A tenant's last 50 are kept, and it was one before those.
    let delete = "delete from parlance.rehearsals";
    sqlx::query(delete).execute(&kit.pool).await.unwrap();
    assert_eq!(send().await.problem(410), "result_gone");
    let made = "select count(*) from parlance.rehearsals";
    assert_eq!(number(&kit, made).await, 0);
    let path = format!("{PATH}/{first}");
    assert_eq!(kit.get(&token, &path).await.problem(404), "not_found");
}
