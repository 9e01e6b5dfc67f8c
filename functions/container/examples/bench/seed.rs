//! A tenant with a user, documents and conversations, made through the API.

use crate::{
    client::{Call, Server},
    load::Tokens,
    provider::vector,
    service::{Program, Service},
};
use anyhow::Result;
use secrecy::ExposeSecret;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;
use tenant_auth::generate_password;
use uuid::Uuid;

/// What the passages of the documents answer.
pub const QUESTION: &str = "How long does a refund of a tent take?";
pub const PROMPT: &str =
    "You are the assistant of a shop for hiking gear. Answer briefly, and only from the passages.";
/// Whose slug it is.
pub const TENANT: &str = "bench";
/// The slug of the tenant beside it.
const NEIGHBOUR: &str = "neighbour";
/// Who asks.
pub const MEMBER: &str = "member@bench.example";
const SUPERUSER: &str = "root@bench.example";
const SUBJECTS: [&str; 12] = [
    "tent",
    "boot",
    "stove",
    "rope",
    "jacket",
    "sleeping bag",
    "backpack",
    "lamp",
    "bottle",
    "map",
    "compass",
    "knife",
];
/// Conversations that the user has had: one page of the list.
const SESSIONS: usize = 20;

/// How to log in.
#[derive(Clone)]
pub struct Login {
    pub tenant: String,
    pub email: String,
    pub password: String,
}

/// Who was made.
pub struct People {
    /// Who asks.
    pub member: Login,
    /// A member and an administrator of another tenant, who get in the way.
    pub neighbours: [Login; 2],
}

#[derive(Deserialize)]
struct Created {
    id: Uuid,
}

/// A superuser's way into a tenant.
#[derive(Deserialize)]
struct Assumed {
    access_token: String,
}

impl Login {
    fn new(tenant: &str, email: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            email: email.to_owned(),
            password: generate_password().expose_secret().to_owned(),
        }
    }

    pub fn call(&self) -> Call {
        let Self {
            tenant,
            email,
            password,
        } = self;
        Call::post(
            "/login",
            &json!({ "tenant": tenant, "email": email, "password": password }),
        )
    }

    pub async fn tokens(&self, server: &Server) -> Result<Tokens> {
        server.ask(&self.call()).await
    }
}

/// Brings the database up to date, starts the service and fills it; how its users log in.
pub async fn begin(program: &Program) -> Result<(Service, People)> {
    let superuser = Login::new("platform", SUPERUSER);
    program.operate(&["migrate"], "").await?;
    let create = ["create-superuser", "--email", SUPERUSER, "--password-stdin"];
    program.operate(&create, &superuser.password).await?;
    let service = program.serve().await?;
    let people = seed(&service.server, &superuser).await?;
    Ok((service, people))
}

async fn seed(server: &Server, superuser: &Login) -> Result<People> {
    let root = superuser.tokens(server).await?.access_token;
    let [member, _] = tenant(server, &root, TENANT).await?;
    let neighbours = tenant(server, &root, NEIGHBOUR).await?;
    let token = member.tokens(server).await?.access_token;
    for _ in 0..SESSIONS {
        server.ask::<IgnoredAny>(&turn(&token)).await?;
    }
    Ok(People { member, neighbours })
}

/// A tenant with documents; its member and its administrator.
async fn tenant(server: &Server, root: &str, slug: &str) -> Result<[Login; 2]> {
    let tenant =
        json!({ "slug": slug, "name": "Bench", "provider": "openai", "system_prompt": PROMPT });
    let tenant: Created = server
        .ask(&Call::post("/tenants", &tenant).by(root))
        .await?;
    let assume = Call::post(
        format!("/admin/tenants/{}/assume", tenant.id),
        &json!({ "reason": "Measuring" }),
    );
    let inside: Assumed = server.ask(&assume.by(root)).await?;
    let people = ["member", "admin"].map(|role| {
        let login = Login::new(slug, &format!("{role}@{slug}.example"));
        (role, login)
    });
    for (role, login) in &people {
        let user = json!({ "email": login.email, "password": login.password, "role": role });
        let call = Call::post("/admin/users", &user).by(&inside.access_token);
        server.ask::<IgnoredAny>(&call).await?;
    }
    let [(_, member), (_, admin)] = people;
    let token = admin.tokens(server).await?.access_token;
    for subject in SUBJECTS {
        let document = json!({ "title": format!("Returning a {subject}"), "text": text(subject) });
        let call = Call::post("/documents", &document).by(&token);
        server.ask::<IgnoredAny>(&call).await?;
    }
    Ok([member, admin])
}

fn text(subject: &str) -> String {
    format!(
        "You can return a {subject} within 30 days of delivery, used or not, as long as it is clean. Print the label \
         from your account and hand the parcel in at any post office. A refund of a {subject} takes 5 working days from \
         the day the parcel reaches our warehouse, and is paid to the card or account you paid with.\n\nA {subject} that \
         broke within two years is repaired first, and replaced if a repair is not possible. Send us a photo of the damage \
         and your order number. Return shipping is free within the country; from abroad we deduct 9 euros."
    )
}

/// A question with one of the provider's markers.
pub fn marked(marker: &str) -> String {
    format!("{marker}: {QUESTION}")
}

/// A turn that starts a conversation, not streamed.
pub fn turn(token: &str) -> Call {
    Call::post("/chat", &json!({ "message": QUESTION })).by(token)
}

/// The question of [`turn`] as OpenAI's clients ask it.
pub fn completion(token: &str, stream: bool) -> Call {
    let messages = json!([{ "role": "user", "content": QUESTION }]);
    let body = json!({ "model": "default", "messages": messages, "stream": stream });
    Call::post("/v1/chat/completions", &body).by(token)
}

/// The same, streamed.
pub fn streamed(token: &str, question: &str) -> Call {
    let body = json!({ "message": question, "stream": true });
    Call {
        first_token: Some(b"event: delta"),
        ..Call::post("/chat", &body).by(token)
    }
}

/// What the service asks the provider for one turn.
pub fn provider_calls(question: &str, stream: bool) -> Vec<Call> {
    let embed = json!({ "model": "text-embedding-3-small", "input": [question], "encoding_format": "float" });
    let query = json!({ "namespace": "n", "vector": vector(), "topK": 5, "includeMetadata": true });
    let passages: String = SUBJECTS[..5].iter().map(|subject| text(subject)).collect();
    let messages = json!([
        { "role": "system", "content": format!("{PROMPT}\n\n{passages}") },
        { "role": "user", "content": question }
    ]);
    let complete = json!({ "model": "gpt-4o-mini", "messages": messages, "stream": stream });
    [
        ("/v1/embeddings", embed),
        ("/query", query),
        ("/v1/chat/completions", complete),
    ]
    .map(|(path, body)| Call::post(path, &body))
    .into()
}
