//! A server of Git repositories, as GitHub, GitLab and Forgejo answer as far as they are asked.

use super::site::whole;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::digest;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// A status, headers, and a body.
type Instead = (u16, Vec<(&'static str, String)>, String);

#[derive(Default)]
struct Held {
    /// What is in the branch `main`: a mode, and what it says.
    files: BTreeMap<String, (&'static str, Vec<u8>)>,
    /// The token without which there is nothing.
    token: Option<String>,
    /// What was asked for.
    asked: Vec<String>,
    /// What every question is answered, instead.
    instead: Option<Instead>,
}

/// A server with one repository, `acme/help`. It lists three files at a time where lists have pages.
pub(super) struct Git {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
}

impl Git {
    pub(super) async fn start() -> Self {
        let held: Arc<Mutex<Held>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(held.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, held }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/acme/help", self.address)
    }

    pub(super) fn put(&self, path: &str, mode: &'static str, content: &[u8]) {
        let file = (mode, content.to_vec());
        self.held
            .lock()
            .unwrap()
            .files
            .insert(path.to_owned(), file);
    }

    pub(super) fn remove(&self, path: &str) {
        self.held.lock().unwrap().files.remove(path);
    }

    /// Has it ask for a token from now on.
    pub(super) fn close(&self, token: &str) {
        self.held.lock().unwrap().token = Some(token.to_owned());
    }

    /// Answers everything so, from now on.
    pub(super) fn answers(&self, status: u16, headers: &[(&'static str, &str)], body: &str) {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let instead = (status, headers.collect(), body.to_owned());
        self.held.lock().unwrap().instead = Some(instead);
    }

    /// What was asked for since this was called last.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.held.lock().unwrap().asked)
    }
}

async fn answer(State(held): State<Arc<Mutex<Held>>>, request: Request) -> Response<Body> {
    let mut held = held.lock().unwrap();
    held.asked.push(request.uri().to_string());
    if let Some((status, headers, body)) = &held.instead {
        return whole(*status, headers, body.clone().into());
    }
    let told = request.headers().get(header::AUTHORIZATION);
    let wanted = held.token.as_ref().map(|token| format!("Bearer {token}"));
    let may = told.map(|told| told.to_str().unwrap()) == wanted.as_deref();
    let found = held.answer(request.uri().path(), request.uri().query());
    match found.filter(|_| may) {
        Some(Told::Json(json)) => {
            let headers = [("content-type", "application/json".to_owned())];
            whole(200, &headers, json.to_string().into())
        }
        Some(Told::Raw(content)) => whole(200, &[], content),
        None => whole(404, &[], "{\"message\":\"Not Found\"}".into()),
    }
}

enum Told {
    Json(Value),
    Raw(Vec<u8>),
}

impl Held {
    fn answer(&self, path: &str, query: Option<&str>) -> Option<Told> {
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let of = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let page: usize = of("page").parse().unwrap_or(1);
        if let Some(rest) = path.strip_prefix("/api/v4/projects/acme%2Fhelp") {
            if let Some(id) = rest.strip_prefix("/repository/blobs/") {
                let id = id.strip_suffix("/raw")?;
                return self.blob(id).map(Told::Raw);
            }
            return Some(Told::Json(match rest {
                "" => json!({ "default_branch": "main" }),
                "/repository/branches/main" => json!({ "commit": { "id": self.tree("") } }),
                "/repository/tree" => {
                    assert_eq!(of("ref"), self.tree(""));
                    let per: usize = of("per_page").parse().unwrap();
                    let all = self.entries(of("path"), true, "id");
                    let all = all.into_iter().skip((page - 1) * per).take(per);
                    all.collect()
                }
                _ => return None,
            }));
        }
        let github = path.strip_prefix("/api/v3/repos/acme/help");
        let rest = github.or_else(|| path.strip_prefix("/api/v1/repos/acme/help"))?;
        if let Some(id) = rest.strip_prefix("/git/blobs/") {
            let text = BASE64_STANDARD.encode(self.blob(id)?);
            let lines: Vec<_> = text.as_bytes().chunks(60).collect();
            let text = String::from_utf8(lines.join(&b'\n')).unwrap();
            return Some(Told::Json(json!({ "content": text, "encoding": "base64" })));
        }
        if let Some(id) = rest.strip_prefix("/git/trees/") {
            let mut folders = self.folders().into_iter();
            let folder = folders.find(|folder| self.tree(folder) == id)?;
            let all = self.entries(&folder, of("recursive") == "true", "sha");
            let (from, most) = match github {
                Some(_) => (0, all.len()),
                None => ((page - 1) * 3, 3),
            };
            let is_more = from + most < all.len();
            let some: Vec<_> = all.into_iter().skip(from).take(most).collect();
            // The path of what is in a folder begins there.
            let some: Vec<_> = some
                .into_iter()
                .map(|mut entry| {
                    let path = entry["path"].as_str().unwrap();
                    entry["path"] = path.trim_start_matches(&format!("{folder}/")).into();
                    entry
                })
                .collect();
            return Some(Told::Json(json!({ "tree": some, "truncated": is_more })));
        }
        let id = if github.is_some() { "sha" } else { "id" };
        Some(Told::Json(match rest {
            "" => json!({ "default_branch": "main" }),
            "/branches/main" => json!({ "commit": { id: self.tree("") } }),
            _ => return None,
        }))
    }

    fn blob(&self, id: &str) -> Option<Vec<u8>> {
        let mut contents = self.files.values().map(|(_, content)| content);
        contents.find(|content| hash(content) == id).cloned()
    }

    fn folders(&self) -> Vec<String> {
        let of = |path: &String| {
            let ends = path.match_indices('/').map(|(at, _)| at);
            ends.map(|at| path[..at].to_owned()).collect::<Vec<_>>()
        };
        let mut folders: Vec<String> = self.files.keys().flat_map(of).collect();
        folders.push(String::new());
        folders.sort();
        folders.dedup();
        folders
    }

    /// The id of a folder; the root's is that of the commit, too.
    fn tree(&self, folder: &str) -> String {
        let text = format!("{folder}: {:?}", self.files);
        hash(text.as_bytes())
    }

    fn entries(&self, folder: &str, is_deep: bool, id: &str) -> Vec<Value> {
        let inside = |path: &str| match folder {
            "" => Some(path.to_owned()),
            folder => path.strip_prefix(&format!("{folder}/")).map(str::to_owned),
        };
        let is_here = |path: &str| inside(path).is_some_and(|rest| is_deep || !rest.contains('/'));
        let folders = self.folders();
        let folders = folders
            .iter()
            .filter(|path| !path.is_empty() && is_here(path));
        let folders = folders.map(
            |path| json!({ "path": path, "mode": "040000", "type": "tree", id: self.tree(path) }),
        );
        let files = self.files.iter().filter(|(path, _)| is_here(path));
        let files = files.map(|(path, (mode, content))| {
            let kind = if *mode == "160000" { "commit" } else { "blob" };
            json!({ "path": path, "mode": mode, "type": kind, id: hash(content) })
        });
        folders.chain(files).collect()
    }
}

fn hash(content: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, content);
    let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    hash.take(20).collect()
}
