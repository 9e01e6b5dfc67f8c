//! Documents for some of a tenant's users: nobody else finds them, by whatever way.

use crate::{
    kit::{ADMIN1, Answer, Kit, Person, SUPERUSER, T1, U1, U2, provider::Provider, request},
    vectors::indexed,
};
use axum::body::Body;
use serde_json::{Value, json};

/// In the text of the limited document alone.
const CANARY: &str = "Quetzalcoatl";
const QUESTION: &str = "How long does a refund of Quetzalcoatl take?";

async fn add(kit: &Kit, title: &str, text: &str, groups: Value) -> Answer {
    let token = kit.token(ADMIN1).await;
    let document = json!({ "title": title, "text": text, "groups": groups });
    kit.post(&token, "/documents", document).await
}

/// A document for everybody, and one for a group; the id of that one.
async fn two(kit: &Kit) -> String {
    let open = add(kit, "Open", "A refund takes 5 days.", json!([])).await;
    assert_eq!(open.status, 202, "{}", open.text);
    let text = format!("A refund of {CANARY} takes 9 days.");
    let limited = add(kit, "Limited", &text, json!(["board", "Sales EU"])).await;
    assert_eq!(limited.status, 202, "{}", limited.text);
    kit.work().await;
    limited.id("id").to_string()
}

async fn join(kit: &Kit, who: Person, groups: Value) {
    let token = kit.token(ADMIN1).await;
    let path = format!("/admin/users/{}", who.id);
    let set = kit
        .patch(&token, &path, json!({ "groups": groups.clone() }))
        .await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(set.json["groups"], groups);
}

async fn search(kit: &Kit, token: &str, more: Value) -> Answer {
    let mut query = json!({ "query": QUESTION, "top_k": 20 });
    let more = more.as_object().unwrap().clone();
    query.as_object_mut().unwrap().extend(more);
    let found = kit.post(token, "/documents/search", query).await;
    assert_eq!(found.status, 200, "{}", found.text);
    found
}

/// Whether the limited document is told of by a search, with and without a filter, and by an answer.
async fn is_told(kit: &Kit, token: &str) -> bool {
    let any = json!({ "filter": { "metadata": {} } });
    let by_search = search(kit, token, json!({})).await.text.contains("Limited");
    let filtered = search(kit, token, any).await;
    let asked = kit
        .post(token, "/chat", json!({ "message": QUESTION }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let by_answer = asked.json["sources"].to_string().contains("Limited");
    assert_eq!(by_search, by_answer);
    assert_eq!(by_search, filtered.text.contains("Limited"));
    // But for the question itself.
    assert_eq!(by_answer, asked.text.contains("9 days"), "{}", asked.text);
    by_search
}

#[tokio::test] // R30
async fn a_document_is_told_of_to_its_groups_alone_and_at_once() {
    let kit = Kit::new().await;
    let id = two(&kit).await;
    let (insider, outsider) = (kit.token(U1).await, kit.token(U2).await);
    let admin = kit.token(ADMIN1).await;
    join(&kit, U1, json!(["Sales EU"])).await;
    join(&kit, U2, json!(["sales eu", "Sales", "staff"])).await;
    assert!(is_told(&kit, &insider).await);
    assert!(!is_told(&kit, &outsider).await);
    assert!(is_told(&kit, &admin).await);
    // The same tokens, another moment.
    join(&kit, U1, json!([])).await;
    assert!(!is_told(&kit, &insider).await);
    join(&kit, U2, json!(["board"])).await;
    assert!(is_told(&kit, &outsider).await);
    let path = format!("/documents/{id}/groups");
    for (groups, told) in [
        (json!(["others"]), false),
        (json!([]), true),
        (json!(["board"]), true),
    ] {
        let limit = json!({ "groups": groups.clone() });
        let limited = kit.put(&admin, &path, limit).await;
        assert_eq!(limited.json["groups"], groups, "{}", limited.text);
        assert_eq!(is_told(&kit, &outsider).await, told, "{groups}");
    }
    // Another version is for the same ones.
    let text =
        json!({ "title": "Limited", "text": format!("A refund of {CANARY} takes 9 days, again.") });
    let one = format!("/documents/{id}");
    assert_eq!(kit.put(&admin, &one, text).await.status, 200);
    assert!(!is_told(&kit, &insider).await);
    assert!(is_told(&kit, &outsider).await);
    // Who is demoted is an insider no more, either.
    let root = kit.token(SUPERUSER).await;
    let stay = kit.assume(&root, T1).await;
    assert!(
        search(&kit, &stay, json!({}))
            .await
            .text
            .contains("Limited")
    );
    let path = format!("/admin/users/{}", ADMIN1.id);
    let demoted = kit.patch(&stay, &path, json!({ "role": "member" })).await;
    assert_eq!(demoted.status, 200, "{}", demoted.text);
    assert!(!is_told(&kit, &admin).await);
    assert_eq!(kit.audited(T1, "document.limit").await.len(), 3);
}

#[tokio::test] // R30
async fn vectors_tell_nobody_more() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    two(&kit).await;
    let sql = "select id::text from parlance.document_chunks";
    let chunks: Vec<String> = sqlx::query_scalar(sql).fetch_all(&kit.pool).await.unwrap();
    let near = chunks.into_iter().map(|chunk| (chunk, T1.to_string(), 0.9));
    provider.find(&near.collect::<Vec<_>>());
    join(&kit, U1, json!(["board"])).await;
    // No word of it is in any document.
    for (who, told) in [(U1, true), (U2, false), (ADMIN1, true)] {
        let token = kit.token(who).await;
        let found = search(&kit, &token, json!({ "query": "Combien de temps?" })).await;
        assert_eq!(found.text.contains(CANARY), told, "{}", found.text);
        let question = json!({ "message": "Combien de temps?" });
        let asked = kit.post(&token, "/chat", question).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        assert_eq!(asked.text.contains(CANARY), told, "{}", asked.text);
    }
}

#[tokio::test]
async fn an_api_key_is_in_groups_as_well() {
    let kit = Kit::new().await;
    two(&kit).await;
    let admin = kit.token(ADMIN1).await;
    for (groups, told) in [(json!(["board"]), true), (json!([]), false)] {
        let key = json!({ "name": "A server", "scopes": ["chat", "documents"], "groups": groups });
        let made = kit.post(&admin, "/admin/api-keys", key).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.json["api_key"]["groups"], groups);
        let key = made.json["key"].as_str().unwrap();
        assert_eq!(is_told(&kit, key).await, told);
        let path = "/documents/search?explain=true";
        let query = json!({ "query": QUESTION });
        let explained = kit.post(key, path, query).await;
        assert_eq!(explained.status, 200, "{}", explained.text);
        assert_eq!(explained.text.contains(CANARY), told, "{}", explained.text);
        let asked = json!({ "model": "default", "input": QUESTION });
        let answer = kit.post(key, "/v1/responses", asked).await;
        assert_eq!(answer.text.contains("9 days"), told, "{}", answer.text);
    }
}

