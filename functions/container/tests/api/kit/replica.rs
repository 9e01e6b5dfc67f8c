//! A server of its own and a standby that follows it, with a service on both.

use super::{
    Kit, METRICS_TOKEN, Person,
    database::{Database, connect_to, migrate, seed},
    wait::wait_until,
};
use container::cluster::{Cluster, Keep};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::path::{Path, PathBuf};

/// The two servers. What the service says of them is read from its own answers.
pub struct Replicated {
    pub database: Database,
    primary: Cluster,
    standby: Cluster,
    dir: PathBuf,
}

fn url(cluster: &Cluster) -> String {
    let url = cluster.url().expect("it has a password");
    url.expose_secret().to_owned()
}

async fn run(url: &str, sql: &str) {
    let mut connection = connect_to(url).await;
    let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
    connection.close().await.expect("it was not used up");
}

impl Replicated {
    /// Two servers with everybody on them.
    pub async fn new(test: &str) -> Self {
        let name = format!("replica-{test}-{}", std::process::id());
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let primary = Cluster::start(&dir.join("primary"), Keep::Nothing).expect("a server starts");
        let at = url(&primary);
        // Otherwise a commit is told before anybody could have it, and is a while on its way.
        run(&at, "alter system set synchronous_commit = on").await;
        migrate(&at).await;
        seed(&mut connect_to(&at).await).await;
        let standby = primary.standby(&dir.join("standby"));
        Self {
            database: Database::elsewhere(&at),
            standby: standby.expect("a standby starts"),
            primary,
            dir,
        }
    }

    /// A service that reads at the standby.
    pub async fn kit(&self) -> Kit {
        let url = url(&self.standby);
        let (_, server) = url.split_once('@').expect("it has a login");
        self.kit_at(&format!("postgresql://{server}")).await
    }

    /// A service that shall read there.
    pub async fn kit_at(&self, replica: &str) -> Kit {
        let vars = [("DATABASE_REPLICA_URL".to_owned(), replica.to_owned())];
        Kit::on(self.database.clone(), vars).await
    }

    /// A service that knows the primary alone.
    pub async fn plain(&self) -> Kit {
        Kit::on(self.database.clone(), []).await
    }

    pub fn standby(&self) -> Database {
        Database::elsewhere(&url(&self.standby))
    }

    /// Has the standby's superuser do something.
    pub async fn at_standby(&self, sql: &str) {
        run(&url(&self.standby), sql).await;
    }

    pub fn stop_standby(&self) {
        self.standby.stop().expect("it stops");
    }

    pub fn start_standby(&self) {
        self.standby.start_again().expect("it starts");
    }

    /// Ends both, after the services on them.
    pub async fn end(self, kits: impl IntoIterator<Item = Kit>) {
        for kit in kits {
            kit.settled().await;
            kit.app.db.close().await;
            kit.pool.close().await;
        }
        self.standby.discard().expect("its files can be deleted");
        self.primary.discard().expect("its files can be deleted");
        std::fs::remove_dir(self.dir).expect("nothing is left");
    }
}

impl Kit {
    /// Lets the service's connections lead to a database that takes no writes, as after a failover, or to one that does again:
    /// those that are open are ended.
    pub async fn only_read(&self, on: bool) {
        let sql = format!(
            "begin; set transaction read write;
             do $$ begin execute format(
               'alter database %I set default_transaction_read_only = {on}', current_database()); end $$;
             commit;
             select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and usename like '%_app' and {on}"
        );
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool);
        done.await.expect("a superuser may");
    }

    /// What the service counted of that name.
    pub async fn counted(&self, name: &str) -> u64 {
        let metrics = self.get(METRICS_TOKEN, "/metrics").await.text;
        let start = format!("parlance_{name}_total ");
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix(&start));
        count.expect("it is counted").parse().expect("a number")
    }

    /// Waits until `/health` says that of the replica.
    pub async fn replica_is(&self, state: &str) {
        wait_until(format!("a replica that is {state}"), async || {
            let health = self.get("", "/health").await;
            match health.json["replica"] == state {
                true => Ok(()),
                false => Err(health.text),
            }
        })
        .await;
    }

    /// Begins a conversation, whose id it gives.
    pub async fn chat(&self, who: Person, message: &str) -> uuid::Uuid {
        let question = serde_json::json!({ "message": message });
        let answer = self.post(&self.token(who).await, "/chat", question).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.id("session_id")
    }
}
