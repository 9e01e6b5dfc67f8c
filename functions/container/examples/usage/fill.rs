//! A year of calls, spread evenly over its days, its tenants, their users and five models, of which one embeds.

use anyhow::Result;
use sqlx::{AssertSqlSafe, PgPool};

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery staple";

/// How much there is.
pub struct Size {
    pub calls: u32,
    pub tenants: u32,
    pub users: u32,
}

/// Tenants `t1`, `t2`, ... with users `u1@t1.example`, ..., of which each first one is an administrator.
const PEOPLE: &str = "
    insert into parlance.tenants (id, slug, name)
    select pg_temp.tenant(t), 't' || t, 'Tenant ' || t from generate_series(1, TENANTS) t;
    insert into parlance.users (tenant_id, id, email, role, password_hash)
    select pg_temp.tenant(t), pg_temp.person(t, u), 'u' || u || '@t' || t || '.example',
      case when u = 1 then 'admin' else 'member' end, (select password_hash from parlance.users where is_superuser)
    from generate_series(1, TENANTS) t, generate_series(1, USERS) u;";

/// As if everything had happened in its time: months are in the order of time. A month gets its indexes when it is full,
/// which is quicker.
const CALLS: &str = "
    do $$
    declare
      began constant timestamptz := date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '365 days';
      each constant float8 := extract(epoch from now() - began) / CALLS;
      month date := date_trunc('month', began at time zone 'UTC');
      first bigint;
      last bigint;
      name text;
    begin
      while month <= now() loop
        name := 'provider_calls_' || to_char(month, 'YYYYMM');
        execute format('drop table if exists parlance.%I', name);
        execute format('create table parlance.%I (like parlance.provider_calls including defaults including constraints)', name);
        first := greatest(0, ceil(extract(epoch from month::timestamp at time zone 'UTC' - began) / each));
        last := least(CALLS,
          ceil(extract(epoch from (month + interval '1 month')::timestamp at time zone 'UTC' - began) / each)) - 1;
        execute format($sql$
          insert into parlance.%I (tenant_id, id, called_at, operation, outcome, user_id, endpoint, model, response_model,
            prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, exact, price_table, cost)
          select pg_temp.tenant(c.t), gen_random_uuid(), $1 + make_interval(secs => c.n * $2),
            case when c.m = 5 then 'embedding' else 'chat' end, case when c.dice > 0.99 then 'failed' else 'complete' end,
            pg_temp.person(c.t, c.u), case when c.m < 4 then 'openai' else 'deepseek' end, 'model-' || c.m, 'model-' || c.m,
            1000 + (c.n %% 500)::integer, 200, 0, 300, 0, c.dice < 0.95, 'bench', case when c.dice < 0.98 then 250000 end
          from (
            select n, 1 + floor(random() * TENANTS)::integer as t, 1 + floor(random() * USERS)::integer as u,
              1 + floor(random() * 5)::integer as m, random() as dice
            from generate_series($3, $4) n) c $sql$, name) using began, each, first, last;
        execute format('alter table parlance.provider_calls attach partition parlance.%I for values from (%L) to (%L)', name,
          month || ' 00:00+00', (month + interval '1 month')::date || ' 00:00+00');
        month := month + interval '1 month';
      end loop;
    end $$;";

/// Fills a new database.
pub async fn all(pool: &PgPool, size: &Size) -> Result<()> {
    let named = |sql: &str| {
        let sql = sql.replace("CALLS", &size.calls.to_string());
        let sql = sql.replace("TENANTS", &size.tenants.to_string());
        AssertSqlSafe(sql.replace("USERS", &size.users.to_string()))
    };
    let ids = "
        create function pg_temp.tenant(t integer) returns uuid language sql
        as $$ select ('01900000-0000-7000-8000-' || lpad(to_hex(t), 12, '0'))::uuid $$;
        create function pg_temp.person(t integer, u integer) returns uuid language sql
        as $$ select ('01900000-0000-7000-9000-' || lpad(to_hex(t * 65536 + u), 12, '0'))::uuid $$;";
    sqlx::raw_sql(ids).execute(pool).await?;
    sqlx::raw_sql(named(PEOPLE)).execute(pool).await?;
    sqlx::raw_sql(named(CALLS)).execute(pool).await?;
    sqlx::raw_sql("vacuum analyze parlance.provider_calls")
        .execute(pool)
        .await?;
    Ok(())
}
