//! Two who change one thing: the second is told of the first, if it says what it has seen.

use crate::kit::{ADMIN1, Answer, Kit, SUPERUSER, T1, U1, api::contract, request};
use axum::body::Body;
use serde_json::{Value, json};

/// A change, and where what it changes is read.
struct Change<'a> {
    kit: &'a Kit,
    token: &'a str,
    method: &'a str,
    path: &'a str,
    read: &'a str,
}

impl<'a> Change<'a> {
    fn new(kit: &'a Kit, token: &'a str, method: &'a str, path: &'a str) -> Self {
        Self {
            kit,
            token,
            method,
            path,
            read: path,
        }
    }

    /// A change of what was seen as `tag`; without one, of whatever there is.
    async fn send(&self, tag: Option<&str>, body: &Value) -> Answer {
        let mut asked =
            request(self.token, self.method, self.path).header("content-type", "application/json");
        if let Some(tag) = tag {
            asked = asked.header("if-match", tag);
        }
        self.kit.send(asked, Body::from(body.to_string())).await
    }

    /// Asserts that of two changes of what both have seen, the second is refused and changes nothing.
    async fn assert_told(&self, [first, second]: [Value; 2]) {
        let path = self.path;
        let seen = self.kit.get(self.token, self.read).await;
        let tag = seen.header("etag").to_owned();
        let changed = self.send(Some(&tag), &first).await;
        assert!(changed.status.is_success(), "{path}: {}", changed.text);
        let next = self.kit.get(self.token, self.read).await;
        assert_ne!(next.header("etag"), tag, "{path}");
        // What a change tells is what there is, to whoever goes on with it.
        if changed.status == 200 {
            assert_eq!(changed.header("etag"), next.header("etag"), "{path}");
            assert_eq!(changed.json, next.json, "{path}");
        }
        let refused = self.send(Some(&tag), &second).await;
        assert_eq!(refused.problem(412), "precondition_failed", "{path}");
        let shown = self.kit.get(self.token, self.read).await;
        assert_eq!(shown.json, next.json, "{path}");
        // As what it is now, as whatever it is, and by who says nothing.
        let next = next.header("etag").to_owned();
        for tag in [Some(&*next), Some("*"), None] {
            let changed = self.send(tag, &second).await;
            assert!(changed.status.is_success(), "{path}: {}", changed.text);
        }
    }
}

async fn assert_told(kit: &Kit, token: &str, path: &str, bodies: [Value; 2]) {
    let change = Change::new(kit, token, "PATCH", path);
    change.assert_told(bodies).await;
}

#[tokio::test]
async fn nobody_takes_away_what_another_has_just_set() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let settings = [
        json!({ "system_prompt": "Be kind." }),
        json!({ "system_prompt": "Be brief." }),
    ];
    assert_told(&kit, &admin, "/tenants/current", settings).await;
    let site = json!({ "name": "A shop" });
    let site = kit.post(&admin, "/tenants/current/sites", site).await.json;
    let site = format!("/tenants/current/sites/{}", site["id"].as_str().unwrap());
    let names = [json!({ "name": "One" }), json!({ "name": "Two" })];
    assert_told(&kit, &admin, &site, names).await;
    let users = kit.get(&admin, "/admin/users?role=member").await.json;
    let user = format!("/admin/users/{}", users["items"][0]["id"].as_str().unwrap());
    let names = [json!({ "full_name": "One" }), json!({ "full_name": "Two" })];
    assert_told(&kit, &admin, &user, names).await;
    let superuser = kit.token(SUPERUSER).await;
    let states = [
        json!({ "status": "suspended" }),
        json!({ "status": "active" }),
    ];
    assert_told(&kit, &superuser, &format!("/tenants/{T1}"), states).await;
}

#[tokio::test]
async fn nobody_takes_away_what_another_has_just_said_of_a_document() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let id = kit.add_document(ADMIN1, "Refunds", "Within 14 days.").await;
    let path = format!("/documents/{id}");
    let texts = [("One", "Within 15 days."), ("Two", "Within 16 days.")];
    let texts = texts.map(|(title, text)| json!({ "title": title, "text": text }));
    let text = Change::new(&kit, &admin, "PUT", &path);
    text.assert_told(texts).await;
    let told = [
        json!({ "metadata": { "product": "a" } }),
        json!({ "source_url": "https://one.example/", "metadata": {} }),
    ];
    assert_told(&kit, &admin, &path, told).await;
    let groups = Change {
        path: &format!("{path}/groups"),
        read: &path,
        ..text
    };
    let bodies = [json!({ "groups": ["board"] }), json!({ "groups": [] })];
    groups.assert_told(bodies).await;
}

