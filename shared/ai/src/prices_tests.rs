//! Tests of what calls cost, by the list prices and by what must hold of any.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::Models;

/// A Monday, within the hours that are dear at DeepSeek.
const PEAK: &str = "2026-11-23T02:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn usage(prompt: [u32; 3], completion_tokens: u32) -> Usage {
    let [prompt_tokens, cached_tokens, cache_write_tokens] = prompt;
    Usage {
        prompt_tokens,
        cached_tokens,
        cache_write_tokens,
        completion_tokens,
        ..Usage::default()
    }
}

/// In nano-USD by the table of this version.
fn cost(provider: &str, model: &str, usage: &Usage, when: &str) -> Option<i64> {
    let models = Models::new(None).unwrap();
    models.get(provider, model).unwrap().cost(usage, at(when))
}

/// Every model of the table.
fn listed() -> Vec<(String, Model)> {
    let models = Models::new(None).unwrap();
    let table: Value = serde_json::from_str(include_str!("../data/models.json")).unwrap();
    let names = table["models"].as_object().unwrap().keys();
    let named = names.map(|name| {
        let (provider, model) = name.split_once('/').unwrap();
        (name.clone(), models.get(provider, model).unwrap().clone())
    });
    named.collect()
}

#[test]
fn a_call_costs_its_parts_by_the_list() {
    // USD per million: 0.10, cached 0.01, written to the cache 0.125, answer 0.50.
    // 500 x 0.10 + 400 x 0.01 + 100 x 0.125 + 200 x 0.50 = 166.5 millionths of a USD.
    let parts = usage([1000, 400, 100], 200);
    assert_eq!(cost("openai", "gpt-6-luna", &parts, PEAK), Some(166_500));
    // Thoughts are paid for as what is written, and not twice.
    let thoughts = Usage {
        reasoning_tokens: 150,
        ..parts
    };
    assert_eq!(cost("openai", "gpt-6-luna", &thoughts, PEAK), Some(166_500));
    // 0.13 for a million, and nothing is written.
    let texts = usage([1000, 0, 0], 0);
    let large = "text-embedding-3-large";
    assert_eq!(cost("openai", large, &texts, PEAK), Some(130_000));
    assert_eq!(cost("openai", large, &usage([1, 0, 0], 1), PEAK), None);
    let most = usage([u32::MAX, 0, 0], u32::MAX);
    assert_eq!(cost("local", crate::LOCAL_MODEL, &most, PEAK), Some(0));
}

#[test]
fn a_long_prompt_makes_the_whole_request_dearer() {
    // Up to 272,000: 2 and 10 USD per million.
    let short = usage([272_000, 0, 0], 1000);
    assert_eq!(cost("openai", "gpt-6-sol", &short, PEAK), Some(554_000_000));
    // Above: 4, cached 0.40, answer 15. 200,000 x 4 + 100,000 x 0.40 + 1,000 x 15 = 855,000 millionths.
    let long = usage([300_000, 100_000, 0], 1000);
    assert_eq!(cost("openai", "gpt-6-sol", &long, PEAK), Some(855_000_000));
    let one_more = usage([272_001, 0, 0], 0);
    assert_eq!(
        cost("openai", "gpt-6-sol", &one_more, PEAK),
        Some(1_088_004_000)
    );
    // Without a price of its own, what is written to the cache costs what is read: 5.
    let written = usage([300_000, 0, 300_000], 0);
    assert_eq!(
        cost("openai", "gpt-5.4", &written, PEAK),
        Some(1_500_000_000)
    );
}

#[test]
fn an_hour_off_peak_is_cheaper() {
    // 2,000 x 0.15 + 8,000 x 0.003 + 500 x 0.60 = 624 millionths of a USD; twice that at peak.
    let parts = usage([10_000, 8000, 0], 500);
    for (when, expected) in [
        ("2026-11-23T00:59:59Z", 624_000),
        ("2026-11-23T01:00:00Z", 1_248_000),
        ("2026-11-23T03:59:59Z", 1_248_000),
        ("2026-11-23T04:00:00Z", 624_000),
        ("2026-11-27T06:00:00Z", 1_248_000),
        ("2026-11-27T09:59:59Z", 1_248_000),
        ("2026-11-27T10:00:00Z", 624_000),
        ("2026-11-27T23:59:59Z", 624_000),
        ("2026-11-28T02:00:00Z", 624_000),
        ("2026-11-29T08:00:00Z", 624_000),
    ] {
        let found = cost("deepseek", "deepseek-flash", &parts, when);
        assert_eq!(found, Some(expected), "{when}");
    }
}

#[test]
fn a_sum_is_rounded_up_and_only_once() {
    let of = |input, output| Model {
        input_price: Some(Price(input)),
        output_price: Some(Price(output)),
        ..Model::default()
    };
    for (model, prompt, completion, expected) in [
        (of(1, 1), 0, 0, 0),
        (of(1, 1), 1, 0, 1),
        (of(500, 500), 1, 1, 1),
        (of(500, 501), 1, 1, 2),
        (of(1, 0), 1001, 7, 2),
        (of(MAX_PRICE, 0), u32::MAX, 0, 4_294_967_295_000_000_000),
        (
            of(MAX_PRICE, MAX_PRICE),
            u32::MAX,
            u32::MAX,
            8_589_934_590_000_000_000,
        ),
    ] {
        let found = model.cost(&usage([prompt, 0, 0], completion), at(PEAK));
        assert_eq!(found, Some(expected));
    }
    // No table can say so, but it is still the most that there is.
    let most = of(u64::MAX, u64::MAX).cost(&usage([u32::MAX, 0, 0], u32::MAX), at(PEAK));
    assert_eq!(most, Some(i64::MAX));
}

