//! A tenant's second provider, for where the first cannot answer.

mod budgets;
mod failing;
mod settings;

use crate::kit::{
    ADMIN1, Answer, Kit, METRICS_TOKEN, U1,
    http::{Event, Events, Served, streamed, text_of},
    provider::{Provider, Reply},
    wait::wait_until,
};
use serde_json::{Value, json};
use uuid::Uuid;

const KEYS: [(&str, &str); 2] = [
    ("OPENAI_API_KEY", "sk-first"),
    ("DEEPSEEK_API_KEY", "sk-second"),
];

/// A service whose tenant is answered by OpenAI, and by DeepSeek where that cannot: each a server of its own.
struct Two {
    first: Provider,
    second: Provider,
    kit: Kit,
    served: Served,
}

impl Two {
    async fn with<const N: usize>(vars: [(&str, &str); N]) -> Self {
        let (first, second) = (Provider::start().await, Provider::start().await);
        let [_, deepseek, _] = second.vars();
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let vars = first.vars().into_iter().chain([deepseek]).chain(vars);
        let database = crate::kit::database::Database::clone_template().await;
        let kit = Kit::on(database, vars).await;
        set(&kit, json!({ "fallback_provider": "deepseek" })).await;
        let served = Served::new(&kit).await;
        Self {
            first,
            second,
            kit,
            served,
        }
    }

    /// With the deployment's keys for both.
    async fn new() -> Self {
        Self::with(KEYS).await
    }

    async fn ask(&self) -> Answer {
        let token = self.kit.token(U1).await;
        let body = json!({ "message": "Hello?", "reasoning": true });
        self.kit.post(&token, "/chat", body).await
    }

    async fn ask_streamed(&self) -> Vec<Event> {
        let asking = streamed(&self.kit.token(U1).await, "Hello?");
        Events::new(self.served.send(asking).await).all().await
    }

    /// How often each was asked.
    fn asked(&self) -> [usize; 2] {
        [&self.first, &self.second].map(|provider| provider.chats().len())
    }

    /// How the message is told: its status, provider, model, and text.
    async fn shown(&self, message: Uuid) -> [Value; 4] {
        let path = format!("/chat/messages/{message}");
        let shown = self.kit.get(&self.kit.token(U1).await, &path).await;
        ["status", "provider", "model", "content"].map(|field| shown.json[field].clone())
    }

    /// Waits until the message is told so: by its status, provider and model.
    async fn is_shown(&self, message: Uuid, expected: [&str; 3]) {
        wait_until(format!("an answer that is {expected:?}"), async || {
            let shown = self.shown(message).await;
            let is_so = shown[..3] == expected;
            is_so.then_some(()).ok_or_else(|| format!("{shown:?}"))
        })
        .await;
    }

    /// The answer's message in the only conversation's last turn.
    async fn last(&self) -> Uuid {
        let sql = "select id from parlance.chat_messages where role = 'assistant' order by id desc limit 1";
        let last = sqlx::query_scalar(sql).fetch_one(&self.kit.pool).await;
        last.expect("there is an answer")
    }

    async fn counted(&self) -> String {
        let metrics = self.kit.get(METRICS_TOKEN, "/metrics").await.text;
        let start = "parlance_fallback_used_total ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(start));
        line.expect("it is counted").to_owned()
    }
}

