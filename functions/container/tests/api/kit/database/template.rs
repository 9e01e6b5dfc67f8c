//! What databases are cloned from.

use super::{Server, run};
use crate::kit::{PASSWORD, PEOPLE, SECRET_KEY, SUPERUSER};
use db::{Operator, Partitioning, Roles};
use sqlx::PgConnection;
use std::time::Duration;
use tenant_auth::{Hasher, RootSecret, Turn};

pub(super) const TEMPLATE: &str = "parlance_template";

/// The server is new for every run of the tests, so a template that is there is this program's.
pub(super) async fn make(on: &Server) {
    let mut server = on.connect("postgres").await;
    run(&mut server, "select pg_advisory_lock(8)").await;
    let there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(TEMPLATE)
            .fetch_one(&mut server)
            .await
            .expect("the server lists its databases");
    if !there {
        run(&mut server, "create database template_in_progress").await;
        migrate(&on.url_of("template_in_progress")).await;
        seed(&mut on.connect("template_in_progress").await).await;
        if is_partitioned() {
            partition(&on.url_of("template_in_progress")).await;
        }
        run(
            &mut server,
            &format!("alter database template_in_progress rename to {TEMPLATE}"),
        )
        .await;
    }
    run(&mut server, "select pg_advisory_unlock(8)").await;
}

/// Whether every test is on the other form of the table of messages: `scripts/test --partitioned`.
pub(super) fn is_partitioned() -> bool {
    std::env::var("PARTITIONED").is_ok()
}

async fn operator(url: &str) -> Operator {
    let roles = Roles::new("parlance").expect("the prefix is good");
    let operator = Operator::connect(&url.into(), roles).await;
    operator.expect("the server's superuser may connect")
}

/// Partitions the messages of a database, as `parlance partition-messages` does.
pub async fn partition(url: &str) {
    let of = Partitioning {
        partitions: Some(4),
        batch: 500,
        pause: Duration::ZERO,
    };
    let partitioned = operator(url).await.partition_messages(&of, |_| {}).await;
    assert!(partitioned.expect("nothing stands in the way"));
}

/// Makes a database what the service needs.
pub async fn migrate(url: &str) {
    let root = RootSecret::new(&SECRET_KEY.into()).expect("the secret is strong");
    let mut operator = operator(url).await;
    operator.migrate(&root).await.expect("the migrations run");
}

/// Puts everybody into a database that has nobody.
pub async fn seed(connection: &mut PgConnection) {
    let hash = Hasher::new(1)
        .hash(PASSWORD.into(), Turn::Other(None))
        .await
        .expect("the password can be hashed");
    for person in PEOPLE {
        sqlx::query("insert into parlance.tenants (id, slug, name) values ($1, $2, $2) on conflict do nothing")
            .bind(person.tenant_id)
            .bind(person.tenant)
            .execute(&mut *connection)
            .await
            .expect("a tenant");
        sqlx::query(
            "insert into parlance.users (tenant_id, id, email, password_hash, role, is_superuser)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(person.tenant_id)
        .bind(person.id)
        .bind(person.email)
        .bind(&hash)
        .bind(person.role)
        .bind(person.id == SUPERUSER.id)
        .execute(&mut *connection)
        .await
        .expect("a user");
    }
}
