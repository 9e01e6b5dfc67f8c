//! A Git repository as a connector's is set and told.

use super::{
    asked::{Place, Reach},
    secret::{Sealed, is_token},
};
use db::Connector;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::{Faults, GitHost, REPOSITORY, RepositoryToRead, last4};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;
use web::App;

/// What to set of a Git repository.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RepositorySettings)]
pub(super) struct RepositoryInput {
    /// By whose API its server is asked.
    server: GitHost,
    /// The branch, 1 to 200 characters; absent, the one that the server shows first.
    #[schema(min_length = 1, max_length = 200, example = "main")]
    branch: Option<String>,
    /// The folder that is read; absent, all of the repository. At most 500 characters.
    #[schema(max_length = 500, example = "docs")]
    folder: Option<String>,
    /// A token that may read the contents of the repository, which is stored sealed and never told: 8 to 512 printable ASCII characters without
    /// spaces. Absent, a public repository is read; or where a connector is set otherwise, the one that it has stays, if `url` is
    /// no other. An empty one takes it away.
    #[schema(value_type = Option<String>, format = Password, max_length = 512, pattern = "^([!-~]{8,512})?$")]
    token: Option<SecretString>,
}

/// A Git repository.
#[derive(Serialize, ToSchema)]
#[schema(as = Repository)]
pub(super) struct RepositoryOutput {
    /// By whose API its server is asked.
    server: GitHost,
    /// The branch; null: the one that the server shows first.
    branch: Option<String>,
    /// The folder that is read; empty: all of the repository.
    #[schema(example = "docs")]
    folder: String,
    /// How its token ends, empty of a short one; null, if it has none.
    token_last4: Option<String>,
    /// Whether that can still be opened; if not, set it again. True, if it has none.
    token_readable: bool,
}

impl RepositoryInput {
    /// Whether it can be read.
    pub(super) fn check(&self, faults: &mut Faults, url: &str) {
        let path = Url::parse(url).map(|url| url.path().trim_matches('/').to_owned());
        let has_name = path.is_ok_and(|path| path.contains('/'));
        let message =
            "must be the address of the repository's page, which ends with its owner and its name";
        faults.refuse("url", !has_name, message);
        let branch = self.branch.as_ref();
        let is_name = |name: &String| {
            (1..=200).contains(&name.chars().count()) && !name.contains(char::is_control)
        };
        let message = "must be 1 to 200 characters";
        faults.refuse("repository.branch", !branch.is_none_or(is_name), message);
        let folder = self.folder.as_deref().unwrap_or_default();
        let is_step = |part: &str| part == "." || part == "..";
        let is_folder = folder.chars().count() <= 500
            && !folder.contains(char::is_control)
            && !folder.split('/').any(is_step);
        let message = "must be a path in the repository of at most 500 characters";
        faults.refuse("repository.folder", !is_folder, message);
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        let is_good = token.is_none_or(|token| token.is_empty() || is_token(token, 8, 512));
        let message = "must be 8 to 512 printable ASCII characters without spaces, or empty";
        faults.refuse("repository.token", !is_good, message);
    }

    /// Its token sealed, and how that ends: the one that is set, or that of a connector of the same repository.
    pub(super) fn secret(&self, app: &App, place: &Place<'_>, url: &str) -> Option<Sealed> {
        match &self.token {
            Some(token) if token.expose_secret().is_empty() => None,
            Some(token) => {
                let sealed = app.seal_key(place.tenant, REPOSITORY, place.id, token);
                Some((sealed, last4(token)))
            }
            None => {
                let before = place.before?;
                let is_same =
                    before.kind == db::ConnectorKind::Repository && before.settings["url"] == *url;
                is_same.then(|| before.sealed.clone().zip(before.secret_last4.clone()))?
            }
        }
    }

    /// What a connector reads of it, from what else is set.
    pub(super) fn reading(self, url: String, with: Reach) -> RepositoryToRead {
        let folder = self.folder.unwrap_or_default();
        let parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
        RepositoryToRead {
            url,
            server: self.server,
            branch: self.branch,
            folder: parts.join("/"),
            include: with.include,
            exclude: with.exclude,
            max_pages: with.max_pages,
        }
    }
}

impl RepositoryOutput {
    pub(super) fn of(read: RepositoryToRead, app: &App, tenant: Uuid, of: &Connector) -> Self {
        let sealed = of.sealed.as_deref();
        let opens = |sealed| app.open_key(tenant, REPOSITORY, of.id, sealed).is_ok();
        Self {
            server: read.server,
            branch: read.branch,
            folder: read.folder,
            token_last4: of.secret_last4.clone(),
            token_readable: sealed.is_none_or(opens),
        }
    }
}
