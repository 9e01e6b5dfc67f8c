//! Tests of what is known of models.

use super::*;

#[test]
fn what_an_operator_knows_counts() {
    let own = r#"{"models": {
        "openai/gpt-6-luna": {"context": 1000, "ends": "2027-02-03"},
        "mine/llama": {"context": 8192, "limit": "max_tokens"}
    }}"#;
    let models = Models::new(Some(own)).unwrap();
    let luna = models.get("openai", "gpt-6-luna").unwrap();
    assert_eq!(luna.context, Some(1000));
    assert_eq!(luna.ends, NaiveDate::from_ymd_opt(2027, 2, 3));
    assert!(luna.has_effort("none"), "the rest is as it was");
    assert_eq!(
        models.get("mine", "llama").unwrap().limit,
        Some(Limit::MaxTokens)
    );
    assert_eq!(models.get("mine", "other"), None);
}

#[test]
fn the_example_in_the_documentation_is_a_table() {
    let page = include_str!("../../../docs/running.md");
    let (_, example) = page.split_once("```json\n{\n  \"models\"").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let models = Models::new(Some(&format!("{{\"models\"{example}"))).unwrap();
    let sol = models.get("openai", "gpt-6-sol").unwrap();
    assert_eq!(sol.input_price, Some(Price(1_500_000)));
    assert_eq!(sol.long_context, None);
    let llama = models.get("ours", "llama").unwrap();
    assert_eq!(llama.off_peak.as_ref().unwrap().windows.len(), 2);
}

#[test]
fn what_is_no_table_is_refused() {
    for own in [
        "",
        "[]",
        "{}",
        r#"{"models": {"a/b": {"contxt": 1}}}"#,
        r#"{"models": {"a/b": 1}}"#,
    ] {
        let refused = Models::new(Some(own)).unwrap_err().to_string();
        assert!(refused.starts_with("is no table of models"), "{refused}");
    }
}

#[test]
fn a_fault_is_told_with_its_field_and_model() {
    let refused = |field: &str, value: &str| {
        let own = format!(r#"{{"models": {{"mine/llama": {{"{field}": {value}}}}}}}"#);
        Models::new(Some(&own)).unwrap_err().to_string()
    };
    let prices = [
        "-1",
        "0.5",
        "1e6",
        "\"100\"",
        "[1]",
        "1000000000001",
        "18446744073709551616",
    ];
    for (value, field) in prices.map(|price| (price.to_owned(), "output_price")) {
        let refused = refused(field, &value);
        let expected = "is no table of models: output_price of mine/llama cannot be used: a price is a whole number of";
        assert!(refused.starts_with(expected), "{refused}");
    }
    for (field, value, expected) in [
        ("context", "\"big\"", "context of mine/llama"),
        (
            "long_context",
            r#"{"input_price": 1}"#,
            "long_context of mine/llama cannot be used: missing field `above`",
        ),
        (
            "long_context",
            r#"{"above": -1}"#,
            "long_context.above of mine/llama",
        ),
        (
            "off_peak",
            r#"{"windows": [{"hours": ["25:00-26:00"]}]}"#,
            "off_peak.windows[0].hours[0] of mine/llama cannot be used: hours are like",
        ),
        (
            "off_peak",
            r#"{"windows": [{"hours": [4]}]}"#,
            "off_peak.windows[0].hours[0] of mine/llama cannot be used: hours are like",
        ),
        (
            "off_peak",
            r#"{"windows": [{"days": ["Caturday"], "hours": []}]}"#,
            "off_peak.windows[0].days[0] of mine/llama",
        ),
        (
            "off_peak",
            r#"{"windows": [], "cached_price": -3}"#,
            "off_peak.cached_price of mine/llama cannot be used: a price is",
        ),
    ] {
        let refused = refused(field, value);
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn a_table_has_a_name_of_its_own() {
    let version = |own| Models::new(own).unwrap().version().to_owned();
    let ours = version(None);
    assert!(ours.starts_with("litellm-"), "{ours}");
    let own = r#"{"models": {}}"#;
    let (one, other) = (version(Some(own)), version(Some(r#"{"models":{}}"#)));
    assert_eq!(one, version(Some(own)));
    assert!(
        one != other && one.starts_with(&format!("{ours} own-")),
        "{one}"
    );
    assert_eq!(one.len(), ours.len() + " own-01234567".len());
}

#[test]
fn an_answer_is_counted_by_its_own_model_if_that_has_prices() {
    let own = r#"{"models": {"openai/gpt-6-luna-2026-08-01": {"context": 1000},
        "openai/gpt-6-luna-2026-09-01": {"input_price": 7, "output_price": 8}}}"#;
    let models = Models::new(Some(own)).unwrap();
    let input = |asked, named| models.priced("openai", asked, named)?.input_price;
    assert_eq!(input("gpt-6-luna", None), Some(Price(100_000)));
    assert_eq!(
        input("gpt-6-luna", Some("gpt-6-luna-2026-09-01")),
        Some(Price(7))
    );
    for named in ["gpt-6-luna-2026-08-01", "gpt-6-luna-2026-10-01", ""] {
        assert_eq!(input("gpt-6-luna", Some(named)), Some(Price(100_000)));
    }
    assert_eq!(
        input("deployment-1", Some("gpt-6-sol")),
        Some(Price(2_000_000))
    );
    assert_eq!(input("deployment-1", None), None);
}

#[test]
fn a_prompt_has_what_the_answer_leaves() {
    let room = |context, output| {
        Model {
            context,
            ..Model::default()
        }
        .room(output)
    };
    assert_eq!(room(Some(128_000), 1024), 126_976);
    assert_eq!(room(Some(8000), 32_768), 4000);
    assert_eq!(room(None, 768), 32_000);
}
