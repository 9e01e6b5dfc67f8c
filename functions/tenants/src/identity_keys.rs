//! `/tenants/{tenant_id}/sites/{id}/identity-keys`: by what a tenant's server signs who visits its pages.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use db::StoredIdentityKey;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tenant_auth::{IdentityAlgorithm, IdentitySecret, read_public_key};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Path, Result, TenantAt};

/// The most keys of a site: one that signs, one that follows it, and two to spare.
const MOST: usize = 4;
/// The longest public key, in bytes of text.
const LONGEST: usize = 2000;

/// By which algorithm identity tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = IdentityAlgorithm)]
pub(crate) enum Algorithm {
    /// HMAC with SHA-256, by a secret that the service makes.
    HS256,
    /// ECDSA on P-256 with SHA-256, by a pair of keys that you make.
    ES256,
    /// Ed25519, by a pair of keys that you make.
    EdDSA,
}

impl Algorithm {
    fn of(algorithm: IdentityAlgorithm) -> Self {
        match algorithm {
            IdentityAlgorithm::Hs256 => Self::HS256,
            IdentityAlgorithm::Es256 => Self::ES256,
            IdentityAlgorithm::EdDsa => Self::EdDSA,
        }
    }

    fn name(self) -> &'static str {
        let algorithm = match self {
            Self::HS256 => IdentityAlgorithm::Hs256,
            Self::ES256 => IdentityAlgorithm::Es256,
            Self::EdDSA => IdentityAlgorithm::EdDsa,
        };
        algorithm.name()
    }
}

/// What may be told of an identity key.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityKey)]
pub(crate) struct KeyOutput {
    /// Its id.
    id: Uuid,
    /// By which algorithm one signs with it.
    algorithm: Algorithm,
    /// How it ends, to tell it from others.
    #[schema(example = "sis_...x3Fg")]
    hint: String,
    /// Whether it can still be used; if not, add another one.
    readable: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl KeyOutput {
    fn of(app: &App, site: (Uuid, Uuid), key: StoredIdentityKey) -> Result<Self> {
        let algorithm: IdentityAlgorithm = key.algorithm.parse().map_err(anyhow::Error::from)?;
        Ok(Self {
            readable: app.can_use_identity_key(site, &key),
            id: key.id,
            algorithm: Algorithm::of(algorithm),
            hint: key.hint,
            created_at: key.created_at,
        })
    }
}

/// An identity key to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateIdentityKeyRequest)]
pub(crate) struct NewKey {
    /// By which algorithm your server signs. Tokens that name another one are refused.
    algorithm: Algorithm,
    /// With `ES256` and `EdDSA`, and only there: your public key, as PEM (`-----BEGIN PUBLIC KEY-----`) or as the JSON text of a
    /// JWK. The private one stays with you.
    #[schema(max_length = 2000)]
    public_key: Option<String>,
}

/// An identity key that was just added.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedIdentityKey)]
pub(crate) struct Created {
    /// With `HS256`: the secret, as your server is to use it, character by character. It is shown this once: keep it where
    /// secrets are kept, and never in a page.
    #[schema(example = "sis_q7Rk2vXw9LmZ4bTn8YcF3hJd6GpS5aQe")]
    secret: Option<String>,
    /// What is known of it.
    identity_key: KeyOutput,
}

/// A key that was made or read, and the secret if there is one.
struct Made {
    secret: Option<SecretString>,
    public_key: Option<Vec<u8>>,
    hint: String,
}

impl NewKey {
    /// # Errors
    /// 422: the public key is none, or of another algorithm.
    fn make(&self) -> Result<Made> {
        let refuse = |message: String| Error::field("public_key", message);
        let text = match (self.algorithm, &self.public_key) {
            (Algorithm::HS256, None) => {
                let IdentitySecret { secret, hint } = IdentitySecret::make();
                return Ok(Made {
                    secret: Some(secret),
                    public_key: None,
                    hint,
                });
            }
            (Algorithm::HS256, Some(_)) => {
                let message = "is not taken with HS256, whose secret is made here";
                return Err(refuse(message.to_owned()));
            }
            (_, None) => return Err(refuse("is required with this algorithm".to_owned())),
            (_, Some(text)) if text.len() > LONGEST => {
                return Err(refuse(format!("must be at most {LONGEST} bytes")));
            }
            (_, Some(text)) => text,
        };
        let key = read_public_key(text).map_err(|fault| refuse(fault.to_string()))?;
        if Algorithm::of(key.algorithm) != self.algorithm {
            let name = key.algorithm.name();
            return Err(refuse(format!("is a key for {name}: name that algorithm")));
        }
        Ok(Made {
            secret: None,
            hint: key.hint(),
            public_key: Some(key.bytes),
        })
    }
}

/// The identity keys of a site, oldest first. Secrets are not shown.
#[utoipa::path(get, path = "/tenants/{tenant_id}/sites/{id}/identity-keys", operation_id = "listIdentityKeys", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path, description = "The site")),
    responses((status = 200, body = Vec<KeyOutput>), (status = 403))
)]
pub(crate) async fn list(
    State(app): State<App>,
    at: TenantAt,
    Path((_, site)): Path<(String, Uuid)>,
) -> Result<Json<Vec<KeyOutput>>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    tx.site(site).await?.ok_or(Error::NotFound)?;
    let keys = tx.identity_keys(site).await?.into_iter();
    let shown = keys.map(|key| KeyOutput::of(&app, (at.tenant_id, site), key));
    Ok(Json(shown.collect::<Result<_>>()?))
}

