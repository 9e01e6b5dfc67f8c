//! Git repositories.

use super::{
    file::MAX_SIZE,
    listing::{self, Wanted, in_address},
    page::Got,
};
use crate::worker::Step;
use db::{Connector, Job, Listed, ListedPiece, PageToRead, Running};
use fetch::{Files, GitServer, Refusal, Repository, RepositoryAt};
use secrecy::SecretString;
use service::{GitHost, RepositoryToRead, Result, Service};
use url::Url;
use uuid::Uuid;

/// What a file begins with that stands for another, which is kept elsewhere.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A connector's repository, and its token.
pub(super) struct RepositoryOf {
    read: RepositoryToRead,
    url: Url,
    token: Option<SecretString>,
    /// What the names of its files begin with.
    prefix: String,
}

impl RepositoryOf {
    /// Opens the token of a tenant's connector; the failure is why it cannot be, in a sentence.
    pub(super) fn open(
        service: &Service,
        tenant: Uuid,
        connector: &Connector,
        read: RepositoryToRead,
    ) -> std::result::Result<Self, String> {
        let sealed = connector.sealed.as_deref();
        let open = |sealed| service.open_key(tenant, service::REPOSITORY, connector.id, sealed);
        let token = sealed.map(open).transpose().map_err(
            |_| "The token of the repository cannot be opened any more. Set `token` again.",
        )?;
        let prefix = match &*read.folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        Ok(Self {
            url: Url::parse(&read.url).map_err(|_| "Its address is none. Change it.")?,
            read,
            token,
            prefix,
        })
    }

    fn repository<'a>(
        &'a self,
        service: &'a Service,
    ) -> std::result::Result<Repository<'a>, Refusal> {
        let at = RepositoryAt {
            server: match self.read.server {
                GitHost::GitHub => GitServer::GitHub,
                GitHost::GitLab => GitServer::GitLab,
                GitHost::Forgejo => GitServer::Forgejo,
            },
            url: &self.url,
            branch: self.read.branch.as_deref(),
            folder: &self.read.folder,
        };
        Repository::new(&service.outside, at, self.token.as_ref())
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            prefix: &self.prefix,
            include: &self.read.include,
            exclude: &self.read.exclude,
            most: self.read.max_pages,
        }
    }

    /// Notes some of what there is, from where the list goes on.
    pub(super) async fn list(&self, service: &Service, job: &Job, run: &Running) -> Result<Step> {
        let found = match self.repository(service) {
            Ok(repository) => repository.list(run.list_from.as_deref()).await,
            Err(refusal) => Err(refusal),
        };
        let at = (service, job, run);
        self.wanted().note(at, found.map(listed), why).await
    }

    /// Asks for a file, and reads it.
    pub(super) async fn get(&self, service: &Service, file: &PageToRead) -> Result<Got> {
        let Some(id) = file.listed_as.clone() else {
            return Ok(Got::Gone);
        };
        // The list has all that there is; and what was to be read before may not be any more.
        if file.is_missed || !self.wanted().holds(&file.url) {
            return Ok(Got::Gone);
        }
        let found = match self.repository(service) {
            Ok(repository) => repository.get(&id, MAX_SIZE).await,
            Err(refusal) => Err(refusal),
        };
        match found {
            Ok(found) if found.content.starts_with(LFS) => {
                let reason = "Git keeps its content elsewhere (LFS), where it is not read.";
                Ok(Got::Left(Some(reason.to_owned()), Vec::new()))
            }
            Ok(found) => {
                let at = self.address(&file.url);
                listing::read(service, file, found, (Some(id), at)).await
            }
            Err(Refusal::Busy(_, wait)) => Ok(Got::Busy(wait)),
            Err(refusal) => Ok(Got::Failed(why(&refusal), refusal.is_of_host())),
        }
    }

    /// Where people read a file.
    fn address(&self, path: &str) -> Option<String> {
        let page = self.url.as_str().trim_end_matches('/');
        let page = page.strip_suffix(".git").unwrap_or(page);
        let branch = self.read.branch.as_deref().unwrap_or("HEAD");
        let between = match self.read.server {
            GitHost::GitHub => "blob",
            GitHost::GitLab => "-/blob",
            // It knows no `HEAD`.
            GitHost::Forgejo if self.read.branch.is_none() => return Some(page.to_owned()),
            GitHost::Forgejo => "src/branch",
        };
        let (branch, path) = (in_address(branch), in_address(path));
        Some(format!("{page}/{between}/{branch}/{path}"))
    }
}

fn listed(found: Files) -> Listed {
    let pieces = found.files.into_iter().map(|file| ListedPiece {
        name: file.path,
        version: Some(file.id),
    });
    Listed {
        pieces: pieces.collect(),
        next: found.next,
        lack: found.is_cut.then(|| {
            "The server lists only a part of so large a repository: set a smaller `folder`. Nothing was deleted because it was not found.".to_owned()
        }),
    }
}

/// Why a repository cannot be read, in a sentence.
fn why(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Status(401 | 403) => "Its token may not do that, or is none: it must be allowed to read the contents of the repository.".into(),
        Refusal::Status(404) => "There is no such repository, branch or folder, or it is not public and needs a token (status 404).".into(),
        Refusal::Astray => "Its server says that the repository is elsewhere. Set its new address.".into(),
        refusal => refusal.to_string(),
    }
}
