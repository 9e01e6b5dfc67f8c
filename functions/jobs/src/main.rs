//! The background jobs as a program of their own: one run, or in AWS Lambda one for every event.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let work = async {
        let service = service::Service::start().await?;
        web::work(|| {
            // A host may have frozen the process since the last run.
            service.db.woke();
            jobs::run_and_drain(&service)
        })
        .await
    };
    web::program("jobs", work).await
}
