//! What provider calls took and cost, and who may spend how much.

mod at_once;
mod budgets;
mod counts;
mod crashes;
mod days;
mod ledger;
mod settings;

use crate::kit::{Answer, Kit, Person, SUPERUSER, provider::Provider, wait::wait_until};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// A service that asks the provider on the deployment's key.
async fn kit(provider: &Provider) -> Kit {
    provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await
}

/// A call as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Call {
    id: Uuid,
    operation: String,
    outcome: String,
    user_id: Option<Uuid>,
    endpoint: String,
    model: String,
    prompt_tokens: i32,
    completion_tokens: i32,
    exact: bool,
    cost: Option<i64>,
}

/// The ledger of a tenant, oldest first.
async fn calls(pool: &PgPool, tenant: Uuid) -> Vec<Call> {
    let sql = "select id, operation, outcome, user_id, endpoint, model, prompt_tokens, completion_tokens, exact, cost
               from parlance.provider_calls where tenant_id = $1 order by called_at, id";
    let calls = sqlx::query_as(sql).bind(tenant).fetch_all(pool);
    calls.await.expect("the ledger can be read")
}

async fn number(pool: &PgPool, sql: &str) -> i64 {
    let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(pool);
    number.await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

async fn run(pool: &PgPool, sql: &str) {
    let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(pool);
    done.await.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

async fn reserved(pool: &PgPool) -> i64 {
    number(pool, "select count(*) from parlance.reservations").await
}

/// Sets what a tenant as a whole may spend.
async fn limit_tenant(kit: &Kit, tenant: Uuid, limits: Value) {
    let (token, path) = (
        kit.token(SUPERUSER).await,
        format!("/tenants/{tenant}/limits"),
    );
    let set = kit.put(&token, &path, json!({ "tenant": limits })).await;
    assert_eq!(set.status, 200, "{}", set.text);
}

/// Sets what each user of an administrator's tenant may spend.
async fn limit_users(kit: &Kit, admin: Person, limits: Value) {
    let (token, path) = (kit.token(admin).await, "/tenants/current/limits");
    let set = kit.put(&token, path, json!({ "users": limits })).await;
    assert_eq!(set.status, 200, "{}", set.text);
}

/// Asks a question in a conversation of its own.
async fn ask(kit: &Kit, token: &str) -> Answer {
    kit.post(token, "/chat", json!({ "message": "Hello?" }))
        .await
}

/// The limit that refused something.
fn refused_by(answer: &Answer) -> (String, String) {
    assert_eq!(answer.problem(429), "limit_reached", "{}", answer.text);
    let limit = &answer.json["limit"];
    let text = |name: &str| limit[name].as_str().expect("it is told").to_owned();
    assert!(answer.headers.contains_key("retry-after"));
    assert!(answer.headers.contains_key("ratelimit-reset"));
    (text("scope"), text("name"))
}

/// Makes what is reserved, and every answer that runs, look as old as those of processes that are gone.
pub(crate) async fn take_for_dead(pool: &PgPool) {
    run(
        pool,
        "update parlance.reservations set created_at = created_at - interval '20 minutes'",
    )
    .await;
    run(pool, "update parlance.chat_messages set heartbeat_at = now() - interval '61 seconds', created_at = created_at - interval '20 minutes' where status = 'streaming'").await;
}

/// What is counted is what the ledger says.
async fn assert_counted(pool: &PgPool) {
    let wrong = "
        select count(*) from parlance.spending s where s.scope = 'tenant' and (s.tokens, s.cost) <> (
          select coalesce(sum(c.prompt_tokens + c.completion_tokens), 0), coalesce(sum(c.cost), 0)
          from parlance.provider_calls c where c.tenant_id = s.tenant_id
            and c.called_at >= s.starts::timestamp at time zone 'UTC')";
    let told = "select coalesce(string_agg(s::text || (select string_agg(c::text, ' ') from parlance.provider_calls c), ' '), '')
                from parlance.spending s";
    let told: String = sqlx::query_scalar(told).fetch_one(pool).await.unwrap();
    assert_eq!(number(pool, wrong).await, 0, "{told}");
}

/// Waits until nothing is reserved any more, whoever has died; then every answer is paid for, once, and all of it is counted.
pub(crate) async fn assert_settled(kit: &Kit) {
    wait_until("everything to be settled", async || {
        take_for_dead(&kit.pool).await;
        kit.app.db.sweep().await.map_err(|e| e.to_string())?;
        match reserved(&kit.pool).await {
            0 => Ok(()),
            n => Err(format!("{n} reserved")),
        }
    })
    .await;
    // Of those that ended early some were never asked of a provider.
    let unpaid = "select count(*) from parlance.chat_messages m
                  left join (select id, count(*) as times from parlance.provider_calls group by id) c on c.id = m.id
                  where m.role = 'assistant' and coalesce(c.times, 0) not between (m.status = 'complete')::int and 1";
    assert_eq!(number(&kit.pool, unpaid).await, 0);
    assert_counted(&kit.pool).await;
}