#[tokio::test]
async fn nobody_takes_away_what_another_has_just_set_of_limits_connectors_prompts_and_names() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let connector =
        |name: &str| json!({ "name": name, "url": "https://one.example/", "is_on": false });
    let made = kit
        .post(&admin, "/documents/connectors", connector("A site"))
        .await;
    let path = format!("/documents/connectors/{}", made.id("id"));
    let change = Change::new(&kit, &admin, "PUT", &path);
    change.assert_told(["One", "Two"].map(connector)).await;
    let tokens = |most: u32| json!({ "tokens_per_day": most });
    let path = format!("/admin/users/{}/limits", U1.id);
    let change = Change::new(&kit, &admin, "PUT", &path);
    change.assert_told([1, 2].map(tokens)).await;
    let users = |most: u32| json!({ "users": { "tokens_per_day": most } });
    let change = Change::new(&kit, &admin, "PUT", "/tenants/current/limits");
    change.assert_told([1, 2].map(users)).await;
    let superuser = kit.token(SUPERUSER).await;
    let tenant = |most: u32| json!({ "tenant": { "tokens_per_day": most } });
    let path = format!("/tenants/{T1}/limits");
    let change = Change::new(&kit, &superuser, "PUT", &path);
    change.assert_told([1, 2].map(tenant)).await;
    let name = |name: &str| json!({ "full_name": name });
    assert_told(&kit, &admin, "/login/me", ["One", "Two"].map(name)).await;
    // An administrator renames somebody, who is told when it changes the name itself, and reads the other one then.
    let seen = kit.get(&admin, "/login/me").await;
    let path = format!("/admin/users/{}", ADMIN1.id);
    kit.patch(&admin, &path, name("Three")).await;
    let change = Change::new(&kit, &admin, "PATCH", "/login/me");
    let refused = change.send(Some(seen.header("etag")), &name("Four")).await;
    assert_eq!(refused.problem(412), "precondition_failed");
    let now = kit.get(&admin, "/login/me").await;
    assert_eq!(now.json["user"]["full_name"], "Three");
    for prompt in ["Be kind.", "Be brief."] {
        let prompt = json!({ "system_prompt": prompt });
        kit.patch(&admin, "/tenants/current", prompt).await;
    }
    let change = Change {
        path: "/tenants/current/prompts/2/restore",
        read: "/tenants/current",
        ..Change::new(&kit, &admin, "POST", "")
    };
    let seen = kit.get(&admin, "/tenants/current").await;
    let kind = json!({ "system_prompt": "Be fair." });
    kit.patch(&admin, "/tenants/current", kind).await;
    let refused = change.send(Some(seen.header("etag")), &Value::Null).await;
    assert_eq!(refused.problem(412), "precondition_failed");
    let now = kit.get(&admin, change.read).await;
    let restored = change.send(Some(now.header("etag")), &Value::Null).await;
    assert_eq!(
        restored.json["system_prompt"], "Be kind.",
        "{}",
        restored.text
    );
}

/// What is changed without being read before, or by nobody but whose it is.
const ALONE: [&str; 4] = [
    // Somebody's own.
    "PUT /chat/messages/{id}/feedback",
    "PATCH /chat/sessions/{id}",
    "PUT /login/cookie",
    // It goes in and never comes out, so it is no change of what was there.
    "PUT /tenants/{tenant_id}/secrets/{provider}",
];

#[tokio::test]
async fn whatever_several_may_change_can_be_changed_as_it_was_seen() {
    let api = contract();
    let mut alone = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            let takes = parameters.any(|one| one["name"] == "If-Match");
            if matches!(&**method, "put" | "patch") && !takes {
                alone.push(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    assert_eq!(
        alone, ALONE,
        "a change of what several may change takes `IfMatch`"
    );
}

#[tokio::test]
async fn what_is_done_for_a_document_is_no_change_of_it() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let id = kit.add_document(ADMIN1, "Refunds", "Within 14 days.").await;
    let path = format!("/documents/{id}");
    let before = kit.get(&admin, &path).await;
    for sql in [
        "update parlance.documents set vectors = 'pending', chunks_done = 1, language = 'en' where id = $1",
        "update parlance.documents set vectors = 'failed', error = 'provider_unreachable: Away.' where id = $1",
    ] {
        sqlx::query(sql).bind(id).execute(&kit.pool).await.unwrap();
        let after = kit.get(&admin, &path).await;
        assert_ne!(before.json, after.json);
        assert_eq!(before.header("etag"), after.header("etag"));
    }
}

#[tokio::test]
async fn a_login_or_a_warning_is_no_change() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let me = kit.get(&admin, "/login/me").await.json;
    let path = format!("/admin/users/{}", me["user"]["id"].as_str().unwrap());
    let before = kit.get(&admin, &path).await;
    kit.token(ADMIN1).await;
    let after = kit.get(&admin, &path).await;
    assert_eq!(before.header("etag"), after.header("etag"));
    let inside = kit.get(&admin, "/tenants/current").await;
    let superuser = kit.token(SUPERUSER).await;
    let outside = kit.get(&superuser, &format!("/tenants/{T1}")).await;
    assert_eq!(inside.header("etag"), outside.header("etag"));
}
