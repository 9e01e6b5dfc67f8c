//! What `POST /login` takes: a password; in a form also the other grant of OAuth 2 that there is, a refresh token.

use crate::{enter::Enter, refresh::RefreshToken};
use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{App, Error, Form, JsonOrForm, is_form};

/// What somebody comes in with.
pub(crate) enum Grant {
    /// A name and a password.
    Password(Enter),
    /// A refresh token, as at `POST /login/refresh`.
    Refresh(RefreshToken),
}

impl FromRequest<App> for Grant {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        if !is_form(request.headers()) {
            let JsonOrForm(enter) = JsonOrForm::<Enter>::from_request(request, app).await?;
            return match enter.grant_type.as_deref() {
                None | Some("" | "password") => Ok(Self::Password(enter)),
                Some(_) => Err(Error::UnsupportedGrant),
            };
        }
        let form = Form::from_request(request, app).await?;
        match form.value("grant_type") {
            None | Some("password") => form.read().map(Self::Password),
            Some("refresh_token") => form.read().map(Self::Refresh),
            Some(_) => Err(Error::UnsupportedGrant),
        }
    }
}

/// The form of OAuth 2 (RFC 6749, sections 4.3.2 and 6). What it does not name is ignored.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only described: the form is read as what it stands for"
)]
pub(crate) struct LoginForm {
    /// `password` (also if absent) or `refresh_token`.
    grant_type: Option<String>,
    /// The email.
    #[schema(example = "ada@acme.example")]
    username: Option<String>,
    /// The password.
    #[schema(format = Password, example = "correct horse battery staple")]
    password: Option<String>,
    /// The tenant's slug; it may also come by HTTP Basic.
    client_id: Option<String>,
    /// With `grant_type=refresh_token`: as the login or the last refresh gave it.
    #[schema(format = Password)]
    refresh_token: Option<String>,
}
