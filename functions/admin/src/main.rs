//! The admin routes as a program of their own.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    web::program("admin", web::serve("admin", admin::routes())).await
}
