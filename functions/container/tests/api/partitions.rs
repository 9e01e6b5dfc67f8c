//! `parlance partition-messages`: messages become partitions while people go on, and nothing that was told is lost or comes back.

mod going;
mod later;
mod people;
mod stopped;

use crate::{
    commands::{Ended, program, run},
    kit::{
        Kit, SECRET_KEY, T1, U1,
        database::Database,
        provider::Provider,
        wait::{wait_for, wait_until},
    },
};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use tokio::process::Child;

/// A service with a database whose messages are in one table, also where other tests have another template.
async fn whole() -> (Kit, Provider) {
    let provider = Provider::start().await;
    let database = Database::clone_whole().await;
    let vars = vars(&provider);
    (Kit::on(database, vars).await, provider)
}

fn vars(provider: &Provider) -> Vec<(String, String)> {
    let more = [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("DATABASE_MAX_CONNECTIONS", "4"),
    ];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    provider.vars().into_iter().chain(more).collect()
}

/// So many conversations of 20 messages, of every user.
async fn furnish(kit: &Kit, conversations: u32) {
    execute(
        &kit.pool,
        &format!(
            "insert into parlance.chat_sessions (tenant_id, id, user_id, title, last_seq)
               select u.tenant_id, gen_random_uuid(), u.id, 'furnished', 20 from parlance.users u, generate_series(1, {conversations});
             insert into parlance.chat_messages (tenant_id, id, session_id, seq, role, content, status)
               select s.tenant_id, gen_random_uuid(), s.id, n, case n % 2 when 1 then 'user' else 'assistant' end, repeat('word ', 20), 'complete'
               from parlance.chat_sessions s, generate_series(1, 20) n where s.title = 'furnished';
             analyze parlance.chat_messages"
        ),
    )
    .await;
}

