//! The vector index: hosts, namespaces, and matches that belong to somebody else.

use ai::{Error, IndexHost, KeyOwner, Match, Namespace, Vector};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use crate::server::{self, Seen, Server};

fn key() -> SecretString {
    "pc-key".to_owned().into()
}

/// The server's host, as Pinecone would name it.
fn host(server: &Server) -> IndexHost {
    server.client().check_host(server.authority()).unwrap()
}

fn assert_addressed(seen: &Seen, path: &str, namespace: &str) {
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", path));
    assert_eq!(seen.header("api-key"), "pc-key");
    assert_eq!(seen.header("x-pinecone-api-version"), "2026-04");
    assert_eq!(seen.header("authorization"), "");
    assert_eq!(seen.body["namespace"], namespace);
}

#[tokio::test]
async fn the_host_is_asked_for_by_name() {
    let server = Server::start(|seen| {
        let host = seen.header("host").to_owned();
        Some(server::json(
            json!({"name": "docs", "host": host, "dimension": 2}),
        ))
    })
    .await;
    let name = "docs".parse().unwrap();
    let found = server
        .client()
        .index(&key(), KeyOwner::Tenant, &name)
        .await
        .unwrap();
    assert_eq!((found.host, found.dimensions), (host(&server), Some(2)));
    let seen = server.only();
    assert_eq!(seen.method, "GET");
    assert_eq!(seen.path, "/pinecone/indexes/docs");
    assert_eq!(seen.header("api-key"), "pc-key");
}

// R59
#[tokio::test]
async fn a_host_elsewhere_is_invalid() {
    for host in ["evil.example", "169.254.169.254", "http://a.pinecone.io"] {
        let server = Server::always(move || server::json(json!({"host": host}))).await;
        let name = "docs".parse().unwrap();
        let found = server.client().index(&key(), KeyOwner::Tenant, &name).await;
        assert_eq!(found, Err(Error::Invalid));
    }
}

#[tokio::test]
async fn an_index_that_takes_no_vectors_of_ours_is_refused() {
    for (more, expected) in [
        (json!({"embed": {"model": "e5"}}), Error::Rejected),
        (json!({"vector_type": "sparse"}), Error::Rejected),
        (
            json!({"status": {"ready": false, "state": "Initializing"}}),
            Error::Unavailable,
        ),
    ] {
        let server = Server::start(move |seen| {
            let mut index = json!({"host": seen.header("host"), "dimension": 2});
            let fields = more.as_object().unwrap().clone();
            index.as_object_mut().unwrap().extend(fields);
            Some(server::json(index))
        })
        .await;
        let name = "docs".parse().unwrap();
        let client = server.client();
        let found = client.index(&key(), KeyOwner::Tenant, &name).await;
        assert_eq!(found, Err(expected));
    }
}

#[tokio::test]
async fn want_of_room_is_told_from_a_bad_key_and_from_haste() {
    let control = r#"{"status": 403, "error": {"code": "QUOTA_EXCEEDED", "message": "sk-canary"}}"#;
    let data = r#"{"code": 8, "message": "QUOTA_EXCEEDED: 100 namespaces", "details": []}"#;
    for (status, body, expected, requests) in [
        (403, control, Error::Quota, 1),
        (429, data, Error::Quota, 1),
        (403, "{}", Error::Auth, 1),
        (403, "no json", Error::Auth, 1),
        (401, "Invalid API Key: sk-canary", Error::Auth, 1),
        (429, "{}", Error::RateLimited { retry_after: None }, 3),
    ] {
        let server = Server::always(move || server::status(status, body)).await;
        let namespace = Namespace::of(Uuid::from_u128(9));
        let (client, host) = (server.client(), host(&server));
        let found = client.query(&key(), &host, &namespace, &[0.5], 1).await;
        assert_eq!(found, Err(expected), "{status} {body}");
        assert_eq!(server.seen().len(), requests, "{status} {body}");
    }
}

#[tokio::test]
async fn the_length_of_an_indexs_vectors_is_told() {
    for (answer, expected) in [
        (json!({"dimension": 3, "namespaces": {}}), Some(3)),
        (json!({"dimension": 0}), None),
        (json!({}), None),
    ] {
        let server = Server::always(move || server::json(answer.clone())).await;
        let (client, host) = (server.client(), host(&server));
        let found = client.index_dimensions(&key(), &host).await;
        assert_eq!(found, Ok(expected));
        let seen = server.only();
        assert_eq!(seen.path, "/describe_index_stats");
        assert_eq!(seen.body, json!({}));
    }
}

