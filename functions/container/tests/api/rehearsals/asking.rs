//! The questions are asked, whatever happens meanwhile.

use super::*;
use crate::{
    document_jobs::make_due,
    kit::{program::Program, wait::wait_until},
};

#[tokio::test] // R30
async fn fifty_questions_are_asked_with_both_settings() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 52).await;
    let before = (provider.chats().len(), booked(&kit).await);
    kit.add_document(
        ADMIN1,
        "Numbers",
        "What is known of number 7: it is a prime.",
    )
    .await;
    let id = begin(&kit, json!({})).await;
    let begun = shown(&kit, id).await;
    assert_eq!(begun["questions"], 50);
    assert_eq!(provider.chats().len(), before.0, "the request asks nobody");
    kit.work().await;

    let done = shown(&kit, id).await;
    assert_eq!(
        json!([done["status"], done["note"], done["questions"]]),
        json!(["done", null, 50]),
        "{done}"
    );
    for side in ["now", "changed"] {
        let counts = [&done[side]["answered"], &done[side]["failed"]];
        assert_eq!(counts, [50, 0], "{done}");
        assert!(done[side]["no_source"].as_i64() < Some(50), "{done}");
    }
    let asked = provider.chats().split_off(before.0);
    assert_eq!(asked.len(), 100);
    let changed = asked.iter().filter(|asked| {
        let system = asked.body["messages"][0]["content"].as_str();
        system.is_some_and(|text| text.contains("Answer in one word."))
    });
    assert_eq!(changed.count(), 50);
    // Every call is in the ledger, and the rehearsal's own account agrees with it.
    let spent = booked(&kit).await - before.1;
    assert!(spent > 0);
    let sides = nano(&done["now"]["cost"]) + nano(&done["changed"]["cost"]);
    assert_eq!((nano(&done["spent"]), sides), (spent, spent));
    let open = "select count(*) from parlance.reservations";
    assert_eq!(number(&kit, open).await, 0);
    assert_eq!(number(&kit, "select count(*) from parlance.jobs").await, 0);

    let all = questions(&kit, id).await;
    assert_eq!(all.len(), 50);
    // The newest first, and of two more than it took, not the oldest.
    assert_eq!(all[0]["question"], "What of number 51?");
    assert_eq!(all[49]["question"], "What of number 2?");
    for one in &all {
        for side in ["now", "changed"] {
            assert_eq!(one[side]["status"], "complete", "{one}");
            assert_eq!(one[side]["content"], "Hello from the model.", "{one}");
            assert_eq!(one[side]["model"], "gpt-6-luna", "{one}");
            assert_eq!(one[side]["prompt_tokens"], 11, "{one}");
        }
    }
    let seven = all
        .iter()
        .find(|one| one["question"] == "What of number 7?");
    let sources = &seven.expect("it was asked")["changed"]["sources"];
    assert_eq!(sources[0]["title"], "Numbers", "{sources}");
    // Who asked is not told, and nobody's conversation has grown.
    let told = format!("{all:?}");
    assert!(!told.contains(&U1.id.to_string()) && !told.contains(U1.email));
    let messages = "select count(*) from parlance.chat_messages";
    assert_eq!(number(&kit, messages).await, 104);
}

#[tokio::test]
async fn what_is_changed_meanwhile_changes_neither_side() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let before = provider.chats().len();
    let settings = json!({
        "chat_model": "gpt-5.2", "temperature": 0.5, "max_output_tokens": 77, "retrieval": { "enabled": false }
    });
    begin(&kit, json!({ "settings": settings })).await;
    let token = kit.token(ADMIN1).await;
    let other = json!({ "system_prompt": "Something else." });
    let set = kit.patch(&token, "/tenants/current", other).await;
    assert_eq!(set.status, 200, "{}", set.text);
    kit.work().await;
    let asked = provider.chats().split_off(before);
    let [now, changed] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (&now.body["model"], &changed.body["model"]),
        (&json!("gpt-6-luna"), &json!("gpt-5.2"))
    );
    assert_eq!(changed.body["max_completion_tokens"], 77);
    for asked in &asked {
        let told = asked.body.to_string();
        assert!(!told.contains("Something else."), "{told}");
    }
}

