//! A connector as it is set.

use super::{bucket::BucketInput, repository::RepositoryInput};
use crate::asked::{language_fault, web_address};
use db::{Connector, ConnectorKind};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service::{Faults, SiteToRead, group_faults};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Result, check_flat_metadata};

/// How many paths may be named, and how long each may be, in characters.
const PATHS: (usize, usize) = (20, 200);
const MAX_PAGES: (i32, i32) = (500, 5000);
const MAX_DEPTH: (i32, i32) = (5, 20);

/// What to set of a connector.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConnectorSettings)]
pub(crate) struct ConnectorInput {
    /// What people know it by, 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100, example = "Our help pages")]
    name: String,
    /// Where the site begins, where the store of a bucket answers, or the page of a repository: an http or https address on the public
    /// internet, at most 2000 characters; of a store or repository https. Pages of other hosts are not read.
    #[schema(max_length = 2000, example = "https://help.acme.example/")]
    url: String,
    /// The bucket that is read there; absent with `repository`, it is a web site.
    bucket: Option<BucketInput>,
    /// How the Git repository is read whose page is at `url`; not beside `bucket`.
    repository: Option<RepositoryInput>,
    /// Whether to read the pages that the site lists (its sitemap), rather than those that its links lead to.
    listed: Option<bool>,
    /// Where it lists them; absent, where its `robots.txt` says, or else `/sitemap.xml`.
    #[schema(max_length = 2000)]
    sitemap_url: Option<String>,
    /// What the paths, or the keys or files behind a slash, begin with that are read; absent, all. At most 20, of 200 characters each.
    #[schema(max_items = 20, example = json!(["/help/"]))]
    include: Option<Vec<String>>,
    /// What the paths begin with that are not read; likewise.
    #[schema(max_items = 20)]
    exclude: Option<Vec<String>>,
    /// How many pages, objects or files are read at most, 1 to 5000; absent, 500.
    #[schema(minimum = 1, maximum = 5000, example = 500)]
    max_pages: Option<i32>,
    /// How many links from where it begins, 0 to 20; absent, 5.
    #[schema(minimum = 0, maximum = 20, example = 5)]
    max_depth: Option<i32>,
    /// The language of its documents, as of a text; absent, each is found out.
    #[schema(
        min_length = 2,
        max_length = 3,
        pattern = "^[a-z]{2,3}$",
        example = "en"
    )]
    language: Option<String>,
    /// What is told beside its documents, as of a text.
    #[schema(value_type = Option<Object>, example = json!({ "source": "help" }))]
    metadata: Option<Map<String, Value>>,
    /// The groups of users that its documents are limited to, as of a text; none: they are for everybody of the tenant.
    #[schema(max_items = 50, example = json!([]))]
    groups: Option<Vec<String>>,
    /// How many hours after the end of a run the next one begins, 1 to 8760; absent, only when somebody asks.
    #[schema(minimum = 1, maximum = 8760, example = 24)]
    every_hours: Option<i32>,
    /// Whether it is read; absent, it is.
    is_on: Option<bool>,
}

impl ConnectorInput {
    /// It as a connector.
    ///
    /// # Errors
    /// 422 with whatever does not fit.
    pub(super) fn check(mut self, app: &App, place: &Place<'_>) -> Result<Connector> {
        let mut faults = Faults::default();
        self.check_told(&mut faults);
        self.check_reach(&mut faults);
        let url = plain(std::mem::take(&mut self.url));
        let mut secret = None;
        if let Some(bucket) = &self.bucket {
            self.check_listed(&mut faults, "bucket");
            let kept = bucket.secret_of(place.before, &url);
            bucket.check(&mut faults, kept.is_some());
            secret = bucket.seal(app, place).or(kept);
        }
        if let Some(repository) = &self.repository {
            self.check_listed(&mut faults, "repository");
            let message = "is a bucket's: leave out either it or `repository`";
            faults.refuse("bucket", self.bucket.is_some(), message);
            repository.check(&mut faults, &url);
            secret = repository.secret(app, place, &url);
        }
        faults.none()?;
        let metadata = self.metadata.take().unwrap_or_default();
        check_flat_metadata(&metadata)?;
        let (sealed, secret_last4) = secret.unzip();
        let now = app.clock.now();
        Ok(Connector {
            id: place.id,
            name: self.name.trim().to_owned(),
            kind: match (&self.bucket, &self.repository) {
                (Some(_), _) => ConnectorKind::Bucket,
                (None, Some(_)) => ConnectorKind::Repository,
                (None, None) => ConnectorKind::Site,
            },
            sealed,
            secret_last4,
            language: self.language.take(),
            metadata: metadata.into(),
            groups: self.groups.take().unwrap_or_default(),
            every_hours: self.every_hours,
            is_on: self.is_on.unwrap_or(true),
            created_at: now,
            updated_at: now,
            next_run_at: None,
            documents: 0,
            settings: self.settings(url),
        })
    }

