//! The container and the functions on one database at the same time: a tenant may move from one to the other while
//! people are logged in.

use crate::kit::{
    ADMIN1, Kit, PASSWORD, Person, SUPERUSER, T2, U1, V1,
    lambda::{
        event::{Event, SHAPES, Shape},
        functions::Functions,
    },
    program::Program,
    request,
    wait::wait_until,
};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// Both hosts.
struct Both {
    container: Program,
    functions: Functions,
}

#[derive(Clone, Copy, Debug)]
enum Host {
    Container,
    Functions(Shape),
}

/// From which host, and to which.
const MOVES: [[Host; 2]; 4] = [
    [Host::Container, Host::Functions(SHAPES[0])],
    [Host::Container, Host::Functions(SHAPES[1])],
    [Host::Functions(SHAPES[0]), Host::Container],
    [Host::Functions(SHAPES[1]), Host::Container],
];

impl Both {
    async fn on(kit: &Kit) -> Self {
        Self {
            container: Program::serve(kit, &[]).await,
            functions: Functions::new(kit, &[]),
        }
    }

    /// Status and body; a null body is none.
    async fn ask(
        &mut self,
        host: Host,
        token: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u64, Value) {
        let (status, text) = match host {
            Host::Container => {
                let request =
                    request(token, method, path).header("content-type", "application/json");
                let body = match body {
                    Value::Null => Body::empty(),
                    body => Body::from(body.to_string()),
                };
                let request = request.body(body).expect("the request is well formed");
                let answer = self.container.send(request).await;
                let status = answer.status().as_u16().into();
                let body = answer.into_body().collect().await;
                let bytes = body.expect("the body arrives").to_bytes();
                (status, String::from_utf8_lossy(&bytes).into_owned())
            }
            Host::Functions(shape) => {
                let event = Event::new(shape, method, path).token(token);
                let event = match body {
                    Value::Null => event,
                    body => event.json(&body),
                };
                let answer = self.functions.ask(event).await;
                (answer.status(), answer.text().await.0)
            }
        };
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// The tokens of a login.
    async fn login(&mut self, host: Host, who: Person) -> (String, String) {
        let login = json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD });
        let (status, answer) = self.ask(host, "", "POST", "/login", login).await;
        assert_eq!(status, 200, "{answer}");
        tokens(&answer)
    }

    async fn refresh(&mut self, host: Host, token: &str) -> (u64, Value) {
        let body = json!({ "refresh_token": token });
        self.ask(host, "", "POST", "/login/refresh", body).await
    }
}

fn tokens(answer: &Value) -> (String, String) {
    let text = |field: &str| answer[field].as_str().expect("a token").to_owned();
    (text("access_token"), text("refresh_token"))
}

#[tokio::test]
async fn a_token_of_one_is_good_at_the_other() {
    let kit = Kit::new().await;
    let mut both = Both::on(&kit).await;
    for [from, to] in MOVES {
        let (token, _) = both.login(from, U1).await;
        let (status, me) = both.ask(to, &token, "GET", "/login/me", Value::Null).await;
        assert_eq!(status, 200, "{from:?} {to:?}: {me}");
        assert_eq!(me["user"]["email"], U1.email);
    }
}

#[tokio::test]
async fn a_conversation_begun_at_one_is_continued_at_the_other() {
    let kit = Kit::new().await;
    let mut both = Both::on(&kit).await;
    for [from, to] in MOVES {
        let (token, _) = both.login(from, U1).await;
        let question = json!({ "message": "What is known?" });
        let (status, first) = both.ask(from, &token, "POST", "/chat", question).await;
        assert_eq!(status, 200, "{first}");
        let session = first["session_id"].as_str().unwrap().to_owned();
        let next = json!({ "message": "And then?", "session_id": session });
        let (status, second) = both.ask(to, &token, "POST", "/chat", next).await;
        assert_eq!(status, 200, "{from:?} {to:?}: {second}");
        for host in [from, to] {
            let path = format!("/chat/sessions/{session}/messages");
            let (_, messages) = both.ask(host, &token, "GET", &path, Value::Null).await;
            let items = messages["items"].as_array().unwrap().iter();
            let texts: Vec<_> = items.map(|m| m["content"].as_str().unwrap()).collect();
            let answers = [&first, &second].map(|a| a["answer"].as_str().unwrap());
            assert_eq!(
                texts,
                ["What is known?", answers[0], "And then?", answers[1]]
            );
        }
    }
}

#[tokio::test]
async fn a_renewal_at_one_uses_the_token_up_at_the_other() {
    let kit = Kit::new().await;
    let mut both = Both::on(&kit).await;
    for [from, to] in MOVES {
        let (_, refresh) = both.login(from, U1).await;
        let (status, renewed) = both.refresh(to, &refresh).await;
        assert_eq!(status, 200, "{from:?} {to:?}: {renewed}");
        // An answer may get lost, so the last token but one still counts for a while; the one before never.
        let (_, second) = tokens(&renewed);
        let (status, renewed) = both.refresh(from, &second).await;
        assert_eq!(status, 200, "{from:?} {to:?}: {renewed}");
        let (status, reused) = both.refresh(from, &refresh).await;
        assert_eq!(
            (status, &reused["type"]),
            (401, &json!("urn:parlance:error:refresh_token_reused"))
        );
        // And with it the whole login has ended, everywhere.
        let (_, next) = tokens(&renewed);
        assert_eq!(both.refresh(to, &next).await.0, 401);
    }
}

#[tokio::test]
async fn a_document_added_at_one_is_cited_at_the_other() {
    let kit = Kit::new().await;
    let mut both = Both::on(&kit).await;
    for (n, [from, to]) in MOVES.into_iter().enumerate() {
        let (token, _) = both.login(to, ADMIN1).await;
        let title = format!("Refunds {n}");
        let document = json!({ "title": title, "text": format!("Number {n} takes {n} days.") });
        let (status, added) = both.ask(from, &token, "POST", "/documents", document).await;
        assert_eq!(status, 202, "{added}");
        let query = json!({ "query": format!("number {n}") });
        let (_, found) = both
            .ask(to, &token, "POST", "/documents/search", query)
            .await;
        assert_eq!(
            found["items"][0]["title"], title,
            "{from:?} {to:?}: {found}"
        );
    }
}

#[tokio::test]
async fn who_is_suspended_at_one_is_refused_at_the_other() {
    let kit = Kit::new().await;
    let mut both = Both::on(&kit).await;
    for [from, to] in [MOVES[0], MOVES[3]] {
        let (root, _) = both.login(from, SUPERUSER).await;
        let (token, _) = both.login(to, V1).await;
        // So that the other remembers the account, and must forget it.
        let known = both
            .ask(to, &token, "GET", "/chat/sessions", Value::Null)
            .await;
        assert_eq!(known.0, 200);
        let path = format!("/tenants/{T2}");
        let suspended = json!({ "status": "suspended" });
        let (status, answer) = both.ask(from, &root, "PATCH", &path, suspended).await;
        assert_eq!(status, 200, "{answer}");
        let what = format!("a refusal at {to:?} after a suspension at {from:?}");
        let refused = wait_until(what, async || {
            let asked = both.ask(to, &token, "GET", "/chat/sessions", Value::Null);
            match asked.await.0 {
                200 => Err(200),
                status => Ok(status),
            }
        });
        assert_eq!(refused.await, 401, "{from:?} {to:?}");
        let active = json!({ "status": "active" });
        let (status, answer) = both.ask(from, &root, "PATCH", &path, active).await;
        assert_eq!(status, 200, "{answer}");
    }
}
