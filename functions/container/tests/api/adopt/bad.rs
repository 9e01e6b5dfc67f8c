//! What cannot be copied is told before anything is written.

use super::{Move, old::Old};
use crate::kit::database::{Database, connect_to};
use sqlx::Executor;

#[tokio::test]
async fn a_source_that_cannot_be_one_is_refused() {
    let mut moved = Move::of(Old::acme().await).await;
    let other = Database::clone_template().await;
    // As an extension may have made it.
    let mut connection = connect_to(&other.url()).await;
    let view = "create view public.pg_stat_statements as select 1 as calls";
    connection.execute(view).await.unwrap();
    let empty = Database::empty().await;
    for (from, told) in [
        (moved.new.url(), "is a database of this service already"),
        (other.url(), "is a database of this service already"),
        (
            empty.url(),
            "there is no table users in the schema public (its tables: none)",
        ),
        (
            "postgresql://nobody:canary@127.0.0.1:1/old".to_owned(),
            "the database of --from cannot be reached",
        ),
        (
            "postgresql://nobody:canary@127.0.0.1:1".to_owned(),
            "--from names no database",
        ),
        (
            "mysql://nobody:canary@127.0.0.1/old".to_owned(),
            "--from must be a URL such as postgresql://",
        ),
    ] {
        moved.arguments[0] = format!("--from={from}");
        let refused = moved.refused(&[]).await;
        assert!(refused.contains(told), "{told}: {refused}");
        assert!(!refused.contains("canary"), "{refused}");
    }
    // The tables of both side by side.
    let old = Old::acme().await;
    moved.arguments[0] = format!("--from={}", old.database.url());
    moved.new = old.database.clone();
    let url = moved.new.url();
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", crate::kit::SECRET_KEY),
    ];
    assert!(crate::commands::run(&["migrate"], &vars, "").await.ok);
    // Also to whoever may read the one half alone.
    old.change("create role half login password 'reads'; grant select on all tables in schema public to half")
        .await;
    let rest = url.split_once('@').expect("it has a user").1;
    for from in [url.clone(), format!("postgresql://half:reads@{rest}")] {
        moved.arguments[0] = format!("--from={from}");
        let refused = moved.refused(&[]).await;
        assert!(
            refused.contains("--from and DATABASE_URL are the same database"),
            "{refused}"
        );
    }
    old.change("drop owned by half; drop role half").await;
}

#[tokio::test]
async fn drivers_of_python_are_passed_over_and_the_source_is_never_written() {
    let mut moved = Move::of(Old::globex().await).await;
    moved
        .old
        .change("create role reader login password 'reads'")
        .await;
    moved
        .old
        .change("grant select on all tables in schema public to reader")
        .await;
    let url = moved.old.database.url();
    let rest = url.split_once('@').expect("it has a user").1.to_owned();
    for driver in ["postgresql+psycopg", "postgresql+asyncpg", "postgres"] {
        moved.arguments[0] = format!("--from={driver}://reader:reads@{rest}");
        moved.copy_and_verify().await;
    }
    moved
        .old
        .change("revoke select on chat_messages from reader; revoke select on tenants from reader")
        .await;
    let ended = moved.run(&[]).await;
    for told in [
        "may not read chat_messages: grant select on chat_messages",
        "may not read tenants",
    ] {
        ended.is_refused(told);
    }
    moved
        .old
        .change("drop owned by reader; drop role reader")
        .await;
}

#[tokio::test]
async fn a_wrong_secret_key_stops_before_copying() {
    let mut moved = Move::of(Old::acme().await).await;
    let good = moved.old.secret_key.clone();
    for wrong in ["wrong".to_owned(), format!("{good}\n"), String::new()] {
        moved.arguments[1] = format!("--secret-key={wrong}");
        let refused = moved.refused(&[]).await;
        assert!(
            refused.contains("encrypted values opens with --secret-key"),
            "{refused}"
        );
    }
    moved.arguments.remove(1);
    let refused = moved.refused(&[]).await;
    assert!(
        refused.contains("values are encrypted: say --secret-key"),
        "{refused}"
    );
    // One of several is enough.
    moved.arguments.push("--secret-key=wrong".to_owned());
    moved.arguments.push(format!("--secret-key={good}"));
    moved.copy_and_verify().await;
}

