//! docs/backup.md, step by step: what is dumped is all there again on a server that knows nothing of it.

use crate::{
    config::{Ended, run},
    kit::{
        ADMIN1, Kit, SECRET_KEY, T1, T2, U1,
        database::connect_to,
        environment, left_out,
        scene::{Scene, Stored},
    },
};
use chrono::Utc;
use container::cluster::{Cluster, Keep};
use db::{MIGRATOR, Roles};
use secrecy::ExposeSecret;
use serde_json::json;
use service::{Clock, Config, Service};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use std::{
    env,
    path::{Path, PathBuf},
};
use tenant_auth::RootSecret;
use tokio::{
    process::Command,
    sync::{Mutex, MutexGuard},
};
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

/// PostgreSQL's own programs for this; `None`, and a sentence, where there are none.
fn client(program: &str) -> Option<PathBuf> {
    let bin = env::var_os("PG_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = bin
        .into_iter()
        .chain(env::split_paths(&path))
        .map(|place| place.join(program));
    let found = places.find(|program| program.exists());
    if found.is_none() {
        left_out(&format!("PostgreSQL's {program} is not installed"));
    }
    found
}

/// Runs one of them; what it said, and whether it ended well.
async fn ran(program: &Path, arguments: &[&str], stdin: Option<&Path>) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(file) = stdin {
        command.stdin(std::fs::File::open(file).expect("the file is there"));
    }
    let output = command.output().await.expect("the program can be run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
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

/// PostgreSQL's programs, and the file of a dump.
struct Tools {
    psql: PathBuf,
    dump: PathBuf,
    restore: PathBuf,
    file: String,
}

impl Tools {
    fn find(files: &Path) -> Option<Self> {
        std::fs::create_dir_all(files).expect("a folder can be made");
        let file = files.join("parlance.dump");
        Some(Self {
            psql: client("psql")?,
            dump: client("pg_dump")?,
            restore: client("pg_restore")?,
            file: file.to_str().expect("the path is text").to_owned(),
        })
    }

    async fn dump(&self, from: &str) {
        let from = backup_url(from).await;
        let arguments = ["-Fc", "-n", "parlance", "-f", &self.file, "-d", &from];
        let dumped = ran(&self.dump, &arguments, None).await;
        assert!(dumped.0, "{}", dumped.1);
    }

    /// Without the roles, nothing is whose it should be.
    async fn restore_the_wrong_way_round(&self, to: &str) {
        assert!(!ran(&self.restore, &["-d", to, &self.file], None).await.0);
        let migrated = parlance(&["migrate"], to).await;
        assert!(!migrated.ok);
        for told in [
            "belongs to the role parlance, and not to parlance_owner",
            "docs/backup.md",
        ] {
            assert!(migrated.stderr.contains(told), "{}", migrated.stderr);
        }
    }

    async fn restore(&self, to: &str) {
        let printed = parlance(&["migrate", "--print-roles"], to).await;
        let roles = PathBuf::from(format!("{}.roles", self.file));
        std::fs::write(&roles, printed.stdout).expect("a file can be written");
        let arguments = ["-v", "ON_ERROR_STOP=1", "-d", to];
        let made = ran(&self.psql, &arguments, Some(&roles)).await;
        assert!(made.0, "{}", made.1);
        let arguments = "--exit-on-error --single-transaction -n parlance -d";
        let arguments: Vec<_> = arguments.split(' ').chain([to, &*self.file]).collect();
        let restored = ran(&self.restore, &arguments, None).await;
        assert!(restored.0, "{}", restored.1);
        let migrated = parlance(&["migrate"], to).await;
        let all = MIGRATOR.iter().count();
        let said = format!("is up to date: {all} migrations, 0 of them applied now.");
        assert!(migrated.stdout.contains(&said), "{}", migrated.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_on_another_server_is_all_there() {
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("backup");
    let Some(tools) = Tools::find(&files) else {
        return;
    };
    let _alone = alone().await;
    let scene = Scene::new().await;
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
