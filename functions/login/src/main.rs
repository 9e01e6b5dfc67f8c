//! The login routes as a program of their own.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    web::program("login", web::serve("login", login::routes())).await
}
