//! The operator's commands: with the powerful login of `DATABASE_URL`, which the service never holds.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use container::say;
use db::{Asked, Operator, Repriced, Repricing};
use secrecy::{ExposeSecret, SecretString};
use service::{Clock, Config, OperatorConfig, Service};
use std::io::Read;
use tenant_auth::{Hasher, PasswordOwner, Turn, check_new_password, generate_password};

/// `parlance migrate`.
pub(crate) async fn migrate() -> Result<()> {
    say(&migrate::run().await?)
}

/// `parlance migrate --plan`.
pub(crate) async fn plan(try_on: Option<String>) -> Result<()> {
    say(&migrate::plan(try_on.map(SecretString::from)).await?)
}

/// `parlance migrate --print-roles`.
pub(crate) async fn print_roles() -> Result<()> {
    let OperatorConfig { root, roles, .. } = OperatorConfig::from_env().await?;
    say(&Operator::roles_sql(&roles, &root))
}

/// `parlance check`.
pub(crate) async fn check() -> Result<()> {
    service::check_logging()?;
    let config = Config::from_env().await?;
    say(&format!("Set: {}", config.set.join(" ")))?;
    let service = Service::new(config, Clock::System)?;
    service.db.check().await?;
    say(
        "The configuration can be used, the schema is this program's, and row-level security binds the service.",
    )
}

/// `parlance backup-url`.
pub(crate) async fn backup_url() -> Result<()> {
    let OperatorConfig {
        database_url,
        roles,
        ..
    } = OperatorConfig::from_env().await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    let login = operator
        .backup_login(&database_url, Clock::System.now())
        .await?;
    say(login.url.expose_secret())
}

/// Whose password is given.
pub(crate) struct Whose<'a> {
    pub(crate) email: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) password_stdin: bool,
}

/// A password that can be used, and its hash.
struct Password {
    email: String,
    /// To be shown, if it was made up.
    made_up: Option<SecretString>,
    hash: SecretString,
}

impl Whose<'_> {
    async fn password(&self) -> Result<Password> {
        let given = if self.password_stdin {
            Some(read_password()?)
        } else {
            None
        };
        let password = given.clone().unwrap_or_else(generate_password);
        let email = service::email(self.email).context("--email is not an email address")?;
        let owner = PasswordOwner {
            email: &email,
            tenant_slug: self.tenant,
            ..PasswordOwner::default()
        };
        check_new_password(password.expose_secret(), 15, &owner)
            .context("the password cannot be used")?;
        let hash = Hasher::new(1)
            .hash(password.clone(), Turn::Other(None))
            .await?
            .into();
        Ok(Password {
            email,
            made_up: given.is_none().then_some(password),
            hash,
        })
    }
}

/// `parlance create-superuser`.
pub(crate) async fn create_superuser(whose: &Whose<'_>) -> Result<()> {
    let OperatorConfig {
        database_url,
        roles,
        ..
    } = OperatorConfig::from_env().await?;
    let password = whose.password().await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    operator
        .create_superuser(whose.tenant, &password.email, &password.hash)
        .await?;
    let (email, tenant) = (&password.email, whose.tenant);
    say(&format!(
        "Created the superuser {email} of the tenant {tenant}."
    ))?;
    password.show()
}

/// `parlance reset-password`.
pub(crate) async fn reset_password(whose: &Whose<'_>) -> Result<()> {
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_env().await?;
    let password = whose.password().await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    let asked = Asked::by_operator("parlance reset-password", Clock::System.now());
    // Whoever came from a service to which capital letters mattered may have them.
    let emails = [whose.email, &*password.email];
    let who = (whose.tenant, &emails[..]);
    operator
        .reset_password(&database_url, &root, who, &password.hash, &asked)
        .await?;
    let (email, tenant) = (&password.email, whose.tenant);
    say(&format!(
        "{email} of the tenant {tenant} has another password; its logins have ended."
    ))?;
    password.show()
}

/// `parlance reprice`.
pub(crate) async fn reprice(from: NaiveDate, to: NaiveDate, tenant: Option<&str>) -> Result<()> {
    anyhow::ensure!(from <= to, "--to must not be before --from");
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_env().await?;
    let service = Service::new(Config::from_env().await?, Clock::System)?;
    let asked = Asked::by_operator("parlance reprice", Clock::System.now());
    let of = Repricing {
        from,
        to,
        tenant,
        price_table: service.ai.models().version(),
        price: &|call| service.price_again(call),
        asked: &asked,
    };
    let mut told = Ok(());
    let mut operator = Operator::connect(&database_url, roles).await?;
    operator
        .reprice(&database_url, &root, &of, |done| {
            let line = repriced(done);
            told = std::mem::replace(&mut told, Ok(())).and_then(|()| say(&line));
        })
        .await?;
    told
}

fn repriced(done: &Repriced) -> String {
    let (calls, changed, unpriced) = (done.calls, done.changed, done.unpriced);
    let (before, after) = (done.before(), done.after());
    let mut line = format!(
        "{}: {changed} of {calls} calls have another cost; all of them cost {after} USD instead of {before} USD.",
        done.tenant
    );
    if unpriced > 0 {
        line.push_str(&format!(
            " No price is known of {unpriced}, which stay as they were."
        ));
    }
    line
}

impl Password {
    fn show(&self) -> Result<()> {
        let Some(password) = &self.made_up else {
            return Ok(());
        };
        say(&format!(
            "Password (shown only now): {}",
            password.expose_secret()
        ))
    }
}

fn read_password() -> Result<SecretString> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("the password cannot be read from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}
