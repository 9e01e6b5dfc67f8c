//! What servers of Git repositories answer.

use super::File;
use crate::Refusal;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) default_branch: String,
}

#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) commit: Commit,
}

#[derive(Deserialize)]
pub(super) struct Commit {
    #[serde(alias = "sha")]
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Tree {
    pub(super) tree: Vec<Entry>,
    #[serde(default)]
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) mode: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(alias = "sha")]
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Blob {
    pub(super) content: String,
    pub(super) encoding: String,
}

/// Those of a list that are plain files, with the folder before their paths.
pub(super) fn files(folder: &str, entries: Vec<Entry>) -> Vec<File> {
    let entries = entries.into_iter();
    // A link's content is where it leads; 160000 is another repository.
    let plain = entries.filter(|e| e.kind == "blob" && ["100644", "100755"].contains(&&*e.mode));
    let files = plain.filter_map(|entry| {
        let path = match folder {
            "" => entry.path,
            folder => format!("{folder}/{}", entry.path),
        };
        let id = id(entry.id).ok()?;
        Some(File { path, id })
    });
    files.collect()
}

/// The content of a blob in JSON.
pub(super) fn content(json: &[u8]) -> Result<Vec<u8>, Refusal> {
    let blob: Blob = serde_json::from_slice(json).map_err(|_| Refusal::Garbled)?;
    if blob.encoding != "base64" {
        return Err(Refusal::Garbled);
    }
    let mut text = blob.content;
    text.retain(|c| !c.is_ascii_whitespace());
    BASE64_STANDARD.decode(text).map_err(|_| Refusal::Garbled)
}

/// An id as Git's: nothing else becomes a part of an address.
pub(super) fn id(text: String) -> Result<String, Refusal> {
    let is_id = [40, 64].contains(&text.len()) && text.bytes().all(|c| c.is_ascii_hexdigit());
    is_id.then_some(text).ok_or(Refusal::Garbled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_file_is_not_listed() {
        let entry = |path: &str, mode: &str, kind: &str, id: &str| Entry {
            path: path.to_owned(),
            mode: mode.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
        };
        let sha = "a".repeat(40);
        let listed = vec![
            entry("a.md", "100644", "blob", &sha),
            entry("b.md", "120000", "blob", &sha),
            entry("c", "160000", "commit", &sha),
            entry("d", "040000", "tree", &sha),
            entry("e.md", "100755", "blob", "../../user"),
        ];
        let found: Vec<_> = files("docs", listed).into_iter().map(|f| f.path).collect();
        assert_eq!(found, ["docs/a.md"]);
    }
}
