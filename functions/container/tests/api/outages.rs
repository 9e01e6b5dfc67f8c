//! A database that stops answering, and one that takes no writes: told as such, and forgotten as soon as it is over.

use crate::kit::{
    Kit, U1,
    database::Database,
    environment,
    proxy::{Breakable, url_through},
    wait::wait_until,
};
use serde_json::json;

/// Four connections, all of which are in use when they are swallowed.
#[tokio::test] // R77
async fn swallowed_connections_are_given_up() {
    let database = Database::clone_template().await;
    let way = Breakable::to(&database).await;
    let mut vars = environment(&database);
    vars.insert(
        "APP_DATABASE_URL".into(),
        url_through(way.address, &database),
    );
    vars.insert("DATABASE_MAX_CONNECTIONS".into(), "4".into());
    let kit = Kit::on(database, vars).await;
    let token = kit.token(U1).await;
    let asked = || kit.get(&token, "/chat/sessions");
    let all = futures_util::future::join_all((0..8).map(|_| asked())).await;
    assert!(all.iter().all(|answer| answer.status == 200));

    way.swallow();
    let told = futures_util::future::join_all((0..8).map(|_| asked())).await;
    for answer in &told {
        assert!(
            [200, 503].contains(&answer.status.as_u16()),
            "{}",
            answer.text
        );
    }
    assert!(
        way.taken() > 0,
        "nothing was sent to a connection that was swallowed"
    );
    let again = wait_until("answers over new connections", async || {
        let answers = futures_util::future::join_all((0..4).map(|_| asked())).await;
        match answers.iter().all(|answer| answer.status == 200) {
            true => Ok(answers),
            false => Err(format!(
                "{:?}",
                answers.iter().map(|a| a.status).collect::<Vec<_>>()
            )),
        }
    });
    again.await;
    assert_eq!(kit.get("", "/ready").await.status, 200);
}

/// As after a failover: the connections lead to a server that has become a standby.
#[tokio::test] // R77
async fn a_database_that_takes_no_writes_is_unavailable_until_it_does() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let ask = || kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    assert_eq!(ask().await.status, 200);
    assert_eq!(kit.get("", "/ready").await.status, 200);

    kit.only_read(true).await;
    let refused = ask().await;
    assert_eq!(refused.problem(503), "unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(kit.get("", "/ready").await.problem(503), "unavailable");

    // Nobody closes the connections to what was the standby: the service does.
    kit.only_read(false).await;
    wait_until("a question that is stored", async || match ask().await {
        answer if answer.status == 200 => Ok(()),
        answer => Err(answer.text),
    })
    .await;
    assert_eq!(kit.get("", "/ready").await.status, 200);
}
