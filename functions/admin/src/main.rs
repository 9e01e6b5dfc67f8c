//! The admin routes as a program of their own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    web::serve("admin", admin::routes()).await
}
