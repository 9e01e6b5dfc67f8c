//! Who is invited, how often, and to which page.

use crate::{
    invitations::{CHOSEN, EMAIL, accept, assert_useless, invite, invited, log_in, run, token},
    kit::{ADMIN1, Answer, Kit, T2, U1},
};
use chrono::TimeDelta;
use serde_json::json;

const ORIGIN: &str = "https://app.one.example";

#[tokio::test]
async fn another_invitation_takes_the_place_of_the_last() {
    let kit = Kit::new().await;
    let first = invited(&kit).await;
    let again = json!({ "email": EMAIL, "role": "admin" });
    let second = token(&invite(&kit, again).await);
    assert_ne!(first, second);
    assert_useless(&kit, &first).await;
    let admin = kit.token(ADMIN1).await;
    let listed = kit.get(&admin, "/admin/users?search=ana").await;
    assert_eq!(listed.json["items"][0]["role"], "admin", "{}", listed.text);
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(accept(&kit, &second, CHOSEN).await.status, 204);
    // Who has a password, active or not, is not invited again.
    let taken = invite(&kit, json!({ "email": EMAIL })).await;
    assert_eq!(taken.problem(409), "email_taken");
    run(
        &kit,
        "update parlance.users set is_active = false where email = 'ana@one.example'",
    )
    .await;
    let taken = invite(&kit, json!({ "email": EMAIL })).await;
    assert_eq!(taken.problem(409), "email_taken");
}

#[tokio::test]
async fn whoever_else_sets_the_password_or_ends_the_account_ends_the_invitation() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let of = |invited: &Answer| format!("/admin/users/{}", invited.id_at("/user/id"));
    let first = invite(&kit, json!({ "email": EMAIL })).await;
    let password = json!({ "password": "seven green bicycles" });
    let set = kit.patch(&admin, &of(&first), password).await;
    assert_eq!(set.json["is_invited"], false, "{}", set.text);
    assert_useless(&kit, &token(&first)).await;
    assert_eq!(log_in(&kit, "seven green bicycles").await.status, 200);

    assert_eq!(kit.delete(&admin, &of(&first)).await.status, 204);
    let second = invite(&kit, json!({ "email": EMAIL })).await;
    assert_eq!(kit.delete(&admin, &of(&second)).await.status, 204);
    assert_useless(&kit, &token(&second)).await;
}

#[tokio::test]
async fn a_link_leads_to_an_allowed_page_with_the_token_where_no_log_sees_it() {
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", "http://localhost:3000")]).await;
    let admin = kit.token(ADMIN1).await;
    let own =
        json!({ "allowed_origins": [ORIGIN, "http://app.one.example", "capacitor://localhost"] });
    assert_eq!(kit.patch(&admin, "/tenants/current", own).await.status, 200);
    for page in [
        &format!("{ORIGIN}/welcome?lang=pt"),
        &format!("{ORIGIN}:443/"),
        "http://localhost:3000/welcome",
    ] {
        let invited = invite(&kit, json!({ "email": EMAIL, "page": page })).await;
        let token = token(&invited);
        let link = invited.json["link"].as_str().unwrap();
        let expected = format!("{}#invitation={token}", page.replace(":443", ""));
        assert_eq!(link, expected);
    }
    for page in [
        "",
        "welcome",
        "/welcome",
        "https://evil.example/",
        "https://app.one.example.evil.example/",
        "https://app.one.example@evil.example/",
        "https://user@app.one.example/",
        "https://app.one.example:8443/",
        "https://app.one.example/#/join",
        "https://app.one.example/#",
        "http://app.one.example/",
        "http://localhost:3001/",
        // An app's scheme can be claimed by any other app.
        "capacitor://localhost/welcome",
        "javascript://app.one.example/%0aalert(1)",
        "data:text/html,x",
        &format!("{ORIGIN}/{}", "a".repeat(2000)),
    ] {
        let refused = invite(&kit, json!({ "email": EMAIL, "page": page })).await;
        assert_eq!(refused.fields(), ["page"], "{page}");
    }
}

#[tokio::test]
async fn what_is_no_invitation_is_refused() {
    let kit = Kit::new().await;
    for (body, wrong) in [
        (json!({}), "email"),
        (json!({ "email": "nobody" }), "email"),
        (
            json!({ "email": EMAIL, "full_name": "n".repeat(201) }),
            "full_name",
        ),
        (json!({ "email": EMAIL, "role": "owner" }), "role"),
        (
            json!({ "email": EMAIL, "expires_in_hours": 0 }),
            "expires_in_hours",
        ),
        (
            json!({ "email": EMAIL, "expires_in_hours": 337 }),
            "expires_in_hours",
        ),
        (json!({ "email": EMAIL, "password": CHOSEN }), "password"),
        (json!({ "email": EMAIL, "tenant_id": T2 }), "tenant_id"),
    ] {
        assert_eq!(invite(&kit, body.clone()).await.fields(), [wrong], "{body}");
    }
    for hours in [1, 336] {
        let body = json!({ "email": EMAIL, "expires_in_hours": hours });
        let invited = invite(&kit, body).await;
        let ends = invited.json["expires_at"].as_str().unwrap();
        let ends = chrono::DateTime::parse_from_rfc3339(ends).unwrap();
        let life = ends.to_utc() - kit.clock.now();
        // The database keeps microseconds.
        assert_eq!((life - TimeDelta::hours(hours)).num_milliseconds(), 0);
    }
    let member = kit.token(U1).await;
    let body = json!({ "email": "x@one.example" });
    let refused = kit.post(&member, "/admin/users/invite", body).await;
    assert_eq!(refused.problem(403), "forbidden");
}
