//! Where keys are sent: the deployment's to nobody but whom the deployment chose, whatever a tenant sets.

use crate::kit::{
    ADMIN1, Kit, T1, U1,
    api::{contract, resolve},
    provider::Provider,
};
use axum::{Json, Router, extract::Path, http::HeaderMap};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

const PINECONE: &str = "/tenants/current/secrets/pinecone";
/// The deployment's, and the tenant's own.
const OURS: &str = "canary-of-the-deployment";
const OWN: &str = "canary-of-the-tenant";
const DEPLOYMENT: [(&str, &str); 4] = [
    ("OPENAI_API_KEY", OURS),
    ("DEEPSEEK_API_KEY", OURS),
    ("PINECONE_API_KEY", OURS),
    ("INDEX_NAME", "shared"),
];

/// A service with keys of its own for everything, and the providers that it chose; beside them, a machine of a tenant.
async fn with_keys() -> (Kit, Provider, Provider) {
    let (chosen, tenants) = (Provider::start().await, Provider::start().await);
    let kit = chosen.kit(DEPLOYMENT).await;
    (kit, chosen, tenants)
}

/// The keys that a machine was sent, with the paths.
fn keys(at: &Provider) -> Vec<(String, String)> {
    let all = at.asked().into_iter();
    all.map(|asked| (asked.path, asked.authorization + &asked.api_key))
        .collect()
}

fn has(keys: &[(String, String)], key: &str) -> bool {
    keys.iter().any(|(_, sent)| sent.contains(key))
}

async fn set_own_key(kit: &Kit, token: &str) {
    let set = kit.put(token, PINECONE, json!({ "api_key": OWN })).await;
    assert_eq!(set.status, 204, "{}", set.text);
}

/// Searches with a new login, for the service remembers for seconds what a tenant was like.
async fn search(kit: &Kit) {
    let token = kit.token(U1).await;
    let query = json!({ "query": "How long does a refund take?" });
    let found = kit.post(&token, "/documents/search", query).await;
    assert_eq!(found.status, 200, "{}", found.text);
}

