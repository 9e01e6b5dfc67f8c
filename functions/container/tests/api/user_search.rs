//! People are found by a part of their name or address, and by what they may do.

use crate::kit::{ADMIN1, Kit, U1, U2};
use serde_json::{Value, json};

fn user(email: &str) -> Value {
    json!({ "email": email, "password": "tomato bicycle harbour" })
}

/// The emails that a search finds, newest first.
async fn found(kit: &Kit, token: &str, query: &str) -> Vec<String> {
    let listed = kit.get(token, &format!("/admin/users?{query}")).await;
    assert_eq!(listed.status, 200, "{query}: {}", listed.text);
    let items = listed.json["items"].as_array().unwrap();
    let emails = items.iter().map(|user| user["email"].as_str().unwrap());
    emails.map(str::to_owned).collect()
}

#[tokio::test]
async fn users_are_found_by_a_part_of_their_name_or_address() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for (email, name) in [
        ("ana@one.example", "Ana Lima"),
        ("b_n@one.example", "Ben 100% O'Neill"),
        ("ben@elsewhere.example", "back\\slash"),
    ] {
        let mut new = user(email);
        new["full_name"] = json!(name);
        let made = kit.post(&admin, "/admin/users", new).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let (ana, b_n, ben) = (
        "ana@one.example",
        "b_n@one.example",
        "ben@elsewhere.example",
    );
    for (search, expected) in [
        ("LIMA", &[ana][..]),
        ("ana%20l", &[ana]),
        ("AnA@One", &[ana]),
        (
            "example",
            &[
                ben,
                b_n,
                ana,
                "u2@one.example",
                "u1@one.example",
                "admin@one.example",
            ],
        ),
        // Nothing in it means anything but itself.
        ("%25", &[b_n]),
        ("_", &[b_n]),
        ("n_e", &[]),
        ("%5C", &[ben]),
        ("o%27neill", &[b_n]),
        ("ana%25lima", &[]),
        ("two.example", &[]),
    ] {
        assert_eq!(
            found(&kit, &admin, &format!("search={search}")).await,
            expected,
            "{search}"
        );
    }
    let long = format!("/admin/users?search={}", "a".repeat(255));
    assert_eq!(kit.get(&admin, &long).await.fields(), ["search"]);
}

#[tokio::test]
async fn users_are_found_by_what_they_may_do() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let off = json!({ "is_active": false });
    let path = format!("/admin/users/{}", U2.id);
    assert_eq!(kit.patch(&admin, &path, off).await.status, 200);
    for (query, expected) in [
        ("role=admin", &[ADMIN1.email][..]),
        ("role=member", &[U2.email, U1.email]),
        ("is_active=false", &[U2.email]),
        ("is_active=true&role=member", &[U1.email]),
        ("search=u1&is_active=false", &[]),
    ] {
        assert_eq!(found(&kit, &admin, query).await, expected, "{query}");
    }
    for wrong in ["role=owner", "is_active=yes", "sort=email"] {
        let refused = kit.get(&admin, &format!("/admin/users?{wrong}")).await;
        assert_eq!(refused.problem(422), "invalid_request", "{wrong}");
    }
}

#[tokio::test] // R26 R56
async fn a_cursor_fits_only_the_search_that_gave_it() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let path = "/admin/users?limit=1&search=one&role=member";
    let page = kit.get(&admin, path).await;
    let cursor = page.json["next_cursor"].as_str().unwrap();
    let next = kit.get(&admin, &format!("{path}&cursor={cursor}")).await;
    assert_eq!(next.json["items"][0]["email"], U1.email, "{}", next.text);
    assert_eq!(next.json["next_cursor"], Value::Null);
    for other in [
        "search=one",
        "role=member",
        "search=on&role=member",
        "search=one&role=admin",
        "",
    ] {
        let refused = kit
            .get(&admin, &format!("/admin/users?{other}&cursor={cursor}"))
            .await;
        assert_eq!(refused.fields(), ["cursor"], "{other}");
    }
}
