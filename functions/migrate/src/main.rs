//! The migrations as a program of their own: one run, or in AWS Lambda one for every event.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let work = async {
        service::start_logging()?;
        web::work(async || {
            let done = migrate::run().await?;
            tracing::info!("{done}");
            Ok(())
        })
        .await
    };
    web::program("migrate", work).await
}
