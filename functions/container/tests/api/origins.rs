//! What one tenant says of browser origins and addresses must not concern the people of another.

use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, PASSWORD, Person, SUPERUSER, T1, T2, U1, V1, request,
};
use axum::body::Body;
use serde_json::{Value, json};

const USED: &str = "https://used.example";
const LISTED: &str = "https://two.example";
const DEPLOYMENT: &str = "https://app.shared.example";
const HOST: &str = "api.shared.example";
const OWN: &str = "https://api.shared.example";
const LOCAL: [&str; 4] = [
    "http://localhost:5173",
    "http://127.0.0.1:8000",
    "http://[::1]:3000",
    "capacitor://localhost",
];

async fn kit() -> Kit {
    Kit::with([("BACKEND_CORS_ORIGINS", DEPLOYMENT)]).await
}

async fn send(
    kit: &Kit,
    token: &str,
    (method, path): (&str, &str),
    page: &str,
    body: Value,
) -> Answer {
    let mut asked = request(token, method, path)
        .header("host", HOST)
        .header("content-type", "application/json")
        .header("x-request-id", "the-same-for-all");
    if !page.is_empty() {
        asked = asked.header("origin", page);
    }
    kit.send(asked, Body::from(body.to_string())).await
}

async fn list(kit: &Kit, admin: Person, origins: &[&str]) -> Answer {
    let token = kit.token(admin).await;
    let settings = json!({ "allowed_origins": origins });
    send(kit, &token, ("PATCH", "/tenants/current"), "", settings).await
}

/// Everything that somebody notices who logs in and calls from a page, but for the tokens, which are never the same.
async fn seen(kit: &Kit, who: Person, token: &str, page: &str) -> Vec<(u16, String)> {
    let mut all = Vec::new();
    for slug in [None, Some(who.tenant)] {
        let body = json!({ "tenant": slug, "email": who.email, "password": PASSWORD });
        let answer = send(kit, "", ("POST", "/login"), page, body).await;
        let told = match answer.status.as_u16() {
            200 => format!("{} {}", answer.json["user"], answer.json["tenant"]),
            _ => answer.text.clone(),
        };
        all.push((answer.status.as_u16(), told));
    }
    for call in [
        ("GET", "/login/me"),
        ("GET", "/chat/sessions"),
        ("GET", "/chat/sessions?limit=5"),
    ] {
        let answer = send(kit, token, call, page, Value::Null).await;
        let told = format!("{} {:?}", answer.text, answer.headers);
        all.push((answer.status.as_u16(), told));
    }
    all
}

#[tokio::test] // R68
async fn nothing_that_a_neighbour_lists_is_noticed_by_anybody_else() {
    let kit = kit().await;
    assert_eq!(list(&kit, ADMIN2, &[LISTED]).await.status, 200);
    let token = kit.token(V1).await;
    let pages = ["", USED, LISTED, DEPLOYMENT, OWN].into_iter().chain(LOCAL);
    let pages: Vec<&str> = pages.collect();
    let mut before = Vec::new();
    for page in &pages {
        before.push(seen(&kit, V1, &token, page).await);
    }
    assert!(
        before
            .iter()
            .flatten()
            .filter(|(status, _)| *status == 200)
            .count()
            > 30
    );
    // The neighbour has an account with the address as well, and tries every page.
    let admin = kit.token(ADMIN1).await;
    let copy = json!({ "email": V1.email, "password": "seven green bicycles" });
    assert_eq!(kit.post(&admin, "/admin/users", copy).await.status, 201);
    for page in &pages[1..] {
        list(&kit, ADMIN1, &[page]).await;
        // A process that remembers nothing.
        let vars = [("BACKEND_CORS_ORIGINS".to_owned(), DEPLOYMENT.to_owned())];
        let fresh = Kit::on(kit.database.clone(), vars).await;
        for (page, before) in pages.iter().zip(&before) {
            assert_eq!(&seen(&fresh, V1, &token, page).await, before, "{page}");
        }
    }
}