async fn execute(pool: &PgPool, sql: &str) {
    let done = pool.execute(AssertSqlSafe(sql.to_owned())).await;
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

async fn count(pool: &PgPool, sql: &str) -> i64 {
    let count = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {sql}")));
    let count = count.fetch_one(pool).await;
    count.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// Runs `parlance partition-messages` to its end.
async fn partition(kit: &Kit, more: &[&str]) -> Ended {
    let url = kit.database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    run(&[&["partition-messages"], more].concat(), &vars, "").await
}

/// Starts it, slowly.
fn begin(kit: &Kit, more: &[&str]) -> Child {
    let url = kit.database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let slowly = ["--batch", "10", "--pause", "20"];
    let command = [&["partition-messages"], &slowly[..], more].concat();
    program(&command, &vars)
        .spawn()
        .expect("the program starts")
}

async fn ends_well(child: Child) -> String {
    let ended = wait_for("the end of the partitioning", child.wait_with_output()).await;
    let ended = ended.expect("it can be waited for");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(
        ended.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    said
}

/// Waits until it has copied some.
async fn until_copying(kit: &Kit) {
    wait_until("some messages to be copied", async || {
        let copied =
            "select coalesce((select 1 from pg_class where relname = 'message_partitioning'), 0)";
        let there: i32 = sqlx::query_scalar(copied)
            .fetch_one(&kit.pool)
            .await
            .map_err(|e| e.to_string())?;
        if there == 0 {
            return Err("not begun".to_owned());
        }
        let sql = "select copied from parlance.message_partitioning";
        let copied: i64 = sqlx::query_scalar(sql)
            .fetch_one(&kit.pool)
            .await
            .map_err(|e| e.to_string())?;
        (copied >= 100).then_some(()).ok_or(format!("{copied}"))
    })
    .await;
}

async fn is_partitioned(kit: &Kit) -> bool {
    let sql = "pg_class where oid = 'parlance.chat_messages'::regclass and relkind = 'p'";
    count(&kit.pool, sql).await == 1
}

/// All that the catalogue says of messages and of what names them, but for partitions: names of keys and indexes with what they are,
/// policies, grants; and what is in the schema besides.
async fn catalogue(pool: &PgPool) -> Vec<String> {
    let sql = "
        with of(oid) as (values ('parlance.chat_messages'::regclass), ('parlance.message_feedback'), ('parlance.rehearsal_questions'), ('parlance.chat_sessions'))
        select format('%s %s %s', k.conrelid::regclass, k.conname, replace(pg_get_constraintdef(k.oid), ' NOT VALID', ''))
        from pg_constraint k where k.conrelid in (select oid from of) and k.conparentid = 0 and k.contype <> 'n'
        union all
        select format('%s %s', i.indexrelid::regclass, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')) from pg_index i where i.indrelid in (select oid from of)
        union all
        select format('%s %s %s %s %s', p.polrelid::regclass, p.polname, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid))
        from pg_policy p where p.polrelid in (select oid from of)
        union all
        select format('%s %s %s %s', c.oid::regclass, c.relrowsecurity, c.relforcerowsecurity, (select array_agg(acl::text order by acl::text) from unnest(c.relacl) acl))
        from pg_class c where c.oid in (select oid from of)
        union all
        select format('%s %s %s %s %s', a.attnum, a.attname, a.atttypid::regtype, a.attnotnull, a.attacl) from pg_attribute a where a.attrelid = 'parlance.chat_messages'::regclass and a.attnum > 0
        union all
        select format('function %s', oid::regprocedure) from pg_proc where pronamespace = 'parlance'::regnamespace
        union all
        select format('trigger %s', tgname) from pg_trigger where not tgisinternal and tgrelid = 'parlance.chat_messages'::regclass
        union all
        select format('table %s', relname) from pg_class where relnamespace = 'parlance'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
        order by 1";
    let all = sqlx::query_scalar(sql).fetch_all(pool).await;
    all.expect("the catalogue can be read")
}

/// As the service's own role, with a tenant or none.
async fn as_app(kit: &Kit, tenant: bool, sql: &str) -> Result<i64, String> {
    let mut app = crate::kit::database::connect_to(&kit.database.url_as("app")).await;
    let set = format!("begin; select set_config('app.tenant_id', '{T1}', true)");
    let begin = if tenant { &set } else { "begin" };
    let begun = app.execute(AssertSqlSafe(begin.to_owned())).await;
    begun.expect("a transaction begins");
    let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
    found.fetch_one(&mut app).await.map_err(|e| e.to_string())
}

/// What must hold of the partitioned form.
async fn assert_kept_apart(kit: &Kit) {
    let own = count(
        &kit.pool,
        &format!("parlance.chat_messages where tenant_id = '{T1}'"),
    )
    .await;
    let all = count(&kit.pool, "parlance.chat_messages").await;
    assert!(0 < own && own < all, "{own} of {all}");
    let sql = "select count(*) from parlance.chat_messages";
    assert_eq!(as_app(kit, true, sql).await, Ok(own));
    let untold = as_app(kit, false, sql).await.unwrap_err();
    assert!(untold.contains("no tenant context"), "{untold}");
    let parts: Vec<String> = sqlx::query_scalar(
        "select 'parlance.' || c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'parlance.chat_messages'::regclass",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    assert!(parts.len() > 1, "{parts:?}");
    for part in parts {
        let refused = as_app(kit, true, &format!("select count(*) from {part}")).await;
        let refused = refused.unwrap_err();
        assert!(refused.contains("permission denied"), "{part}: {refused}");
        let owner = format!(
            "begin; set local role parlance_owner; select set_config('app.tenant_id', '{T1}', true); select count(*) from {part}"
        );
        let mut superuser = kit.pool.acquire().await.unwrap();
        let mut seen = Vec::new();
        for sql in owner.split("; ") {
            let rows = superuser.fetch_all(AssertSqlSafe(sql.to_owned())).await;
            seen = rows.unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
        let seen: i64 = sqlx::Row::get(&seen[0], 0);
        superuser.execute("rollback").await.unwrap();
        assert_eq!(seen, 0, "row-level security binds the owner of {part}, too");
    }
    let token = kit.token(U1).await;
    let chats = kit.get(&token, "/chat/sessions").await;
    assert_eq!(chats.status, 200, "{}", chats.text);
}
