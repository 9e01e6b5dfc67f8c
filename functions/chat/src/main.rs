//! The chat routes as a program of their own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    web::serve("chat", chat::routes()).await
}
