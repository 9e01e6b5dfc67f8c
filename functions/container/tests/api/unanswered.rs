//! Questions that got no good answer, as administrators see them.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, U1, U2, V1};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// The report of the days around now.
async fn report(kit: &Kit, token: &str, more: &str) -> Answer {
    let day = |days| (Utc::now() + TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ");
    let path = format!("/admin/unanswered?from={}&to={}{more}", day(-1), day(1));
    let report = kit.get(token, &path).await;
    assert_eq!(report.status, 200, "{}", report.text);
    report
}

/// Asks; the answer's id.
async fn ask(kit: &Kit, token: &str, question: &str) -> Uuid {
    let asked = kit
        .post(token, "/chat", json!({ "message": question }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    asked.id("message_id")
}

/// Of each question, what its answer lacks.
fn lacks(report: &Answer) -> Vec<(String, Value)> {
    let items = report.json["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            (
                item["question"].as_str().unwrap().to_owned(),
                item["lacks"].clone(),
            )
        })
        .collect()
}

/// Asks four things, of which three get no good answer.
async fn use_it(kit: &Kit) {
    let document = json!({ "title": "Refunds", "text": "A refund takes 14 days." });
    let admin = kit.token(ADMIN1).await;
    let added = kit.post(&admin, "/documents", document).await;
    // The second time, it is there.
    assert!(added.status.is_success(), "{}", added.text);
    let (u1, u2) = (kit.token(U1).await, kit.token(U2).await);
    ask(kit, &u1, "How long does a refund take?").await;
    ask(kit, &u1, "Do you ship to Iceland?").await;
    let useless = ask(kit, &u2, "Is a refund quick?").await;
    let down = json!({ "rating": "down", "comment": "That is no answer." });
    let path = format!("/chat/messages/{useless}/feedback");
    assert_eq!(kit.put(&u2, &path, down).await.status, 204);
    let refused = ask(kit, &u2, "Something forbidden").await;
    let sql = "update parlance.chat_messages set finish_reason = 'content_filter' where id = $1";
    sqlx::query(sql)
        .bind(refused)
        .execute(&kit.pool)
        .await
        .unwrap();
}

async fn share(kit: &Kit, value: bool) {
    let admin = kit.token(ADMIN1).await;
    let set = json!({ "share_unanswered": value });
    let set = kit.patch(&admin, "/tenants/current", set).await;
    assert_eq!(set.json["share_unanswered"], value, "{}", set.text);
}

#[tokio::test] // R45
async fn administrators_see_numbers_and_questions_only_where_their_users_are_told() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let user = kit.token(U1).await;
    use_it(&kit).await;
    let counts = json!({ "answers": 4, "no_source": 2, "thumbs_down": 1, "refused": 1 });
    let before = report(&kit, &admin, "").await;
    assert_eq!(before.json["counts"], counts);
    assert_eq!(before.json["items"], json!([]));
    assert_eq!(before.json["share_unanswered"], false);
    assert!(!before.text.contains("Iceland"), "{}", before.text);
    let me = kit.get(&user, "/login/me").await;
    assert_eq!(me.json["share_unanswered"], false);

    share(&kit, true).await;
    let me = kit.get(&kit.token(U1).await, "/login/me").await;
    assert_eq!(me.json["share_unanswered"], true);
    // What was asked before people were told stays theirs.
    let after = report(&kit, &admin, "").await;
    assert_eq!(after.json["counts"], counts);
    assert_eq!(lacks(&after), []);
    let old: Uuid = sqlx::query_scalar(
        "select id from parlance.chat_messages where role = 'assistant' order by id limit 1",
    )
    .fetch_one(&kit.pool)
    .await
    .unwrap();
    let again = kit.post(&user, "/chat", json!({ "regenerate": old })).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(lacks(&report(&kit, &admin, "").await), []);

    use_it(&kit).await;
    let shared = report(&kit, &admin, "").await;
    let expected = [
        (
            "Something forbidden".to_owned(),
            json!(["no_source", "refused"]),
        ),
        ("Is a refund quick?".to_owned(), json!(["thumbs_down"])),
        ("Do you ship to Iceland?".to_owned(), json!(["no_source"])),
    ];
    assert_eq!(lacks(&shared), expected);
    assert_eq!(
        shared.json["items"][1]["feedback"]["comment"],
        "That is no answer."
    );
    for who in [U1, U2] {
        let (id, email) = (who.id.to_string(), who.email);
        assert!(
            !shared.text.contains(&id) && !shared.text.contains(email),
            "{}",
            shared.text
        );
    }
    for (lack, nth) in [
        ("no_source", vec![0, 2]),
        ("thumbs_down", vec![1]),
        ("refused", vec![0]),
    ] {
        let some = report(&kit, &admin, &format!("&lack={lack}")).await;
        let wanted: Vec<_> = nth
            .into_iter()
            .map(|n: usize| expected[n].clone())
            .collect();
        assert_eq!(lacks(&some), wanted, "{lack}");
    }
    share(&kit, false).await;
    assert_eq!(lacks(&report(&kit, &admin, "").await), []);
    // Another yes counts from then on.
    share(&kit, true).await;
    assert_eq!(lacks(&report(&kit, &admin, "").await), []);
}

