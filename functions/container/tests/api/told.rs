//! What no answer of any route tells: a hash, a password, a secret, how the service is made.

use crate::{
    kit::{ADMIN1, Kit, PASSWORD, SUPERUSER, U1, api::contract},
    problems::assert_tells_nothing,
};
use serde_json::json;

/// One tenant with something of everything in it; the paths that show it.
async fn everything(kit: &Kit) -> Vec<(&'static str, String)> {
    let admin = kit.token(ADMIN1).await;
    let document = kit
        .add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let key = json!({ "api_key": "sk-canary-9f8e7d6c5b4a" });
    assert_eq!(
        kit.put(&admin, "/tenants/current/secrets/pinecone", key)
            .await
            .status,
        204
    );
    let user = json!({ "email": "x@one.example", "password": "tomato bicycle harbour" });
    let user = kit.post(&admin, "/admin/users", user).await;
    assert_eq!(user.status, 201, "{}", user.text);
    let asked = kit
        .post(
            &admin,
            "/chat",
            json!({ "message": "How long does a refund take?" }),
        )
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    for answer in [&user, &asked] {
        assert_untold(answer);
    }
    // The one answer that tells a key is that which makes it.
    let made = json!({ "name": "Shop", "scopes": ["chat"] });
    let made = kit.post(&admin, "/admin/api-keys", made).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let site = json!({ "name": "Shop" });
    let site = kit.post(&admin, "/tenants/current/sites", site).await;
    assert_eq!(site.status, 201, "{}", site.text);
    let connector = json!({ "name": "Help", "url": "https://one.example/", "is_on": false });
    let connector = kit.post(&admin, "/documents/connectors", connector).await;
    assert_eq!(connector.status, 201, "{}", connector.text);
    // As if it had been deleted before: there is a receipt to look at.
    let deleted =
        "insert into parlance.document_deletions (tenant_id, document_id) values ($1, $2)";
    let deleted = sqlx::query(deleted).bind(ADMIN1.tenant_id).bind(document);
    deleted.execute(&kit.pool).await.unwrap();
    vec![
        ("/tenants/", site.id("id").to_string()),
        (
            "/admin/api-keys/",
            made.json["api_key"]["id"].as_str().unwrap().to_owned(),
        ),
        ("/admin/", U1.id.to_string()),
        ("/documents/connectors/", connector.id("id").to_string()),
        ("/documents/", document.to_string()),
        ("/chat/messages/", asked.id("message_id").to_string()),
        ("/chat/", asked.id("session_id").to_string()),
    ]
}

fn assert_untold(answer: &crate::kit::Answer) {
    assert_tells_nothing(answer);
    for secret in [
        "canary",
        "argon2",
        "password_hash",
        PASSWORD,
        "tomato bicycle harbour",
    ] {
        assert!(!answer.text.contains(secret), "{secret} in {}", answer.text);
        let in_header = answer
            .headers
            .values()
            .any(|v| v.to_str().is_ok_and(|v| v.contains(secret)));
        assert!(!in_header, "{secret} in {:?}", answer.headers);
    }
}

#[tokio::test] // R24
async fn no_answer_of_any_route_tells_a_hash_or_a_secret() {
    let kit = Kit::new().await;
    let ids = everything(&kit).await;
    let mut good = 0;
    for person in [ADMIN1, U1, SUPERUSER] {
        let login = kit.login(person).await;
        assert_untold(&login);
        let token = login.json["access_token"].as_str().unwrap();
        for (path, methods) in contract()["paths"].as_object().unwrap() {
            let id = ids.iter().find(|(start, _)| path.starts_with(start));
            let id = id.map_or(String::new(), |(_, id)| id.clone());
            let path = path
                .replace("{id}", &id)
                .replace("{message_id}", &id)
                .replace("{tenant_id}", "current")
                .replace("{provider}", "openai")
                .replace("{model}", "default")
                .replace("/chat/search", "/chat/search?q=question");
            // The page and the contract show the words of the fields.
            if methods["get"].is_null() || path == "/docs" || path == "/openapi.json" {
                continue;
            }
            let answer = kit.get(token, &path).await;
            assert_untold(&answer);
            good += usize::from(answer.status == 200);
            if person.id == ADMIN1.id
                && !["/tenants", "/metrics", "/admin/deployment"].contains(&&*path)
            {
                let status = match &*path {
                    // No answer is running.
                    path if path.starts_with("/chat/ui") && path.ends_with("/stream") => 204,
                    // There was no rehearsal.
                    path if path.contains("/rehearsals/") => 404,
                    // Nothing is shared.
                    path if path.starts_with("/admin/conversations/") => 404,
                    // It came as a text, not as a file.
                    path if path.ends_with("/file") => 404,
                    _ => 200,
                };
                assert_eq!(answer.status, status, "{path}: {}", answer.text);
            }
        }
    }
    assert!(good > 20, "{good} answers had something to tell");
}

#[tokio::test] // R24
async fn what_holds_a_secret_does_not_show_it_for_debugging() {
    let kit = Kit::new().await;
    let secrets = &kit.app.config.secrets;
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        secrets.root, secrets.keys, secrets.connections, secrets.provider_keys
    );
    assert!(
        !shown.contains("canary") && !shown.contains("postgresql:"),
        "{shown}"
    );
    let new = db::NewUser {
        id: U1.id,
        email: U1.email.into(),
        full_name: String::new(),
        password_hash: "$argon2id$canary".into(),
        role: db::Role::Member,
    };
    assert!(!format!("{new:?}").contains("canary"));
    let account = kit
        .app
        .db
        .find_login(Some("one"), None, U1.email, db::Whose::SERVICE)
        .await
        .unwrap();
    assert!(!account.stored.is_empty());
    assert!(!format!("{account:?}").contains("argon2"));
}
