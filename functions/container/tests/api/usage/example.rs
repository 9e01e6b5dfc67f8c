//! The example in docs/costs.md.

use super::{
    books::{COLUMNS, day, run as sql},
    reprice::reprice,
};
use crate::kit::{ADMIN1, Kit, T1, U1};

#[tokio::test]
async fn the_example_in_the_documentation_is_what_the_code_computes() {
    let kit = Kit::new().await;
    for (operation, model, tokens) in [
        ("embedding", "text-embedding-3-small", "12, 0, 0, 0, 0"),
        ("chat", "gpt-6-luna", "2400, 1000, 0, 350, 0"),
    ] {
        let values = format!(
            "select '{T1}', gen_random_uuid(), now(), '{operation}', 'complete', '{}', null, 'openai', '{model}', {tokens},
               true, 'old', null",
            U1.id
        );
        sql(
            &kit,
            format!("insert into parlance.provider_calls {COLUMNS} {values}"),
        )
        .await;
    }
    let (from, to) = (day(-1), day(0));
    let done = reprice(&kit, &["--from", &from, "--to", &to]).await;
    assert!(done.ok, "{}", done.stderr);
    let path = format!("/admin/usage?from={from}&to={to}&group_by=operation");
    let told = kit.get(&kit.token(ADMIN1).await, &path).await.json;
    let rows = told["rows"].as_array().unwrap();
    let costs: Vec<_> = rows
        .iter()
        .chain([&told["total"]])
        .map(|sums| sums["cost"].as_str().unwrap())
        .collect();
    assert_eq!(costs, ["0.000325", "0.00000024", "0.00032524"]);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/costs.md"))
        .unwrap();
    for cost in costs {
        assert!(
            page.contains(&format!("| {cost} |")),
            "docs/costs.md lacks {cost}"
        );
    }
}
