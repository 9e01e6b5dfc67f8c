//! A tenant's administrators read its audit log: page by page, filtered, or as a file.

use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, SUPERUSER, T1, T2, U1, http::Served, request, wait::wait_for,
};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use tower::ServiceExt;
use uuid::Uuid;

const HEAD: &str = "id,at,action,target,outcome,detail,actor_id,actor_tenant_id,actor_email,client_ip,request_id,actor_api_key,target_name";

/// Puts `n` rows into the first tenant's log, a second apart and the last of them now.
async fn fill(kit: &Kit, n: i32) {
    let rows = sqlx::query(
        "insert into parlance.audit_log (tenant_id, id, at, actor_tenant_id, actor_id, action, target)
         select $1, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now() - make_interval(secs => $3 - n),
                $1, $2, 'test.fill', n::text
         from generate_series(1, $3) n",
    );
    let rows = rows.bind(T1).bind(U1.id).bind(n).execute(&kit.pool).await;
    rows.expect("rows can be made up");
}

async fn list(kit: &Kit, token: &str, query: &str) -> Vec<Value> {
    let answer = kit.get(token, &format!("/admin/audit?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json["items"].as_array().unwrap().clone()
}

fn texts(rows: &[Value], field: &str) -> Vec<String> {
    let texts = rows
        .iter()
        .map(|row| row[field].as_str().unwrap().to_owned());
    texts.collect()
}

/// Things done by an administrator, by a superuser, and by nobody.
async fn deeds(kit: &Kit) -> String {
    let login = json!({ "tenant": "one", "email": "nobody@one.example", "password": "wrong" });
    assert_eq!(kit.post("", "/login", login).await.status, 401);
    kit.settled().await;
    let token = kit.token(ADMIN1).await;
    let root = kit.token(SUPERUSER).await;
    let inside = kit.assume(&root, T1).await;
    let name = json!({ "name": "Renamed" });
    let renamed = kit.patch(&inside, "/tenants/current", name).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    kit.add_document(ADMIN2, "Theirs", "Not to be seen.").await;
    token
}

#[tokio::test] // R87
async fn a_row_tells_who_did_what_and_nothing_of_another_tenant() {
    let kit = Kit::new().await;
    let token = deeds(&kit).await;
    let rows = list(&kit, &token, "").await;
    let expected = ["tenant.update", "tenant.assume", "login", "login"];
    assert_eq!(texts(&rows, "action"), expected);
    let [updated, _, login, failed] = &rows[..] else {
        panic!("{rows:?}")
    };
    let by = json!({ "id": ADMIN1.id, "tenant_id": T1, "email": ADMIN1.email });
    assert_eq!(login["actor"], by);
    let by =
        json!({ "id": SUPERUSER.id, "tenant_id": SUPERUSER.tenant_id, "email": SUPERUSER.email });
    assert_eq!(updated["actor"], by);
    assert_eq!(updated["detail"], "name: one -> Renamed");
    assert_eq!(failed["actor"], Value::Null);
    assert_eq!(failed["target"], "unknown");
    assert_eq!(failed["outcome"], "failure");
    assert!(updated["request_id"].is_string() && updated["at"].is_string());
    let shown = json!(rows).to_string();
    for theirs in [T2.to_string(), ADMIN2.id.to_string()] {
        assert!(!shown.contains(&theirs), "{theirs} in {shown}");
    }
    // A user that is gone leaves its id behind.
    sqlx::query("delete from parlance.users where id = $1")
        .bind(U1.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    fill(&kit, 1).await;
    let rows = list(&kit, &token, "action=test.fill").await;
    assert_eq!(rows[0]["actor"], json!({ "id": U1.id, "tenant_id": T1 }));
}

#[tokio::test] // R87
async fn filters_narrow_the_list() {
    let kit = Kit::new().await;
    let token = deeds(&kit).await;
    fill(&kit, 3).await;
    let (admin, root) = (ADMIN1.id, SUPERUSER.id);
    for (query, count) in [
        (String::new(), 7),
        ("action=login".into(), 2),
        ("action=tenant.".into(), 2),
        ("action=tenant".into(), 0),
        ("action=ten%25.".into(), 0),
        (format!("actor_id={admin}"), 1),
        (format!("actor_id={root}"), 2),
        (format!("actor_id={}", Uuid::now_v7()), 0),
        ("target=unknown".into(), 1),
        (format!("target={T1}"), 2),
        ("outcome=failure".into(), 1),
        ("outcome=success".into(), 6),
        ("outcome=denied".into(), 0),
        (
            format!("action=tenant.&actor_id={root}&outcome=success&target={T1}"),
            2,
        ),
        (format!("action=login&actor_id={root}"), 0),
    ] {
        assert_eq!(list(&kit, &token, &query).await.len(), count, "{query}");
    }
    for query in [
        "outcome=maybe",
        "actor_id=x",
        "from=yesterday",
        "to=2026-01-01",
        "format=xml",
    ] {
        let refused = kit.get(&token, &format!("/admin/audit?{query}")).await;
        let name = query.split('=').next().unwrap();
        assert_eq!(refused.fields(), [name], "{query}");
    }
    for query in ["target=%00", "action=a%00."] {
        let refused = kit.get(&token, &format!("/admin/audit?{query}")).await;
        assert_eq!(refused.fields(), [&query[..6]]);
    }
}

#[tokio::test] // R87
async fn a_time_is_from_here_to_there() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    fill(&kit, 10).await;
    let rows = list(&kit, &token, "action=test.fill").await;
    let at = texts(&rows, "at");
    let whole = list(&kit, &token, &format!("from={}&to={}", at[6], at[2])).await;
    assert_eq!(texts(&whole, "at"), at[3..=6]);
    let after = list(&kit, &token, &format!("from={}&action=test.", at[3])).await;
    assert_eq!(after.len(), 4);
    for (from, to) in [(&at[2], &at[2]), (&at[2], &at[3])] {
        let path = format!("/admin/audit?from={from}&to={to}");
        assert_eq!(kit.get(&token, &path).await.fields(), ["to"]);
    }
}

#[tokio::test] // R87
async fn pages_follow_one_another_and_keep_their_filters() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    fill(&kit, 7).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/admin/audit?action=test.fill&limit=3{cursor}");
        let page = kit.get(&token, &path).await;
        seen.extend(texts(page.json["items"].as_array().unwrap(), "target"));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["7", "6", "5", "4", "3", "2", "1"]);
    for other in [
        "",
        "action=test.",
        "action=test.fill&outcome=success",
        "outcome=success",
    ] {
        let refused = kit
            .get(&token, &format!("/admin/audit?{other}{cursor}"))
            .await;
        assert_eq!(refused.fields(), ["cursor"], "{other}");
    }
}

