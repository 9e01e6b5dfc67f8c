//! Two releases on one database, as while hosts are replaced. `scripts/check-upgrade` runs this, with the program of the release
//! before in `RELEASE_BEFORE`.

use crate::{
    commands::run,
    kit::{
        ADMIN1, PASSWORD, Person, SECRET_KEY, U1, U2,
        database::{Database, connect_to, seed},
        http::{Events, streamed, text_of},
        program::Program,
        provider::Provider,
        request,
        wait::{tell, wait_for, wait_until},
    },
};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::process::Command;

const PIECES: [&str; 3] = ["The beginning, ", "the middle, ", "and the end."];
/// How often the provider is let go for all of it, and its end.
const STEPS: usize = PIECES.len() + 1;
const WHOLE: &str = "The beginning, the middle, and the end.";

/// A release that serves.
struct Release {
    name: &'static str,
    program: Program,
}

/// What one release made and another is asked for.
struct Made {
    refresh: String,
    session: String,
    /// A word that only one document has.
    word: String,
}

fn before() -> String {
    std::env::var("RELEASE_BEFORE")
        .expect("RELEASE_BEFORE names a program: see scripts/check-upgrade")
}

fn vars(provider: &Provider) -> Vec<(String, String)> {
    let more = [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("DATABASE_MAX_CONNECTIONS", "5"),
        ("SHUTDOWN_SECONDS", "600"),
    ];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    provider.vars().into_iter().chain(more).collect()
}

impl Release {
    async fn before(database: &Database, provider: &Provider) -> Self {
        let program = Program::of(&before(), database, &vars(provider)).await;
        let name = "the release before";
        Self { name, program }
    }

    async fn this(database: &Database, provider: &Provider) -> Self {
        let program = env!("CARGO_BIN_EXE_parlance");
        let program = Program::of(program, database, &vars(provider)).await;
        let name = "this release";
        Self { name, program }
    }

    async fn status(&self, path: &str) -> u16 {
        let asked = request("", "GET", path).body(Body::empty()).unwrap();
        self.program.send(asked).await.status().as_u16()
    }

    /// The JSON of an answer that must be good.
    async fn call(&self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let asked = request(token, method, path).header("content-type", "application/json");
        let answer = self.program.send(asked.body(body).unwrap()).await;
        let status = answer.status();
        let what = format!("the answer of {} to {method} {path}", self.name);
        let text = wait_for(&what, answer.into_body().collect()).await;
        let text = text.unwrap().to_bytes();
        assert!(
            status.is_success(),
            "{what}: {status} {}",
            String::from_utf8_lossy(&text)
        );
        serde_json::from_slice(&text).unwrap_or(Value::Null)
    }

    /// The access token of a login, and its refresh token.
    async fn login(&self, who: Person) -> (String, String) {
        let login = json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD });
        let told = self.call("", "POST", "/login", login).await;
        (word(&told["access_token"]), word(&told["refresh_token"]))
    }

    /// Begins an answer that goes on when the provider is let go.
    async fn begin(&self, who: Person, provider: &Provider) -> (Events, String) {
        let asked_before = provider.chats().len();
        provider.hold(&PIECES);
        let (token, _) = self.login(who).await;
        let asked = self.program.send(streamed(&token, "Hello?")).await;
        let mut events = Events::new(asked);
        let start = events.one().await;
        assert_eq!(start.event, "start");
        provider.asked_for(asked_before + 1).await;
        (events, start.uuid("message_id").to_string())
    }

    /// Reads along an answer that another process makes.
    async fn follow(&self, who: Person, message: &str) -> Events {
        let (token, _) = self.login(who).await;
        let path = format!("/chat/messages/{message}/stream");
        let asked = request(&token, "GET", &path).body(Body::empty()).unwrap();
        Events::new(self.program.send(asked).await)
    }

    async fn finds(&self, token: &str, word: &str) -> bool {
        let query = json!({ "query": word });
        let found = self.call(token, "POST", "/documents/search", query).await;
        found.to_string().contains(&format!("{word} is"))
    }

    /// Logs in, asks, adds a document and finds it.
    async fn makes(&self, word_of_its_own: &str) -> Made {
        let (token, refresh) = self.login(U1).await;
        let question = json!({ "message": "Who made this?" });
        let asked = self.call(&token, "POST", "/chat", question).await;
        assert_eq!(asked["answer"], "Hello from the model.", "{asked}");
        let (admin, _) = self.login(ADMIN1).await;
        let text = format!("A {word_of_its_own} is what only this document has.");
        let document = json!({ "title": word_of_its_own, "text": text });
        self.call(&admin, "POST", "/documents", document).await;
        wait_until("a document to be found", async || {
            match self.finds(&token, word_of_its_own).await {
                true => Ok(()),
                false => Err(self.name),
            }
        })
        .await;
        Made {
            refresh,
            session: word(&asked["session_id"]),
            word: word_of_its_own.to_owned(),
        }
    }

    /// Goes on where another one was: with its login, its conversation and its document.
    async fn takes_over(&self, made: &Made) {
        let renewal = json!({ "refresh_token": made.refresh });
        let renewed = self.call("", "POST", "/login/refresh", renewal).await;
        let token = word(&renewed["access_token"]);
        let path = format!("/chat/sessions/{}/messages", made.session);
        let history = self.call(&token, "GET", &path, Value::Null).await;
        let before = history["items"].as_array().unwrap().len();
        let question = json!({ "message": "And who goes on?", "session_id": made.session });
        let asked = self.call(&token, "POST", "/chat", question).await;
        assert_eq!(asked["session_id"], made.session, "{asked}");
        let history = self.call(&token, "GET", &path, Value::Null).await;
        assert_eq!(history["items"].as_array().unwrap().len(), before + 2);
        assert!(history.to_string().contains("Who made this?"), "{history}");
        let sessions = self
            .call(&token, "GET", "/chat/sessions", Value::Null)
            .await;
        assert!(sessions.to_string().contains(&made.session), "{sessions}");
        assert!(self.finds(&token, &made.word).await, "{}", self.name);
    }

    /// What an answer became, as its conversation tells it.
    async fn stored(&self, who: Person, message: &str) -> Value {
        let (token, _) = self.login(who).await;
        let path = format!("/chat/messages/{message}");
        self.call(&token, "GET", &path, Value::Null).await
    }

    async fn ends(self) {
        self.program.terminate().await;
        assert!(self.program.ended().await.success(), "{}", self.name);
    }
}