async fn set(kit: &Kit, settings: Value) {
    let token = kit.token(ADMIN1).await;
    let changed = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

async fn set_key(kit: &Kit, provider: &str, key: &str) {
    let token = kit.token(ADMIN1).await;
    let path = format!("/tenants/current/secrets/{provider}");
    let set = kit.put(&token, &path, json!({ "api_key": key })).await;
    assert_eq!(set.status, 204, "{}", set.text);
}

fn status(status: u16) -> Reply {
    Reply::Status(status, json!({}))
}

/// A provider that cannot answer, in every way that another may make good.
fn away() -> [Reply; 6] {
    [
        status(503),
        status(429),
        status(307),
        Reply::Raw(String::new()),
        Reply::Raw("<html>We are sorry</html>".into()),
        Reply::Silence,
    ]
}

#[tokio::test] // R73
async fn where_the_first_cannot_answer_the_second_does() {
    let times = [
        ("PROVIDER_FIRST_TOKEN_SECONDS", "1"),
        ("PROVIDER_COMPLETE_SECONDS", "1"),
    ];
    let [one, two] = KEYS;
    let [three, four] = times;
    let two = Two::with([one, two, three, four]).await;
    let text = "Hello from the model.";
    for reply in away() {
        let shown = format!("{reply:?}");
        two.first.always(reply);
        let answer = two.ask().await;
        assert_eq!(answer.status, 200, "{shown}: {}", answer.text);
        for (field, value) in [
            ("provider", "deepseek"),
            ("model", "deepseek-flash"),
            ("answer", text),
        ] {
            assert_eq!(answer.json[field], value, "{shown}");
        }
        let expected = ["complete", "deepseek", "deepseek-flash", text];
        assert_eq!(two.shown(two.last().await).await, expected, "{shown}");

        let events = two.ask_streamed().await;
        let names: Vec<&str> = events.iter().map(|e| e.event.as_str()).collect();
        assert_eq!(
            (names[0], names[names.len() - 1]),
            ("start", "done"),
            "{shown}"
        );
        assert_eq!(events[0].data["model"], "gpt-6-luna");
        let done = &events.last().unwrap().data;
        assert_eq!(
            (&done["provider"], &done["model"], text_of(&events).as_str()),
            (&json!("deepseek"), &json!("deepseek-flash"), text)
        );
        assert_eq!(two.shown(events[0].uuid("message_id")).await, expected);
    }
    assert_eq!(two.counted().await, "12");
    let keys = two.second.chats();
    assert!(
        keys.iter()
            .all(|asked| asked.authorization == "Bearer sk-second")
    );
    assert!(
        keys.iter()
            .all(|asked| asked.path == "/deepseek/chat/completions")
    );
}

#[tokio::test] // R73
async fn a_first_that_is_not_there_is_stood_in_for() {
    let [one, two] = KEYS;
    let two = Two::with([one, two, ("OPENAI_BASE_URL", "http://127.0.0.1:1/")]).await;
    assert_eq!(two.ask().await.json["provider"], "deepseek");
    let events = two.ask_streamed().await;
    assert_eq!(events.last().unwrap().data["provider"], "deepseek");
    assert_eq!(two.asked(), [0, 2]);
}

#[tokio::test] // R73
async fn nobody_stands_in_without_the_tenant_s_wish_and_a_key() {
    let two = Two::with([KEYS[0]]).await;
    two.first.always(status(503));
    // Nobody has a key.
    assert_eq!(two.ask().await.problem(502), "provider_unavailable");
    let shown = two.shown(two.last().await).await;
    assert_eq!(shown, ["failed", "openai", "gpt-6-luna", ""]);
    // The tenant's own serves, and the model that it wants.
    set_key(&two.kit, "deepseek", "sk-of-the-tenant").await;
    set(&two.kit, json!({ "fallback_model": "deepseek-large" })).await;
    let answer = two.ask().await;
    assert_eq!(answer.json["provider"], "deepseek", "{}", answer.text);
    assert_eq!(answer.json["model"], "deepseek-large");
    let asked = &two.second.chats()[0];
    assert_eq!(asked.authorization, "Bearer sk-of-the-tenant");
    assert_eq!(asked.body["model"], "deepseek-large");
    // Wanted no more.
    set(&two.kit, json!({ "fallback_provider": null })).await;
    assert_eq!(two.ask().await.problem(502), "provider_unavailable");
    assert_eq!(two.asked()[1], 1);
    assert_eq!(two.counted().await, "1");
}

#[tokio::test] // R73, R83
async fn an_answer_of_the_second_can_be_stopped() {
    let two = Two::new().await;
    two.first.always(status(503));
    let token = two.kit.token(U1).await;
    for pieces in [&["One, ", "two."][..], &[]] {
        two.second.hold(&["One, ", "two."]);
        two.second.let_go(pieces.len().min(1));
        let before = two.second.chats().len();
        let mut events = Events::new(two.served.send(streamed(&token, "Hello?")).await);
        let message = events.one().await.uuid("message_id");
        two.second.asked_for(before + 1).await;
        let text = match pieces.first() {
            Some(first) => {
                assert_eq!(events.one().await.data["text"], *first);
                *first
            }
            None => "",
        };
        two.is_shown(message, ["streaming", "deepseek", "deepseek-flash"])
            .await;
        let path = format!("/chat/messages/{message}/stop");
        let stopped = two.kit.post(&token, &path, json!(null)).await;
        assert_eq!(stopped.json["status"], "stopped", "{}", stopped.text);
        let done = events.one().await;
        assert_eq!(
            (&*done.event, &done.data["provider"]),
            ("done", &json!("deepseek"))
        );
        let shown = two.shown(message).await;
        assert_eq!(shown, ["stopped", "deepseek", "deepseek-flash", text]);
    }
}

#[tokio::test] // R73, R74
async fn a_first_that_is_left_alone_is_stood_in_for() {
    let two = Two::new().await;
    two.first.always(status(500));
    for n in 0..40 {
        let [before, _] = two.asked();
        let answer = two.ask().await;
        assert_eq!(answer.json["provider"], "deepseek", "{}", answer.text);
        let [after, answered] = two.asked();
        assert_eq!(answered, n + 1);
        if after == before {
            return;
        }
    }
    panic!("the first was asked every time");
}