#[tokio::test] // R68
async fn an_origin_belongs_to_one_tenant_and_everybodys_to_none() {
    let kit = kit().await;
    assert_eq!(list(&kit, ADMIN1, &[USED, LOCAL[0]]).await.status, 200);
    let taken = list(&kit, ADMIN2, &[LISTED, USED]).await;
    assert_eq!(taken.problem(409), "origin_taken");
    let admin = kit.token(ADMIN2).await;
    let kept = kit.get(&admin, "/tenants/current").await;
    assert_eq!(kept.json["allowed_origins"], json!([]));
    for everybodys in [DEPLOYMENT, OWN] {
        let refused = list(&kit, ADMIN2, &[LISTED, everybodys]).await;
        assert_eq!(refused.fields(), ["allowed_origins[1]"], "{everybodys}");
    }
    assert_eq!(list(&kit, ADMIN2, &LOCAL).await.status, 200);
    // What is left can be had by another.
    assert_eq!(list(&kit, ADMIN1, &[]).await.status, 200);
    assert_eq!(list(&kit, ADMIN2, &[USED]).await.status, 200);
    let both = tokio::join!(
        list(&kit, ADMIN1, &[LISTED]),
        list(&kit, ADMIN2, &[USED, LISTED])
    );
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test] // R68
async fn a_superuser_says_whose_an_origin_is() {
    let kit = kit().await;
    assert_eq!(list(&kit, ADMIN1, &[USED]).await.status, 200);
    kit.give_origin(T2, USED).await;
    let (one, two) = (kit.token(U1).await, kit.token(V1).await);
    let me = ("GET", "/login/me");
    // The first one lists it still, so that its page goes on working.
    assert_eq!(send(&kit, &one, me, USED, Value::Null).await.status, 200);
    assert_eq!(send(&kit, &two, me, USED, Value::Null).await.status, 200);
    assert_eq!(list(&kit, ADMIN1, &[]).await.status, 200);
    let fresh = Kit::on(kit.database.clone(), []).await;
    let refused = send(&fresh, &one, me, USED, Value::Null).await;
    assert_eq!(refused.problem(403), "origin_not_allowed");
    // Nobody takes it back, and there a login means its tenant.
    assert_eq!(
        list(&kit, ADMIN1, &[USED]).await.problem(409),
        "origin_taken"
    );
    let login = |email| json!({ "email": email, "password": PASSWORD });
    let there = send(&fresh, "", ("POST", "/login"), USED, login(V1.email)).await;
    assert_eq!(there.json["tenant"]["slug"], "two", "{}", there.text);
    let elsewhere = send(&fresh, "", ("POST", "/login"), USED, login(U1.email)).await;
    assert_eq!(elsewhere.problem(401), "invalid_credentials");
}

#[tokio::test] // R68
async fn listing_again_what_was_given_away_takes_it_from_nobody() {
    let kit = kit().await;
    assert_eq!(list(&kit, ADMIN1, &[USED]).await.status, 200);
    let settings = |origins: &[&str]| json!({ "allowed_origins": origins });
    let given = kit.assume(&kit.token(SUPERUSER).await, T2).await;
    let change = ("PATCH", "/tenants/current");
    let changed = send(&kit, &given, change, "", settings(&[USED])).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let before = seen(&kit, V1, &kit.token(V1).await, USED).await;
    // The first tenant still lists it, and a superuser sends the list back with one more.
    let first = kit.assume(&kit.token(SUPERUSER).await, T1).await;
    let again = settings(&[USED, "https://more.example"]);
    let changed = send(&kit, &first, change, "", again).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(seen(&kit, V1, &kit.token(V1).await, USED).await, before);
}

#[tokio::test] // R68
async fn what_two_tenants_listed_before_there_were_owners_stays_usable() {
    let kit = kit().await;
    for sql in [
        "alter table parlance.tenants disable trigger keep_origins",
        "update parlance.tenants set allowed_origins = '{https://used.example}' where slug in ('one', 'two')",
        "insert into parlance.origins (origin, tenant) select 'https://used.example', id from parlance.tenants where slug = 'one'",
        "alter table parlance.tenants enable trigger keep_origins",
    ] {
        sqlx::query(sql).execute(&kit.pool).await.unwrap();
    }
    for (who, tenant) in [(U1, T1), (V1, T2)] {
        let token = kit.token(who).await;
        let seen = seen(&kit, who, &token, USED).await;
        assert!(
            seen.iter().all(|(status, _)| *status == 200),
            "{tenant}: {seen:?}"
        );
    }
    let admin = kit.token(ADMIN2).await;
    let change = json!({ "name": "Two", "allowed_origins": [USED, LISTED] });
    let changed = send(&kit, &admin, ("PATCH", "/tenants/current"), "", change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

#[tokio::test] // R68
async fn a_page_reads_the_answers_of_the_tenant_that_allows_it() {
    let kit = kit().await;
    assert_eq!(list(&kit, ADMIN1, &[USED]).await.status, 200);
    for (who, allowed) in [(U1, USED), (V1, "")] {
        let token = kit.token(who).await;
        let answer = send(&kit, &token, ("GET", "/login/me"), USED, Value::Null).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
    }
}
