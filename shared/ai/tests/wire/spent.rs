//! What a call used: the parts of its counts, and the names in its answer.

use ai::{Event, Spent, Usage};
use serde_json::{Value, json};

use crate::{
    quirks::{event, of, stop},
    server::delta,
};

/// The text "Hi.", with `more` in the object that says so.
fn hi_with(more: Value) -> String {
    let mut hi = json!({"choices": [{"delta": {"content": "Hi."}, "finish_reason": "stop"}]});
    let fields = more.as_object().unwrap().clone();
    hi.as_object_mut().unwrap().extend(fields);
    event(hi)
}

async fn spent(body: String) -> Spent {
    let (_, text, end) = of(body).await;
    match end {
        Ok(Event::Done { spent, .. }) if text == "Hi." => spent,
        other => panic!("{other:?} after {text:?}"),
    }
}

async fn usage(usage: Value) -> Usage {
    spent(hi_with(json!({ "usage": usage }))).await.usage
}

fn exact(prompt: [u32; 3], completion: [u32; 2]) -> Usage {
    let [prompt_tokens, cached_tokens, cache_write_tokens] = prompt;
    let [completion_tokens, reasoning_tokens] = completion;
    Usage {
        prompt_tokens,
        cached_tokens,
        cache_write_tokens,
        completion_tokens,
        reasoning_tokens,
        exact: true,
    }
}

#[tokio::test]
async fn the_parts_of_counts_are_read() {
    let wholes = |more: Value| {
        let mut all = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120});
        let fields = more.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(fields);
        all
    };
    for (more, prompt, completion) in [
        (json!({}), [100, 0, 0], [20, 0]),
        (
            json!({"prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 15}}),
            [100, 60, 30],
            [20, 15],
        ),
        // DeepSeek.
        (
            json!({"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}),
            [100, 64, 0],
            [20, 0],
        ),
        (
            json!({"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": 64}}),
            [100, 64, 0],
            [20, 0],
        ),
        (
            json!({"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": 0}}),
            [100, 64, 0],
            [20, 0],
        ),
        // Parts that are more than their whole.
        (
            json!({"prompt_tokens_details": {"cached_tokens": 101, "cache_write_tokens": 5},
                "completion_tokens_details": {"reasoning_tokens": 21}}),
            [100, 100, 0],
            [20, 20],
        ),
        (
            json!({"prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 60}}),
            [100, 60, 40],
            [20, 0],
        ),
        // What is no count.
        (
            json!({"prompt_tokens_details": null, "completion_tokens_details": "15"}),
            [100, 0, 0],
            [20, 0],
        ),
        (
            json!({"prompt_tokens_details": {"cached_tokens": -1, "cache_write_tokens": 1.5},
                "completion_tokens_details": {"reasoning_tokens": "15"}}),
            [100, 0, 0],
            [20, 0],
        ),
        (
            json!({"prompt_tokens_details": {"cached_tokens": 1_000_000_000_000_u64, "cache_write_tokens": null},
                "completion_tokens_details": {"reasoning_tokens": [15]}}),
            [100, 0, 0],
            [20, 0],
        ),
    ] {
        let found = usage(wholes(more.clone())).await;
        assert_eq!(found, exact(prompt, completion), "{more}");
    }
}

#[tokio::test]
async fn no_provider_works_for_nothing() {
    // "Hi" with its delimiters is five tokens, and "Hi." one.
    let estimated = exact([5, 0, 0], [1, 0]);
    for odd in [
        json!({"prompt_tokens": 0, "completion_tokens": 0}),
        json!({"prompt_tokens": 1_000_000_000_000_u64, "completion_tokens": -20}),
        json!({"prompt_tokens": 99.5, "completion_tokens": "20"}),
        json!({"prompt_tokens": null}),
    ] {
        let found = usage(odd.clone()).await;
        let expected = Usage {
            exact: false,
            ..estimated
        };
        assert_eq!(found, expected, "{odd}");
    }
}

#[tokio::test]
async fn a_last_count_that_is_told_again_or_is_odd_adds_nothing() {
    let counted = json!({"prompt_tokens": 100, "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 15}});
    let first = hi_with(json!({ "usage": counted }));
    let last = |usage: &Value| event(json!({"choices": [], "usage": usage}));
    for odd in [
        counted.clone(),
        json!(null),
        json!({}),
        json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 0}}),
        json!({"prompt_tokens": -100, "completion_tokens": 1e12, "prompt_tokens_details": null}),
    ] {
        let body = format!("{first}{}{}data: [DONE]\n\n", last(&odd), last(&odd));
        let found = spent(body).await.usage;
        assert_eq!(found, exact([100, 60, 0], [20, 15]), "{odd}");
    }
}

#[tokio::test]
async fn the_names_in_an_answer_are_told() {
    let names = |spent: Spent| (spent.model, spent.service_tier);
    let some = |name: &str| Some(name.to_owned());
    for (more, expected) in [
        (json!({}), (None, None)),
        (
            json!({"model": "gpt-6-luna-2026-08-01", "service_tier": "priority"}),
            (some("gpt-6-luna-2026-08-01"), some("priority")),
        ),
        (json!({"model": 7, "service_tier": null}), (None, None)),
        (json!({"model": "", "service_tier": [" "]}), (None, None)),
        (
            json!({"model": "a\u{0}\u{1b}[1m\r\nb", "service_tier": "x".repeat(100_000)}),
            (some("a[1mb"), Some("x".repeat(128))),
        ),
    ] {
        assert_eq!(
            names(spent(hi_with(more.clone())).await),
            expected,
            "{more}"
        );
    }
    // In the first event only, as where the last has an empty one.
    let first = event(json!({"choices": [], "model": "named", "service_tier": "default"}));
    let last = event(json!({"choices": [], "model": "", "service_tier": null}));
    let body = first + &delta("Hi.") + &stop() + &last;
    assert_eq!(names(spent(body).await), (some("named"), some("default")));
}
