//! Who uses the service meanwhile, besides those who ask: they add, find and delete documents, and log in and out.

use crate::kit::{PASSWORD, Person};
use crate::turns::checker::client::Client;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// A document that somebody was told of.
pub(super) struct Document {
    pub(super) id: String,
    pub(super) title: String,
    /// Whether its deletion was acknowledged.
    pub(super) deleted: bool,
}

/// What somebody did, and what came out otherwise than it must.
pub(super) struct Done<T> {
    pub(super) client: Client,
    pub(super) writes: T,
    pub(super) wrong: Vec<String>,
}

/// Adds documents, looks for each as soon as it was told of it, and deletes every third.
pub(super) async fn keep_documents(mut client: Client, worker: u64) -> Done<Vec<Document>> {
    let (mut writes, mut wrong) = (Vec::new(), Vec::new());
    while !client.programs.had_them_all() {
        client.rest().await;
        let n = writes.len();
        let (title, word) = (format!("Document {worker}-{n}"), format!("w{worker}n{n}x"));
        let body = json!({ "title": title, "text": format!("It says {word} and no more.") });
        let (_, added) = client.until("POST", "/documents", &body, &[202]).await;
        let id = added["id"].as_str().expect("it has an id").to_owned();
        let search = json!({ "query": word, "top_k": 1 });
        let (_, found) = client
            .until("POST", "/documents/search", &search, &[200])
            .await;
        if found["items"][0]["document_id"] != id {
            wrong.push(format!("{title:?} was added and not found: {found}"));
        }
        let deleted = n % 3 == 0;
        if deleted {
            let path = format!("/documents/{id}");
            // A deletion whose answer was lost leaves nothing to delete.
            client
                .until("DELETE", &path, &Value::Null, &[204, 404])
                .await;
        }
        writes.push(Document { id, title, deleted });
    }
    Done {
        client,
        writes,
        wrong,
    }
}

/// Logs in, renews the login, and logs out; how often that was acknowledged.
pub(super) async fn log_in_and_out(mut client: Client, who: Person) -> Done<usize> {
    let (mut writes, mut wrong) = (0, Vec::new());
    while !client.programs.had_them_all() {
        client.rest().await;
        let login = json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD });
        let (_, mut tokens) = client.until("POST", "/login", &login, &[200]).await;
        writes += 1;
        for _ in 0..2 {
            let (status, renewed) = renew(&mut client, &tokens).await;
            if status != 200 {
                wrong.push(format!("a login is gone: {renewed}"));
                break;
            }
            tokens = renewed;
            writes += 1;
        }
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        client.until("POST", "/login/logout", &body, &[204]).await;
        writes += 1;
        if renew(&mut client, &tokens).await.0 == 200 {
            wrong.push("a login goes on after it was ended".to_owned());
        }
    }
    Done {
        client,
        writes,
        wrong,
    }
}

async fn renew(client: &mut Client, tokens: &Value) -> (u16, Value) {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    client
        .until("POST", "/login/refresh", &body, &[200, 401])
        .await
}

/// Looks up every document: those that are not as was acknowledged.
pub(super) async fn look_up(client: &mut Client, all: &[Document]) -> Vec<String> {
    let mut wrong = Vec::new();
    for Document { id, title, deleted } in all {
        let path = format!("/documents/{id}");
        let (status, shown) = client.until("GET", &path, &Value::Null, &[200, 404]).await;
        let is_ready = shown["status"] == "ready" && shown["vectors"] == "ready";
        if (status == 404) != *deleted || (status == 200 && !is_ready) {
            wrong.push(format!("{title:?}: {status} {shown}"));
        }
    }
    wrong
}

/// How long until the service answers a question at both of its processes.
pub(super) async fn until_answered(clients: &mut [Client; 2]) -> Duration {
    let begun = std::time::Instant::now();
    let [one, two] = clients;
    tokio::join!(asked(one, 0), asked(two, 1));
    begun.elapsed()
}

async fn asked(client: &mut Client, which: usize) {
    crate::kit::wait::wait_until("an answer after a fault", async || {
        let status = client
            .ask_once(which, &json!({ "message": "Still there?" }))
            .await;
        if status == 200 {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
        Err(status)
    })
    .await;
}
