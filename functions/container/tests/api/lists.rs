//! Lists: page by page, newest first, with cursors that fit one list of one tenant.

use crate::kit::{ADMIN1, ADMIN2, Kit, SUPERUSER, T1, U1};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

#[tokio::test] // R56
async fn a_list_comes_page_by_page_newest_first() {
    let kit = Kit::new().await;
    let superuser = kit.token(SUPERUSER).await;
    for n in 0..5 {
        let body = json!({ "slug": format!("t{n}"), "name": "x" });
        assert_eq!(kit.post(&superuser, "/tenants", body).await.status, 201);
    }
    let mut ids: Vec<Uuid> = Vec::new();
    let mut path = "/tenants?limit=3".to_owned();
    for size in [3, 3, 2] {
        let page = kit.get(&superuser, &path).await;
        let items = page.json["items"].as_array().unwrap();
        assert_eq!(items.len(), size);
        ids.extend(
            items
                .iter()
                .map(|t| t["id"].as_str().unwrap().parse::<Uuid>().unwrap()),
        );
        // A tenant that comes in between shifts no page.
        let body = json!({ "slug": format!("late-{}", ids.len()), "name": "x" });
        assert_eq!(kit.post(&superuser, "/tenants", body).await.status, 201);
        let next = page.json["next_cursor"].as_str();
        assert_eq!(next.is_some(), size == 3 && ids.len() < 8);
        path = format!("/tenants?limit=3&cursor={}", next.unwrap_or_default());
    }
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 8);
    assert!(ids.is_sorted_by(|a, b| a > b), "newest first");
}

#[tokio::test] // R56
async fn a_cursor_fits_only_the_list_that_gave_it() {
    let kit = Kit::new().await;
    let (superuser, one, two) = (
        kit.token(SUPERUSER).await,
        kit.token(ADMIN1).await,
        kit.token(ADMIN2).await,
    );
    for title in ["T", "U"] {
        kit.add_document(ADMIN1, title, "t").await;
    }
    let cursor_of = async |token: &str, path: &str| {
        let page = kit.get(token, path).await;
        page.json["next_cursor"].as_str().unwrap().to_owned()
    };
    let tenants = cursor_of(&superuser, "/tenants?limit=1").await;
    let users = cursor_of(&one, "/admin/users?limit=1").await;
    let documents = cursor_of(&one, "/documents?limit=1").await;
    for (token, path, cursor) in [
        (&one, "/admin/users", &tenants),
        (&one, "/documents", &users),
        (&one, "/chat/sessions", &users),
        (&two, "/admin/users", &users),
        (&two, "/documents", &documents),
        (&superuser, "/tenants", &users),
        (&superuser, "/admin/users", &users),
        (&one, "/admin/users", &users[1..].to_owned()),
        (&one, "/admin/users", &U1.id.to_string()),
        (&one, "/admin/users", &"A".repeat(5000)),
    ] {
        let refused = kit.get(token, &format!("{path}?cursor={cursor}")).await;
        assert_eq!(refused.fields(), ["cursor"], "{path}");
    }
    let inside = kit.assume(&superuser, T1).await;
    let there = format!("/admin/users?cursor={users}");
    assert_eq!(kit.get(&inside, &there).await.status, 200);
    for limit in ["0", "101", "-1", "x", "", "1.5", "99999999999999999999"] {
        let refused = kit.get(&one, &format!("/admin/users?limit={limit}")).await;
        assert_eq!(refused.problem(422), "invalid_request", "{limit}");
    }
}
