//! Demo data: a superuser and two tenants, made through the same API that everybody else uses.

mod client;
mod content;
mod site;

use crate::cluster::private_file;
use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use client::Client;
use content::{SUPERUSER, TENANTS, Tenant};
use db::{Operator, OperatorError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{fs, io::ErrorKind, path::Path, time::Duration};
use tenant_auth::{Hasher, Turn, generate_password};

/// What `.parlance/demo.json` holds: how to log in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Demo {
    base_url: String,
    /// A page with the chat, of the first tenant, if there is one.
    #[serde(default)]
    page: Option<String>,
    superuser: DemoSuperuser,
    tenants: Vec<DemoTenant>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DemoSuperuser {
    email: String,
    password: String,
    tenant: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct DemoTenant {
    slug: String,
    users: Vec<DemoUser>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DemoUser {
    email: String,
    password: String,
    role: String,
}

impl Demo {
    /// Reads the file, or makes up passwords and writes it. Only its owner can read it.
    ///
    /// # Errors
    /// It does not parse, or cannot be written.
    pub fn load_or_new(path: &Path, port: u16, page: Option<String>) -> Result<Self> {
        let base_url = format!("http://localhost:{port}");
        let demo = match fs::read_to_string(path) {
            Ok(text) => {
                let kept: Self = serde_json::from_str(&text)
                    .context("demo.json does not parse; restore or delete it")?;
                Self {
                    base_url,
                    page,
                    ..kept
                }
            }
            Err(e) if e.kind() == ErrorKind::NotFound => Self::new(base_url, page),
            Err(e) => return Err(e).context("demo.json cannot be read"),
        };
        serde_json::to_writer_pretty(private_file(path)?, &demo)?;
        Ok(demo)
    }

    fn new(base_url: String, page: Option<String>) -> Self {
        let password = || generate_password().expose_secret().to_owned();
        let user = |slug: &str, name: &str, role: &str| DemoUser {
            email: format!("{name}@{slug}.example"),
            password: password(),
            role: role.to_owned(),
        };
        let tenant = |tenant: &Tenant| DemoTenant {
            slug: tenant.slug.to_owned(),
            users: vec![
                user(tenant.slug, "admin", "admin"),
                user(tenant.slug, "user", "member"),
            ],
        };
        Self {
            base_url,
            page,
            superuser: DemoSuperuser {
                email: SUPERUSER.to_owned(),
                password: password(),
                tenant: "platform".to_owned(),
            },
            tenants: TENANTS.iter().map(tenant).collect(),
        }
    }

    /// Where the service is.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What to try, as lines to be pasted.
    pub fn welcome(&self, took: Duration) -> String {
        let logins = self.tenants.iter().flat_map(|tenant| {
            let line = |user: &DemoUser| {
                format!("  {:<10} {:<22} {}", tenant.slug, user.email, user.password)
            };
            tenant.users.iter().map(line)
        });
        let logins: Vec<String> = logins.collect();
        let DemoSuperuser {
            email,
            password,
            tenant,
        } = &self.superuser;
        let (base, first) = (&self.base_url, &self.tenants[0]);
        let user = &first.users[1];
        let question = TENANTS[0].question;
        let page = self.page.as_ref().map_or_else(String::new, |page| {
            format!("A page with its chat, as a customer's site has it: {page}\n")
        });
        format!(
            "\nParlance is ready at {base} after {:.1} s. Its API: {base}/docs\n\
             The console, to look at and change everything with the logins below: {base}/console\n\
             {page}\n\
             Logins (kept in .parlance/demo.json):\n  {tenant:<10} {email:<22} {password}  (superuser)\n{}\n\n\
             Try it, in another terminal:\n\n\
             TOKEN=$(curl -s {base}/login -H 'content-type: application/json' -d '{{\"tenant\":\"{}\",\"email\":\"{}\",\
             \"password\":\"{}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\n\
             curl -s {base}/login/me -H \"authorization: Bearer $TOKEN\"\n\n\
             curl -N {base}/chat -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' -d \
             '{{\"message\":\"{question}\",\"stream\":true}}'\n\n\
             Pages of this machine may call it, on any port: http://localhost:* and http://127.0.0.1:*. How a page does \
             that: docs/frontends.md\n\n\
             Ctrl-C stops everything; the data is kept.\n",
            took.as_secs_f64(),
            logins.join("\n"),
            first.slug,
            user.email,
            user.password,
        )
    }
}

/// Makes whatever of the demo data is not there yet; the key of the page's site, if there is a page.
///
/// # Errors
/// The database holds accounts of these names with other passwords.
pub async fn seed(
    demo: &Demo,
    operator: &mut Operator,
    service: &Router,
    hasher: &Hasher,
) -> Result<Option<String>> {
    let DemoSuperuser {
        email,
        password,
        tenant,
    } = &demo.superuser;
    let hash: SecretString = hasher
        .hash(password.clone().into(), Turn::Other(None))
        .await?
        .into();
    match operator.create_superuser(tenant, email, &hash).await {
        Ok(()) | Err(OperatorError::UserExists) => {}
        Err(e) => return Err(e.into()),
    }
    let superuser = Client::login(service, tenant, email, password).await.context(
        "the demo superuser exists with another password. Restore .parlance/demo.json, or use another database",
    )?;
    let mut admins = Vec::new();
    for (made, planned) in demo.tenants.iter().zip(TENANTS) {
        admins.push(seed_tenant(&superuser, service, made, planned).await?);
    }
    let first = admins.first().context("demo.json names no tenant")?;
    match &demo.page {
        Some(page) => site::seed(first, page).await.map(Some),
        None => Ok(None),
    }
}

/// The tenant's administrator.
async fn seed_tenant<'a>(
    superuser: &Client<'_>,
    service: &'a Router,
    made: &DemoTenant,
    planned: &Tenant,
) -> Result<Client<'a>> {
    let [admin, ..] = &made.users[..] else {
        bail!(
            "demo.json names no user of {}; restore or delete it",
            made.slug
        );
    };
    let login = || Client::login(service, &made.slug, &admin.email, &admin.password);
    let admin = match login().await {
        Ok(admin) => admin,
        Err(_) => {
            create_tenant(superuser, made, planned).await?;
            login().await.with_context(|| {
                format!(
                    "the demo tenant {} exists with other passwords. Restore .parlance/demo.json, or use \
                     another database",
                    made.slug
                )
            })?
        }
    };
    seed_documents(&admin, planned).await?;
    Ok(admin)
}

/// What an earlier run made before it was cut short (409) is left as it is.
async fn create_tenant(superuser: &Client<'_>, made: &DemoTenant, planned: &Tenant) -> Result<()> {
    let new =
        json!({ "slug": made.slug, "name": planned.name, "system_prompt": planned.system_prompt });
    let (status, answer) = superuser.post("/tenants", new).await?;
    ensure!(
        [201, 409].contains(&status),
        "a demo tenant cannot be created: {answer}"
    );
    let listed = superuser.get("/tenants?limit=100").await?;
    let mut tenants = listed["items"].as_array().into_iter().flatten();
    let tenant = tenants.find(|tenant| tenant["slug"] == made.slug);
    let id = tenant
        .and_then(|tenant| tenant["id"].as_str())
        .context("a demo tenant is not listed")?;
    let reason = json!({ "reason": "Demo data" });
    let assume = format!("/admin/tenants/{id}/assume");
    let (status, answer) = superuser.post(&assume, reason).await?;
    ensure!(status == 200, "a demo tenant cannot be furnished: {answer}");
    let inside = superuser.with_token(&answer)?;
    for user in &made.users {
        let new = json!({ "email": user.email, "password": user.password, "role": user.role });
        let (status, answer) = inside.post("/admin/users", new).await?;
        ensure!(
            [201, 409].contains(&status),
            "a demo user cannot be created: {answer}"
        );
    }
    Ok(())
}

async fn seed_documents(admin: &Client<'_>, planned: &Tenant) -> Result<()> {
    let listed = admin.get("/documents?limit=100").await?;
    let known: Vec<&str> = listed["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|d| d["title"].as_str())
        .collect();
    for (title, text) in planned
        .documents
        .iter()
        .filter(|(title, _)| !known.contains(title))
    {
        let (status, answer) = admin
            .post("/documents", json!({ "title": title, "text": text }))
            .await?;
        ensure!(
            status == 202,
            "the demo document {title} cannot be added: {answer}"
        );
    }
    Ok(())
}
