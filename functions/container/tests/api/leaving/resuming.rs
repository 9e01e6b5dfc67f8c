//! What was broken off: an erasure ends as what it was begun as, and an import begins anew.

use super::{
    log_in,
    moving::{MOVED, OTHER, PREFIX, elsewhere, exported, rows},
    parlance,
};
use crate::kit::{
    ADMIN1, Kit, SUPERUSER, T1, T2, U1, U2, V1,
    database::Database,
    provider::Provider,
    scene::{Scene, Stored},
};
use serde_json::{Value, json};
use sqlx::Executor;

async fn scene(provider: &Provider) -> Scene {
    let kit = Kit::on(Database::clone_template().await, provider.vars().to_vec()).await;
    let scene = Scene::on(kit).await;
    scene.settled().await;
    scene
}

/// Has the database refuse the end of a receipt, once everything is deleted, or let it be.
async fn refuse_ends(scene: &Scene, refuse: bool) {
    let sql = match refuse {
        true => {
            "create function parlance.refuses() returns trigger language plpgsql as
               $$ begin raise exception 'not now'; end $$;
             create trigger refuses before update on parlance.erasures for each row execute function parlance.refuses()"
        }
        false => {
            "drop trigger refuses on parlance.erasures; drop function parlance.refuses()"
        }
    };
    scene.pool.execute(sql).await.unwrap();
}

fn of_user<'a>(tenant: &'a str, user: &'a str) -> [&'a str; 7] {
    [
        "erase",
        "--tenant",
        tenant,
        "--user",
        user,
        "--confirm",
        tenant,
    ]
}

/// The rows of a table in a file, without these columns.
fn said(file: &str, table: &str, but: &[&str]) -> Vec<Value> {
    let lines = file
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rows = lines.filter(|line| line["table"] == table);
    let mut rows: Vec<Value> = rows
        .map(|mut line| {
            let mut row = line["row"].take();
            let columns = row.as_object_mut().expect("a row is an object");
            columns.retain(|column, _| !but.contains(&column.as_str()));
            row
        })
        .collect();
    rows.sort_by_key(Value::to_string);
    rows
}

#[tokio::test(flavor = "multi_thread")] // R44
async fn an_erasure_of_an_address_goes_on_when_the_user_is_gone_already() {
    let provider = Provider::start().await;
    let scene = scene(&provider).await;
    refuse_ends(&scene, true).await;
    let broken = parlance(&scene, &provider, &of_user("one", U1.email)).await;
    assert!(!broken.ok, "{}", broken.stdout);
    assert!(!Stored::all(&scene.pool).await.contains(U1.email));
    refuse_ends(&scene, false).await;
    let nobody = parlance(&scene, &provider, &of_user("one", "nobody@one.example")).await;
    assert!(!nobody.ok, "{}", nobody.stdout);
    let ended = parlance(&scene, &provider, &of_user("one", "U1@one.example")).await;
    assert!(ended.ok, "{}", ended.stderr);
    let receipt: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(receipt["subject"], json!(U1.id), "{receipt}");
    assert!(receipt["finished_at"].is_string(), "{receipt}");
    assert_eq!(receipt["removed"]["users"], 1, "{receipt}");
    let again = parlance(&scene, &provider, &of_user("one", U1.email)).await;
    assert!(!again.ok, "{}", again.stdout);
}