#[tokio::test] // R59
async fn an_index_that_a_tenant_chose_is_asked_with_its_own_key_only() {
    let (kit, chosen, tenants) = with_keys().await;
    let token = kit.token(ADMIN1).await;
    set_own_key(&kit, &token).await;
    for settings in [
        json!({ "host": tenants.address, "index": "mine" }),
        json!({ "host": null, "index": "mine" }),
    ] {
        let change = json!({ "pinecone": settings });
        let changed = kit.patch(&token, "/tenants/current", change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let (before, asked) = (keys(&chosen).len(), keys(&tenants).len());
        search(&kit).await;
        let sent = [&keys(&chosen)[before..], &keys(&tenants)[asked..]].concat();
        assert!(has(&sent, OWN), "{sent:?}");

        assert_eq!(kit.delete(&token, PINECONE).await.status, 204);
        let (before, asked) = (keys(&chosen).len(), keys(&tenants).len());
        search(&kit).await;
        let sent = keys(&chosen)[before..].to_vec();
        assert!(
            sent.iter().all(|(path, _)| !path.contains("mine")),
            "{sent:?}"
        );
        assert!(sent.contains(&("/query".into(), OURS.into())), "{sent:?}");
        assert_eq!(keys(&tenants).len(), asked);
        set_own_key(&kit, &token).await;
    }
}

/// Pinecone as two customers see it, each with an index of that name on a machine of its own.
async fn control_plane(hosts: [(&'static str, String); 2]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let describe = async move |Path(_): Path<String>, headers: HeaderMap| {
        let key = headers["api-key"].to_str().unwrap();
        let host = hosts.iter().find(|(of, _)| *of == key);
        Json(json!({ "host": host.expect("the key is one of the two").1 }))
    };
    let router = Router::new().route("/indexes/{name}", axum::routing::get(describe));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test] // R59
async fn a_host_that_was_found_with_one_key_is_not_sent_another() {
    let (chosen, tenants) = (Provider::start().await, Provider::start().await);
    let hosts = [
        (OURS, chosen.address.clone()),
        (OWN, tenants.address.clone()),
    ];
    let control = control_plane(hosts).await;
    let vars = DEPLOYMENT
        .into_iter()
        .chain([("PINECONE_BASE_URL", &*control)]);
    let vars: [(&str, &str); 5] = vars.collect::<Vec<_>>().try_into().unwrap();
    let kit = chosen.kit(vars).await;
    let token = kit.token(ADMIN1).await;
    let query = |at: &Provider| keys(at).into_iter().rfind(|(path, _)| path == "/query");

    search(&kit).await;
    assert_eq!(query(&chosen), Some(("/query".into(), OURS.into())));
    set_own_key(&kit, &token).await;
    search(&kit).await;
    assert_eq!(query(&tenants), Some(("/query".into(), OWN.into())));
    assert_eq!(kit.delete(&token, PINECONE).await.status, 204);
    search(&kit).await;
    assert!(!has(&keys(&tenants), OURS), "{:?}", keys(&tenants));
    assert!(!has(&keys(&chosen), OWN), "{:?}", keys(&chosen));
}

#[tokio::test]
async fn an_index_without_a_key_of_its_own_is_refused() {
    let (kit, _chosen, tenants) = with_keys().await;
    let token = kit.token(ADMIN1).await;
    for (name, value) in [("host", &*tenants.address), ("index", "mine")] {
        let field = format!("pinecone.{name}");
        let change = json!({ "pinecone": { name: value } });
        let refused = kit.patch(&token, "/tenants/current", change.clone()).await;
        assert_eq!(refused.fields(), [&*field]);
        let sentence = refused.json["errors"][0]["message"].as_str().unwrap();
        assert!(sentence.contains("own Pinecone key"), "{sentence}");
        // Taking it back needs none.
        let nothing = json!({ "pinecone": { name: null } });
        let cleared = kit.patch(&token, "/tenants/current", nothing).await;
        assert_eq!(cleared.status, 200, "{}", cleared.text);
    }
    set_own_key(&kit, &token).await;
    let long = format!("{}.pinecone.io", "a".repeat(300));
    let refused = json!({ "pinecone": { "host": long } });
    let refused = kit.patch(&token, "/tenants/current", refused).await;
    assert_eq!(refused.fields(), ["pinecone.host"]);
    let loud = json!({ "pinecone": { "host": "HTTPS://Mine.SVC.Pinecone.IO:443" } });
    let stored = kit.patch(&token, "/tenants/current", loud).await;
    assert_eq!(
        stored.json["pinecone"]["host"],
        "https://mine.svc.pinecone.io/"
    );
}

/// Every setting that takes a text, as a change that sets it and nothing else.
fn text_settings(value: &str) -> Vec<Value> {
    fn of(contract: &Value, schema: &Value, value: &str) -> Vec<Value> {
        let schema = resolve(contract, schema);
        let schema = match schema["oneOf"].as_array() {
            Some(kinds) => resolve(contract, &kinds[0]),
            None => schema,
        };
        if let Some(fields) = schema["properties"].as_object() {
            let changes = |(name, schema): (&String, &Value)| {
                let inner = of(contract, schema, value).into_iter();
                let wrap = |inner| Value::Object(Map::from_iter([(name.clone(), inner)]));
                inner.map(wrap).collect::<Vec<_>>()
            };
            return fields.iter().flat_map(changes).collect();
        }
        if schema["type"].to_string().contains("\"array\"") {
            return vec![json!([value])];
        }
        vec![json!(value)]
    }
    let contract = contract();
    of(
        &contract,
        &contract["components"]["schemas"]["TenantSettings"],
        value,
    )
}

#[tokio::test] // R59
async fn nothing_that_a_tenant_sets_moves_a_key_of_the_deployment() {
    let (kit, chosen, tenants) = with_keys().await;
    let admin = kit.token(ADMIN1).await;
    let address = &tenants.address;
    let spellings = [
        address.clone(),
        format!("http://{address}"),
        format!("http://{address}/"),
    ];
    let mut taken = 0;
    for change in spellings.iter().flat_map(|value| text_settings(value)) {
        let changed = kit.patch(&admin, "/tenants/current", change).await;
        taken += usize::from(changed.status == 200);
    }
    assert!(taken >= 3, "a name and a prompt take any text");
    // What an older release let in.
    sqlx::query(
        "update parlance.tenants set pinecone_host = $2, pinecone_index = 'mine' where id = $1",
    )
    .bind(T1)
    .bind(address)
    .execute(&kit.pool)
    .await
    .unwrap();
    for provider in ["openai", "deepseek"] {
        let change = json!({ "provider": provider });
        let changed = kit.patch(&admin, "/tenants/current", change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let member = kit.token(U1).await;
        let question = json!({ "message": "How long does a refund take?" });
        let asked = kit.post(&member, "/chat", question).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
    }
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    assert_eq!(keys(&tenants), [], "the tenant's machine");
    let bearer = format!("Bearer {OURS}");
    for (path, key) in [
        ("/openai/v1/chat/completions", &*bearer),
        ("/openai/v1/embeddings", &bearer),
        ("/deepseek/chat/completions", &bearer),
        ("/indexes/shared", OURS),
        ("/query", OURS),
        ("/vectors/upsert", OURS),
    ] {
        let sent = keys(&chosen);
        assert!(
            sent.contains(&(path.into(), key.into())),
            "{path}: {sent:?}"
        );
    }
}
