//! A connector as it is told.

use super::{bucket::BucketOutput, repository::RepositoryOutput};
use anyhow::Context;
use chrono::{DateTime, Utc};
use db::{Connector, ConnectorKind, ConnectorRun};
use serde::Serialize;
use serde_json::Value;
use service::{BucketToRead, RepositoryToRead, SiteToRead};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Result, Versioned};

/// A connector.
#[derive(Serialize, ToSchema)]
#[schema(as = Connector)]
pub(crate) struct ConnectorOutput {
    /// Its id.
    id: Uuid,
    /// Its name, for people.
    #[schema(example = "Our help pages")]
    name: String,
    /// Where the site begins, where the store of a bucket answers, or the page of a repository.
    #[schema(example = "https://help.acme.example/")]
    url: String,
    /// The bucket that is read there; null of anything else.
    bucket: Option<BucketOutput>,
    /// How the Git repository is read; null of anything else.
    repository: Option<RepositoryOutput>,
    /// Whether the pages that the site lists are read, rather than those that its links lead to; of anything else, true.
    listed: bool,
    /// Where it lists them, if not where its `robots.txt` says.
    sitemap_url: Option<String>,
    /// What the paths begin with that are read; all, if there is none.
    include: Vec<String>,
    /// What the paths begin with that are not read.
    exclude: Vec<String>,
    /// How many pages, objects or files are read at most.
    #[schema(example = 500)]
    max_pages: i32,
    /// How many links from where it begins; of anything else, 0.
    #[schema(example = 5)]
    max_depth: i32,
    /// The language of its documents; null, each is found out.
    language: Option<String>,
    /// What is told beside its documents.
    #[schema(value_type = Object)]
    metadata: Value,
    /// The groups of users that they are limited to; of everybody if there is none.
    #[schema(example = json!([]))]
    groups: Vec<String>,
    /// How many hours after the end of a run the next one begins; null: only when somebody asks.
    #[schema(example = 24)]
    every_hours: Option<i32>,
    /// Whether it is read.
    is_on: bool,
    /// How many documents it has.
    #[schema(minimum = 0)]
    documents: i64,
    /// When it is read next; null while it is being read, or if nothing is planned.
    next_run_at: Option<DateTime<Utc>>,
    /// Its last run, or the one that is going on; null if there was none.
    last_run: Option<ConnectorRun>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

/// It is no other one for having been read.
impl Versioned for ConnectorOutput {
    const PASSING: &'static [&'static str] = &["documents", "next_run_at", "last_run"];
}

impl ConnectorOutput {
    pub(super) fn of(
        app: &App,
        tenant: Uuid,
        connector: Connector,
        last_run: Option<ConnectorRun>,
    ) -> Result<Self> {
        let Read {
            site,
            bucket,
            repository,
        } = read(app, tenant, &connector)?;
        Ok(Self {
            id: connector.id,
            name: connector.name,
            url: site.url,
            bucket,
            repository,
            listed: site.listed,
            sitemap_url: site.sitemap_url,
            include: site.include,
            exclude: site.exclude,
            max_pages: site.max_pages,
            max_depth: site.max_depth,
            language: connector.language,
            metadata: connector.metadata,
            groups: connector.groups,
            every_hours: connector.every_hours,
            is_on: connector.is_on,
            documents: connector.documents,
            next_run_at: connector.next_run_at,
            last_run,
            created_at: connector.created_at,
            updated_at: connector.updated_at,
        })
    }
}

/// What is read: what lists all that it has is told as a site that is read as it lists, and how it is another.
struct Read {
    site: SiteToRead,
    bucket: Option<BucketOutput>,
    repository: Option<RepositoryOutput>,
}

fn read(app: &App, tenant: Uuid, connector: &Connector) -> Result<Read> {
    let none = "a connector's settings are none";
    let settings = connector.settings.clone();
    let (mut bucket, mut repository) = (None, None);
    let site = match connector.kind {
        ConnectorKind::Site => serde_json::from_value(settings).context(none)?,
        ConnectorKind::Bucket => {
            let read: BucketToRead = serde_json::from_value(settings).context(none)?;
            let site = listed(&read.url, &read.include, &read.exclude, read.max_pages);
            bucket = Some(BucketOutput::of(read, app, tenant, connector));
            site
        }
        ConnectorKind::Repository => {
            let read: RepositoryToRead = serde_json::from_value(settings).context(none)?;
            let site = listed(&read.url, &read.include, &read.exclude, read.max_pages);
            repository = Some(RepositoryOutput::of(read, app, tenant, connector));
            site
        }
    };
    Ok(Read {
        site,
        bucket,
        repository,
    })
}

fn listed(url: &str, include: &[String], exclude: &[String], max_pages: i32) -> SiteToRead {
    SiteToRead {
        url: url.to_owned(),
        listed: true,
        sitemap_url: None,
        include: include.to_vec(),
        exclude: exclude.to_vec(),
        max_pages,
        max_depth: 0,
    }
}
