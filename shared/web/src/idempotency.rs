//! Requests that may be sent twice.

use crate::{
    App, Error, Result,
    json::{json_body, parse},
};
use axum::{
    extract::{FromRequest, FromRequestParts, MatchedPath, Request},
    http::request::Parts,
};
use db::{AdminTx, Claim, TenantAdmin};
use serde::de::DeserializeOwned;
use service::Object;
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};
use uuid::Uuid;

/// The longest key, in characters.
const MAX_KEY: usize = 255;

/// `Idempotency-Key`: the name that a client gives to a request that makes something, so that sending it again makes
/// nothing again (draft-ietf-httpapi-idempotency-key-header).
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The header, as the contract names it.
    pub(crate) const HEADER: &str = "Idempotency-Key";
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let mut keys = parts.headers.get_all(Self::HEADER).iter();
        let Some(key) = keys.next() else {
            return Ok(Self(None));
        };
        let key = key.to_str().ok().map(str::trim);
        let fits = |key: &&str| (1..=MAX_KEY).contains(&key.len());
        match (key.filter(fits), keys.next()) {
            (Some(key), None) => Ok(Self(Some(key.to_owned()))),
            _ => Err(Error::field(
                Self::HEADER,
                "must be sent once, with 1 to 255 visible ASCII characters, such as a random UUID",
            )),
        }
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX_KEY));
        let parameter = ParameterBuilder::new()
            .name(Self::HEADER)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "A name for this request, such as a random UUID, so that it may be sent again within 24 hours: it makes \
                 nothing anew, and is answered as the first time.",
            ))
            .schema(Some(text));
        vec![parameter.build()]
    }
}

/// The key of a request that makes something, if its client gave it one, and what the request asks for.
#[derive(Debug)]
pub struct RequestKey(Option<Named>);

#[derive(Debug)]
struct Named {
    route: String,
    key: String,
    body_hash: [u8; 32],
    other_hashes: Vec<[u8; 32]>,
}

impl RequestKey {
    /// The route and the key, if there is one.
    pub(crate) async fn of(parts: &mut Parts, app: &App) -> Result<Option<(String, String)>> {
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, app).await?;
        let Some(key) = key else {
            return Ok(None);
        };
        let path = parts.extensions.get::<MatchedPath>();
        let path = path.ok_or_else(|| anyhow::anyhow!("a request without a route"))?;
        Ok(Some((format!("{} {}", parts.method, path.as_str()), key)))
    }

    pub(crate) fn new(app: &App, named: Option<(String, String)>, path: &str, body: &[u8]) -> Self {
        Self(named.map(|(route, key)| Named {
            route,
            key,
            body_hash: app.request_mac(path, body),
            other_hashes: app.other_request_macs(path, body),
        }))
    }

    /// As the database knows it.
    pub fn named(&self) -> Option<db::IdempotencyKey<'_>> {
        self.0.as_ref().map(Named::key)
    }

    /// Takes the key for what `tx` makes, `made`, or tells what the same request made before. Call it before anything is
    /// made; dropping `tx` frees the key.
    ///
    /// # Errors
    /// 422: another request has it.
    pub async fn claim(&self, tx: &mut AdminTx, made: Uuid) -> Result<Option<Uuid>> {
        match &self.0 {
            None => Ok(None),
            Some(named) => before(tx.claim(&named.route, &named.key(), made).await?),
        }
    }

    /// What the same request made before, with a transaction that can show it: for what does work before it makes something
    /// that is not to be done for a repeat.
    ///
    /// # Errors
    /// 422: another request has it.
    pub async fn made_before(
        &self,
        app: &App,
        admin: &TenantAdmin,
    ) -> Result<Option<(AdminTx, Uuid)>> {
        let Some(named) = &self.0 else {
            return Ok(None);
        };
        let mut tx = app.db.admin(admin).await?;
        let made = before(tx.claimed(&named.route, &named.key()).await?)?;
        Ok(made.map(|made| (tx, made)))
    }
}

impl Named {
    fn key(&self) -> db::IdempotencyKey<'_> {
        db::IdempotencyKey {
            key: &self.key,
            body_hash: &self.body_hash,
            other_hashes: &self.other_hashes,
        }
    }
}

fn before(claim: Claim) -> Result<Option<Uuid>> {
    match claim {
        Claim::New => Ok(None),
        Claim::Repeat(made) => Ok(Some(made)),
        Claim::OtherBody => Err(Error::KeyReused),
    }
}

/// Of a request without a body: what its path names is all it asks for.
impl FromRequestParts<App> for RequestKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let named = Self::of(parts, app).await?;
        Ok(Self::new(app, named, parts.uri.path(), b""))
    }
}

/// A JSON body as [`Json`](crate::Json) reads it, of a request that makes something, with the key of that request.
#[derive(Debug)]
pub struct Repeatable<T> {
    /// The key.
    pub key: RequestKey,
    /// What is asked for.
    pub asked: T,
}

impl<T: DeserializeOwned> FromRequest<App> for Repeatable<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let named = RequestKey::of(&mut parts, app).await?;
        let path = parts.uri.path().to_owned();
        let body = json_body(Request::from_parts(parts, body), app).await?;
        let Object(asked) = parse(&body)?;
        let key = RequestKey::new(app, named, &path, &body);
        Ok(Self { key, asked })
    }
}
