//! Buckets of whatever speaks S3's protocol: lists of what is in one, and its objects.

use crate::{Answer, Known, Outside, Refusal};
use rusty_s3::{Credentials, S3Action, UrlStyle, actions::ListObjectsV2};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::Url;

/// How long a signed address is good: a little longer than its answer may take.
const GOOD_FOR: Duration = Duration::from_secs(300);
/// How long an `ETag` may be, and where a list goes on, in bytes.
const MAX_MARK: usize = 4000;
/// How much of a list is read at a time, in bytes: a thousand of the longest keys.
const LIST: usize = 4 << 20;
/// The namespace of lists at Amazon.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Where a bucket is.
#[derive(Clone, Debug)]
pub struct BucketAt<'a> {
    /// Where the store answers.
    pub endpoint: &'a Url,
    /// What the bucket is called.
    pub name: &'a str,
    /// In which region it is.
    pub region: &'a str,
    /// Whether its name is part of the host, not of the path.
    pub is_host: bool,
}

/// A bucket, and the key that opens it.
pub struct Bucket<'a> {
    outside: &'a Outside,
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
}

/// Some of what is in a bucket.
#[derive(Debug)]
pub struct Listing {
    /// In order of their keys.
    pub objects: Vec<Object>,
    /// Where the list goes on; nothing at its end.
    pub next: Option<String>,
}

/// What is in a bucket.
#[derive(Debug)]
pub struct Object {
    /// Its name in the bucket.
    pub key: String,
    /// Tells this version from others.
    pub etag: Option<String>,
}

impl<'a> Bucket<'a> {
    /// A bucket with an access key's id and secret. Nothing is asked yet.
    ///
    /// # Errors
    /// There can be no such bucket, or what is not encrypted would leave the deployment's own network.
    pub fn new(
        outside: &'a Outside,
        at: &BucketAt<'_>,
        (key_id, secret): (&str, &SecretString),
    ) -> Result<Self, Refusal> {
        let style = match at.is_host {
            true => UrlStyle::VirtualHost,
            false => UrlStyle::Path,
        };
        let (name, region) = (at.name.to_owned(), at.region.to_owned());
        let bucket = rusty_s3::Bucket::new(at.endpoint.clone(), style, name, region);
        let bucket = bucket.map_err(|_| Refusal::Astray)?;
        let asked = bucket.object_url("x");
        if asked.scheme() != "https" && !outside.is_own(&asked) {
            return Err(Refusal::Plain);
        }
        Ok(Self {
            outside,
            bucket,
            credentials: Credentials::new(key_id, secret.expose_secret()),
        })
    }

    /// The keys that begin with `prefix`, a thousand at most: from the beginning, or from where a list goes on.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn list(&self, prefix: &str, from: Option<&str>) -> Result<Listing, Refusal> {
        let mut list = self.bucket.list_objects_v2(Some(&self.credentials));
        if !prefix.is_empty() {
            list.with_prefix(prefix);
        }
        if let Some(from) = from {
            list.with_continuation_token(from);
        }
        let (signed, known) = (list.sign(GOOD_FOR), Known::default());
        let page = match self.outside.get(&signed, &known, LIST).await? {
            Answer::Page(page) => page,
            Answer::Gone => return Err(Refusal::Status(404)),
            Answer::Unchanged(_) | Answer::Elsewhere(_) => return Err(Refusal::Astray),
        };
        let text = String::from_utf8(page.content).map_err(|_| Refusal::Garbled)?;
        let text = as_amazons(&text).ok_or(Refusal::Garbled)?;
        let found = ListObjectsV2::parse_response(&text).map_err(|_| Refusal::Garbled)?;
        let can_be_kept = |text: &String| text.len() <= MAX_MARK && !text.contains('\0');
        let next = found.next_continuation_token;
        if !next.as_ref().is_none_or(can_be_kept) {
            return Err(Refusal::Garbled);
        }
        let objects = found.contents.into_iter().map(|object| Object {
            key: object.key,
            etag: object.etag.filter(can_be_kept),
        });
        Ok(Listing {
            objects: objects.collect(),
            next,
        })
    }

    /// An object, of which at most `most` bytes are read.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn get(&self, key: &str, known: &Known, most: usize) -> Result<Answer, Refusal> {
        // They would be resolved as those of a path, and something else be asked for.
        if key.split('/').any(|part| [".", ".."].contains(&part)) {
            return Err(Refusal::Nameless);
        }
        let object = self.bucket.get_object(Some(&self.credentials), key);
        self.outside.get(&object.sign(GOOD_FOR), known, most).await
    }
}

/// A list in Amazon's namespace, in which alone it can be read. Others name theirs, or none; nothing, if it is no list.
fn as_amazons(list: &str) -> Option<String> {
    let root = "<ListBucketResult";
    let begin = list.find(root)? + root.len();
    let (told, rest) = list[begin..].split_once('>')?;
    let told = match told.split_once("xmlns=") {
        Some((before, value)) => {
            let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
            let (_, after) = value[1..].split_once(quote)?;
            format!("{before}{after}")
        }
        None => told.to_owned(),
    };
    let root = &list[..begin];
    Some(format!("{root} xmlns=\"{NAMESPACE}\"{told}>{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_whatever_namespace() {
        for told in [
            " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"",
            " xmlns='http://doc.s3.amazonaws.com/2006-03-01'",
            " xmlns:x=\"urn:x\" xmlns=\"urn:y\"",
            "",
        ] {
            let list = format!(
                "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult{told}><Name>help</Name><IsTruncated>false</IsTruncated>\
                 <Contents><Key>a.txt</Key><Generation>1700000000000000</Generation><MetaGeneration>1</MetaGeneration>\
                 <ETag>&quot;1&quot;</ETag><Size>3</Size></Contents></ListBucketResult>"
            );
            let read = ListObjectsV2::parse_response(&as_amazons(&list).unwrap()).unwrap();
            assert_eq!(read.contents[0].key, "a.txt", "{told}");
            assert_eq!(read.contents[0].etag.as_deref(), Some("\"1\""), "{told}");
        }
        for none in [
            "",
            "<html></html>",
            "<ListBucketResult xmlns=",
            "<ListBucketResult xmlns=\u{fc}>",
        ] {
            assert_eq!(as_amazons(none), None, "{none}");
        }
    }
}
