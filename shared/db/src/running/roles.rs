//! The names and passwords of the database roles that this deployment works as.

use secrecy::{ExposeSecret, SecretString};
use tenant_auth::RootSecret;
use url::Url;

/// The roles of one deployment; two deployments on one server differ in the prefix.
#[derive(Clone, Debug)]
pub struct Roles {
    prefix: String,
}

/// `ROLE_PREFIX` cannot be part of a role's name.
#[derive(Debug, thiserror::Error)]
#[error("must be 1 to 40 of a-z, 0-9 and _, and start with a letter")]
pub struct BadRolePrefix;

impl Roles {
    /// Roles whose names start with `prefix`.
    ///
    /// # Errors
    /// The prefix is not a plain lower-case name.
    pub fn new(prefix: &str) -> Result<Self, BadRolePrefix> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts_well = prefix.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts_well || prefix.len() > 40 || !prefix.chars().all(plain) {
            return Err(BadRolePrefix);
        }
        Ok(Self {
            prefix: prefix.to_owned(),
        })
    }

    /// The prefix itself.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The role that owns the schema. Nobody logs in as it.
    pub fn owner(&self) -> String {
        format!("{}_owner", self.prefix)
    }

    /// The role of every request.
    pub fn app(&self) -> String {
        format!("{}_app", self.prefix)
    }

    /// The role of the superusers' tenant list.
    pub fn platform(&self) -> String {
        format!("{}_platform", self.prefix)
    }

    /// The role that reads everything, for backups.
    pub fn backup(&self) -> String {
        format!("{}_backup", self.prefix)
    }

    /// `database_url` with the user and password of `role`, so that a running service never holds the
    /// powerful login that the operator configured.
    ///
    /// # Errors
    /// The URL does not parse, or has no host. The error does not repeat it.
    pub fn login(
        &self,
        database_url: &SecretString,
        role: &str,
        root: &RootSecret,
    ) -> Result<SecretString, url::ParseError> {
        let url = Url::parse(database_url.expose_secret())?;
        with_login(url, role, &root.role_password(role))
    }

    /// As [`Roles::login`], with each password that the role may have; first the one that it should.
    ///
    /// # Errors
    /// As [`Roles::login`].
    pub fn logins(
        &self,
        database_url: &SecretString,
        role: &str,
        root: &RootSecret,
    ) -> Result<Vec<SecretString>, url::ParseError> {
        let url = Url::parse(database_url.expose_secret())?;
        let passwords = root.role_passwords(role);
        let passwords = passwords.iter();
        passwords
            .map(|password| with_login(url.clone(), role, password))
            .collect()
    }

    /// `url` as it is if it names a user, else with the logins of `role`: nobody is told that role's password.
    ///
    /// # Errors
    /// As [`Roles::login`].
    pub fn logins_unless_named(
        &self,
        url: &SecretString,
        role: &str,
        root: &RootSecret,
    ) -> Result<Vec<SecretString>, url::ParseError> {
        if Url::parse(url.expose_secret())?.username().is_empty() {
            return self.logins(url, role, root);
        }
        Ok(vec![url.clone()])
    }
}

/// `url` with another user and password.
///
/// # Errors
/// It has no host.
pub(crate) fn with_login(
    mut url: Url,
    user: &str,
    password: &SecretString,
) -> Result<SecretString, url::ParseError> {
    let set = url
        .set_username(user)
        .and_then(|()| url.set_password(Some(password.expose_secret())));
    set.map_err(|()| url::ParseError::EmptyHost)?;
    Ok(String::from(url).into())
}
