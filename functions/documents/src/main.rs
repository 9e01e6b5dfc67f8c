//! The documents routes as a program of their own.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    web::program("documents", web::serve("documents", documents::routes())).await
}
