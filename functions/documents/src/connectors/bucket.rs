//! A bucket as a connector's is set and told.

use super::{
    asked::{Place, Reach, is_address, plain},
    secret::{Sealed, is_token},
};
use db::Connector;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::{BUCKET, BucketToRead, Faults, last4};
use utoipa::ToSchema;
use uuid::Uuid;
use web::App;

/// The region of stores that have none.
const REGION: &str = "us-east-1";

/// What to set of a bucket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BucketSettings)]
pub(super) struct BucketInput {
    /// What the bucket is called: 3 to 100 letters, digits, dots, dashes and underscores.
    #[schema(
        min_length = 3,
        max_length = 100,
        pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{2,99}$",
        example = "acme-help"
    )]
    pub(super) name: String,
    /// In which region it is; absent, `us-east-1`, which stores that have none take.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9-]{1,64}$",
        example = "eu-central-1"
    )]
    region: Option<String>,
    /// What the keys begin with that are read; absent, all. At most 500 characters.
    #[schema(max_length = 500, example = "help/")]
    prefix: Option<String>,
    /// The id of an access key that may list the bucket and get its objects: 3 to 128 printable ASCII characters without spaces.
    #[schema(min_length = 3, max_length = 128, pattern = "^[!-~]{3,128}$")]
    access_key_id: String,
    /// The secret of that key, which is stored sealed and never told: 8 to 512 printable ASCII characters without spaces. Absent where
    /// a connector is set otherwise, the one that it has stays, if neither `url` nor `access_key_id` is another.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 512, pattern = "^[!-~]{8,512}$")]
    secret_access_key: Option<SecretString>,
    /// Whether the bucket's name is part of the host (`acme-help.s3.example`), rather than of the path; absent, of the path.
    virtual_host: Option<bool>,
    /// What the addresses begin with at which people read the objects: the key is put behind it, and answers link to that. Absent,
    /// they link to nothing.
    #[schema(max_length = 1000, example = "https://files.acme.example/")]
    public_url: Option<String>,
}

/// A bucket.
#[derive(Serialize, ToSchema)]
#[schema(as = Bucket)]
pub(super) struct BucketOutput {
    /// What it is called.
    #[schema(example = "acme-help")]
    name: String,
    /// In which region it is.
    #[schema(example = "eu-central-1")]
    region: String,
    /// What the keys begin with that are read.
    #[schema(example = "help/")]
    prefix: String,
    /// The id of its access key.
    access_key_id: String,
    /// How the secret of that ends; empty of a short one.
    secret_last4: String,
    /// Whether that can still be opened; if not, set it again.
    secret_readable: bool,
    /// Whether the bucket's name is part of the host, rather than of the path.
    virtual_host: bool,
    /// What the addresses begin with at which people read the objects, if they do.
    public_url: Option<String>,
}

impl BucketInput {
    /// Whether it can be read, with the secret that there is from before.
    pub(super) fn check(&self, faults: &mut Faults, has_secret: bool) {
        let is_name = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
        let name = &self.name;
        let is_good = (3..=100).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(is_name);
        let message = "must be 3 to 100 letters, digits, dots, dashes and underscores, and begin with a letter or digit";
        faults.refuse("bucket.name", !is_good, message);
        let region = self.region.as_deref().unwrap_or(REGION);
        let is_region = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        let is_good = (1..=64).contains(&region.len()) && region.bytes().all(is_region);
        let message = "must be 1 to 64 letters, digits and dashes";
        faults.refuse("bucket.region", !is_good, message);
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let is_bad = prefix.chars().count() > 500 || prefix.contains('\0');
        faults.refuse("bucket.prefix", is_bad, "must be at most 500 characters");
        let is_bad = !is_token(&self.access_key_id, 3, 128);
        let message = "must be 3 to 128 printable ASCII characters without spaces";
        faults.refuse("bucket.access_key_id", is_bad, message);
        let secret = self.secret_access_key.as_ref();
        let is_good = secret.map_or(has_secret, |secret| {
            is_token(secret.expose_secret(), 8, 512)
        });
        let message = "must be 8 to 512 printable ASCII characters without spaces, and be sent with another `url` or `access_key_id`";
        faults.refuse("bucket.secret_access_key", !is_good, message);
        let public = self.public_url.as_deref();
        let is_good = public.is_none_or(|url| url.len() <= 1000 && is_address(url));
        let message = "must be an http or https address of at most 1000 characters, without user and password";
        faults.refuse("bucket.public_url", !is_good, message);
    }

    /// The sealed secret of a connector and how it ends, if they are for this one, too.
    pub(super) fn secret_of(&self, before: Option<&Connector>, url: &str) -> Option<Sealed> {
        let before = before.filter(|before| {
            before.kind == db::ConnectorKind::Bucket
                && before.settings["access_key_id"] == *self.access_key_id
                && before.settings["url"] == *url
        })?;
        Some((before.sealed.clone()?, before.secret_last4.clone()?))
    }

    /// The secret sealed for a connector, and how it ends; nothing if there is none.
    pub(super) fn seal(&self, app: &App, place: &Place<'_>) -> Option<Sealed> {
        let secret = self.secret_access_key.as_ref()?;
        let sealed = app.seal_key(place.tenant, BUCKET, place.id, secret);
        Some((sealed, last4(secret)))
    }

    /// What a connector reads of it, from what else is set.
    pub(super) fn reading(self, url: String, with: Reach) -> BucketToRead {
        BucketToRead {
            url,
            name: self.name,
            region: self.region.unwrap_or_else(|| REGION.to_owned()),
            prefix: self.prefix.unwrap_or_default(),
            access_key_id: self.access_key_id,
            virtual_host: self.virtual_host.unwrap_or(false),
            public_url: self.public_url.map(plain),
            include: with.include,
            exclude: with.exclude,
            max_pages: with.max_pages,
        }
    }
}

impl BucketOutput {
    pub(super) fn of(bucket: BucketToRead, app: &App, tenant: Uuid, connector: &Connector) -> Self {
        let sealed = connector.sealed.as_deref().unwrap_or_default();
        Self {
            name: bucket.name,
            region: bucket.region,
            prefix: bucket.prefix,
            access_key_id: bucket.access_key_id,
            secret_last4: connector.secret_last4.clone().unwrap_or_default(),
            secret_readable: app.open_key(tenant, BUCKET, connector.id, sealed).is_ok(),
            virtual_host: bucket.virtual_host,
            public_url: bucket.public_url,
        }
    }
}
