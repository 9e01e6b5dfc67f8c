//! What answers until a file was read.

use super::*;

#[tokio::test]
async fn the_old_version_answers_until_the_new_file_was_read() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let id = kit
        .add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    let path = format!("/documents/{id}");
    let put = async |name: &str, content: &[u8]| {
        kit.send_file(
            &token,
            ("PUT", &path),
            (name, content),
            &[("title", "Refunds")],
        )
        .await
    };
    let taken = put("Refunds.md", b"# Refunds\n\nA refund takes 7 days.").await;
    assert_eq!(
        (taken.status.as_u16(), &taken.json["version"]),
        (202, &json!(1)),
        "{}",
        taken.text
    );
    assert_eq!(
        search(&kit, "refund").await[0]["snippet"],
        "A refund takes 5 days."
    );
    kit.work().await;
    assert_eq!(
        search(&kit, "refund").await[0]["snippet"],
        "Refunds\n\nA refund takes 7 days."
    );
    let told = shown(&kit, id).await;
    assert_eq!(
        json!([told["version"], told["file_name"], told["status"]]),
        json!([2, "Refunds.md", "ready"])
    );
    // What cannot be read changes nothing, and says why.
    assert_eq!(put("Refunds.pdf", b"no PDF").await.status, 202);
    kit.work().await;
    let told = shown(&kit, id).await;
    assert_eq!(
        json!([told["version"], told["file_name"], told["status"]]),
        json!([2, "Refunds.md", "ready"])
    );
    let why = told["error"].as_str().unwrap();
    assert!(why.starts_with("file_misnamed: "), "{why}");
    assert_eq!(
        search(&kit, "refund").await[0]["snippet"],
        "Refunds\n\nA refund takes 7 days."
    );
    assert_eq!(
        original(&kit, &told).await.text,
        "# Refunds\n\nA refund takes 7 days."
    );
    // A text in its place leaves no file behind, read or not.
    let text = json!({ "title": "Refunds", "text": "A refund takes 9 days." });
    assert_eq!(kit.put(&token, &path, text).await.status, 200);
    assert_eq!(original(&kit, &told).await.problem(404), "not_found");
    make_due(&kit).await;
    kit.work().await;
    let told = shown(&kit, id).await;
    assert_eq!(
        json!([told["version"], told["file_name"], told["error"]]),
        json!([3, null, null])
    );
}

#[tokio::test]
async fn a_long_text_is_read_by_a_job() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let sentence = |n| format!("Sentence {n} tells of parcels and of nothing else.\r\n\r\n");
    let text = (0..30_000).map(sentence).collect::<String>() + "A refund takes 5 days.";
    let sent = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Everything", "text": text }),
        )
        .await;
    assert_eq!(
        (sent.status.as_u16(), &sent.json["status"]),
        (202, &json!("pending"))
    );
    kit.work().await;
    let told = shown(&kit, sent.id("id")).await;
    assert_eq!(
        json!([told["status"], told["size"], told["file_name"]]),
        json!(["ready", text.len(), null])
    );
    assert_eq!(search(&kit, "refund").await.as_array().unwrap().len(), 1);
    let path = format!("/documents/{}/text", sent.id("id"));
    assert!(
        kit.get(&token, &path).await.text == text,
        "it is kept as it was sent"
    );
    let left: i64 = sqlx::query_scalar("select count(*) from parlance.document_files")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let same = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Everything", "text": text.replace('\r', "") }),
        )
        .await;
    assert_eq!((same.status.as_u16(), same.id("id")), (200, sent.id("id")));
}