    fn settings(self, url: String) -> Value {
        let reach = Reach {
            include: self.include.unwrap_or_default(),
            exclude: self.exclude.unwrap_or_default(),
            max_pages: self.max_pages.unwrap_or(MAX_PAGES.0),
        };
        match (self.bucket, self.repository) {
            (Some(bucket), _) => json!(bucket.reading(url, reach)),
            (None, Some(repository)) => json!(repository.reading(url, reach)),
            (None, None) => json!(SiteToRead {
                url,
                listed: self.listed.unwrap_or(false),
                sitemap_url: self.sitemap_url.map(plain),
                include: reach.include,
                exclude: reach.exclude,
                max_pages: reach.max_pages,
                max_depth: self.max_depth.unwrap_or(MAX_DEPTH.0),
            }),
        }
    }

    /// What is said of sites alone is as it is told of what lists all that it has.
    fn check_listed(&self, faults: &mut Faults, beside: &str) {
        let message = format!("is of web sites: leave it out beside `{beside}`");
        faults.refuse("listed", self.listed == Some(false), &*message);
        faults.refuse("sitemap_url", self.sitemap_url.is_some(), &*message);
        let is_deep = self.max_depth.is_some_and(|max| max != 0);
        faults.refuse("max_depth", is_deep, message);
    }

    /// What it and its documents are told as, and how often it is read.
    fn check_told(&self, faults: &mut Faults) {
        let name = self.name.trim();
        let is_name = (1..=100).contains(&name.chars().count()) && service::shows(name);
        let message = "must be 1 to 100 characters that people can see";
        faults.refuse("name", !is_name, message);
        faults.add(language_fault(self.language.as_deref()));
        let groups = self.groups.as_deref().unwrap_or_default();
        faults.add(group_faults("groups", groups));
        faults.number("every_hours", self.every_hours, 1, 8760);
    }

    /// What is read, and how much.
    fn check_reach(&self, faults: &mut Faults) {
        let address = "must be an http or https address of at most 2000 characters, without user and password";
        faults.refuse("url", !is_address(&self.url), address);
        let list = self.sitemap_url.as_deref();
        faults.refuse("sitemap_url", !list.is_none_or(is_address), address);
        for (field, paths) in [("include", &self.include), ("exclude", &self.exclude)] {
            let paths = paths.as_deref().unwrap_or_default();
            let fits = |path: &String| {
                path.starts_with('/') && path.chars().count() <= PATHS.1 && !path.contains('\0')
            };
            faults.refuse(
                field,
                paths.len() > PATHS.0 || !paths.iter().all(fits),
                "must be at most 20 beginnings of paths, each of at most 200 characters and with a `/` first",
            );
        }
        faults.number("max_pages", self.max_pages, 1, MAX_PAGES.1);
        faults.number("max_depth", self.max_depth, 0, MAX_DEPTH.1);
    }
}

/// What of it is read, and how much.
pub(super) struct Reach {
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) max_pages: i32,
}

/// Which connector it will be.
pub(super) struct Place<'a> {
    pub(super) tenant: Uuid,
    pub(super) id: Uuid,
    /// What it is now.
    pub(super) before: Option<&'a Connector>,
}

/// An address as it is asked, which holds nothing but plain characters.
pub(super) fn plain(address: String) -> String {
    Url::parse(&address).map_or(address, String::from)
}

pub(super) fn is_address(text: &str) -> bool {
    let is_plain = |url: Url| url.username().is_empty() && url.password().is_none();
    web_address(text).is_some_and(is_plain)
}
