//! docs/backup.md, step by step: what is dumped is all there again on a server that knows nothing of it.

mod apart;
mod tools;

use crate::{
    commands::{Ended, run},
    kit::{
        ADMIN1, Kit, SECRET_KEY, T1, T2, U1,
        database::connect_to,
        environment,
        scene::{Scene, Stored},
    },
};
use chrono::Utc;
use container::cluster::{Cluster, Keep};
use db::Roles;
use secrecy::ExposeSecret;
use serde_json::json;
use service::{Clock, Config, Service};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use std::path::Path;
use tenant_auth::RootSecret;
use tokio::sync::{Mutex, MutexGuard};
use tools::Tools;
use web::App;

/// The role is the server's: of two that ask for a password at once, the first one's is gone.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// Runs a program of the operator on a database.
async fn parlance(arguments: &[&str], url: &str) -> Ended {
    run(
        arguments,
        &[("DATABASE_URL", url), ("SECRET_KEY", SECRET_KEY)],
        "",
    )
    .await
}

/// What a backup role's login is printed as.
async fn backup_url(url: &str) -> String {
    let printed = parlance(&["backup-url"], url).await;
    assert!(printed.ok, "{}", printed.stderr);
    printed.stdout.trim().to_owned()
}

/// Everything that keeps tenants apart, as the catalogue has it.
async fn guards(pool: &PgPool) -> Vec<String> {
    let sql = "
        select format('policy %s %s %s %s %s %s', polrelid::regclass, polname, polpermissive, polroles::regrole[],
                      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) from pg_policy
        union all
        select format('table %s %s %s %s %s', relname, relowner::regrole, relrowsecurity, relforcerowsecurity,
                      (select array_agg(acl::text order by acl::text) from unnest(relacl) acl))
        from pg_class where relnamespace = 'parlance'::regnamespace and relkind = 'r'
        union all
        select format('function %s %s %s %s', oid::regprocedure, proowner::regrole, prosecdef,
                      (select array_agg(acl::text order by acl::text) from unnest(proacl) acl))
        from pg_proc where pronamespace = 'parlance'::regnamespace
        union all
        select format('schema %s %s', nspowner::regrole,
                      (select array_agg(acl::text order by acl::text) from unnest(nspacl) acl))
        from pg_namespace where nspname = 'parlance'
        union all
        select format('role %s %s %s %s', rolname, rolbypassrls, rolcanlogin, rolconfig)
        from pg_roles where rolname like 'parlance\\_%'
        order by 1";
    sqlx::query_scalar(sql)
        .fetch_all(pool)
        .await
        .expect("the catalogue can be read")
}

/// The server's version.
async fn major(pool: &PgPool) -> u32 {
    let sql = "select current_setting('server_version_num')::int / 10000";
    let major: i32 = sqlx::query_scalar(sql)
        .fetch_one(pool)
        .await
        .expect("a server has a version");
    major.try_into().expect("a version is no negative number")
}

/// A new database on that server.
async fn database(server: &str, name: &str) -> String {
    let mut connection = connect_to(server).await;
    let created = connection.execute(AssertSqlSafe(format!("create database {name}")));
    created.await.expect("a superuser may create databases");
    let (server, _) = server.rsplit_once('/').expect("it ends in a database");
    format!("{server}/{name}")
}

