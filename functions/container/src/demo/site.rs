//! The site of the page that has the chat.

use super::client::Client;
use anyhow::{Context, Result, ensure};
use serde_json::json;

const NAME: &str = "The page of parlance dev";

/// The key of the site, which lets the page's visitors in, wherever the page is in this run.
pub(super) async fn seed(admin: &Client<'_>, page: &str) -> Result<String> {
    let listed = admin.get("/tenants/current/sites?limit=100").await?;
    let mut sites = listed["items"].as_array().into_iter().flatten();
    let known = sites.find(|site| site["name"] == NAME);
    let (status, site) = match known.and_then(|site| site["id"].as_str()) {
        Some(id) => {
            let path = format!("/tenants/current/sites/{id}");
            admin.patch(&path, json!({ "origins": [page] })).await?
        }
        None => {
            let new = json!({ "name": NAME, "origins": [page] });
            admin.post("/tenants/current/sites", new).await?
        }
    };
    ensure!(
        [200, 201].contains(&status),
        "the demo page cannot have visitors: {site}"
    );
    let key = site["site_key"].as_str().context("a site without a key")?;
    Ok(key.to_owned())
}