#[tokio::test(flavor = "multi_thread")] // R44
async fn an_erasure_is_of_the_tenant_that_is_named() {
    let provider = Provider::start().await;
    let scene = scene(&provider).await;
    // As an import may bring it: the same id in two tenants.
    let twin = "insert into parlance.users (tenant_id, id, email, role) values ($1, $2, 'twin@two.example', 'member')";
    let twin = sqlx::query(twin).bind(T2).bind(U1.id);
    twin.execute(&scene.pool).await.unwrap();
    refuse_ends(&scene, true).await;
    let broken = parlance(&scene, &provider, &of_user("one", U1.email)).await;
    assert!(!broken.ok, "{}", broken.stdout);
    refuse_ends(&scene, false).await;

    let twin = of_user("two", "twin@two.example");
    let refused = parlance(&scene, &provider, &twin).await;
    let told = "of the tenant one is under way";
    refused.is_refused(told);
    assert!(Stored::all(&scene.pool).await.contains("twin@two.example"));
    let id = U1.id.to_string();
    for (erase, tenant) in [(of_user("one", &id), "one"), (twin, "two")] {
        let ended = parlance(&scene, &provider, &erase).await;
        assert!(ended.ok, "{}", ended.stderr);
        let receipt: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(receipt["slug"], tenant, "{receipt}");
        assert_eq!(receipt["removed"]["users"], 1, "{receipt}");
    }
    assert!(!Stored::all(&scene.pool).await.contains("twin@two.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_confirmed_wrongly_fails() {
    let provider = Provider::start().await;
    let scene = scene(&provider).await;
    let before = Stored::of(&scene.pool, T1).await;
    let wrong = ["erase", "--tenant", "one", "--confirm", "two"];
    let refused = parlance(&scene, &provider, &wrong).await;
    let told = "Nothing was erased: --confirm says `two`, and the tenant is `one`";
    refused.is_refused(told);
    assert_eq!(Stored::of(&scene.pool, T1).await, before);
}

#[tokio::test(flavor = "multi_thread")] // R44
async fn a_tenant_is_erased_whatever_its_rows_say() {
    let provider = Provider::start().await;
    let scene = scene(&provider).await;
    let poison = r#"
        update parlance.tenants set limits = '{"per_minute": "evil"}', user_limits = '[]', created_at = 'infinity'
          where slug = 'one';
        update parlance.users set limits = '"evil"', created_at = '-infinity' where email = 'u2@one.example'"#;
    scene.pool.execute(poison).await.unwrap();
    let user = parlance(&scene, &provider, &of_user("one", U2.email)).await;
    assert!(user.ok, "{}", user.stderr);
    let erase = ["erase", "--tenant", "one", "--confirm", "one"];
    let erased = parlance(&scene, &provider, &erase).await;
    assert!(erased.ok, "{}", erased.stderr);
    let left = Stored::all(&scene.pool).await;
    assert!(!left.contains(ADMIN1.email) && left.contains(V1.email));
    let tenants = scene.get(&scene.token(SUPERUSER).await, "/tenants").await;
    assert_eq!(tenants.status, 200, "{}", tenants.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_broken_off_leaves_nothing_of_the_older_file() {
    let provider = Provider::start().await;
    let mut vars = provider.vars().to_vec();
    vars.push(("OPENAI_API_KEY".into(), "sk-of-the-deployment".into()));
    let (there, older) = exported(&provider, &vars).await;
    let (admin, user) = (there.token_of(ADMIN1).to_owned(), there.token_of(U2));
    let document = format!("/documents/{}", there.ids_of(U1).document);
    let session = format!("/chat/sessions/{}", there.ids_of(U2).session);
    let path = format!("/admin/users/{}", U2.id);
    let off = json!({ "is_active": false });
    for answer in [
        there.delete(user, &session).await,
        there.delete(&admin, &document).await,
        there.patch(&admin, &path, off).await,
        there
            .patch(&admin, "/tenants/current", json!({ "name": "Newer" }))
            .await,
        there
            .delete(&admin, &format!("/admin/users/{}", U1.id))
            .await,
    ] {
        assert!(answer.status.is_success(), "{}", answer.text);
    }
    there.settled().await;
    let newer = parlance(&there, &provider, &["export-tenant", "--tenant", "one"]).await;
    assert!(newer.ok, "{}", newer.stderr);

    let database = Database::empty().await;
    let url = database.url();
    assert!(elsewhere(&url, "migrate", "").await.ok);
    // All but the last line.
    let lines: Vec<&str> = older.lines().collect();
    let cut = format!("{}\n", lines[..lines.len() - 1].join("\n"));
    let half = elsewhere(&url, "import-tenant", &cut).await;
    half.is_refused("is cut off");
    let whole = elsewhere(&url, "import-tenant", &newer.stdout).await;
    assert!(whole.ok, "{}", whole.stderr);
    vars.extend([
        ("SECRET_KEY".into(), OTHER.into()),
        ("ROLE_PREFIX".into(), PREFIX.into()),
    ]);
    let here = Kit::on(database.clone(), vars).await;
    // There, what was deleted may still be going; the file is without it.
    for (table, but) in MOVED {
        let mut kept = rows(&here.pool, table, but).await;
        kept.sort_by_key(Value::to_string);
        assert_eq!(kept, said(&newer.stdout, table, but), "{table}");
    }
    for gone in [U1, U2] {
        assert_eq!(log_in(&here, gone).await.status, 401);
    }
    let name: String = sqlx::query_scalar("select name from parlance.tenants where id = $1")
        .bind(T1)
        .fetch_one(&here.pool)
        .await
        .unwrap();
    assert_eq!(name, "Newer");
}
