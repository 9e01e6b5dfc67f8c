//! Bodies that are JSON, or a form with a file in it.

use crate::{
    App, Error, RequestKey,
    body::{body, media_type},
    json::{json_body, parse},
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
};
use serde::de::DeserializeOwned;
use service::Object;

/// JSON, or a form with a file in its field `file`.
#[derive(Debug)]
pub enum Upload<T> {
    /// What the JSON says.
    Json(T),
    /// The file, and the other fields.
    File(SentFile),
}

/// A file as a form sends it.
#[derive(Debug)]
pub struct SentFile {
    /// Its name, without any folders.
    pub name: String,
    /// All of it.
    pub content: Bytes,
    /// The other fields, in their order.
    pub fields: Vec<(String, String)>,
}

/// As [`Upload`], of a request that makes something, with the key of that request.
#[derive(Debug)]
pub struct RepeatableUpload<T> {
    /// The key.
    pub key: RequestKey,
    /// What is asked for.
    pub asked: Upload<T>,
}

const EITHER: &str = "application/json or multipart/form-data";

impl<T: DeserializeOwned> FromRequest<App> for Upload<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        Ok(read(request, app).await?.0)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for RepeatableUpload<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        let named = RequestKey::of(&mut parts, app).await?;
        let path = parts.uri.path().to_owned();
        let (asked, sent) = read(Request::from_parts(parts, body), app).await?;
        // The same form is sent with other bytes between its parts each time.
        let told = match (&asked, &named) {
            (Upload::File(file), Some(_)) => file.told().into(),
            _ => sent,
        };
        let key = RequestKey::new(app, named, &path, &told);
        Ok(Self { key, asked })
    }
}

/// What was sent, and its bytes.
async fn read<T: DeserializeOwned>(
    request: Request,
    app: &App,
) -> Result<(Upload<T>, Bytes), Error> {
    let media = media_type(request.headers());
    let is_form =
        media.is_some_and(|media| media.essence_str() == mime::MULTIPART_FORM_DATA.essence_str());
    if !is_form {
        let sent = json_body(request, app).await.map_err(|e| match e {
            Error::MediaType("application/json") => Error::MediaType(EITHER),
            e => e,
        })?;
        let Object(value) = parse(&sent)?;
        return Ok((Upload::Json(value), sent));
    }
    let (parts, sent) = request.into_parts();
    let sent = body(Request::from_parts(parts.clone(), sent), app).await?;
    let again = Request::from_parts(parts, Body::from(sent.clone()));
    Ok((Upload::File(form(again, app).await?), sent))
}

fn unreadable() -> Error {
    Error::Malformed("The form cannot be read.".into())
}

async fn form(request: Request, app: &App) -> Result<SentFile, Error> {
    let parts = Multipart::from_request(request, app).await;
    let mut parts = parts.map_err(|_| unreadable())?;
    let (mut file, mut fields) = (None, Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        let name = part.name().unwrap_or_default().to_owned();
        if name != "file" {
            fields.push((name, part.text().await.map_err(|_| unreadable())?));
            continue;
        }
        let named = part.file_name().unwrap_or_default();
        let named = named.rsplit(['/', '\\']).next().unwrap_or_default();
        let named: String = named
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect();
        let content = part.bytes().await.map_err(|_| unreadable())?;
        if file.replace((named, content)).is_some() {
            return Err(Error::field("file", "comes twice; send one file at a time"));
        }
    }
    let (name, content) = file.ok_or_else(|| Error::field("file", "is missing"))?;
    Ok(SentFile {
        name,
        content,
        fields,
    })
}

impl SentFile {
    /// What it says, whatever is between its parts.
    fn told(&self) -> Vec<u8> {
        let fields = self.fields.iter().flat_map(|(name, value)| [name, value]);
        let fields = fields.chain([&self.name]);
        let mut told: Vec<u8> = fields
            .flat_map(|text| [text.as_bytes(), b"\0"].concat())
            .collect();
        told.extend_from_slice(&self.content);
        told
    }
}
