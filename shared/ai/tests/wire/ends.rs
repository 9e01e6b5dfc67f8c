//! How an answer ends, as servers of this API really say it, and what it cost.

use ai::{Error, Event, FinishReason};
use serde_json::json;

use crate::{
    done,
    quirks::{JSON, SSE, event, of, of_body, stop},
    server::delta,
};

const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";

#[tokio::test]
async fn counts_are_used_as_far_as_they_are_counts() {
    let (estimated, written) = (5, 1);
    for (usage, prompt, completion, exact) in [
        (
            json!({"prompt_tokens": 50, "completion_tokens": 20}),
            50,
            20,
            true,
        ),
        (
            json!({"prompt_tokens": 50.0, "completion_tokens": 2e1}),
            50,
            20,
            true,
        ),
        (json!(null), estimated, written, false),
        (json!({}), estimated, written, false),
        (json!([]), estimated, written, false),
        (json!("50"), estimated, written, false),
        (json!({"total_tokens": 9}), estimated, written, false),
        (json!({"prompt_tokens": 50}), 50, written, false),
        (json!({"completion_tokens": 20}), estimated, 20, false),
        (
            json!({"prompt_tokens": null, "completion_tokens": 20}),
            estimated,
            20,
            false,
        ),
        (
            json!({"prompt_tokens": -1, "completion_tokens": 7.5}),
            estimated,
            written,
            false,
        ),
        (
            json!({"prompt_tokens": "50", "completion_tokens": [20]}),
            estimated,
            written,
            false,
        ),
        (
            json!({"prompt_tokens": 1e300, "completion_tokens": u64::MAX}),
            estimated,
            written,
            false,
        ),
    ] {
        let with = json!({"choices": [{"delta": {"content": "Hi."}, "finish_reason": "stop"}],
            "usage": usage});
        let (_, _, end) = of(event(with)).await;
        assert_eq!(end, done(prompt, completion, exact), "{usage}");
    }
}

#[tokio::test]
async fn counts_in_every_event_are_of_all_so_far() {
    let so_far = |text: &str, completion: u32| {
        event(json!({"choices": [{"delta": {"content": text}}],
            "usage": {"prompt_tokens": 5, "completion_tokens": completion}}))
    };
    let body = so_far("H", 1) + &so_far("i.", 2) + &stop() + "data: [DONE]\n\n";
    assert_eq!(
        of(body).await,
        (String::new(), "Hi.".into(), done(5, 2, true))
    );
    // With an empty choice beside the usage, and without one of the counts that came before.
    let last = json!({"choices": [{"index": 0, "delta": {}}], "usage": {"completion_tokens": 2}});
    let body = so_far("Hi.", 1) + &stop() + &event(last) + "data: [DONE]\n\n";
    assert_eq!(of(body).await.2, done(5, 2, true));
}

#[tokio::test]
async fn every_reason_but_ours_is_another() {
    for (name, reason) in [
        ("stop", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("end", FinishReason::Other),
        ("eos", FinishReason::Other),
        ("end_turn", FinishReason::Other),
        ("tool_use", FinishReason::Other),
        ("tool_calls", FinishReason::Other),
        ("something new", FinishReason::Other),
    ] {
        let last = json!({"choices": [{"delta": {"content": "Hi."}, "finish_reason": name}]});
        let (_, text, end) = of(event(last) + USAGE).await;
        let Ok(Event::Done { finish_reason, .. }) = end else {
            panic!("{end:?}");
        };
        assert_eq!((text.as_str(), finish_reason), ("Hi.", reason));
    }
}

#[tokio::test]
async fn without_a_reason_or_an_end_it_is_not_complete() {
    for reason in [json!(null), json!(""), json!(7), json!({})] {
        let cut =
            json!({"choices": [{"delta": {"content": "The dose is 5"}, "finish_reason": reason}]});
        let (_, text, end) = of(event(cut.clone())).await;
        assert_eq!(
            (text.as_str(), end),
            ("The dose is 5", Err(Error::Interrupted)),
            "{reason}"
        );
        // The closing event is the server's word that this is all.
        let (_, _, end) = of(event(cut) + "data: [DONE]\n\n").await;
        assert!(matches!(
            end,
            Ok(Event::Done {
                finish_reason: FinishReason::Other,
                ..
            })
        ));
    }
    for name in ["insufficient_system_resource", "error"] {
        let last = json!({"choices": [{"delta": {"content": "Hi."}, "finish_reason": name}]});
        let (_, text, end) = of(event(last) + "data: [DONE]\n\n").await;
        assert_eq!((text.as_str(), end), ("Hi.", Err(Error::Interrupted)));
    }
}

#[tokio::test]
async fn an_error_in_any_form_is_an_interruption() {
    for error in [
        "data: {\"error\":{\"message\":\"busy\",\"code\":500}}\n\n",
        "data: {\"error\":\"busy\"}\n\n",
        "data: {\"error\":true,\"choices\":[{\"delta\":{\"content\":\"no\"}}]}\n\n",
        "{\"error\":{\"message\":\"busy\"}}",
        "{\"error\":{\"message\":\"busy\"}}\n",
        "event: error\ndata: {\"message\":\"busy\"}\n\n",
    ] {
        let (_, text, end) = of(delta("Hel") + error + "\ndata: [DONE]\n\n").await;
        assert_eq!(
            (text.as_str(), end),
            ("Hel", Err(Error::Interrupted)),
            "{error}"
        );
        if error.starts_with('{') {
            let (_, text, end) = of(error.to_owned()).await;
            assert_eq!(
                (text.as_str(), end),
                ("", Err(Error::Interrupted)),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_at_all_is_invalid() {
    for body in [
        "",
        "\n\n",
        "<!doctype html><p>Welcome",
        "Bad gateway",
        "data: oops\n\n",
        "{\"ok\":true}",
    ] {
        for kind in [SSE, JSON, "text/html"] {
            let (_, text, end) = of_body(kind, body.to_owned()).await;
            assert_eq!((text.as_str(), end), ("", Err(Error::Invalid)), "{body}");
        }
    }
}
