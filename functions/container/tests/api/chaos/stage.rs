//! Where it happens: a server of its own, a provider, two processes of the service, and ways between them that can break.

use super::asked::Asked;
use crate::kit::{
    ADMIN2, Kit,
    database::{Database, Server, connect_to},
    provider::Provider,
    proxy::{Breakable, moved},
};
use crate::turns::{
    checker::COUNTED,
    programs::{Each, Programs},
};
use crate::vectors::give_index;
use container::cluster::{Cluster, Keep};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Executor};
use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    sync::Mutex,
};
use tokio::task::block_in_place;

pub(super) struct Stage {
    pub(super) kit: Kit,
    pub(super) programs: Programs,
    pub(super) provider: Provider,
    pub(super) to_database: Breakable,
    pub(super) to_provider: Breakable,
    /// Of each program, a file that says how far its clock is off; none where no library reads it.
    pub(super) clocks: Option<[PathBuf; 2]>,
    /// A small disk, which the database is on.
    pub(super) disk: Option<PathBuf>,
    /// None after the end.
    cluster: Mutex<Option<Cluster>>,
    files: PathBuf,
}

impl Stage {
    pub(super) async fn set(asked: &Asked) -> Self {
        let files = asked.dir.join("database");
        let cluster = block_in_place(|| new_cluster(&files));
        let url = cluster.url().expect("it has a password");
        let url = url.expose_secret();
        let database = database(url, &files, asked.disk.as_deref()).await;
        let to_database = Breakable::to(&database).await;
        let provider = Provider::start().await;
        provider.echo();
        let to_provider = Breakable::before(provider.address.clone()).await;
        let mut through = provider.clone();
        through.address = to_provider.address.to_string();
        let kit = Kit::on(database.clone(), provider.vars()).await;
        give_index(&kit, ADMIN2).await;
        let clocks = [1, 2].map(|n| asked.dir.join(format!("clock-{n}")));
        let vars = vars(&through, &moved(&database.url(), to_database.address));
        let each = [0, 1].map(|n| {
            let mut vars = vars.clone();
            if let Some(library) = &asked.faketime {
                set_clock(&clocks[n], 0);
                vars.extend(clock_vars(library, &clocks[n]));
            }
            let log = Some(asked.log(n));
            Each { vars, log }
        });
        Self {
            programs: Programs::start_each(&kit, each).await,
            kit,
            provider,
            to_database,
            to_provider,
            clocks: asked.faketime.is_some().then_some(clocks),
            disk: asked.disk.clone(),
            cluster: Mutex::new(Some(cluster)),
            files,
        }
    }

    /// Ends the server, as the system does or as a crash does, and starts it again after `meanwhile`.
    pub(super) async fn restart(&self, gently: bool, meanwhile: impl Future) {
        block_in_place(|| {
            let cluster = self.cluster.lock().unwrap();
            let cluster = cluster.as_ref().expect("it is there until the end");
            let ended = if gently {
                cluster.stop()
            } else {
                cluster.crash()
            };
            ended.expect("it can be stopped");
        });
        meanwhile.await;
        block_in_place(|| {
            let again = Cluster::start(&self.files, Keep::Data);
            *self.cluster.lock().unwrap() = Some(again.expect("it can be started again"));
        });
    }

    /// Ends the server, and deletes all but its log.
    pub(super) fn strike(&self, asked: &Asked) {
        let cluster = self.cluster.lock().unwrap().take();
        let cluster = cluster.expect("this is the end");
        // Without it, a reader of the other logs sees less.
        drop(fs::copy(
            self.files.join("server.log"),
            asked.dir.join("postgresql.log"),
        ));
        // One that recovers does not always end otherwise.
        let ended = block_in_place(|| cluster.crash().and_then(|()| cluster.discard()));
        ended.expect("its files can be deleted");
    }
}

/// A new server, whose commits wait for the disk. What an earlier run left behind is deleted.
fn new_cluster(files: &Path) -> Cluster {
    if files.exists() {
        let old = Cluster::start(files, Keep::Data);
        let old = old.expect("what an earlier run left can be started");
        old.discard().expect("it can be deleted");
    }
    Cluster::start(files, Keep::Data).expect("PostgreSQL starts")
}

/// A clone of the template, on the small disk if there is one.
async fn database(url: &str, files: &Path, disk: Option<&Path>) -> Database {
    let server = Server::at(url);
    let Some(disk) = disk else {
        return Database::clone_on(server, "").await;
    };
    let space = disk.join("space");
    fs::create_dir(&space).expect("the small disk is empty");
    let owner = fs::metadata(files).expect("the server has files");
    chown(&space, Some(owner.uid()), Some(owner.gid())).expect("it can be the server's");
    let sql = format!("create tablespace small location '{}'", space.display());
    let made = connect_to(url).await.execute(AssertSqlSafe(sql)).await;
    made.expect("the small disk can be used");
    Database::clone_on(server, "tablespace small").await
}

/// Of both programs. What waits for a provider does not wait for long.
fn vars(provider: &Provider, database_url: &str) -> Vec<(String, String)> {
    let mut vars: Vec<(String, String)> = provider.vars().into();
    for (name, value) in [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "600"),
        ("DATABASE_URL", database_url),
        ("DATABASE_MAX_CONNECTIONS", "4"),
        ("DATABASE_QUEUE_MILLISECONDS", "500"),
        ("LIMITS", COUNTED),
        ("PROVIDER_FIRST_TOKEN_SECONDS", "2"),
        ("PROVIDER_IDLE_SECONDS", "2"),
        ("PROVIDER_TOTAL_SECONDS", "6"),
        ("PROVIDER_COMPLETE_SECONDS", "4"),
        ("SHUTDOWN_SECONDS", "1"),
    ] {
        vars.push((name.to_owned(), value.to_owned()));
    }
    vars
}

/// Sets a clock by so many seconds.
pub(super) fn set_clock(file: &Path, seconds: i64) {
    fs::write(file, format!("{seconds:+}\n")).expect("the file can be written");
}

/// What makes a program believe its file. What it measures time with goes on as ever.
fn clock_vars(library: &str, file: &Path) -> [(String, String); 4] {
    [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", &file.display().to_string()),
        ("FAKETIME_CACHE_DURATION", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}
