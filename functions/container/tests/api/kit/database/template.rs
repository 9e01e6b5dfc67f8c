//! What databases are cloned from.

use super::{Server, run};
use crate::kit::{PASSWORD, PEOPLE, SECRET_KEY, SUPERUSER};
use db::{Operator, Roles};
use sqlx::PgConnection;
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
        run(
            &mut server,
            &format!("alter database template_in_progress rename to {TEMPLATE}"),
        )
        .await;
    }
    run(&mut server, "select pg_advisory_unlock(8)").await;
}

/// Makes a database what the service needs.
pub async fn migrate(url: &str) {
    let root = RootSecret::new(&SECRET_KEY.into()).expect("the secret is strong");
    let roles = Roles::new("parlance").expect("the prefix is good");
    let mut operator = Operator::connect(&url.into(), roles)
        .await
        .expect("the server's superuser may connect");
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
