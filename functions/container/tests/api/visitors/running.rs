//! What becomes of an answer that is being made when its visitor is somebody else, or its page is none of the site's any more.

use super::{
    OTHER, PAGE, edit, from,
    identities::{Known, chats},
    site, visitor,
};
use crate::kit::{
    ADMIN1, Kit,
    database::Database,
    http::{Events, Served, streamed},
    provider::Provider,
    request,
    wait::wait_until,
};
use axum::body::Body;
use serde_json::{Value, json};
use sqlx::types::Uuid;
use std::time::Duration;

const REVOKED: &str = "urn:parlance:error:session_revoked";

/// An answer of a visitor, of which the first of two pieces has come.
struct Begun {
    provider: Provider,
    served: Served,
    events: Events,
    message: Uuid,
}

impl Begun {
    async fn new(kit: &Kit, provider: Provider, token: &str) -> Self {
        let served = Served::new(kit).await;
        provider.hold(&["One, ", "two."]);
        provider.let_go(1);
        let mut asked = streamed(token, "Hello?");
        asked.headers_mut().insert("origin", PAGE.parse().unwrap());
        let mut events = Events::new(served.send(asked).await);
        let message = events.one().await.uuid("message_id");
        assert_eq!(events.one().await.data["text"], "One, ");
        Self {
            provider,
            served,
            events,
            message,
        }
    }

    /// Another reader of it.
    async fn read(&self, token: &str) -> Events {
        let path = format!("/chat/messages/{}/stream", self.message);
        let asked = request(token, "GET", &path).header("origin", PAGE);
        let mut events = Events::new(self.served.send(asked.body(Body::empty()).unwrap()).await);
        assert_eq!(events.one().await.event, "start");
        assert_eq!(events.one().await.data["text"], "One, ");
        events
    }
}

/// A service to which changes are told.
async fn listening(provider: &Provider) -> Kit {
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let db = kit.app.db.clone();
    tokio::spawn(async move { db.listen(|_| ()).await });
    wait_until("the service to listen", async || {
        let is_listening = kit.app.db.is_listening();
        is_listening.then_some(()).ok_or("it does not")
    })
    .await;
    kit
}

/// A service to which nobody tells anything, and that forgets nothing by itself: what it knows, it has looked for.
async fn untold(provider: &Provider) -> Kit {
    let key = ("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned());
    let vars = provider.vars().into_iter().chain([key]);
    let database = Database::clone_template().await;
    Kit::adjusted(database, vars, |config| {
        config.secrets.connections.memory = Duration::from_secs(24 * 60 * 60);
    })
    .await
}

#[tokio::test] // R4
async fn an_answer_that_is_being_made_stays_with_a_visitor_who_is_known_now() {
    for closes in [false, true] {
        let provider = Provider::start().await;
        let kit = listening(&provider).await;
        let known = Known::new(&kit, "optional").await;
        let before = known.enter_with(&kit, json!({})).await.json;
        let token = before["access_token"].as_str().unwrap();
        let mut begun = Begun::new(&kit, provider, token).await;
        let mut reader = begun.read(token).await;
        let more = json!({
            "identity_token": known.token(&kit, "ada", json!({})),
            "anonymous_refresh_token": before["refresh_token"],
        });
        let ada = known.enter_with(&kit, more).await;
        let ada = ada.json["access_token"].as_str().unwrap().to_owned();
        // The login before has ended, and with it whoever reads by it.
        assert_eq!(reader.one().await.data["type"], REVOKED);
        let mut reader = begun.read(&ada).await;
        if closes {
            // Whose it is now is bound by the site as well.
            edit(&kit, &known.site, json!({ "is_on": false })).await;
            let row = kit.until(begun.message, "interrupted").await;
            assert_eq!(row.content, "One, ");
            continue;
        }
        begun.provider.let_go(2);
        assert_eq!(reader.one().await.data["text"], "two.");
        assert_eq!(reader.one().await.event, "done");
        assert_eq!(begun.events.one().await.data["text"], "two.");
        assert_eq!(begun.events.one().await.event, "done");
        assert_eq!(
            kit.until(begun.message, "complete").await.content,
            "One, two."
        );
        assert_eq!(chats(&kit, &ada).await.len(), 1);
    }
}

#[tokio::test] // R4
async fn an_answer_ends_with_its_site_and_with_its_page() {
    for change in [json!({ "is_on": false }), json!({ "origins": [OTHER] })] {
        let provider = Provider::start().await;
        let kit = untold(&provider).await;
        let site = site(&kit, json!({})).await;
        let token = visitor(&kit, &site).await;
        let mut begun = Begun::new(&kit, provider, &token).await;
        let mut reader = begun.read(&token).await;
        edit(&kit, &site, change.clone()).await;
        for events in [&mut begun.events, &mut reader] {
            let end = events.one().await;
            assert_eq!(end.data["type"], REVOKED, "{change}");
        }
        let row = kit.until(begun.message, "interrupted").await;
        assert_eq!(row.content, "One, ", "{change}");
    }
}

#[tokio::test] // R4
async fn a_page_that_stays_keeps_its_answers() {
    let provider = Provider::start().await;
    let kit = listening(&provider).await;
    let site = site(&kit, json!({ "origins": [PAGE, OTHER] })).await;
    let token = visitor(&kit, &site).await;
    let begun = Begun::new(&kit, provider, &token).await;
    edit(&kit, &site, json!({ "origins": [PAGE] })).await;
    // It is known by now.
    let admin = kit.token(ADMIN1).await;
    let path = format!("/tenants/current/sites/{}", site["id"].as_str().unwrap());
    assert_eq!(kit.get(&admin, &path).await.json["origins"], json!([PAGE]));
    wait_until("the other page to be out", async || {
        let asked = from(&kit, OTHER, &token, "GET", "/chat/sessions", &Value::Null).await;
        (asked.status == 403).then_some(()).ok_or(asked.text)
    })
    .await;
    begun.provider.let_go(2);
    assert_eq!(
        kit.until(begun.message, "complete").await.content,
        "One, two."
    );
}
