//! Whose a row is, and what its owner may do, is never read from what a client sends.

use crate::kit::{
    ADMIN1, SUPERUSER, T1, T2, U1, V1,
    api::operations,
    request,
    scene::{Scene, Stored},
};
use axum::{body::Body, http::header};
use serde_json::{Value, json};

#[tokio::test] // R28
async fn a_body_cannot_say_whose_it_is_or_who_its_sender_is() {
    let scene = Scene::new().await;
    let refresh = scene.login(SUPERUSER).await.json["refresh_token"].clone();
    let refresh = refresh.as_str().expect("a login has a refresh token");
    let theirs = scene.ids_of(V1);
    let claims = [
        ("tenant_id", json!(T2)),
        ("is_superuser", json!(true)),
        ("id", json!(theirs.session)),
        ("role", json!("admin")),
        ("user_id", json!(V1.id)),
        ("created_by", json!(V1.id)),
        ("password_hash", json!("x")),
        ("__proto__", json!({ "is_superuser": true })),
    ];
    let before = Stored::all(&scene.pool).await;
    let mut tried = 0;
    // The superuser, at home: nothing but the field is in the way.
    for operation in operations().iter() {
        if !operation.takes_json() || operation.is_foreign() {
            continue;
        }
        // It is off; what it takes is that of `POST /login/refresh`.
        if operation.path == "/login/cookie" {
            continue;
        }
        let path = operation.path_of(&scene.ids_of(SUPERUSER));
        for (field, value) in &claims {
            if operation.fields.iter().any(|known| known == field) {
                continue;
            }
            let mut body = operation.body(refresh);
            body[*field] = value.clone();
            if operation.is_openai() || operation.is_mcp() {
                continue;
            }
            let token = scene.token_of(SUPERUSER);
            let answer = scene.ask(token, &operation.method, &path, &body).await;
            assert_eq!(answer.fields(), [*field], "{}", operation.name());
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried} bodies are not all");
    assert_eq!(Stored::all(&scene.pool).await, before);
}

#[tokio::test] // R28
async fn nor_can_a_part_of_a_body() {
    let scene = Scene::new().await;
    let before = Stored::all(&scene.pool).await;
    let token = scene.token_of(ADMIN1);
    for (body, field) in [
        (
            json!({ "retrieval": { "tenant_id": T2 } }),
            "retrieval.tenant_id",
        ),
        (
            json!({ "pinecone": { "namespace": T2 } }),
            "pinecone.namespace",
        ),
        (json!({ "name": "a", "slug": "two" }), "slug"),
    ] {
        let answer = scene.patch(token, "/tenants/current", body).await;
        assert_eq!(answer.fields(), [field]);
    }
    // The same field twice: which one counts must not be a matter of the parser.
    let twice = r#"{"title":"a","text":"b","title":"c"}"#;
    let request =
        request(token, "POST", "/documents").header(header::CONTENT_TYPE, "application/json");
    let answer = scene.send(request, Body::from(twice)).await;
    assert_eq!(answer.fields(), ["title"]);
    assert_eq!(Stored::all(&scene.pool).await, before);
}

#[tokio::test] // R28
async fn no_header_and_no_query_changes_the_tenant() {
    let scene = Scene::new().await;
    let theirs = Stored::of(&scene.pool, T2).await;
    let headers = [
        "x-tenant-id",
        "x-tenant",
        "tenant-id",
        "x-user-id",
        "x-forwarded-user",
        "x-org-id",
    ];
    let ask = async |token: &str, method: &str, path: &str, body: Value| {
        let mut request = request(token, method, path);
        for name in headers {
            let value = if name.contains("user") { V1.id } else { T2 };
            request = request.header(name, value.to_string());
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        scene.send(request, Body::from(body.to_string())).await
    };
    let (user, admin) = (scene.token_of(U1), scene.token_of(ADMIN1));
    let me = ask(user, "GET", "/login/me", Value::Null).await;
    assert_eq!((me.id_at("/tenant/id"), me.id_at("/user/id")), (T1, U1.id));
    let tenant = ask(admin, "GET", "/tenants/current", Value::Null).await;
    assert_eq!(tenant.id("id"), T1);
    let document = json!({ "title": "With a header", "text": "A text." });
    let added = ask(admin, "POST", "/documents", document).await;
    assert_eq!(added.status, 202, "{}", added.text);
    let asked = ask(user, "POST", "/chat", json!({ "message": "With a header" })).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let search = json!({ "query": format!("Who knows the word {T2}?") });
    let found = ask(user, "POST", "/documents/search", search).await;
    assert!(
        !found.text.contains(&scene.ids_of(V1).document.to_string()),
        "{}",
        found.text
    );

    for path in ["/documents", "/chat/sessions"] {
        let own = scene.get(admin, path).await;
        let named = scene.get(admin, &format!("{path}?tenant_id={T2}")).await;
        assert!(
            named.status == 422 || named.json == own.json,
            "{}",
            named.text
        );
    }
    assert_eq!(Stored::of(&scene.pool, T2).await, theirs);
}
