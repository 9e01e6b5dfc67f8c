//! More logins at once than can be hashed: some are served, the others told when to come again, and memory is bounded.

use crate::kit::{Kit, PASSWORD, U1, program::Program, request, wait::wait_until};
use axum::body::Body;
use futures_util::future::join_all;
use serde_json::json;
use std::thread::available_parallelism;
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// KiB that a flood may add: 64 MiB on two processors, of which each of up to four has a hash of 19 MiB.
fn budget() -> u64 {
    let processors = available_parallelism().map_or(1, usize::from).min(4);
    (26 + 19 * processors as u64) * 1024
}

async fn serve(kit: &Kit) -> Program {
    // All of them come from here.
    let vars = [
        ("DATABASE_MAX_CONNECTIONS", "10"),
        ("MAX_CONNECTIONS_PER_CLIENT", "1000"),
    ];
    Program::serve(kit, &vars.map(|(n, v)| (n.to_owned(), v.to_owned()))).await
}

fn login() -> String {
    json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD }).to_string()
}

/// The status of a login, and whether it is told when to come again.
async fn log_in(program: &Program) -> (u16, bool) {
    let request = request("", "POST", "/login").header("content-type", "application/json");
    let answer = program
        .send(request.body(Body::from(login())).unwrap())
        .await;
    let told = answer.headers().contains_key("retry-after");
    (answer.status().as_u16(), told)
}

#[tokio::test] // R21
async fn of_300_logins_at_once_some_are_served_and_none_is_lost() {
    let kit = Kit::new().await;
    let program = serve(&kit).await;
    let before = program.peak_memory();
    assert_eq!(log_in(&program).await, (200, false));
    let answers = join_all((0..300).map(|_| log_in(&program))).await;
    let served = answers.iter().filter(|a| **a == (200, false)).count();
    let refused = answers.iter().filter(|a| **a == (503, true)).count();
    assert_eq!(served + refused, 300, "{answers:?}");
    // How many depends on the machine; one, for whose hash a thread was free.
    assert!(served > 0, "none was served");
    let grown = program.peak_memory() - before;
    assert!(grown <= budget(), "{served} logins took {grown} KiB");
    assert_eq!(log_in(&program).await, (200, false));
}

#[tokio::test] // R21
async fn a_hundred_clients_that_leave_at_once_take_no_more() {
    let kit = Kit::new().await;
    let program = serve(&kit).await;
    let before = program.peak_memory();
    let (body, address) = (login(), program.address());
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let leave = (0..100).map(|_| async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
    });
    join_all(leave).await;
    wait_until("a login to be served again", async || {
        match log_in(&program).await.0 {
            200 => Ok(()),
            status => Err(format!("it was answered {status}")),
        }
    })
    .await;
    // Each hash that ran would have had 19 MiB of its own.
    let grown = program.peak_memory() - before;
    assert!(grown <= budget(), "it took {grown} KiB");
}
