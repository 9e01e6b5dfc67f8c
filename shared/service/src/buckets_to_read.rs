//! What of a bucket a connector reads.

use serde::{Deserialize, Serialize};

/// For what the secret of its access key is sealed.
pub const BUCKET: &str = "bucket";

/// A bucket of whatever speaks S3's protocol, and what of it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketToRead {
    /// Where the store answers.
    pub url: String,
    /// What the bucket is called.
    pub name: String,
    /// In which region it is.
    pub region: String,
    /// What the keys begin with that are read.
    #[serde(default)]
    pub prefix: String,
    /// The id of its access key; the secret is not here.
    pub access_key_id: String,
    /// Whether its name is part of the host, not of the path.
    #[serde(default)]
    pub virtual_host: bool,
    /// What the addresses begin with at which people read its objects, if they do.
    #[serde(default)]
    pub public_url: Option<String>,
    /// What the keys begin with that are read, behind a slash; all, if there is none.
    #[serde(default)]
    pub include: Vec<String>,
    /// What those begin with that are not.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// How many objects at most.
    pub max_pages: i32,
}