#[tokio::test]
async fn tenants_that_cannot_be_made_are_told() {
    let moved = Move::of(Old::acme().await).await;
    let mut new = connect_to(&moved.new.url()).await;
    let taken = "insert into parlance.tenants (id, slug, name) values (gen_random_uuid(), 'acme', 'Another')";
    new.execute(taken).await.unwrap();
    let refused = moved.refused(&[]).await;
    assert!(
        refused.contains("there is a tenant acme here already"),
        "{refused}"
    );
    assert!(
        refused.contains("say --slug 'acme=another-slug'"),
        "{refused}"
    );
    for (option, told) in [
        (
            "--slug=nobody=x",
            "--slug names the tenant \"nobody\", which there is not",
        ),
        ("--slug=acme=No Slug", "a slug is 1 to 63 of"),
        ("--slug=acme=one", "there is a tenant one here already"),
    ] {
        let refused = moved.refused(&[option]).await;
        assert!(refused.contains(told), "{told}: {refused}");
    }
    let both = ["--slug=acme=x", "--slug=tenant_b_identifier=x"];
    let refused = moved.refused(&both).await;
    assert!(
        refused.contains("--slug says x for two tenants"),
        "{refused}"
    );
    let ended = moved.run(&["--slug=acme=acme-sports"]).await;
    assert!(ended.ok, "{}", ended.stderr);
    // It is known by now, and asked for no more.
    assert!(moved.run(&[]).await.ok);
}

#[tokio::test]
async fn a_slug_that_is_asked_for_is_made_for_nobody_else() {
    let moved = Move::of(Old::acme().await).await;
    let asked = "--slug=tenant_b_identifier=tenant-b-identifier";
    let ended = moved.run(&[asked]).await;
    assert!(ended.ok, "{}", ended.stderr);
    let pool = moved.new.pool().await;
    for (id, slug) in [
        ("tenant_b_identifier", "tenant-b-identifier"),
        ("Tenant-B Identifier", "tenant-b-identifier-2"),
    ] {
        let found: String =
            sqlx::query_scalar("select slug from parlance.tenants where legacy_id = $1")
                .bind(id)
                .fetch_one(&pool)
                .await
                .unwrap();
        assert_eq!(found, slug);
    }
}

#[tokio::test]
async fn users_whose_tenant_has_no_row_go_where_the_operator_says() {
    let moved = Move::of(Old::globex().await).await;
    moved.old.change("alter table users drop constraint users_tenant_id_fkey; update users set tenant_id = 77 where id = 2").await;
    let refused = moved.refused(&[]).await;
    assert!(
        refused.contains(
            "users name 1 tenants that have no row (\"77\"): say --missing-tenants create"
        ),
        "{refused}"
    );
    let ended = moved.run(&["--missing-tenants=create"]).await;
    assert!(
        ended.ok
            && ended
                .stdout
                .contains("tenant that users name and that has no row: made"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn an_address_that_the_default_tenant_has_is_told() {
    let mut moved = Move::of(Old::acme().await).await;
    moved.arguments[2] = "--default-tenant=one".to_owned();
    moved
        .old
        .change("update users set email = 'U1@one.example' where id = 31")
        .await;
    let refused = moved.refused(&[]).await;
    assert!(
        refused.contains("the address of user 31 is one that the tenant has here already"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_empty_database_of_the_right_shape_is_copied() {
    let moved = Move::of(Old::acme().await).await;
    moved
        .old
        .change("truncate tenants, users, chat_sessions, chat_messages")
        .await;
    let report = moved.copy_and_verify().await;
    assert_eq!(report["there"]["users"], 0);
}

#[tokio::test]
async fn two_at_once_are_one_too_many() {
    let moved = Move::of(Old::globex().await).await;
    let mut holding = connect_to(&moved.new.url()).await;
    let lock = format!("select pg_advisory_lock({})", 0x7061_726c_616e_6365_i64);
    holding.execute(sqlx::AssertSqlSafe(lock)).await.unwrap();
    let refused = moved.refused(&[]).await;
    assert!(
        refused.contains("another `parlance adopt` is running"),
        "{refused}"
    );
}
