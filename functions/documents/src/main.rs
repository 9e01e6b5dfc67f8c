//! The documents routes as a program of their own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    web::serve("documents", documents::routes()).await
}
