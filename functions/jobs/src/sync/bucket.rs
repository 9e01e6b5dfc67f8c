//! Buckets of object stores.

use super::{
    file::MAX_SIZE,
    listing::{self, Wanted, in_address},
    page::Got,
};
use crate::worker::Step;
use db::{Connector, Job, Listed, ListedPiece, PageToRead, Running};
use fetch::{Answer, Bucket, BucketAt, Known, Listing, Refusal};
use service::{BucketToRead, Result, Service};
use url::Url;
use uuid::Uuid;

/// A connector's bucket, opened by its key.
pub(super) struct BucketOf<'a> {
    read: BucketToRead,
    bucket: Bucket<'a>,
}

impl<'a> BucketOf<'a> {
    /// Opens the bucket of a tenant's connector; the failure is why it cannot be, in a sentence.
    pub(super) fn open(
        service: &'a Service,
        tenant: Uuid,
        connector: &Connector,
        read: BucketToRead,
    ) -> std::result::Result<Self, String> {
        let sealed = connector.sealed.as_deref().unwrap_or_default();
        let secret = service.open_key(tenant, service::BUCKET, connector.id, sealed);
        let secret = secret.map_err(|_| {
            "The secret of its access key cannot be opened any more. Set `secret_access_key` again."
        })?;
        let endpoint = Url::parse(&read.url).map_err(|_| "Its address is none. Change it.")?;
        let at = BucketAt {
            endpoint: &endpoint,
            name: &read.name,
            region: &read.region,
            is_host: read.virtual_host,
        };
        let bucket = Bucket::new(&service.outside, &at, (&read.access_key_id, &secret));
        let bucket = bucket.map_err(|e| format!("The bucket cannot be asked: {e}"))?;
        Ok(Self { read, bucket })
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            prefix: &self.read.prefix,
            include: &self.read.include,
            exclude: &self.read.exclude,
            most: self.read.max_pages,
        }
    }

    /// Notes some of what there is, from where the list goes on.
    pub(super) async fn list(&self, service: &Service, job: &Job, run: &Running) -> Result<Step> {
        let from = run.list_from.as_deref();
        let found = self.bucket.list(&self.read.prefix, from).await;
        let at = (service, job, run);
        self.wanted().note(at, found.map(listed), why).await
    }

    /// Asks for an object, and reads it.
    pub(super) async fn get(&self, service: &Service, object: &PageToRead) -> Result<Got> {
        // The list has all that there is; and what was to be read before may not be any more.
        if object.is_missed || !self.wanted().holds(&object.url) {
            return Ok(Got::Gone);
        }
        let known = Known {
            etag: object.etag.clone(),
            last_modified: None,
        };
        let found = match self.bucket.get(&object.url, &known, MAX_SIZE).await {
            Ok(Answer::Page(found)) => found,
            Ok(Answer::Unchanged(_)) => return Ok(Got::Unchanged),
            Ok(Answer::Gone) => return Ok(Got::Gone),
            Ok(Answer::Elsewhere(_)) => return Ok(Got::Failed(why(&Refusal::Astray), false)),
            Err(Refusal::Busy(_, wait)) => return Ok(Got::Busy(wait)),
            Err(Refusal::Nameless) => {
                return Ok(Got::Left(Some(why(&Refusal::Nameless)), Vec::new()));
            }
            Err(refusal) => return Ok(Got::Failed(why(&refusal), refusal.is_of_host())),
        };
        let etag = found.known.etag.clone();
        let public = self.read.public_url.as_ref();
        let at = public.map(|begin| format!("{begin}{}", in_address(&object.url)));
        listing::read(service, object, found, (etag, at)).await
    }
}

fn listed(found: Listing) -> Listed {
    let pieces = found.objects.into_iter().map(|object| ListedPiece {
        name: object.key,
        version: object.etag,
    });
    Listed {
        pieces: pieces.collect(),
        next: found.next,
        lack: None,
    }
}

/// Why a bucket cannot be read, in a sentence.
fn why(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Status(403) => "Its key may not do that, or is none (status 403). It must be allowed to list the bucket and to get its objects.".into(),
        Refusal::Status(404) => "There is no such bucket (status 404).".into(),
        Refusal::Astray => "Its endpoint says that the bucket is elsewhere. Set the endpoint and the region of the bucket.".into(),
        refusal => refusal.to_string(),
    }
}
