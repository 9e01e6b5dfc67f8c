//! Git repositories, as the servers that hold them tell of them: what is in a branch, file by file.
//!
//! They are asked by HTTP for names, versions and contents, and no object of Git is unpacked here: no pack, no archive and no work tree is
//! there for a hostile repository to abuse.

mod answers;

use crate::{Answer, Known, Outside, Page, Refusal};
use answers::{Branch, Entry, Project, Tree, content, files, id};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// How much is read of an answer that lists, in bytes.
const LIST: usize = 16 << 20;
/// How many files GitLab lists at a time.
const GITLAB_PAGE: usize = 100;
/// How long it may take to find out what is listed, and to list it.
const LIST_TIME: Duration = Duration::from_secs(45);

/// By whose API a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitServer {
    /// github.com, or GitHub's server.
    GitHub,
    /// gitlab.com, or GitLab's server.
    GitLab,
    /// Codeberg, Forgejo and Gitea.
    Forgejo,
}

/// Where a repository is.
#[derive(Clone, Debug)]
pub struct RepositoryAt<'a> {
    /// By whose API its server is asked.
    pub server: GitServer,
    /// Its page, as people open it.
    pub url: &'a Url,
    /// The branch; none: the one that the server shows first.
    pub branch: Option<&'a str>,
    /// The folder, without slashes around it; empty: all of it.
    pub folder: &'a str,
}

/// A repository, and the token that opens it.
pub struct Repository<'a> {
    outside: &'a Outside,
    at: RepositoryAt<'a>,
    /// What its API's addresses begin with.
    api: String,
    token: Option<&'a SecretString>,
}

/// Some of what is in a repository.
#[derive(Debug)]
pub struct Files {
    /// Plain files; neither links nor other repositories.
    pub files: Vec<File>,
    /// Where the list goes on; nothing at its end.
    pub next: Option<String>,
    /// Whether the server leaves out some of them.
    pub is_cut: bool,
}

/// A file in a repository.
#[derive(Debug)]
pub struct File {
    /// From the root of the repository.
    pub path: String,
    /// The id of its content.
    pub id: String,
}

/// Where a list stands: what is listed, a commit or a tree, and the next page of it.
struct Standing {
    tree: String,
    page: u32,
}

impl<'a> Repository<'a> {
    /// A repository. Nothing is asked yet.
    ///
    /// # Errors
    /// Its address is none, or what is not encrypted would leave the deployment's own network.
    pub fn new(
        outside: &'a Outside,
        at: RepositoryAt<'a>,
        token: Option<&'a SecretString>,
    ) -> Result<Self, Refusal> {
        if at.url.scheme() != "https" && !outside.is_own(at.url) {
            return Err(Refusal::Plain);
        }
        let path = at.url.path().trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let origin = at.url.origin().ascii_serialization();
        let api = match at.server {
            GitServer::GitHub if at.url.host_str() == Some("github.com") => {
                format!("https://api.github.com/repos/{path}")
            }
            GitServer::GitHub => format!("{origin}/api/v3/repos/{path}"),
            GitServer::Forgejo => format!("{origin}/api/v1/repos/{path}"),
            GitServer::GitLab => format!("{origin}/api/v4/projects/{}", part(path)),
        };
        Ok(Self {
            outside,
            at,
            api,
            token,
        })
    }