/// Adds a key by which your server signs who visits a site's pages: a secret that is made here and shown this once, or the public
/// key of a pair of yours. To replace a key, add the new one, sign with it, and delete the old one: meanwhile both count.
///
/// No `Idempotency-Key` is heeded, since no secret can be shown again: who lost the answer deletes that key and adds another.
#[utoipa::path(post, path = "/tenants/{tenant_id}/sites/{id}/identity-keys", operation_id = "createIdentityKey", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path, description = "The site")),
    request_body = NewKey,
    responses((status = 201, body = Created), (status = 403), (status = 409, description = "`too_many_keys`: the site has four already."))
)]
pub(crate) async fn create(
    State(app): State<App>,
    at: TenantAt,
    Path((_, site)): Path<(String, Uuid)>,
    Json(asked): Json<NewKey>,
) -> Result<(StatusCode, Json<Created>)> {
    let of = (at.tenant_id, site);
    let admin = at.admin()?;
    let made = asked.make()?;
    let id = Uuid::now_v7();
    let seal = |secret| app.seal_identity_secret(of, id, secret);
    let key = StoredIdentityKey {
        id,
        algorithm: asked.algorithm.name().to_owned(),
        sealed: made.secret.as_ref().map(seal),
        public_key: made.public_key,
        hint: made.hint,
        created_at: app.clock.now(),
    };
    let mut tx = app.db.admin(admin).await?;
    if !tx.lock_site(site).await? {
        return Err(Error::NotFound);
    }
    if tx.identity_keys(site).await?.len() >= MOST {
        return Err(Error::Conflict(
            "too_many_keys",
            "This site has four identity keys already. Delete one that is used no more.".into(),
        ));
    }
    tx.add_identity_key(site, &key).await?;
    tx.commit().await?;
    let created = Created {
        secret: made.secret.map(|secret| secret.expose_secret().to_owned()),
        identity_key: KeyOutput::of(&app, of, key)?,
    };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Deletes an identity key: nothing signed with it lets anybody in any more, and within 5 seconds those who came in by it are out.
#[utoipa::path(delete, path = "/tenants/{tenant_id}/sites/{id}/identity-keys/{key_id}", operation_id = "deleteIdentityKey", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path, description = "The site"), ("key_id" = Uuid, Path, description = "The key")),
    responses((status = 204), (status = 403))
)]
pub(crate) async fn delete(
    State(app): State<App>,
    at: TenantAt,
    Path((_, site, id)): Path<(String, Uuid, Uuid)>,
) -> Result<StatusCode> {
    let mut tx = app.db.admin(at.admin()?).await?;
    if !tx.delete_identity_key(site, id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
