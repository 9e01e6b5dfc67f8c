//! A store that speaks S3's protocol as far as it is asked, and refuses what is not signed by its key.

use super::site::whole;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, header},
};
use ring::{digest, hmac};
use std::{
    collections::BTreeMap,
    fmt::Write,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

pub(super) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(super) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(super) const REGION: &str = "eu-central-1";

#[derive(Default)]
struct Held {
    /// What is in the bucket: a type, and what it says.
    objects: BTreeMap<String, (String, Vec<u8>)>,
    /// The keys that were asked for, lists as an empty one.
    asked: Vec<String>,
    /// What every request is answered, instead.
    status: Option<u16>,
    /// The namespace of its lists, where that is not Amazon's.
    namespace: Option<&'static str>,
}

/// A store with one bucket, `help`, whose lists name two keys at a time.
pub(super) struct Store {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
}

impl Store {
    /// One with nothing in it.
    pub(super) async fn start() -> Self {
        let held: Arc<Mutex<Held>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(held.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, held }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Puts something there.
    pub(super) fn put(&self, key: &str, media_type: &str, content: &[u8]) {
        let object = (media_type.to_owned(), content.to_vec());
        self.held
            .lock()
            .unwrap()
            .objects
            .insert(key.to_owned(), object);
    }

    pub(super) fn remove(&self, key: &str) {
        self.held.lock().unwrap().objects.remove(key);
    }

    /// Lists in a namespace of its own.
    pub(super) fn lists_in(&self, namespace: &'static str) {
        self.held.lock().unwrap().namespace = Some(namespace);
    }

    /// Answers everything with a status, or as it is.
    pub(super) fn answers(&self, status: Option<u16>) {
        self.held.lock().unwrap().status = status;
    }

    /// The keys that were asked for since this was called last; lists as an empty one.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.held.lock().unwrap().asked)
    }
}

async fn answer(State(held): State<Arc<Mutex<Held>>>, request: Request) -> Response<Body> {
    let mut held = held.lock().unwrap();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let path = request.uri().path();
    let path = url::form_urlencoded::parse(path.replace('+', "%2B").as_bytes())
        .next()
        .map(|(path, _)| path.into_owned())
        .unwrap_or_default();
    let Some(key) = path.strip_prefix("/help") else {
        return whole(404, &[], "<Error><Code>NoSuchBucket</Code></Error>".into());
    };
    let key = key.trim_start_matches('/').to_owned();
    held.asked.push(key.clone());
    if let Some(status) = held.status {
        return whole(status, &[("retry-after", "1".into())], "Not now.".into());
    }
    if !is_signed(&request, &query) {
        return whole(
            403,
            &[],
            "<Error><Code>SignatureDoesNotMatch</Code></Error>".into(),
        );
    }
    if key.is_empty() {
        let list = list(&held, &query);
        return whole(
            200,
            &[("content-type", "application/xml".into())],
            list.into(),
        );
    }
    let Some((media_type, content)) = held.objects.get(&key) else {
        return whole(404, &[], "<Error><Code>NoSuchKey</Code></Error>".into());
    };
    let etag = etag(content);
    let known = request.headers().get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return whole(304, &[], Vec::new());
    }
    let headers = [("content-type", media_type.clone()), ("etag", etag)];
    whole(200, &headers, content.clone())
}

fn etag(content: &[u8]) -> String {
    format!(
        "\"{}\"",
        &hex(digest::digest(&digest::SHA256, content).as_ref())[..32]
    )
}

/// Two of the keys, as AWS writes them.
fn list(held: &Held, query: &BTreeMap<String, String>) -> String {
    let of = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!((of("list-type"), of("encoding-type")), ("2", "url"));
    let from = of("continuation-token");
    let keys = held.objects.iter();
    let keys = keys.filter(|(key, _)| key.starts_with(of("prefix")) && key.as_str() > from);
    let keys: Vec<_> = keys.take(3).collect();
    let mut listed = String::new();
    for (key, (_, content)) in keys.iter().take(2) {
        let encoded: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let etag = etag(content).replace('"', "&quot;");
        write!(
            listed,
            "<Contents><Key>{encoded}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{etag}</ETag>\
             <Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
            content.len()
        )
        .unwrap();
    }
    let next = match keys.len() {
        3 => format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
            keys[1].0
        ),
        _ => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    let namespace = held.namespace;
    let namespace = namespace.unwrap_or("http://s3.amazonaws.com/doc/2006-03-01/");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"{namespace}\"><Name>help</Name>\
         <Prefix/><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType>{next}{listed}</ListBucketResult>"
    )
}

/// Whether an address was signed by the key, for this host and now (AWS Signature Version 4, in the query).
fn is_signed(request: &Request, query: &BTreeMap<String, String>) -> bool {
    let of = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let date = of("X-Amz-Date");
    let Ok(at) = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ") else {
        return false;
    };
    let age = (chrono::Utc::now().naive_utc() - at).num_seconds();
    let good_for: i64 = of("X-Amz-Expires").parse().unwrap_or(0);
    let scope = format!("{}/{REGION}/s3/aws4_request", &date[..8]);
    let is_ours = of("X-Amz-Algorithm") == "AWS4-HMAC-SHA256"
        && of("X-Amz-Credential") == format!("{KEY_ID}/{scope}")
        && of("X-Amz-SignedHeaders") == "host"
        && (-60..good_for).contains(&age);
    let raw = request.uri().query().unwrap_or_default();
    let mut pairs: Vec<&str> = raw.split('&').collect();
    pairs.retain(|pair| !pair.starts_with("X-Amz-Signature="));
    pairs.sort_unstable();
    let host = request.headers()[header::HOST].to_str().unwrap();
    let canonical = format!(
        "{}\n{}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD",
        request.method(),
        request.uri().path(),
        pairs.join("&")
    );
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}");
    let first = format!("AWS4{SECRET}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| sign(&key, part));
    is_ours && of("X-Amz-Signature") == hex(&sign(&key, &to_sign))
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
