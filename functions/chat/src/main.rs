//! The chat routes as a program of their own.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    web::program("chat", web::serve("chat", chat::routes())).await
}
