//! What `POST /login` takes: a password; in a form also the other grant of OAuth 2 that there is, a refresh token.

use axum::extract::{FromRequest, Request};
use secrecy::SecretString;
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
        match form.value("grant_type")? {
            None | Some("password") => form.read().map(Self::Password),
            Some("refresh_token") => form.read().map(Self::Refresh),
            Some(_) => Err(Error::UnsupportedGrant),
        }
    }
}

/// Who wants in. In a form of OAuth 2, `username` is the email and `client_id` the tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginRequest)]
pub(crate) struct Enter {
    /// The email.
    #[schema(example = "ada@acme.example")]
    #[serde(alias = "username")]
    pub(crate) email: String,
    /// The password.
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    pub(crate) password: SecretString,
    /// The tenant's slug. Without it the email decides and, where two tenants have it, the password, then the page's
    /// origin; on an origin that a superuser gave to a tenant, that tenant.
    #[schema(example = "acme")]
    #[serde(default, alias = "client_id")]
    pub(crate) tenant: Option<String>,
    /// What else OAuth 2 clients send; but for the grant, it changes nothing.
    #[serde(default)]
    #[schema(ignore)]
    pub(crate) grant_type: Option<String>,
    #[serde(default, rename = "scope")]
    #[schema(ignore)]
    _scope: Option<String>,
    #[serde(default, rename = "client_secret")]
    #[schema(ignore)]
    _client_secret: Option<SecretString>,
}

/// The refresh token of a login.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefreshTokenRequest)]
pub(crate) struct RefreshToken {
    /// As the login or the last refresh gave it.
    #[schema(value_type = String, format = Password, example = "the refresh token of the login")]
    #[serde(alias = "token")]
    pub(crate) refresh_token: SecretString,
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

/// The form with which a client of OAuth 2 renews a login (RFC 6749, section 6). What it does not name is ignored.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only described: the form is read as what it stands for"
)]
pub(crate) struct RenewalForm {
    /// `refresh_token`, also if absent.
    grant_type: Option<String>,
    /// As the login or the last refresh gave it.
    #[schema(format = Password, example = "the refresh token of the login")]
    refresh_token: Option<String>,
}

/// The form with which a client of OAuth 2 revokes a token (RFC 7009, section 2.1). What it does not name is ignored.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only described: the form is read as what it stands for"
)]
pub(crate) struct RevocationForm {
    /// The refresh token, as the login or the last refresh gave it; `refresh_token` is the same.
    #[schema(format = Password, example = "the refresh token of the login")]
    token: Option<String>,
    /// As in JSON.
    #[schema(format = Password)]
    refresh_token: Option<String>,
}