    /// Some of the files of the folder: from the beginning, or from where a list goes on.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn list(&self, from: Option<&str>) -> Result<Files, Refusal> {
        let list = async {
            let standing = match from {
                Some(from) => standing(from).ok_or(Refusal::Garbled)?,
                None => self.begin().await?,
            };
            self.page(&standing).await
        };
        let late = Refusal::Slow(LIST_TIME.as_secs());
        timeout(LIST_TIME, list).await.unwrap_or(Err(late))
    }

    /// What is in the branch now.
    async fn begin(&self) -> Result<Standing, Refusal> {
        let first;
        let branch = match self.at.branch {
            Some(branch) => branch,
            None => {
                let project: Project = self.ask("").await?;
                first = project.default_branch;
                &first
            }
        };
        let branches = match self.at.server {
            GitServer::GitLab => "/repository/branches/",
            GitServer::GitHub | GitServer::Forgejo => "/branches/",
        };
        let branch: Branch = self.ask(&format!("{branches}{}", part(branch))).await?;
        let mut tree = id(branch.commit.id)?;
        if self.at.server != GitServer::GitLab {
            let folders = self.at.folder.split('/').filter(|name| !name.is_empty());
            for name in folders {
                let found: Tree = self.ask(&format!("/git/trees/{tree}")).await?;
                let mut entries = found.tree.into_iter();
                let entry = entries.find(|entry| entry.kind == "tree" && entry.path == name);
                tree = id(entry.ok_or(Refusal::Status(404))?.id)?;
            }
        }
        Ok(Standing { tree, page: 1 })
    }

    async fn page(&self, at: &Standing) -> Result<Files, Refusal> {
        let Standing { tree, page } = at;
        let folder = self.at.folder;
        let next = Some(format!("{tree} {}", page + 1));
        if self.at.server == GitServer::GitLab {
            let asked = format!(
                "/repository/tree?ref={tree}&path={}&recursive=true&per_page={GITLAB_PAGE}&page={page}",
                part(folder)
            );
            let found: Vec<Entry> = self.ask(&asked).await?;
            let is_last = found.len() < GITLAB_PAGE;
            return Ok(Files {
                files: files("", found),
                next: next.filter(|_| !is_last),
                is_cut: false,
            });
        }
        let asked = format!("/git/trees/{tree}?recursive=true&page={page}");
        let found: Tree = self.ask(&asked).await?;
        // GitHub leaves out what is too much; the others go on with it.
        let goes_on = found.truncated && self.at.server == GitServer::Forgejo;
        Ok(Files {
            files: files(folder, found.tree),
            next: next.filter(|_| goes_on),
            is_cut: found.truncated && !goes_on,
        })
    }

    /// The content with an id, of which at most `most` bytes are read.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn get(&self, blob: &str, most: usize) -> Result<Page, Refusal> {
        let blob = id(blob.to_owned())?;
        let mut page = match self.at.server {
            GitServer::GitLab => {
                let at = format!("/repository/blobs/{blob}/raw");
                self.answer(&at, most).await?
            }
            GitServer::GitHub | GitServer::Forgejo => {
                let at = format!("/git/blobs/{blob}");
                let found = self.answer(&at, most / 2 * 3).await;
                let mut page = found.map_err(|refusal| match refusal {
                    Refusal::TooLarge(_) => Refusal::TooLarge(most >> 20),
                    refusal => refusal,
                })?;
                page.content = content(&page.content)?;
                page
            }
        };
        if page.content.len() > most {
            return Err(Refusal::TooLarge(most >> 20));
        }
        // The server tells the type of its answer, not of the file.
        page.media_type = String::new();
        Ok(page)
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        let page = self.answer(path, LIST).await?;
        serde_json::from_slice(&page.content).map_err(|_| Refusal::Garbled)
    }

    async fn answer(&self, path: &str, most: usize) -> Result<Page, Refusal> {
        let url = Url::parse(&format!("{}{path}", self.api)).map_err(|_| Refusal::Astray)?;
        let known = Known::default();
        let asked = self.outside.get_as(&url, &known, most, self.token);
        match asked.await? {
            Answer::Page(page) => Ok(page),
            Answer::Gone => Err(Refusal::Status(404)),
            Answer::Unchanged(_) | Answer::Elsewhere(_) => Err(Refusal::Astray),
        }
    }
}

fn standing(from: &str) -> Option<Standing> {
    let (tree, page) = from.split_once(' ')?;
    Some(Standing {
        tree: id(tree.to_owned()).ok()?,
        page: page.parse().ok()?,
    })
}

/// A text as one part of a path, or the value of a parameter.
fn part(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_by_its_api() {
        let outside = Outside::new(&[], Duration::from_secs(1)).unwrap();
        for (server, url, api) in [
            (
                GitServer::GitHub,
                "https://github.com/acme/help.git",
                "https://api.github.com/repos/acme/help",
            ),
            (
                GitServer::GitHub,
                "https://git.acme.example/acme/help/",
                "https://git.acme.example/api/v3/repos/acme/help",
            ),
            (
                GitServer::GitLab,
                "https://gitlab.com/acme/web/help",
                "https://gitlab.com/api/v4/projects/acme%2Fweb%2Fhelp",
            ),
            (
                GitServer::Forgejo,
                "https://codeberg.org/acme/help",
                "https://codeberg.org/api/v1/repos/acme/help",
            ),
        ] {
            let at = RepositoryAt {
                server,
                url: &Url::parse(url).unwrap(),
                branch: None,
                folder: "",
            };
            assert_eq!(Repository::new(&outside, at, None).unwrap().api, api);
        }
        let plain = RepositoryAt {
            server: GitServer::GitLab,
            url: &Url::parse("http://gitlab.com/a/b").unwrap(),
            branch: None,
            folder: "",
        };
        let refused = Repository::new(&outside, plain, None).err();
        assert!(matches!(refused, Some(Refusal::Plain)), "{refused:?}");
    }
}
