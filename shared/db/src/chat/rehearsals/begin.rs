//! The beginning of a rehearsal: its questions are looked for.

use super::NewRehearsal;
use crate::{
    AdminTx, Deed, Result,
    chat::unanswered::{answers, first_id},
    error::in_time,
    knowledge::jobs::JobKind,
};
use sqlx::types::Json;

/// So many rehearsals of a tenant are kept.
const KEPT: i64 = 50;

impl AdminTx {
    /// Begins a rehearsal of questions that the tenant shows its administrators; how many it found. With none, drop the transaction.
    /// `None` if looking for them takes longer than the transaction allows.
    ///
    /// # Errors
    /// The constraint `rehearsals_running`: there is one already.
    pub async fn create_rehearsal(&mut self, new: &NewRehearsal<'_>) -> Result<Option<u64>> {
        let whom = self.for_whom();
        sqlx::query(
            "insert into rehearsals (id, now_settings, changed_settings, judge, sample, sampled_from, sampled_to, budget, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(new.id)
        .bind(Json(new.now))
        .bind(Json(new.changed))
        .bind(new.judge.map(Json))
        .bind(new.sample)
        .bind(new.period.from)
        .bind(new.period.to)
        .bind(new.budget.nano())
        .bind(whom.user_id)
        .execute(self.conn())
        .await?;
        let Some(found) = self.sample(new).await? else {
            return Ok(None);
        };
        sqlx::query(
            "delete from rehearsals where status <> 'running' and id not in (
               select r.id from rehearsals r order by r.id desc limit $1)",
        )
        .bind(KEPT)
        .execute(self.conn())
        .await?;
        let budget = new.budget;
        let detail = format!("{found} questions, at most {budget} USD");
        self.audit(Deed::done("rehearsal.create", new.id).detail(detail))
            .await?;
        self.queue(JobKind::Rehearse, new.id, whom).await?;
        Ok(Some(found))
    }

    /// Takes its questions: those that begin a conversation, since others cannot be understood without what was said before. Of
    /// conversations that are shared it may be any; of all others only those that got no good answer, if these are shared.
    async fn sample(&mut self, new: &NewRehearsal<'_>) -> Result<Option<u64>> {
        let taken = sqlx::query(concat!(
            "insert into rehearsal_questions (rehearsal_id, message_id, shared_by)
             select $3, f.id, case when f.is_whole then 'conversation' else 'unanswered' end from (
               select distinct on (q.id) q.id, coalesce(s.created_at >= t.share_conversations_since, false) as is_whole from (",
            answers!(),
            ") a
               join chat_messages q on q.session_id = a.session_id and q.seq = coalesce(a.parent_seq, a.seq - 1)
               join chat_sessions s on s.id = a.session_id
               cross join tenants t
               where q.role = 'user' and coalesce(q.parent_seq, q.seq - 1) = 0
                 and (s.created_at >= t.share_conversations_since
                   or q.created_at >= t.share_unanswered_since and (a.thumbs_down or a.no_source or a.refused))
                 and case $4 when 'thumbs_down' then a.thumbs_down when 'unanswered' then a.no_source or a.refused
                     else true end) f
             order by case when $4 = 'random' then random() end, f.id desc
             limit $5"
        ))
        .bind(first_id(new.period.from))
        .bind(first_id(new.period.to))
        .bind(new.id)
        .bind(new.sample)
        .bind(new.questions)
        .execute(self.conn())
        .await;
        Ok(in_time(taken)?.map(|taken| taken.rows_affected()))
    }
}
