//! The background jobs as a program of their own: one run, or in AWS Lambda one for every event.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Files are read by processes of this same program.
    match extract::is_asked() {
        true => extract::child(),
        false => work(),
    }
}

#[tokio::main]
async fn work() -> ExitCode {
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
