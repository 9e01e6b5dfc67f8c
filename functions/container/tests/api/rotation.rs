//! One SECRET_KEY takes the place of another while everybody goes on asking.

mod derived;
mod load;
mod outside;
mod tokens;

use crate::{
    commands::{Ended, run},
    kit::{
        ADMIN1, Kit, SECRET_KEY, SUPERUSER,
        database::{Database, connect_to, seed},
        provider::Provider,
        scene::Scene,
    },
};
use load::Load;
use outside::{Made, assert_all_works};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgPool};
use tenant_auth::{RootSecret, Sealer};

const OLD: &str = SECRET_KEY;
const NEXT: &str = "test-canary-next-root-3b7e1f9d5a2c8064e1b9d7f3a5c2";
const KEY: &str = "sk-canary-rotated-5f1c8e3a7b9d2046";
/// Roles belong to the whole server: these must not be those of other tests.
const PREFIX: &str = "rotated";

/// A database whose roles have passwords that follow from the old secret, and the provider of its tenants.
struct Deployment {
    database: Database,
    provider: Provider,
    prefix: &'static str,
}

impl Deployment {
    async fn new(prefix: &'static str) -> Self {
        let new = Self {
            database: Database::empty().await,
            provider: Provider::start().await,
            prefix,
        };
        new.ok(&["migrate"], OLD, "").await;
        seed(&mut connect_to(&new.database.url()).await).await;
        new
    }

    /// A process with these secrets.
    async fn with(&self, present: &str, others: &str) -> Kit {
        let more = [
            ("SECRET_KEY", present),
            ("SECRET_KEY_PREVIOUS", others),
            ("ROLE_PREFIX", self.prefix),
            ("DATABASE_MAX_CONNECTIONS", "4"),
            ("CONNECTOR_HOSTS", "127.0.0.1"),
        ];
        let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let vars = self.provider.vars().into_iter().chain(more);
        Kit::on(self.database.clone(), vars).await
    }

    async fn run(&self, command: &[&str], present: &str, others: &str) -> Ended {
        let url = self.database.url();
        let vars = [
            ("DATABASE_URL", &*url),
            ("SECRET_KEY", present),
            ("SECRET_KEY_PREVIOUS", others),
            ("ROLE_PREFIX", self.prefix),
        ];
        run(command, &vars, "").await
    }

