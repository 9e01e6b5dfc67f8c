//! Rehearsals, with what came of their questions.

use super::{Decision, Judge, Rehearsal, RehearsalStatus, Sample, SideSummary, VerdictCounts};
use crate::{AdminTx, PageOf, Result, Trial, Usd};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    status: RehearsalStatus,
    decision: Option<Decision>,
    note: Option<String>,
    now_settings: Json<Trial>,
    changed_settings: Json<Trial>,
    judge: Option<Json<Judge>>,
    sample: Sample,
    sampled_from: DateTime<Utc>,
    sampled_to: DateTime<Utc>,
    budget: i64,
    spent: i64,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    decided_at: Option<DateTime<Utc>>,
    verdicts: Vec<i64>,
    judged: Vec<i64>,
    now: Vec<i64>,
    changed: Vec<i64>,
    questions: i64,
}

/// Every rehearsal, with what came of its questions.
macro_rules! rehearsals {
    () => {
        "select r.id, r.status, r.decision, r.note, r.now_settings, r.changed_settings, r.judge, r.sample, r.sampled_from,
           r.sampled_to, r.budget, r.spent + r.held as spent, r.created_by, r.created_at, r.ended_at, r.decided_at,
           q.questions, q.verdicts, q.judged, a.now, a.changed
         from rehearsals r
         cross join lateral (
           select count(*) as questions,
             array[count(*) filter (where verdict = 'now'), count(*) filter (where verdict = 'changed'),
                   count(*) filter (where verdict = 'same')] as verdicts,
             array[count(*) filter (where judged = 'now'), count(*) filter (where judged = 'changed'),
                   count(*) filter (where judged = 'same')] as judged
           from rehearsal_questions where rehearsal_id = r.id) q
         cross join lateral (
           select max(e.counts) filter (where e.side = 'now') as now, max(e.counts) filter (where e.side = 'changed') as changed
           from (
             select s.side, array[count(*) filter (where status = 'complete'), count(*) filter (where status = 'failed'),
                 count(*) filter (where status = 'complete' and sources = '[]'), coalesce(sum(cost), 0)::bigint,
                 coalesce(avg(millis) filter (where status = 'complete'), 0)::bigint] as counts
             from (values ('now'), ('changed')) s (side)
             left join rehearsal_answers x on x.rehearsal_id = r.id and x.side = s.side
             group by s.side) e) a"
    };
}

impl AdminTx {
    /// The tenant's rehearsals, newest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn rehearsals(&mut self, page: PageOf) -> Result<Vec<Rehearsal>> {
        let sql = concat!(
            rehearsals!(),
            " where $1::uuid is null or r.id < $1 order by r.id desc limit $2"
        );
        let rows = sqlx::query_as(sql).bind(page.after).bind(page.limit);
        let rows: Vec<Row> = rows.fetch_all(self.conn()).await?;
        Ok(rows.into_iter().map(Rehearsal::from).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn rehearsal(&mut self, id: Uuid) -> Result<Option<Rehearsal>> {
        let sql = concat!(rehearsals!(), " where r.id = $1");
        let row = sqlx::query_as(sql).bind(id);
        let row: Option<Row> = row.fetch_optional(self.conn()).await?;
        Ok(row.map(Rehearsal::from))
    }
}

impl From<Row> for Rehearsal {
    fn from(row: Row) -> Self {
        let side = |counts: &[i64]| SideSummary {
            answered: counts[0],
            failed: counts[1],
            no_source: counts[2],
            cost: Usd::from_nano(counts[3]),
            millis: counts[4],
        };
        let verdicts = |counts: &[i64]| VerdictCounts {
            now: counts[0],
            changed: counts[1],
            same: counts[2],
        };
        Self {
            id: row.id,
            status: row.status,
            decision: row.decision,
            note: row.note,
            now_settings: row.now_settings.0,
            changed_settings: row.changed_settings.0,
            judge: row.judge.map(|Json(judge)| judge),
            sample: row.sample,
            sampled_from: row.sampled_from,
            sampled_to: row.sampled_to,
            questions: row.questions,
            now: side(&row.now),
            changed: side(&row.changed),
            verdicts: verdicts(&row.verdicts),
            judged: verdicts(&row.judged),
            budget: Usd::from_nano(row.budget),
            spent: Usd::from_nano(row.spent),
            created_by: row.created_by,
            created_at: row.created_at,
            ended_at: row.ended_at,
            decided_at: row.decided_at,
        }
    }
}
