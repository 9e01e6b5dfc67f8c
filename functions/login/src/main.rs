//! The login routes as a program of their own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    web::serve("login", login::routes()).await
}
