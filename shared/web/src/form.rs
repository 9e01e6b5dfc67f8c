//! HTML forms, which is how clients of OAuth 2 send what they have to say (RFC 6749, appendix B).

use crate::{
    Error, Json,
    body::{body, media_type},
    forms::ToOauth,
    misfit::misfit,
};
use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{
    Deserializer,
    de::{self, DeserializeOwned, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};
use service::FieldError;
use std::fmt;

/// The fields of a form, `application/x-www-form-urlencoded` or `multipart/form-data`. A `client_id` may also come by
/// HTTP Basic (RFC 6749, section 2.3.1). One without a value counts as absent (section 3.2).
pub struct Form(Vec<(String, String)>);

/// JSON, or the same fields as a form.
#[derive(Debug)]
pub struct JsonOrForm<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonOrForm<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if is_form(request.headers()) {
            return Form::from_request(request, state).await?.read().map(Self);
        }
        let sent = Json::from_request(request, state).await;
        sent.map(|json| Self(json.0)).map_err(|e| match e {
            Error::MediaType("application/json") => Error::MediaType(EITHER),
            e => e,
        })
    }
}

const EITHER: &str = "application/json or application/x-www-form-urlencoded";

/// Whether the body says that it is a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|m| is_urlencoded(&m) || is_multipart(&m))
}

// A browser adds `;charset=UTF-8`.
fn is_urlencoded(media: &mime::Mime) -> bool {
    media.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED.essence_str()
}

fn is_multipart(media: &mime::Mime) -> bool {
    media.essence_str() == mime::MULTIPART_FORM_DATA.essence_str()
}

/// Marks what forms are answered, so that the problem has the names of OAuth 2 as well.
pub async fn to_oauth(request: Request, next: Next) -> Response {
    let is_form = is_form(request.headers());
    let mut answer = next.run(request).await;
    if is_form {
        answer.extensions_mut().insert(ToOauth);
    }
    answer
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let client = basic_client(request.headers());
        let media = media_type(request.headers()).ok_or(Error::MediaType(EITHER))?;
        let (parts, sent) = request.into_parts();
        let head = Request::from_parts(parts.clone(), sent);
        let bytes = body(head, state).await?;
        let mut fields = if is_multipart(&media) {
            let request = Request::from_parts(parts, Body::from(bytes));
            multipart(request, state).await?
        } else if bytes.trim_ascii_start().starts_with(b"{") {
            // What `curl --data` says of JSON, if it is not told.
            return Err(Error::MediaType(
                "what it is: JSON needs the header `content-type: application/json`",
            ));
        } else {
            url::form_urlencoded::parse(&bytes).into_owned().collect()
        };
        fields.retain(|(_, value)| !value.is_empty());
        let form = Self(fields);
        match client {
            Some(client) => form.of_client(client),
            None => Ok(form),
        }
    }
}

fn unreadable() -> Error {
    Error::Malformed("The form cannot be read.".into())
}

/// The fields of a form in parts.
async fn multipart<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Vec<(String, String)>, Error> {
    let parts = Multipart::from_request(request, state).await;
    let mut parts = parts.map_err(|_| unreadable())?;
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        if part.file_name().is_some() {
            let text = "A file is no field of this form. Send the fields as text.";
            return Err(Error::Malformed(text.into()));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let value = part.text().await.map_err(|_| unreadable())?;
        fields.push((name, value));
    }
    Ok(fields)
}

/// The client that names itself by HTTP Basic. Its secret is not asked for: there is none.
fn basic_client(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, coded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(coded.trim()).ok()?;
    let client = pair.split(|byte| *byte == b':').next()?;
    // Both were form-encoded before they were joined.
    let (client, _) = url::form_urlencoded::parse(client).next()?;
    (!client.is_empty()).then(|| client.into_owned())
}

impl Form {
    /// The form of a client that has also named itself by HTTP Basic: the two must not disagree, for one of them would be
    /// another tenant's.
    fn of_client(mut self, client: String) -> Result<Self, Error> {
        match self.value("client_id")? {
            Some(named) if named != client => Err(Error::field(
                "client_id",
                "is another one than that of the header `Authorization`; send one of them",
            )),
            Some(_) => Ok(self),
            None => {
                self.0.push(("client_id".to_owned(), client));
                Ok(self)
            }
        }
    }

    /// The value of a field.
    ///
    /// # Errors
    /// 422 for one that comes twice.
    pub fn value(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut fields = self.0.iter().filter(|(n, _)| n == name);
        let value = fields.next().map(|(_, value)| &**value);
        match fields.next() {
            None => Ok(value),
            Some(_) => Err(refused(de::Error::duplicate_field(name))),
        }
    }

    /// The fields that `T` has; what else there is is ignored (RFC 6749, section 3.2).
    ///
    /// # Errors
    /// 422 for one that is missing, comes twice or cannot be stored.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        T::deserialize(Fields(self.0)).map_err(refused)
    }
}

fn refused(Misfit(error): Misfit) -> Error {
    service::Error::Invalid(vec![error]).into()
}

/// Why a form is refused.
#[derive(Debug)]
struct Misfit(FieldError);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.field, self.0.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(said: T) -> Self {
        Self(misfit(".", &said.to_string(), "body"))
    }
}

/// A form, as serde reads it.
struct Fields(Vec<(String, String)>);

impl<'de> Deserializer<'de> for Fields {
    type Error = Misfit;

    /// By way of a JSON object, since a bare string does not deserialise as an optional one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let mut object = Map::new();
        for (field, value) in self.0 {
            let Some(field) = known.iter().find(|name| **name == field) else {
                continue;
            };
            if value.contains('\0') {
                let (field, message) = (*field, "holds U+0000, which cannot be stored");
                let (field, message) = (field.to_owned(), message.to_owned());
                return Err(Misfit(FieldError { field, message }));
            }
            if object.insert((*field).to_owned(), value.into()).is_some() {
                return Err(de::Error::duplicate_field(field));
            }
        }
        let read = Value::Object(object).deserialize_struct(name, known, visitor);
        read.map_err(de::Error::custom)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
        Err(de::Error::custom("a form has named fields"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