#[tokio::test] // R83
async fn whoever_goes_on_after_a_crash_repeats_one_answer_at_most() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 3).await;
    let id = begin(&kit, json!({})).await;
    let first = provider.chats().len();
    let vars: Vec<_> = provider.vars().into();
    let key = ("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned());
    let vars: Vec<_> = vars.into_iter().chain([key]).collect();
    // Two are answered, and the third is on its way when it is killed.
    for _ in 0..2 {
        provider.reply(text("Before."));
    }
    provider.hold(&["Lost."]);
    let program = Program::serve(&kit, &vars).await;
    provider.asked_for(first + 3).await;
    program.kill().await;
    let cut = shown(&kit, id).await;
    assert_eq!(cut["status"], "running");
    let lost = "update parlance.jobs set lease_until = now() - interval '1 second' where state = 'running'";
    sqlx::query(lost).execute(&kit.pool).await.unwrap();
    make_due(&kit).await;
    provider.let_go(2);
    let program = Program::serve(&kit, &vars).await;
    wait_until("the end of the rehearsal", async || {
        let shown = shown(&kit, id).await;
        (shown["status"] == "done").then_some(()).ok_or(shown)
    })
    .await;
    program.terminate().await;
    assert!(program.ended().await.success());
    assert_eq!(provider.chats().len(), first + 7);
    let all = questions(&kit, id).await;
    let answers = all
        .iter()
        .flat_map(|one| ["now", "changed"].map(|side| &one[side]["content"]));
    let answers: Vec<&Value> = answers.collect();
    let rest = "Hello from the model.";
    assert_eq!(answers, ["Before.", "Before.", rest, rest, rest, rest]);
    // What nobody told the end of was spent, as far as anybody knows.
    let done = shown(&kit, id).await;
    let sides = nano(&done["now"]["cost"]) + nano(&done["changed"]["cost"]);
    assert!(nano(&done["spent"]) > sides, "{done}");
}

#[tokio::test]
async fn what_a_provider_cannot_answer_is_said_and_the_rest_is_asked() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 3).await;
    let before = provider.chats().len();
    let refused = json!({ "error": { "code": "content_filter", "message": "no" } });
    provider.reply(Reply::Status(400, refused));
    provider.reply(text("Fine."));
    // As often as one request is tried, and so once more later.
    for _ in 0..2 {
        provider.reply(Reply::Status(429, json!({})));
    }
    let id = begin(&kit, json!({})).await;
    kit.work().await;
    let waiting = shown(&kit, id).await;
    if waiting["status"] == "running" {
        make_due(&kit).await;
        kit.work().await;
    }
    let done = shown(&kit, id).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(
        json!([done["now"]["failed"], done["changed"]["failed"]]),
        json!([1, 0]),
        "{done}"
    );
    let all = questions(&kit, id).await;
    let error = all[0]["now"]["error"].as_str().unwrap();
    assert!(error.starts_with("content_filter: "), "{error}");
    assert!(error.ends_with('.'), "{error}");
    assert_eq!(all[0]["now"]["status"], "failed");
    assert_eq!(all[0]["changed"]["content"], "Fine.");
    assert_eq!(all[1]["now"]["content"], "Hello from the model.");
    assert!(provider.chats().len() > before + 6);
}

#[tokio::test]
async fn a_provider_that_is_away_for_long_fails_each_question_and_ends() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 2).await;
    provider.always(Reply::Status(500, json!({})));
    let id = begin(&kit, json!({})).await;
    for _ in 0..8 {
        kit.work().await;
        make_due(&kit).await;
    }
    let done = shown(&kit, id).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(
        json!([done["now"]["failed"], done["changed"]["failed"]]),
        json!([2, 2]),
        "{done}"
    );
}

#[tokio::test]
async fn a_limit_of_the_tenant_has_it_wait_and_says_so() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let superuser = kit.token(SUPERUSER).await;
    let limits = |tokens: Value| json!({ "tenant": { "tokens_per_day": tokens } });
    let path = format!("/tenants/{T1}/limits");
    let set = kit.put(&superuser, &path, limits(json!(1))).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let id = begin(&kit, json!({})).await;
    let before = provider.chats().len();
    kit.work().await;
    let waiting = shown(&kit, id).await;
    assert_eq!(waiting["status"], "running");
    let note = waiting["note"].as_str().unwrap();
    assert!(note.starts_with("limit_reached: "), "{note}");
    assert_eq!(nano(&waiting["spent"]), 0);
    assert_eq!(provider.chats().len(), before);
    let set = kit.put(&superuser, &path, limits(Value::Null)).await;
    assert_eq!(set.status, 200, "{}", set.text);
    make_due(&kit).await;
    kit.work().await;
    let done = shown(&kit, id).await;
    assert_eq!(json!([done["status"], done["note"]]), json!(["done", null]));
}
