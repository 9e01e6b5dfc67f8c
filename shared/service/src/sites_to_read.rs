//! What of a web site a connector reads.

use serde::{Deserialize, Serialize};

/// A web site, and what of it is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SiteToRead {
    /// Where it begins: http or https.
    pub url: String,
    /// Whether the pages are those that the site lists, not those that its links lead to.
    #[serde(default)]
    pub listed: bool,
    /// Where it lists them, if not where its `robots.txt` says.
    #[serde(default)]
    pub sitemap_url: Option<String>,
    /// What the paths begin with that are read; all, if there is none.
    #[serde(default)]
    pub include: Vec<String>,
    /// What those begin with that are not.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// How many pages at most.
    pub max_pages: i32,
    /// And how many links from where it begins.
    pub max_depth: i32,
}