#[tokio::test]
async fn vectors_are_stored_in_the_tenants_namespace() {
    let server = Server::always(|| server::json(json!({"upsertedCount": 1}))).await;
    let tenant = Uuid::from_u128(7);
    let vector = |number: u128| Vector {
        id: format!("v{number}"),
        values: vec![0.25, 1.0],
        document_id: Uuid::from_u128(1),
        chunk_id: Uuid::from_u128(number),
    };
    let vectors = (0..2500).map(vector).collect();
    let namespace = Namespace::of(tenant);
    let client = server.client();
    client
        .upsert(&key(), &host(&server), &namespace, vectors)
        .await
        .unwrap();
    let seen = server.seen();
    let sizes = seen
        .iter()
        .map(|one| one.body["vectors"].as_array().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [1000, 1000, 500]);
    for one in &seen {
        let namespace = "t_00000000000000000000000000000007";
        assert_addressed(one, "/vectors/upsert", namespace);
    }
    let expected = json!({
        "id": "v0", "values": [0.25, 1.0],
        "metadata": {
            "tenant_id": tenant, "document_id": Uuid::from_u128(1), "chunk_id": Uuid::nil(),
        },
    });
    assert_eq!(seen[0].body["vectors"][0], expected);
}

#[tokio::test]
async fn long_vectors_go_in_smaller_requests() {
    let server = Server::always(|| server::json(json!({}))).await;
    let vector = Vector {
        id: "v".to_owned(),
        values: vec![-1.234_567_8e-10; 3072],
        document_id: Uuid::nil(),
        chunk_id: Uuid::nil(),
    };
    let namespace = Namespace::of(Uuid::nil());
    let client = server.client();
    client
        .upsert(&key(), &host(&server), &namespace, vec![vector; 300])
        .await
        .unwrap();
    for one in server.seen() {
        assert!(one.body.to_string().len() < 2_000_000);
        assert!(one.body["vectors"].as_array().unwrap().len() > 30);
    }
}

#[tokio::test]
async fn matches_of_other_tenants_are_dropped() {
    let tenant = Uuid::from_u128(7);
    let answer = json!({"matches": [
        {"id": "theirs", "score": 0.9, "metadata": {"tenant_id": Uuid::from_u128(8)}},
        {"id": "ours", "score": 0.8, "metadata": {"tenant_id": tenant}},
        {"id": "nobody's", "score": 0.7, "metadata": {}},
        {"id": "bare", "score": 0.6},
        {"id": "odd", "score": 0.5, "metadata": {"tenant_id": 7}},
        {"id": "also ours", "score": 0.4, "metadata": {"tenant_id": tenant}},
        {"id": "one too many", "score": 0.3, "metadata": {"tenant_id": tenant}},
    ]});
    let server = Server::always(move || server::json(answer.clone())).await;
    let client = server.client();
    let namespace = Namespace::of(tenant);
    let found = client
        .query(&key(), &host(&server), &namespace, &[0.5, 0.25], 2)
        .await;
    let expected = [("ours", 0.8), ("also ours", 0.4)].map(|(id, score)| Match {
        id: id.to_owned(),
        score,
    });
    let found = found.unwrap();
    assert_eq!(found.matches, expected);
    assert_eq!(found.foreign, 4);
    let seen = server.only();
    assert_addressed(&seen, "/query", "t_00000000000000000000000000000007");
    assert_eq!(seen.body["topK"], 2);
    assert_eq!(seen.body["includeMetadata"], true);
    assert_eq!(seen.body["vector"], json!([0.5, 0.25]));
}

#[tokio::test]
async fn ids_are_deleted_and_a_missing_namespace_is_fine() {
    let ids: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    for (code, expected, requests) in [
        (200, Ok(()), 2),
        (404, Ok(()), 2),
        (401, Err(Error::Auth), 1),
        (500, Err(Error::Unavailable), 3),
    ] {
        let server = Server::always(move || server::status(code, "{}")).await;
        let namespace = Namespace::of(Uuid::from_u128(9));
        let client = server.client();
        let deleted = client
            .delete(&key(), &host(&server), &namespace, &ids)
            .await;
        assert_eq!(deleted, expected);
        let seen = server.seen();
        assert_addressed(
            &seen[0],
            "/vectors/delete",
            "t_00000000000000000000000000000009",
        );
        assert_eq!(seen[0].body["ids"].as_array().unwrap().len(), 1000);
        assert_eq!(seen.len(), requests);
    }
}
