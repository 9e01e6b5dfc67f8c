//! The same text sent twice, and two versions at once.

use super::*;

#[tokio::test]
async fn the_same_text_is_there_once() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let add = async |title: &str, text: &str| {
        let document = json!({ "title": title, "text": text });
        kit.post(&admin, "/documents", document).await
    };
    let first = add("Café", "Offen.\nVon 8 bis 10.").await;
    assert_eq!(first.status, 202, "{}", first.text);
    for (title, text) in [
        ("Café", "Offen.\nVon 8 bis 10."),
        (" Cafe\u{301} ", "Offen.\r\nVon 8 bis 10.\r\n"),
    ] {
        let again = add(title, text).await;
        assert_eq!((again.status.as_u16(), &again.json), (200, &first.json));
    }
    for (title, text) in [
        ("Bar", "Offen.\nVon 8 bis 10."),
        ("Café", "Offen.\nVon 8 bis 11."),
    ] {
        let other = add(title, text).await;
        assert_eq!(other.status, 202, "{}", other.text);
    }
    assert_eq!(found(&kit, "Offen").await.len(), 3);
    let path = format!("/documents/{}", first.id("id"));
    assert_eq!(kit.delete(&admin, &path).await.status, 204);
    let anew = add("Café", "Offen.\nVon 8 bis 10.").await;
    assert_eq!(anew.status, 202, "{}", anew.text);
    assert_ne!(anew.id("id"), first.id("id"));
}

#[tokio::test]
async fn the_same_text_at_once_is_there_once() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let add = || {
        kit.post(
            &admin,
            "/documents",
            json!({ "title": "Refunds", "text": REFUNDS }),
        )
    };
    let added = join_all((0..6).map(|_| add())).await;
    let anew = added.iter().filter(|answer| answer.status == 202).count();
    let before = added.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((anew, before), (1, 5));
    assert!(
        added
            .iter()
            .all(|answer| answer.id("id") == added[0].id("id"))
    );
    assert_eq!(found(&kit, "refund").await, [REFUNDS]);
}

/// What makes nothing takes no key, and a repeat is answered alike.

#[tokio::test]
async fn the_same_text_with_a_key_is_answered_alike() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    for _ in 0..2 {
        let asked = request(&admin, "POST", "/documents")
            .header("idempotency-key", "d1")
            .header("content-type", "application/json");
        let body = json!({ "title": "Refunds", "text": REFUNDS }).to_string();
        let again = kit.send(asked, Body::from(body)).await;
        assert_eq!((again.status.as_u16(), again.id("id")), (200, id));
    }
}

#[tokio::test]
async fn of_two_versions_at_once_one_is_there_as_a_whole() {
    let kit = Kit::new().await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    let text = |n: usize| {
        format!(
            "{}\n\nEnd {n}.",
            format!("Version {n} says so. ").repeat(30 + n)
        )
    };
    let versions = join_all((0..4).map(|n| {
        let (kit, text) = (&kit, text(n));
        async move { replace(kit, ADMIN1, id, &format!("Version {n}"), &text).await }
    }));
    for answer in versions.await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let admin = kit.token(ADMIN1).await;
    let shown = kit.get(&admin, &format!("/documents/{id}")).await;
    assert_eq!(shown.json["version"], 5);
    let title = shown.json["title"].as_str().unwrap();
    let n: usize = title.strip_prefix("Version ").unwrap().parse().unwrap();
    let told = kit.get(&admin, &format!("/documents/{id}/text")).await;
    assert_eq!(told.text, text(n));
    let passages = kit.get(&admin, &format!("/documents/{id}/chunks")).await;
    let passages = passages.json["items"].as_array().unwrap();
    assert_eq!(shown.json["chunks"], passages.len());
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let whole: String = passages
        .iter()
        .map(|p| plain(p["text"].as_str().unwrap()))
        .collect();
    assert_eq!(whole, plain(&text(n)));
}
