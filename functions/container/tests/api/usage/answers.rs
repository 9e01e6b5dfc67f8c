//! What an answer looks like, and what is refused.

use super::books::{self, day, fill};
use crate::kit::{ADMIN1, Kit, T1, U1, U2, request};
use axum::body::Body;
use serde_json::{Value, json};

#[tokio::test]
async fn the_file_has_the_same_rows_and_nothing_that_a_spreadsheet_runs() {
    let kit = Kit::new().await;
    fill(&kit, T1, &[U1.id, U2.id]).await;
    sqlx::query("update parlance.provider_calls set model = '=cmd()' where model = 'm0'")
        .execute(&kit.pool)
        .await
        .unwrap();
    let admin = kit.token(ADMIN1).await;
    let path = format!(
        "/admin/usage?from={}&to={}&group_by=user,model",
        day(-9),
        day(0)
    );
    let rows = kit.get(&admin, &path).await.json["rows"].clone();
    let asked = request(&admin, "GET", &path).header("accept", "text/csv");
    let file = kit.send(asked, Body::empty()).await;
    assert_eq!(
        file.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        file.header("content-disposition"),
        r#"attachment; filename="usage.csv""#
    );
    let by_parameter = kit.get(&admin, &format!("{path}&format=csv")).await;
    assert_eq!(by_parameter.text, file.text);
    let lines: Vec<Vec<&str>> = file
        .text
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(
        file.text.lines().next().unwrap(),
        "user_id,email,model,calls,failed_calls,unpriced_calls,cost_usd,exact_calls,exact_prompt_tokens,\
         exact_cached_tokens,exact_cache_write_tokens,exact_completion_tokens,exact_reasoning_tokens,exact_cost_usd,\
         estimated_calls,estimated_prompt_tokens,estimated_cached_tokens,estimated_cache_write_tokens,\
         estimated_completion_tokens,estimated_reasoning_tokens,estimated_cost_usd"
    );
    let rows = rows.as_array().unwrap();
    assert_eq!(lines.len(), rows.len() + 1);
    for (row, line) in rows.iter().zip(&lines[1..]) {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let model = text(&row["model"]).replace("=cmd", "'=cmd");
        assert_eq!(
            line[..3],
            [text(&row["user_id"]), text(&row["email"]), model]
        );
        assert_eq!(line[3], row["calls"].to_string());
        assert_eq!(line[6], row["cost"]);
        assert_eq!(line[11], row["exact"]["completion_tokens"].to_string());
        assert_eq!(line[20], row["estimated"]["cost"]);
    }
    assert!(file.text.contains(",'=cmd()") && !file.text.contains(",=cmd()"));
}

#[tokio::test]
async fn what_is_no_period_or_grouping_is_refused() {
    let kit = Kit::new().await;
    let (admin, user) = (kit.token(ADMIN1).await, kit.token(U1).await);
    for (query, field) in [
        ("from=2026-02-30", "from"),
        ("from=yesterday", "from"),
        ("from=2026-01-01T00:00:00Z", "from"),
        ("to=10000-01-01", "to"),
        ("to=-0001-01-01", "to"),
        ("from=2025-01-01&to=2026-01-02", "to"),
        ("from=2026-01-02&to=2026-01-01", "to"),
        ("from=9000-01-01", "to"),
    ] {
        for (token, path) in [(&admin, "/admin/usage"), (&user, "/login/me/usage")] {
            let refused = kit.get(token, &format!("{path}?{query}")).await;
            assert_eq!(refused.fields(), [field], "{path}?{query}");
        }
    }
    for (query, field) in [
        ("group_by=", "group_by"),
        ("group_by=sense", "group_by"),
        ("group_by=day,", "group_by"),
        ("group_by=Day", "group_by"),
        ("format=xml", "format"),
        ("end_user=", "end_user"),
        ("from=2026-01-01&to=2026-02-01&group_by=end_user", "to"),
        ("from=2026-01-01&to=2026-02-01&end_user=ada", "to"),
        ("user_id=1", "user_id"),
        ("limit=5", "limit"),
    ] {
        let refused = kit.get(&admin, &format!("/admin/usage?{query}")).await;
        assert_eq!(refused.fields(), [field], "{query}");
    }
    for query in [
        "from=0001-01-01&to=0001-12-31",
        "from=9999-01-01&to=9999-12-31",
        "from=2024-01-01&to=2024-12-31&group_by=model,day,day",
    ] {
        let told = kit.get(&admin, &format!("/admin/usage?{query}")).await;
        assert_eq!(told.status, 200, "{query}: {}", told.text);
        assert_eq!(told.json["rows"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn more_rows_than_an_answer_holds_are_refused_and_not_cut() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let many = |from: i32, to: i32| {
        books::run(&kit, format!(
            "insert into parlance.provider_calls {} select '{T1}', gen_random_uuid(), now(), 'chat', 'complete', null, null,
               'openai', 'model ' || n, 1, 0, 0, 1, 0, true, 't', 1 from generate_series({from}, {to}) n",
            books::COLUMNS
        ))
    };
    many(1, 5000).await;
    let most = kit.get(&admin, "/admin/usage?group_by=model").await;
    assert_eq!(most.json["rows"].as_array().unwrap().len(), 5000);
    many(5001, 5001).await;
    let refused = kit.get(&admin, "/admin/usage?group_by=model").await;
    assert_eq!(refused.fields(), ["group_by"]);
    let told = refused.json["errors"][0]["message"].as_str().unwrap();
    assert!(told.contains("more than 5000 rows"), "{told}");
    let file = kit
        .get(&admin, "/admin/usage?group_by=model&format=csv")
        .await;
    assert_eq!(file.text.lines().count(), 5002);
}