#[test]
fn what_is_not_known_is_not_free() {
    let unknown = Model::default();
    assert_eq!(unknown.cost(&usage([0, 0, 0], 0), at(PEAK)), Some(0));
    assert_eq!(unknown.cost(&usage([1, 0, 0], 0), at(PEAK)), None);
    assert_eq!(unknown.cost(&usage([1, 1, 0], 0), at(PEAK)), None);
    assert_eq!(unknown.cost(&usage([0, 0, 0], 1), at(PEAK)), None);
    assert_eq!(unknown.most(1, 1), None);
    let no_output = Model {
        input_price: Some(Price(1000)),
        ..Model::default()
    };
    assert_eq!(no_output.cost(&usage([9, 4, 4], 0), at(PEAK)), Some(9));
    assert_eq!(no_output.cost(&usage([9, 4, 4], 1), at(PEAK)), None);
}

#[test]
fn the_most_is_of_the_dearest_hour_and_kind() {
    let models = Models::new(None).unwrap();
    let most = |provider, model, prompt, completion| {
        let model: &Model = models.get(provider, model).unwrap();
        model.most(prompt, completion)
    };
    // All of it written to the cache, at 0.125.
    assert_eq!(most("openai", "gpt-6-luna", 1000, 200), Some(225_000));
    // At 5 and 15.
    assert_eq!(
        most("openai", "gpt-6-sol", 300_000, 1000),
        Some(1_515_000_000)
    );
    // At peak.
    let flash = most("deepseek", "deepseek-flash", 10_000, 500);
    assert_eq!(flash, Some(3_600_000));
}

fn price() -> impl Strategy<Value = Option<Price>> {
    prop::option::weighted(0.8, (0..=MAX_PRICE).prop_map(Price))
}

fn any_model() -> impl Strategy<Value = Model> {
    let prices = || (price(), price(), price(), price());
    let windows =
        r#"[{"days": ["Mon", "Wed"], "hours": ["01:00-09:00"]}, {"hours": ["20:00-24:00"]}]"#;
    let off_peak = prices().prop_map(
        move |(input_price, cached_price, write_price, output_price)| OffPeak {
            windows: serde_json::from_str(windows).unwrap(),
            input_price,
            cached_price,
            write_price,
            output_price,
        },
    );
    let long = (any::<u32>(), prices());
    let long = long.prop_map(
        |(above, (input_price, cached_price, write_price, output_price))| LongContext {
            above,
            input_price,
            cached_price,
            write_price,
            output_price,
        },
    );
    let rules = (prop::option::of(long), prop::option::of(off_peak));
    (prices(), rules).prop_map(
        |((input_price, cached_price, write_price, output_price), (long_context, off_peak))| {
            Model {
                input_price,
                cached_price,
                write_price,
                output_price,
                long_context,
                off_peak,
                ..Model::default()
            }
        },
    )
}

fn any_usage() -> impl Strategy<Value = Usage> {
    let count = || prop_oneof![0..1_000_000_u32, any::<u32>()];
    ([count(), count(), count()], count())
        .prop_map(|(prompt, completion)| usage(prompt, completion))
}

fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
    (0..10_000_000_i64).prop_map(|seconds| at(PEAK) + TimeDelta::seconds(seconds))
}

proptest! {
    #[test]
    fn a_cost_is_never_negative_nor_above_the_most(
        model in any_model(), usage in any_usage(), when in any_time(), less in any::<(u32, u32)>(),
    ) {
        let smaller = Usage {
            prompt_tokens: usage.prompt_tokens.saturating_sub(less.0),
            completion_tokens: usage.completion_tokens.saturating_sub(less.1),
            ..usage
        };
        let most = model.most(usage.prompt_tokens, usage.completion_tokens);
        for cost in [model.cost(&usage, when), model.cost(&smaller, when)].into_iter().flatten() {
            prop_assert!(cost >= 0);
            prop_assert!(most.is_none_or(|most| cost <= most), "{} > {:?}", cost, most);
        }
    }

    #[test]
    fn more_tokens_never_cost_less(
        index in any::<prop::sample::Index>(), usage in any_usage(), when in any_time(), more in 1..1_000_000_u32,
    ) {
        let all = listed();
        let (name, model) = index.get(&all);
        let cost = |usage: Usage| model.cost(&usage, when);
        let base = cost(usage);
        let longer = |count: u32| count.saturating_add(more);
        let prompt = cost(Usage { prompt_tokens: longer(usage.prompt_tokens), ..usage });
        let written = cost(Usage { completion_tokens: longer(usage.completion_tokens), ..usage });
        let stored = cost(Usage { cached_tokens: 0, cache_write_tokens: longer(usage.cache_write_tokens), ..usage });
        let uncached = cost(Usage { cached_tokens: 0, ..usage });
        let thought = cost(Usage { reasoning_tokens: more, ..usage });
        prop_assert_eq!(thought, base);
        // Of the embedding models, what nobody writes has no price.
        if let Some(base) = base {
            prop_assert!(prompt.is_some_and(|cost| cost >= base), "{}", name);
            prop_assert!(written.is_none_or(|cost| cost >= base), "{}", name);
            prop_assert!(uncached.is_some_and(|cost| cost >= base), "{}: a cached token is dearer", name);
            prop_assert!(stored >= uncached, "{}", name);
        }
    }
}

#[test]
fn every_model_of_the_table_has_prices() {
    let unpriced = listed()
        .into_iter()
        .filter(|(_, model)| model.input_price.is_none());
    let names: Vec<String> = unpriced.map(|(name, _)| name).collect();
    assert_eq!(names, Vec::<String>::new());
}