/// The service on that database, as a kit.
async fn serving(scene: &Scene, url: &str) -> Kit {
    let mut vars = environment(&scene.database);
    for name in ["APP_DATABASE_URL", "PLATFORM_DATABASE_URL"] {
        vars.remove(name);
    }
    vars.insert("DATABASE_URL".into(), url.into());
    let clock = Clock::fixed(Utc::now());
    let config = Config::from_vars(vars).expect("the configuration is good");
    let service = Service::new(config, clock.clone()).expect("the service can be put together");
    let app = App::new(service);
    app.db.check().await.expect("it can be served from");
    Kit {
        service: web::router(container::routes(), app.clone()),
        app,
        clock,
        database: scene.database.clone(),
        pool: PgPool::connect(url).await.expect("it can be reached"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_on_another_server_is_all_there() {
    let _alone = alone().await;
    let scene = Scene::new().await;
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("backup");
    let Some(tools) = Tools::find(&files, major(&scene.pool).await) else {
        return;
    };
    scene.settled().await;
    tools.dump(&scene.database.url()).await;

    let server = files.join(format!("server-{}", std::process::id()));
    let cluster = Cluster::start(&server, Keep::Nothing).expect("a server starts");
    let at = cluster.url().expect("it has a password");
    let wrong = database(at.expose_secret(), "wrong").await;
    tools.restore_the_wrong_way_round(&wrong).await;
    let right = database(at.expose_secret(), "restored").await;
    tools.restore(&right).await;

    let kit = serving(&scene, &right).await;
    assert_eq!(Stored::all(&kit.pool).await, Stored::all(&scene.pool).await);
    assert_eq!(guards(&kit.pool).await, guards(&scene.pool).await);
    let token = kit.token(ADMIN1).await;
    let secrets = kit.get(&token, "/tenants/current/secrets").await;
    assert_eq!(secrets.json[0]["readable"], true, "{}", secrets.text);
    apart::assert_kept_apart(&scene, &kit, &right).await;
    let question = json!({ "message": "Which word?" });
    let asked = kit.post(&kit.token(U1).await, "/chat", question).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    kit.app.db.close().await;
    kit.pool.close().await;
    cluster.discard().expect("the server stops");
}

#[tokio::test]
async fn the_role_for_backups_reads_everything_and_writes_nothing() {
    let _alone = alone().await;
    let scene = Scene::new().await;
    let url = backup_url(&scene.database.url()).await;
    let mut connection = connect_to(&url).await;
    for tenant in [T1, T2] {
        let sql = "select count(*) from parlance.chat_messages where tenant_id = $1";
        let count: i64 = sqlx::query_scalar(sql)
            .bind(tenant)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(count > 0, "{tenant}");
    }
    connection
        .execute("set default_transaction_read_only = off")
        .await
        .unwrap();
    for sql in [
        "delete from parlance.chat_messages",
        "update parlance.users set is_superuser = true",
        "create table parlance.mine ()",
        "set role parlance_owner",
    ] {
        let refused = connection.execute(sql).await.expect_err(sql);
        let refused = refused.into_database_error().expect(sql);
        assert_eq!(refused.code().as_deref(), Some("42501"), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn nobody_logs_in_as_the_role_for_backups_but_with_todays_url() {
    let _alone = alone().await;
    let kit = Kit::new().await;
    let database = kit.database.url();
    let refused = async |url: &str| {
        let refused = <sqlx::PgConnection as sqlx::Connection>::connect(url)
            .await
            .expect_err("it must not log in");
        let refused = refused
            .into_database_error()
            .expect("PostgreSQL refused it");
        assert_eq!(refused.code().as_deref(), Some("28P01"), "{refused}");
    };
    // What the service knows is no password of that role.
    let root = RootSecret::new(&SECRET_KEY.into()).unwrap();
    let derived =
        Roles::new("parlance")
            .unwrap()
            .login(&database.clone().into(), "parlance_backup", &root);
    refused(derived.unwrap().expose_secret()).await;

    let first = backup_url(&database).await;
    let second = backup_url(&database).await;
    refused(&first).await;
    connect_to(&second).await;
    let sql = "select rolvaliduntil between now() and now() + interval '25 hours' from pg_roles where rolname = 'parlance_backup'";
    let bounded: bool = sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap();
    assert!(bounded);
    kit.pool
        .execute("alter role parlance_backup valid until 'yesterday'")
        .await
        .unwrap();
    refused(&second).await;
}