fn word(value: &Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}

/// Reads an answer to its end, which must be a good one.
async fn whole(events: Events) {
    let events = events.all().await;
    assert_eq!(text_of(&events), WHOLE, "{events:?}");
    assert_eq!(events.last().unwrap().event, "done", "{events:?}");
}

async fn migrated_by_before(database: &Database) {
    let mut command = Command::new(before());
    command.arg("migrate").env_clear().stdout(Stdio::null());
    command.env("DATABASE_URL", database.url());
    command.env("SECRET_KEY", SECRET_KEY);
    let ended = wait_for("the first migration", command.status()).await;
    assert!(ended.unwrap().success());
}

async fn migrated_by_this(database: &Database) -> String {
    let url = database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let ended = run(&["migrate"], &vars, "").await;
    assert!(ended.ok, "{}", ended.stderr);
    ended.stdout
}

#[tokio::test]
#[ignore = "needs RELEASE_BEFORE: scripts/check-upgrade"]
async fn two_releases_serve_together_and_one_can_go_back() {
    let (provider, database) = (Provider::start().await, Database::empty().await);
    migrated_by_before(&database).await;
    seed(&mut connect_to(&database.url()).await).await;
    let before = Release::before(&database, &provider).await;
    let made = before.makes("zanthogryph").await;
    let mut open = Vec::new();
    for who in [U1, U2, ADMIN1] {
        open.push((who, before.begin(who, &provider).await));
    }
    provider.let_go(1);

    let told = migrated_by_this(&database).await;
    tell(&told);
    let this = Release::this(&database, &provider).await;
    assert_eq!(this.status("/ready").await, 200);
    assert_eq!(before.status("/health").await, 200);
    // Both take what either made, before the migration and after it.
    this.takes_over(&made).await;
    before.takes_over(&this.makes("quibblefax").await).await;
    this.takes_over(&before.makes("mordelwasp").await).await;
    let along = this.follow(U1, &open[0].1.1).await;
    provider.let_go(open.len() * STEPS - 1);
    whole(along).await;
    for (who, (events, message)) in open {
        whole(events).await;
        let stored = this.stored(who, &message).await;
        assert_eq!(stored["status"], "complete", "{stored}");
        assert_eq!(stored["content"], WHOLE, "{stored}");
    }
    before.ends().await;

    // One release back, on the schema as it is.
    let made = this.makes("oblivarium").await;
    let back = Release::before(&database, &provider).await;
    let (events, message) = this.begin(U2, &provider).await;
    back.takes_over(&made).await;
    provider.let_go(STEPS);
    whole(events).await;
    this.ends().await;
    assert_eq!(back.stored(U2, &message).await["content"], WHOLE);
    back.makes("tessarind").await;
    back.ends().await;
}
