//! Documents are found by a part of their title, and tenants by a part of their name or slug, however many there are.

use crate::kit::{ADMIN1, Kit, SUPERUSER};
use serde_json::json;

/// What a list shows, newest first, of all its pages.
async fn found(kit: &Kit, token: &str, (path, field): (&str, &str), search: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = format!("{path}?limit=2&search={search}{cursor}");
        let page = kit.get(token, &page).await;
        assert_eq!(page.status, 200, "{search}: {}", page.text);
        let items = page.json["items"].as_array().unwrap();
        all.extend(
            items
                .iter()
                .map(|item| item[field].as_str().unwrap().to_owned()),
        );
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test] // R40
async fn documents_are_found_by_a_part_of_their_title() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for title in [
        "Refunds",
        "100% wool_socks",
        "Refunds of 2024",
        "Größen",
        "refund's end",
    ] {
        kit.add_document(ADMIN1, title, title).await;
    }
    let of = ("/documents", "title");
    for (search, expected) in [
        (
            "REFUND",
            &["refund's end", "Refunds of 2024", "Refunds"][..],
        ),
        ("r%C3%B6%C3%9F", &["Größen"]),
        ("%25", &["100% wool_socks"]),
        ("l_s", &["100% wool_socks"]),
        ("d%27", &["refund's end"]),
        ("n_f", &[]),
    ] {
        let titles = found(&kit, &admin, of, search).await;
        assert_eq!(titles, expected, "{search}");
    }
    let long = format!("/documents?search={}", "a".repeat(301));
    assert_eq!(kit.get(&admin, &long).await.fields(), ["search"]);
    let page = kit.get(&admin, "/documents?search=refund&limit=1").await;
    let cursor = page.json["next_cursor"].as_str().unwrap();
    let other = format!("/documents?search=else&cursor={cursor}");
    assert_eq!(kit.get(&admin, &other).await.fields(), ["cursor"]);
}

#[tokio::test] // R40
async fn tenants_are_found_by_a_part_of_their_name_or_slug() {
    let kit = Kit::new().await;
    let root = kit.token(SUPERUSER).await;
    for (slug, name) in [
        ("acme-shop", "Acme"),
        ("globex", "The acme of Globex"),
        ("tents", "50%_off"),
    ] {
        let new = json!({ "slug": slug, "name": name });
        let made = kit.post(&root, "/tenants", new).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let of = ("/tenants", "slug");
    for (search, expected) in [
        ("ACME", &["globex", "acme-shop"][..]),
        ("shop", &["acme-shop"]),
        ("%25_", &["tents"]),
        ("%27", &[]),
    ] {
        let slugs = found(&kit, &root, of, search).await;
        assert_eq!(slugs, expected, "{search}");
    }
    let long = format!("/tenants?search={}", "a".repeat(101));
    assert_eq!(kit.get(&root, &long).await.fields(), ["search"]);
}