    async fn ok(&self, command: &[&str], present: &str, others: &str) -> String {
        let ended = self.run(command, present, others).await;
        assert!(ended.ok, "{command:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }
}

/// Something of each kind that is sealed, for the first tenant and others.
async fn furnish(kit: Kit) -> Scene {
    let scene = Scene::on(kit).await;
    let admin = scene.kit.token(ADMIN1).await;
    let path = "/tenants/current/secrets/openai";
    let set = scene.put(&admin, path, json!({ "api_key": KEY })).await;
    assert_eq!(set.status, 204, "{}", set.text);
    let bucket = json!({ "name": "A bucket", "url": "http://127.0.0.1:9/", "is_on": false,
        "bucket": { "name": "acme-help", "access_key_id": "AKIA-canary", "secret_access_key": "canary-of-a-bucket" } });
    let repository = json!({ "name": "A repository", "url": "https://git.example/acme/docs", "is_on": false,
        "repository": { "server": "forgejo", "token": "canary-of-a-token" } });
    for connector in [bucket, repository] {
        let made = scene.post(&admin, "/documents/connectors", connector).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    scene
}

/// How many values there are, in all columns of all tables, that begin as what a secret has sealed.
async fn sealed_with(pool: &PgPool, secret: &str) -> Vec<(String, i64)> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns
         where table_schema = 'parlance' and data_type = 'bytea' order by 1, 2",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let start = Sealer::new(&RootSecret::new(&secret.into()).unwrap()).start();
    let mut found = Vec::new();
    for (table, column) in columns {
        let sql = format!(
            "select count(*) from parlance.{table} where substring({column} from 1 for 5) = $1"
        );
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(&start[..])
            .fetch_one(pool)
            .await
            .unwrap();
        if count > 0 {
            found.push((table, count));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")] // R49
async fn no_question_fails_while_one_secret_takes_the_place_of_another() {
    let deployment = Deployment::new(PREFIX).await;
    // Every process knows both before anything is sealed with the next.
    let before = furnish(deployment.with(OLD, NEXT).await).await;
    let made = Made::on(&before).await;
    let after = deployment.with(NEXT, OLD).await;
    let pool = &before.pool;
    assert_eq!(sealed_with(pool, NEXT).await, []);
    let load = Load::on([&before, &after]).await;

    let counted = deployment.ok(&["rotate-keys", "--count"], NEXT, OLD).await;
    assert!(
        counted.contains("Left that another one has sealed: 10."),
        "{counted}"
    );
    assert!(
        counted.contains("do not follow from the present"),
        "{counted}"
    );
    assert_eq!(sealed_with(pool, NEXT).await, [], "it only counts");
    let rotated = deployment.ok(&["rotate-keys"], NEXT, OLD).await;
    assert!(
        rotated.contains("Sealed again with the present SECRET_KEY: 10."),
        "{rotated}"
    );
    assert!(
        rotated.contains("Left that another one has sealed: 0."),
        "{rotated}"
    );
    assert!(!rotated.contains("canary"), "{rotated}");
    load.more().await;
    assert!(load.end().await > 40);
    assert_eq!(sealed_with(pool, OLD).await, []);

    // One that connects only now, with the old password first; and one that knows the next secret alone.
    let late = deployment.with(OLD, NEXT).await;
    let alone = deployment.with(NEXT, "").await;
    for kit in [&before.kit, &after, &late, &alone] {
        assert_all_works(kit, &deployment.provider, &made).await;
    }
    let again = deployment.ok(&["rotate-keys"], NEXT, "").await;
    assert!(
        again.contains("Sealed again with the present SECRET_KEY: 0."),
        "{again}"
    );
    assert!(
        again.contains("Left that another one has sealed: 0."),
        "{again}"
    );
    let counted = deployment.ok(&["rotate-keys", "--count"], NEXT, "").await;
    assert!(
        counted.contains("roles follow from the present"),
        "{counted}"
    );

    // And once more: what is kept of the first stays good when the second has gone, too.
    const THIRD: &str = "test-canary-third-root-9d4b2f7a1c8e5063b7d9f1a3c5e8";
    deployment.ok(&["rotate-keys"], THIRD, NEXT).await;
    let third = deployment.with(THIRD, "").await;
    assert_all_works(&third, &deployment.provider, &made).await;
}

#[tokio::test(flavor = "multi_thread")] // R49
async fn what_nothing_opens_is_told_and_the_rest_is_sealed_again() {
    let deployment = Deployment::new("rotated_in_part").await;
    let scene = furnish(deployment.with(OLD, NEXT).await).await;
    // As if the secret before this had been lost.
    scene
        .pool
        .execute("update parlance.tenant_secrets set sealed = '\\x01deadbeef00' where provider = 'pinecone'
                  and tenant_id = (select id from parlance.tenants where slug = 'two')")
        .await
        .unwrap();
    for _ in 0..2 {
        let ended = deployment.run(&["rotate-keys"], NEXT, OLD).await;
        assert!(!ended.ok, "{}", ended.stdout);
        assert!(
            ended
                .stdout
                .contains("Left that another one has sealed: 1."),
            "{}",
            ended.stdout
        );
        assert!(
            ended
                .stderr
                .contains("1 of these cannot be opened with SECRET_KEY or SECRET_KEY_PREVIOUS"),
            "{}",
            ended.stderr
        );
    }
    // A process that is still to be told seals with the old one: it is counted, and sealed again by the next run.
    let admin = scene.kit.token(SUPERUSER).await;
    let set = scene
        .put(
            &admin,
            "/tenants/current/secrets/pinecone",
            json!({ "api_key": "pc-canary-late-0123" }),
        )
        .await;
    assert_eq!(set.status, 204, "{}", set.text);
    let counted = deployment.ok(&["rotate-keys", "--count"], NEXT, OLD).await;
    assert!(
        counted.contains("Left that another one has sealed: 2."),
        "{counted}"
    );
    let sql = "delete from parlance.tenant_secrets where sealed = '\\x01deadbeef00'";
    scene.pool.execute(sql).await.unwrap();
    let ended = deployment.ok(&["rotate-keys"], NEXT, OLD).await;
    assert!(
        ended.contains("Left that another one has sealed: 0."),
        "{ended}"
    );
}

#[tokio::test] // R49
async fn with_a_secret_that_nobody_has_used_nothing_is_changed() {
    let deployment = Deployment::new("rotated_by_mistake").await;
    let ended = deployment.run(&["rotate-keys"], NEXT, "").await;
    assert!(!ended.ok, "{}", ended.stdout);
    assert!(
        ended.stderr.contains("so nothing was changed"),
        "{}",
        ended.stderr
    );
    let counted = deployment.ok(&["rotate-keys", "--count"], OLD, "").await;
    assert!(
        counted.contains("roles follow from the present"),
        "{counted}"
    );
}
