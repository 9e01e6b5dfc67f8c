//! A page on a port of its own that has the chat, as a customer's site would: with two lines of HTML, from another origin than
//! the service's, and under a policy that allows nothing but what the chat needs.

use crate::demo::Demo;
use anyhow::{Context, Result};
use axum::{
    Router,
    extract::{Query, State},
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use serde::Deserialize;
use std::{net::Ipv4Addr, sync::Arc};
use tokio::net::TcpListener;

/// The page, before it is served: its address is known, and its visitors may come in once a site lists that.
#[derive(Debug)]
pub struct Shop {
    listener: TcpListener,
    origin: String,
}

impl Shop {
    /// Listens on the port after the service's, or on any that is free. By its number the address differs from the service's
    /// name, so browsers keep the two apart as they would in life.
    ///
    /// # Errors
    /// This machine has no free port.
    pub async fn bind(service_port: u16) -> Result<Self> {
        let listen = async |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let next = service_port.checked_add(1).unwrap_or_default();
        let listener = match listen(next).await {
            Ok(listener) => listener,
            Err(_) => listen(0)
                .await
                .context("there is no free port for the page")?,
        };
        let origin = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, origin })
    }

    /// As a browser sees it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Serves the page with the chat of a site, until the process ends.
    ///
    /// # Errors
    /// The socket fails.
    pub async fn serve(self, demo: &Demo, site_key: String) -> Result<()> {
        let page = Arc::new(Page {
            host: demo.base_url().to_owned(),
            site_key,
        });
        let routes = Router::new()
            .route("/", get(page_of))
            .route("/style.css", get(style))
            .with_state(page);
        Ok(axum::serve(self.listener, routes).await?)
    }
}

struct Page {
    host: String,
    site_key: String,
}

/// How the page is to be seen.
#[derive(Deserialize)]
struct Seen {
    /// The language of the page and of its chat, such as `de`.
    lang: Option<String>,
}

async fn page_of(State(page): State<Arc<Page>>, Query(seen): Query<Seen>) -> impl IntoResponse {
    let Page { host, site_key } = &*page;
    let lang = seen.lang.filter(|lang| {
        (2..=8).contains(&lang.len())
            && lang.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    let lang = lang.as_deref().unwrap_or("en");
    let direction = if lang.starts_with("ar") { "rtl" } else { "ltr" };
    let html = include_str!("shop/page.html");
    let html = html
        .replace("{host}", host)
        .replace("{site_key}", site_key)
        .replace("{lang}", lang)
        .replace("{direction}", direction);
    let policy = format!(
        "default-src 'none'; script-src {host}; connect-src {host}; style-src 'self'; img-src data:"
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html))
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("shop/style.css"),
    )
}
