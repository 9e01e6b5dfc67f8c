//! People who ask, rate and delete while messages are partitioned, and what they were told.

use crate::kit::{Kit, Person, U1, U2, V1, request, wait::wait_until};
use axum::{Router, body::Body, http::header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::task::JoinSet;
use tower::ServiceExt;
use uuid::Uuid;

/// A turn that somebody was told of.
pub(super) struct Told {
    question: String,
    session: Uuid,
    answer: Uuid,
    /// Whether it was rated, and that was told.
    is_rated: bool,
    /// Whether its conversation was deleted, and that was told.
    is_gone: bool,
}

pub(super) struct People {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    all: JoinSet<Vec<Told>>,
}

impl People {
    pub(super) async fn at(kit: &Kit) -> Self {
        let mut people = Self {
            stop: Arc::default(),
            asked: Arc::default(),
            all: JoinSet::new(),
        };
        for who in [U1, U2, V1] {
            let token = kit.token(who).await;
            let (service, stop) = (kit.service.clone(), people.stop.clone());
            let asked = people.asked.clone();
            people.all.spawn(live(service, token, who, stop, asked));
        }
        people.more().await;
        people
    }

    /// Waits until they have asked some times more.
    pub(super) async fn more(&self) {
        let enough = self.asked.load(Ordering::Acquire) + 30;
        wait_until("more answers", async || {
            match self.asked.load(Ordering::Acquire) {
                now if now >= enough => Ok(()),
                now => Err(format!("{now} of {enough}")),
            }
        })
        .await;
    }

    /// All that they were told; each of their requests was answered well.
    pub(super) async fn end(mut self) -> Vec<Told> {
        self.stop.store(true, Ordering::Release);
        let mut told = Vec::new();
        while let Some(one) = self.all.join_next().await {
            told.extend(one.expect("every request was answered"));
        }
        told
    }
}

async fn live(
    service: Router,
    token: String,
    who: Person,
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::Acquire) {
            break;
        }
        let question = format!("Question {n} of {}", who.email);
        // Every third goes on with the conversation before it, if that is there.
        let before = told.last().filter(|one| n % 3 == 2 && !one.is_gone);
        let mut body = json!({ "message": question });
        if let Some(before) = before {
            body["session_id"] = json!(before.session);
        }
        let answer = send(&service, &token, "POST", "/chat", body).await;
        let id = |name: &str| answer[name].as_str().unwrap().parse().unwrap();
        let mut turn = Told {
            question,
            session: id("session_id"),
            answer: id("message_id"),
            is_rated: false,
            is_gone: false,
        };
        if n % 2 == 0 {
            let path = format!("/chat/messages/{}/feedback", turn.answer);
            send(&service, &token, "PUT", &path, json!({ "rating": "up" })).await;
            turn.is_rated = true;
        }
        told.push(turn);
        // Now and then an older conversation goes.
        if n % 5 == 4 {
            let session = told[n / 2].session;
            if !told[n / 2].is_gone {
                let path = format!("/chat/sessions/{session}");
                send(&service, &token, "DELETE", &path, Value::Null).await;
                for one in told.iter_mut().filter(|one| one.session == session) {
                    one.is_gone = true;
                }
            }
        }
        asked.fetch_add(1, Ordering::AcqRel);
    }
    told
}

async fn send(service: &Router, token: &str, method: &str, path: &str, body: Value) -> Value {
    let body = match body {
        Value::Null => Body::empty(),
        body => Body::from(body.to_string()),
    };
    let asked = request(token, method, path).header(header::CONTENT_TYPE, "application/json");
    let asked = asked.body(body).unwrap();
    let answer = service.clone().oneshot(asked).await.unwrap();
    let status = answer.status();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(status.is_success(), "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// Compares what they were told with what is stored: nothing is lost, nothing came back, nothing is there twice. How many turns there
/// were, how many with a rating, and how many that are gone.
pub(super) async fn compare(pool: &PgPool, told: &[Told]) -> [usize; 3] {
    for one in told {
        let sql = "select count(*) filter (where q.content = $2 and q.role = 'user'), count(*) filter (where q.id = $3 and q.status = 'complete')
                   from parlance.chat_messages q where q.session_id = $1";
        let (questions, answers): (i64, i64) = sqlx::query_as(sql)
            .bind(one.session)
            .bind(&one.question)
            .bind(one.answer)
            .fetch_one(pool)
            .await
            .unwrap();
        let there = i64::from(!one.is_gone);
        assert_eq!((questions, answers), (there, there), "{}", one.question);
        let sql = "select count(*) from parlance.message_feedback where message_id = $1";
        let rated: i64 = sqlx::query_scalar(sql)
            .bind(one.answer)
            .fetch_one(pool)
            .await
            .unwrap();
        let expected = i64::from(one.is_rated && !one.is_gone);
        assert_eq!(rated, expected, "the rating of {}", one.question);
    }
    let loose = "select count(*) from parlance.message_feedback f
                 where not exists (select from parlance.chat_messages m where (m.tenant_id, m.id) = (f.tenant_id, f.message_id))";
    let loose: i64 = sqlx::query_scalar(loose).fetch_one(pool).await.unwrap();
    assert_eq!(loose, 0, "ratings of nothing");
    [
        told.len(),
        told.iter().filter(|one| one.is_rated).count(),
        told.iter().filter(|one| one.is_gone).count(),
    ]
}
