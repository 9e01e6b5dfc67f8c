//! The tenant of a transaction: never missing, never left over.

use crate::kit::{ADMIN1, Kit, SUPERUSER, T1, T2, U1, V1, api::login, request, scene::Scene};
use axum::body::Body;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, postgres::PgPoolOptions};
use std::time::Duration;
use uuid::Uuid;

/// Makes the function behind `Origin` fail when it is called on a connection that remembers a tenant. The
/// service asks it outside any tenant's context, so that its own connections can be looked at.
pub async fn watch_residue(pool: &PgPool) {
    let watching = "
        create or replace function parlance.origin_claim(p_origin text) returns table (is_listed boolean, owner uuid)
        language plpgsql stable security definer set search_path = parlance, pg_temp
        as $$
        begin
          if coalesce(current_setting('app.tenant_id', true), '') <> '' then
            raise exception 'a tenant was left behind: %', current_setting('app.tenant_id', true);
          end if;
          return query select false, null::uuid;
        end
        $$";
    pool.execute(watching)
        .await
        .expect("a superuser may replace it");
}

/// Asks the service to look at one of its connections: every origin is new, so none is remembered.
pub async fn assert_no_residue(kit: &Kit, after: &str) {
    let origin = format!("https://{}.example", Uuid::now_v7().simple());
    let request = request("", "GET", "/health").header("origin", origin);
    let answer = kit.send(request, Body::empty()).await;
    // Residue would be 500; 503 only means that no connection was free in time.
    let clean = answer.status == 200 || answer.status == 503;
    assert!(clean, "after {after}: {}", answer.text);
}

#[tokio::test] // R33
async fn no_request_leaves_its_tenant_on_the_connection() {
    let scene = Scene::new().await;
    watch_residue(&scene.pool).await;
    let session = |whose| format!("/chat/sessions/{}", scene.ids_of(whose).session);
    let title = json!({ "title": "New" });
    let taken = json!({ "email": U1.email, "password": "seven green bicycles" });
    let wrong = json!({ "email": U1.email, "password": "x" });
    let question = json!({ "message": "Who?" });
    let requests = [
        (Some(U1), "GET", "/chat/sessions".into(), Value::Null, 200),
        (Some(U1), "PATCH", session(U1), title.clone(), 200),
        (Some(U1), "PATCH", session(V1), title, 404),
        (Some(ADMIN1), "POST", "/admin/users".into(), taken, 409),
        (Some(U1), "POST", "/chat".into(), question.clone(), 200),
        (None, "POST", "/login".into(), wrong, 401),
        (None, "POST", "/login".into(), login(U1), 200),
        (
            Some(ADMIN1),
            "GET",
            "/tenants/current".into(),
            Value::Null,
            200,
        ),
        (
            Some(SUPERUSER),
            "GET",
            format!("/tenants/{T2}"),
            Value::Null,
            200,
        ),
        (Some(U1), "DELETE", session(U1), Value::Null, 204),
    ];
    assert_no_residue(&scene, "nothing").await;
    for (who, method, path, body, status) in requests {
        let token = who.map_or("", |who| scene.token_of(who));
        let answer = scene.ask(token, method, &path, &body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert_no_residue(&scene, &format!("{method} {path}")).await;
    }
    for millis in 0..10 {
        let cancelled = scene.post(scene.token_of(U1), "/chat", question.clone());
        drop(tokio::time::timeout(Duration::from_millis(millis), cancelled).await);
        assert_no_residue(&scene, "a request that was cancelled").await;
    }
}

#[tokio::test] // R33
async fn the_watch_for_residue_notices_one() {
    let kit = Kit::new().await;
    watch_residue(&kit.pool).await;
    let mut connection = PgConnection::connect(&kit.database.url_as("app"))
        .await
        .unwrap();
    let ask = "select is_listed from parlance.origin_claim('https://a.example')";
    assert!(connection.execute(ask).await.is_ok());
    let local = format!("begin; select set_config('app.tenant_id', '{T1}', true); commit");
    connection.execute(AssertSqlSafe(local)).await.unwrap();
    assert!(connection.execute(ask).await.is_ok());
    let lasting = format!("select set_config('app.tenant_id', '{T1}', false)");
    connection.execute(AssertSqlSafe(lasting)).await.unwrap();
    assert!(connection.execute(ask).await.is_err());
}

#[tokio::test] // R34
async fn a_forgotten_context_is_an_error_on_a_fresh_and_on_a_used_connection() {
    let scene = Scene::new().await;
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.connect(&scene.database.url_as("app")).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'parlance'::regnamespace and relkind = 'r'
           and relrowsecurity and has_table_privilege('parlance_app', oid, 'select')",
    )
    .fetch_all(&scene.pool)
    .await
    .unwrap();
    assert!(tables.len() >= 9, "the query sees {tables:?} only");
    for round in ["fresh", "used"] {
        for table in &tables {
            for sql in [
                format!("select from parlance.{table}"),
                format!("select count(*) from parlance.{table}"),
            ] {
                let refused = pool.execute(AssertSqlSafe(sql)).await.expect_err(table);
                let refused = refused.into_database_error().expect(table);
                assert_eq!(
                    refused.code().as_deref(),
                    Some("42501"),
                    "{round} {table}: {refused}"
                );
                assert_eq!(refused.message(), "no tenant context", "{round} {table}");
            }
        }
        let mut tx = pool.begin().await.unwrap();
        sqlx::query("select set_config('app.tenant_id', $1, true)")
            .bind(T1.to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
        let users: i64 =
            sqlx::query_scalar("select count(*) from parlance.users where not is_service")
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        assert_eq!(users, 3);
        tx.commit().await.unwrap();
        let left: Option<String> =
            sqlx::query_scalar("select current_setting('app.tenant_id', true)")
                .fetch_one(&pool)
                .await
                .unwrap();
        assert_eq!(left.unwrap_or_default(), "", "{round}");
    }
}

#[tokio::test] // R37
async fn a_cached_plan_does_not_remember_the_first_tenant() {
    let scene = Scene::new().await;
    let mut connection = PgConnection::connect(&scene.database.url_as("app"))
        .await
        .unwrap();
    connection
        .execute("set plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    let sql = "select tenant_id, id from parlance.users where email <> $1 order by id";
    for tenant in [T1, T2, T1, T2] {
        let mut tx = connection.begin().await.unwrap();
        sqlx::query("select set_config('app.tenant_id', $1, true)")
            .bind(tenant.to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
        let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(sql)
            .bind("")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
        assert!(
            rows.len() >= 2 && rows.iter().all(|(of, _)| *of == tenant),
            "{rows:?}"
        );
        tx.commit().await.unwrap();
    }
    let plans: (i64, i64) = sqlx::query_as(
        "select generic_plans, custom_plans from pg_prepared_statements where statement = $1",
    )
    .bind(sql)
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(plans, (4, 0), "one plan served both tenants");
}
