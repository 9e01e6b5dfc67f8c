//! A service where everybody has something that somebody else might want; and all that is stored.

use super::{ADMIN1, ADMIN2, Answer, Kit, PEOPLE, Person, SUPERUSER, api::Ids, request};
use axum::{body::Body, http::header};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Deref,
};
use uuid::Uuid;

/// A service in use: everybody is logged in and has asked something, every tenant has a document, a provider's key and an API key.
pub struct Scene {
    pub kit: Kit,
    tokens: HashMap<Uuid, String>,
    ids: HashMap<Uuid, Ids>,
}

impl Deref for Scene {
    type Target = Kit;
    fn deref(&self) -> &Kit {
        &self.kit
    }
}

impl Scene {
    pub async fn new() -> Self {
        Self::on(Kit::new().await).await
    }

    /// Fills an existing service.
    pub async fn on(kit: Kit) -> Self {
        let mut scene = Self {
            kit,
            tokens: HashMap::new(),
            ids: HashMap::new(),
        };
        let (mut documents, mut keys) = (HashMap::new(), HashMap::new());
        let (mut sites, mut identity_keys) = (HashMap::new(), HashMap::new());
        let mut connectors = HashMap::new();
        for admin in [ADMIN1, ADMIN2, SUPERUSER] {
            let text = format!("Only {} knows the word {}.", admin.tenant, admin.tenant_id);
            let document = scene.kit.add_document(admin, admin.tenant, &text).await;
            documents.insert(admin.tenant_id, document);
            let file = "insert into parlance.document_files
                          (tenant_id, document_id, is_next, name, media_type, content, title, metadata, hash)
                        values ($1, $2, false, 'a.txt', 'text/plain', 'A file.', 'A title', '{}', '')";
            let file = sqlx::query(file).bind(admin.tenant_id).bind(document);
            file.execute(&scene.kit.pool)
                .await
                .expect("it can be arranged");
            // As if it had been deleted before: there is a receipt to look at.
            let deleted =
                "insert into parlance.document_deletions (tenant_id, document_id) values ($1, $2)";
            let deleted = sqlx::query(deleted).bind(admin.tenant_id).bind(document);
            deleted
                .execute(&scene.kit.pool)
                .await
                .expect("it can be arranged");
            let token = scene.kit.token(admin).await;
            let key = json!({ "api_key": format!("pc-key-of-{}-0123", admin.tenant) });
            let path = "/tenants/current/secrets/pinecone";
            let set = scene.kit.put(&token, path, key).await;
            assert_eq!(set.status, 204, "{}", set.text);
            let key = json!({ "name": admin.tenant, "scopes": ["chat"] });
            let made = scene.kit.post(&token, "/admin/api-keys", key).await;
            assert_eq!(made.status, 201, "{}", made.text);
            keys.insert(admin.tenant_id, made.id_at("/api_key/id"));
            let connector =
                json!({ "name": admin.tenant, "url": "https://one.example/", "is_on": false });
            let made = scene
                .kit
                .post(&token, "/documents/connectors", connector)
                .await;
            assert_eq!(made.status, 201, "{}", made.text);
            connectors.insert(admin.tenant_id, made.id("id"));
            let site = json!({ "name": admin.tenant });
            let made = scene.kit.post(&token, "/tenants/current/sites", site).await;
            assert_eq!(made.status, 201, "{}", made.text);
            sites.insert(admin.tenant_id, made.id("id"));
            let path = format!("/tenants/current/sites/{}/identity-keys", made.id("id"));
            let key = json!({ "algorithm": "HS256" });
            let made = scene.kit.post(&token, &path, key).await;
            assert_eq!(made.status, 201, "{}", made.text);
            identity_keys.insert(admin.tenant_id, made.id_at("/identity_key/id"));
        }
        for &who in PEOPLE {
            let token = scene.kit.token(who).await;
            let logins = scene.kit.get(&token, "/login/sessions").await;
            let message = json!({ "message": format!("A question of {}", who.email) });
            let asked = scene.kit.post(&token, "/chat", message).await;
            assert_eq!(asked.status, 200, "{}", asked.text);
            let ids = Ids {
                tenant: who.tenant_id,
                user: who.id,
                login: logins.id_at("/items/0/id"),
                session: asked.id("session_id"),
                message: asked.id("message_id"),
                document: documents[&who.tenant_id],
                api_key: keys[&who.tenant_id],
                site: sites[&who.tenant_id],
                connector: connectors[&who.tenant_id],
                identity_key: identity_keys[&who.tenant_id],
                rehearsal: Uuid::nil(),
                question: Uuid::nil(),
            };
            scene.tokens.insert(who.id, token);
            scene.ids.insert(who.id, ids);
        }
        for admin in [ADMIN1, ADMIN2, SUPERUSER] {
            let (rehearsal, question) = rehearse(&scene, admin).await;
            let its = scene.ids.values_mut();
            for ids in its.filter(|ids| ids.tenant == admin.tenant_id) {
                (ids.rehearsal, ids.question) = (rehearsal, question);
            }
        }
        scene
    }

