//! The tenants routes as a program of their own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    web::serve("tenants", tenants::routes()).await
}