async fn file(kit: &Kit, token: &str, query: &str) -> Answer {
    let asked =
        request(token, "GET", &format!("/admin/audit?{query}")).header("accept", "text/csv");
    kit.send(asked, Body::empty()).await
}

#[tokio::test] // R87
async fn a_file_has_all_rows_as_a_spreadsheet_reads_them() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    fill(&kit, 2500).await;
    let whole = file(&kit, &token, "action=test.fill").await;
    assert_eq!(whole.status, 200);
    assert_eq!(
        whole.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        whole.header("content-disposition"),
        r#"attachment; filename="audit.csv""#
    );
    let lines: Vec<&str> = whole.text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], HEAD);
    let targets: Vec<_> = lines[1..]
        .iter()
        .map(|line| line.split(',').nth(3).unwrap().parse::<u32>().unwrap())
        .collect();
    assert_eq!(targets, (1..=2500).rev().collect::<Vec<_>>());

    let by_name = kit
        .get(&token, "/admin/audit?format=csv&action=test.fill")
        .await;
    assert_eq!(by_name.text, whole.text);
    let none = kit
        .get(&token, "/admin/audit?format=csv&action=nothing")
        .await;
    assert_eq!(none.text, format!("{HEAD}\r\n"));
    for paged in ["limit=5", "cursor=x"] {
        let refused = kit
            .get(&token, &format!("/admin/audit?format=csv&{paged}"))
            .await;
        assert_eq!(refused.fields(), ["format"]);
    }
    let evil = "insert into parlance.audit_log (tenant_id, id, action, target, detail)
                values ($1, gen_random_uuid(), 'test.evil', '=cmd|'' /C calc''!A0', 'a \"b\", c')";
    sqlx::query(evil).bind(T1).execute(&kit.pool).await.unwrap();
    let evil = file(&kit, &token, "action=test.evil").await.text;
    let cells = r#",test.evil,'=cmd|' /C calc'!A0,success,"a ""b"", c",,,,,"#;
    assert!(evil.contains(cells), "{evil}");
}

#[tokio::test]
async fn a_file_holds_no_connection_while_its_reader_takes_its_time() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    fill(&kit, 2500).await;
    let asked = request(&token, "GET", "/admin/audit?format=csv").body(Body::empty());
    let answer = kit.service.clone().oneshot(asked.unwrap()).await.unwrap();
    let mut body = answer.into_body();
    let mut frames = 0;
    while let Some(frame) = body.frame().await {
        frame.unwrap();
        frames += 1;
        // The pool has one connection.
        assert_eq!(kit.get(&token, "/admin/users").await.status, 200);
    }
    assert!(frames >= 3, "{frames}");
}

#[tokio::test] // R4
async fn a_file_ends_when_its_reader_is_no_administrator_any_more() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    fill(&kit, 2500).await;
    let asked = request(&token, "GET", "/admin/audit?format=csv").body(Body::empty());
    let answer = kit.service.clone().oneshot(asked.unwrap()).await.unwrap();
    let mut body = answer.into_body();
    body.frame().await.unwrap().unwrap();
    sqlx::query("update parlance.users set role = 'member' where id = $1")
        .bind(ADMIN1.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test] // R87
async fn a_file_that_breaks_off_does_not_look_whole() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    fill(&kit, 1500).await;
    let served = Served::new(&kit).await;
    let ask = async || {
        let asked = request(&token, "GET", "/admin/audit?format=csv").body(Body::empty());
        let answer = served.send(asked.unwrap()).await;
        assert_eq!(answer.status(), 200);
        wait_for("the rest of the file", answer.into_body().collect()).await
    };
    assert!(ask().await.is_ok());
    // The caller's login can be read once: that it is still good is asked again after the first thousand rows.
    let trap = "create sequence parlance.reads;
                grant usage on sequence parlance.reads to public;
                create function parlance.trap() returns boolean language plpgsql as
                  $$ begin if nextval('parlance.reads') > 1 then raise 'a trap'; end if; return true; end $$;
                create policy trap on parlance.login_sessions as restrictive for select using (parlance.trap())";
    kit.pool.execute(AssertSqlSafe(trap)).await.unwrap();
    assert!(ask().await.is_err(), "the connection is cut");
    served.stop().await;
}