    /// An unexpired access token.
    pub fn token_of(&self, who: Person) -> &str {
        &self.tokens[&who.id]
    }

    /// What belongs to somebody.
    pub fn ids_of(&self, who: Person) -> Ids {
        self.ids[&who.id]
    }

    /// Sends a body as JSON, or none if it is null.
    pub async fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {token}");
        let authorization = Some(&*authorization).filter(|_| !token.is_empty());
        self.ask_with(authorization, method, path, body).await
    }

    /// As [`Scene::ask`], with any `Authorization`.
    pub async fn ask_with(
        &self,
        authorization: Option<&str>,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Answer {
        let mut request = request("", method, path);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        if body.is_null() {
            return self.send(request, Body::empty()).await;
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request, Body::from(body.to_string())).await
    }
}

/// A rehearsal that is done, of a question that the tenant shares: an hour old, got no good answer, and is the administrator's.
async fn rehearse(scene: &Scene, admin: Person) -> (Uuid, Uuid) {
    let then = u64::try_from(scene.clock.now().timestamp() - 3600).expect("it is after 1970");
    let old = |nanos| Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, then, nanos));
    let sql = "with shared as (
                 update parlance.tenants set share_unanswered_since = now() - interval '1 day' where id = $1),
               session as (
                 insert into parlance.chat_sessions (tenant_id, id, user_id, title, last_seq)
                 values ($1, $3, $2, 'An old one', 2)),
               messages as (
                 insert into parlance.chat_messages (tenant_id, id, session_id, seq, role, content, status)
                 values ($1, $4, $3, 1, 'user', 'Who knows?', 'complete'), ($1, $5, $3, 2, 'assistant', 'Nobody.', 'complete')),
               useless as (
                 insert into parlance.message_feedback (tenant_id, message_id, rating) values ($1, $5, 'down')),
               settings as (
                 select jsonb_build_object('system_prompt', '', 'provider', 'openai', 'chat_model', null, 'temperature', null,
                   'max_output_tokens', 1024, 'retrieval', jsonb_build_object('enabled', true, 'top_k', 5, 'min_score', 0,
                     'rerank_provider', null, 'rerank_model', null)) as settings),
               made as (
                 insert into parlance.rehearsals (tenant_id, id, status, now_settings, changed_settings, sample, sampled_from,
                   sampled_to, budget, created_by, ended_at)
                 select $1, $6, 'done', settings, settings, 'latest', now(), now(), 1, $2, now() from settings)
               insert into parlance.rehearsal_questions (tenant_id, rehearsal_id, message_id) values ($1, $6, $4)";
    let [session, question, answer] = [1, 2, 3].map(|n| old(n * 1_000_000));
    let rehearsal = Uuid::now_v7();
    let arranged = sqlx::query(sql)
        .bind(admin.tenant_id)
        .bind(admin.id)
        .bind(session)
        .bind(question)
        .bind(answer)
        .bind(rehearsal);
    arranged
        .execute(&scene.pool)
        .await
        .expect("it can be arranged");
    (rehearsal, question)
}

/// Every row of every table, as text; but for what every attempt leaves behind, done or not: the counters, and in the
/// audit log the notes of those that were refused.
#[derive(Debug, PartialEq)]
pub struct Stored(pub BTreeMap<String, Vec<String>>);

impl Stored {
    /// What is stored now.
    pub async fn all(pool: &PgPool) -> Self {
        Self::rows(pool, "true").await
    }

    /// What is stored now of one tenant.
    pub async fn of(pool: &PgPool, tenant: Uuid) -> Self {
        let its = format!("'{tenant}' in (to_jsonb(t) ->> 'tenant_id', to_jsonb(t) ->> 'id')");
        Self::rows(pool, &its).await
    }

    async fn rows(pool: &PgPool, which: &str) -> Self {
        let tables: Vec<String> = sqlx::query_scalar(
            "select relname::text from pg_class
             where relnamespace = 'parlance'::regnamespace and relkind = 'r' and relname <> 'rate_buckets'",
        )
        .fetch_all(pool)
        .await
        .expect("the catalogue lists the tables");
        let mut stored = BTreeMap::new();
        for table in tables {
            let which = match &*table {
                "audit_log" => format!("{which} and outcome = 'success'"),
                _ => which.to_owned(),
            };
            let sql = format!("select t::text from parlance.{table} t where {which} order by 1");
            let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(pool).await;
            stored.insert(table, rows.expect("a superuser reads every table"));
        }
        Self(stored)
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.0[table].len()
    }

    /// Whether any row holds the text.
    pub fn contains(&self, text: &str) -> bool {
        self.0.values().flatten().any(|row| row.contains(text))
    }
}