#[tokio::test] // R25 R29
async fn nobody_sees_those_of_another_tenant_or_without_the_role() {
    let kit = Kit::new().await;
    share(&kit, true).await;
    use_it(&kit).await;
    let theirs = report(&kit, &kit.token(ADMIN2).await, "").await;
    let none = json!({ "answers": 0, "no_source": 0, "thumbs_down": 0, "refused": 0 });
    assert_eq!(theirs.json["counts"], none);
    assert_eq!(theirs.json["items"], json!([]));
    for who in [U1, V1] {
        let token = kit.token(who).await;
        let refused = kit.get(&token, "/admin/unanswered").await;
        assert_eq!(refused.problem(403), "forbidden");
    }
}

#[tokio::test]
async fn questions_come_page_by_page() {
    let kit = Kit::new().await;
    share(&kit, true).await;
    let user = kit.token(U1).await;
    for n in 0..5 {
        ask(&kit, &user, &format!("Unknown {n}")).await;
    }
    let admin = kit.token(ADMIN1).await;
    let day = |days| {
        (Utc::now() + TimeDelta::days(days))
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    };
    let (from, to) = (day(-1), day(1));
    let base = format!("/admin/unanswered?from={from}&to={to}&limit=2");
    let (mut path, mut seen) = (base.clone(), Vec::new());
    let mut cursor = String::new();
    loop {
        let page = kit.get(&admin, &path).await;
        seen.extend(lacks(&page).into_iter().map(|(question, _)| question));
        let Some(next) = page.json["next_cursor"].as_str() else {
            break;
        };
        path = format!("{base}&cursor={next}");
        cursor = next.to_owned();
    }
    let expected: Vec<_> = (0..5).rev().map(|n| format!("Unknown {n}")).collect();
    assert_eq!(seen, expected);
    let other = format!("{base}&lack=refused&cursor={cursor}");
    assert_eq!(kit.get(&admin, &other).await.fields(), ["cursor"]);
    for (query, field) in [
        ("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("from=2026-01-01T00:00:00Z&to=2026-04-04T00:00:00Z", "to"),
        ("from=2000-01-01T00:00:00Z", "to"),
        ("from=yesterday", "from"),
        ("to=-5000-01-01T00:00:00Z", "to"),
        ("lack=sense", "lack"),
        ("limit=101", "limit"),
        ("user_id=1", "user_id"),
    ] {
        let refused = kit.get(&admin, &format!("/admin/unanswered?{query}")).await;
        assert_eq!(refused.fields(), [field], "{query}");
    }
}
