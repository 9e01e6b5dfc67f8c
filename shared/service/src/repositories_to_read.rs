//! What of a Git repository a connector reads.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For what its token is sealed.
pub const REPOSITORY: &str = "repository";

/// By whose API a server of repositories is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GitHost {
    /// github.com, or GitHub's server.
    GitHub,
    /// gitlab.com, or GitLab's server.
    GitLab,
    /// Codeberg, and every server of Forgejo or Gitea.
    Forgejo,
}

/// A Git repository, and what of it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepositoryToRead {
    /// Its page, as people open it.
    pub url: String,
    /// By whose API its server is asked.
    pub server: GitHost,
    /// The branch; none: the one that the server shows first.
    pub branch: Option<String>,
    /// The folder, without slashes around it; empty: all of it.
    pub folder: String,
    /// What the paths begin with that are read, behind a slash; all, if there is none.
    #[serde(default)]
    pub include: Vec<String>,
    /// What those begin with that are not.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// How many files at most.
    pub max_pages: i32,
}
