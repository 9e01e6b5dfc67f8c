//! The operator's commands: with the powerful login of `DATABASE_URL`, which the service never holds.

use anyhow::{Context, Result};
use db::Operator;
use secrecy::{ExposeSecret, SecretString};
use service::OperatorConfig;
use std::io::{Read, Write};
use tenant_auth::{Hasher, PasswordOwner, check_new_password, generate_password};

/// `parlance migrate`.
pub(crate) async fn migrate() -> Result<()> {
    migrate::run().await?;
    writeln!(std::io::stdout(), "The database is up to date.")?;
    Ok(())
}

/// `parlance migrate --print-roles`.
pub(crate) async fn print_roles() -> Result<()> {
    let OperatorConfig { root, roles, .. } = OperatorConfig::from_env().await?;
    write!(std::io::stdout(), "{}", Operator::roles_sql(&roles, &root))?;
    Ok(())
}

/// `parlance create-superuser`.
pub(crate) async fn create_superuser(
    email: &str,
    tenant: &str,
    password_stdin: bool,
) -> Result<()> {
    let OperatorConfig {
        database_url,
        roles,
        ..
    } = OperatorConfig::from_env().await?;
    let given = if password_stdin {
        Some(read_password()?)
    } else {
        None
    };
    let password = given.clone().unwrap_or_else(generate_password);
    let email = service::email(email).context("--email is not an email address")?;
    let owner = PasswordOwner {
        email: &email,
        tenant_slug: tenant,
        ..PasswordOwner::default()
    };
    check_new_password(password.expose_secret(), 15, &owner)
        .context("the password cannot be used")?;
    let hash = Hasher::new(1).hash(password.clone()).await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    operator
        .create_superuser(tenant, &email, &hash.into())
        .await?;
    let mut out = std::io::stdout();
    writeln!(out, "Created the superuser {email} of the tenant {tenant}.")?;
    if given.is_none() {
        writeln!(
            out,
            "Password (shown only now): {}",
            password.expose_secret()
        )?;
    }
    Ok(())
}

fn read_password() -> Result<SecretString> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("the password cannot be read from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}
