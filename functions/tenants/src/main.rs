//! The tenants routes as a program of their own.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    web::program("tenants", web::serve("tenants", tenants::routes())).await
}
