//! What is left of a visitor whom its site keeps no longer: nothing that it said, and nothing that says who it was.

use super::{
    PAGE, ask, edit, from,
    identities::{Known, chats},
};
use crate::kit::{ADMIN1, Kit, provider::Provider};
use serde_json::json;
use sqlx::types::Uuid;

/// In all that the visitor says, and in nothing else.
const CANARY: &str = "Quetzalcoatl";

/// The tables that have a row with that text in it, each with how many.
async fn holding(kit: &Kit, text: &str) -> Vec<(String, i64)> {
    let sql = "select c.relname::text, (xpath('/row/n/text()', query_to_xml(format(
                   'select count(*) as n from %s t where t::text ilike %L', c.oid::regclass, '%' || $1 || '%'), false, true, '')))[1]::text::bigint
               from pg_class c where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p') order by 1";
    let all: Vec<(String, i64)> = sqlx::query_as(sql)
        .bind(text)
        .fetch_all(&kit.pool)
        .await
        .unwrap();
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// Makes a visitor one who came long ago, and was last here so many days ago; its id by then, which says when it came.
async fn age(kit: &Kit, visitor: Uuid, days: i32) -> Uuid {
    let old = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    let mut tx = kit.pool.begin().await.unwrap();
    let said = "select set_config('test.is', $1, true), set_config('test.was', $2, true),
                  set_config('session_replication_role', 'replica', true)";
    let said = sqlx::query(said)
        .bind(old.to_string())
        .bind(visitor.to_string());
    said.execute(&mut *tx).await.unwrap();
    let everywhere = "do $$
        declare
          place record;
        begin
          update parlance.users set id = current_setting('test.is')::uuid where id = current_setting('test.was')::uuid;
          for place in select attrelid::regclass as name from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and attname = 'user_id' loop
            execute format('update %s set user_id = %L where user_id = %L',
              place.name, current_setting('test.is'), current_setting('test.was'));
          end loop;
        end
        $$";
    sqlx::query(everywhere).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    was_here(kit, days).await;
    old
}

/// Says of every visitor that it was last here so many days ago.
async fn was_here(kit: &Kit, days: i32) {
    for sql in [
        "update parlance.chat_sessions set updated_at = now() - make_interval(days => $1)",
        "update parlance.login_sessions set refreshed_at = now() - make_interval(days => $1) where identity_key_id is not null",
    ] {
        sqlx::query(sql)
            .bind(days)
            .execute(&kit.pool)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn nothing_is_left_of_whom_a_site_keeps_no_longer() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let known = Known::new(&kit, "optional").await;
    edit(&kit, &known.site, json!({ "retention_days": 7 })).await;
    let claims = json!({ "name": format!("Ada {CANARY}") });
    let entered = known.enter(&kit, &known.token(&kit, "ada", claims)).await;
    let token = entered.json["access_token"].as_str().unwrap();
    let said = json!({ "message": format!("Who is {CANARY}?") });
    let answer = ask(&kit, token, said).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let session = answer.json["session_id"].as_str().unwrap();
    let message = answer.json["message_id"].as_str().unwrap();
    let rating = json!({ "rating": "down", "comment": format!("That is not {CANARY}.") });
    let title = json!({ "title": format!("About {CANARY}") });
    for (method, path, body) in [
        ("PUT", format!("/chat/messages/{message}/feedback"), rating),
        ("PATCH", format!("/chat/sessions/{session}"), title),
    ] {
        let done = from(&kit, PAGE, token, method, &path, &body).await;
        assert!(done.status.is_success(), "{}", done.text);
    }
    kit.settled().await;
    let tables = |found: Vec<(String, i64)>| {
        found
            .into_iter()
            .map(|(table, _)| table)
            .collect::<Vec<_>>()
    };
    let holding_it = tables(holding(&kit, CANARY).await);
    for table in [
        "chat_messages",
        "chat_sessions",
        "message_feedback",
        "users",
    ] {
        assert!(
            holding_it.iter().any(|one| one == table),
            "{table}: {holding_it:?}"
        );
    }
    // Within its time it is kept, also by its conversation alone.
    let visitor = age(&kit, entered.id_at("/user/id"), 6).await;
    jobs::run(&kit.app.service()).await.unwrap();
    assert!(!holding(&kit, CANARY).await.is_empty());
    was_here(&kit, 8).await;
    jobs::run(&kit.app.service()).await.unwrap();
    assert_eq!(holding(&kit, CANARY).await, []);
    assert_eq!(holding(&kit, session).await, []);
    // What it cost is still the tenant's, beside an id that is nobody's.
    let left = tables(holding(&kit, &visitor.to_string()).await);
    let is_ledger = |table: &String| {
        let ledger = ["provider_calls", "usage_", "spending"];
        ledger.iter().any(|one| table.starts_with(one))
    };
    assert!(!left.is_empty() && left.iter().all(is_ledger), "{left:?}");

    // Seen from the page: who comes back is new, and nobody else is gone.
    let renewal = json!({ "refresh_token": entered.json["refresh_token"] });
    let refused = from(&kit, PAGE, "", "POST", "/login/refresh", &renewal).await;
    assert_eq!(refused.status, 401, "{}", refused.text);
    let again = known.visitor(&kit, "ada").await;
    assert_eq!(chats(&kit, &again).await, [""; 0]);
    let admin = kit.token(ADMIN1).await;
    assert_eq!(kit.get(&admin, "/login/me").await.status, 200);
}