#[tokio::test]
async fn what_is_no_group_is_refused_and_none_is_lost_in_passing() {
    let kit = Kit::new().await;
    let id = two(&kit).await;
    let admin = kit.token(ADMIN1).await;
    let path = format!("/documents/{id}/groups");
    let many: Vec<String> = (0..51).map(|n| format!("g{n}")).collect();
    for (groups, field) in [
        (json!([""]), "groups[0]"),
        (json!(["a", " b"]), "groups[1]"),
        (json!(["x".repeat(65)]), "groups[0]"),
        (json!(many), "groups"),
    ] {
        let limit = json!({ "groups": groups });
        assert_eq!(kit.put(&admin, &path, limit).await.fields(), [field]);
        let added = add(&kit, "Other", "Another text.", groups.clone()).await;
        assert_eq!(added.fields(), [field]);
        let user = format!("/admin/users/{}", U1.id);
        let refused = kit.patch(&admin, &user, json!({ "groups": groups })).await;
        assert_eq!(refused.fields(), [field]);
    }
    // The same text for others is not taken for this one.
    let text = format!("A refund of {CANARY} takes 9 days.");
    let other = add(&kit, "Limited", &text, json!(["staff"])).await;
    assert_eq!(other.problem(409), "document_exists");
    let same = add(&kit, "Limited", &text, json!(["board", "Sales EU"])).await;
    assert_eq!(same.status, 200, "{}", same.text);
    let version = json!({ "title": "Limited", "text": "Open to all?", "groups": [] });
    let refused = kit.put(&admin, &format!("/documents/{id}"), version).await;
    assert_eq!(refused.fields(), ["groups"]);

    // A file is limited from the beginning.
    let boundary = "b0undary";
    let mut body = String::new();
    for (name, more, value) in [
        ("groups", "", r#"["board"]"#),
        (
            "file",
            "; filename=\"a.txt\"",
            "A refund of files takes 11 days.",
        ),
    ] {
        body += &format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n"
        );
    }
    body += &format!("--{boundary}--\r\n");
    let form = format!("multipart/form-data; boundary={boundary}");
    let sent = request(&admin, "POST", "/documents").header("content-type", form);
    let added = kit.send(sent, Body::from(body)).await;
    assert_eq!(added.status, 202, "{}", added.text);
    kit.work().await;
    let shown = kit
        .get(&admin, &format!("/documents/{}", added.id("id")))
        .await;
    assert_eq!(
        (&shown.json["status"], &shown.json["groups"]),
        (&json!("ready"), &json!(["board"]))
    );
    let outsider = kit.token(U2).await;
    let found = search(
        &kit,
        &outsider,
        json!({ "query": "How long does a refund of files take?" }),
    );
    assert!(!found.await.text.contains("11 days"));
}
