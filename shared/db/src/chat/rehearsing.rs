//! Rehearsals, for whoever asks their questions: step by step, each of which is one answer, or one judgement.

use super::rehearsals::{Judge, Side, questions::is_shown};
use crate::{Result, Trial, scope::JobTx};
use sqlx::types::Json;
use uuid::Uuid;

/// What there is to do next of a rehearsal.
#[derive(Debug)]
pub struct Rehearsing {
    /// In nano-USD.
    pub budget: i64,
    /// What was spent, and what may have been by a call of which nobody told the end.
    pub spent: i64,
    /// What there is to do.
    pub step: RehearsalStep,
}

/// One step.
#[derive(Debug)]
pub enum RehearsalStep {
    /// All questions were asked.
    Over,
    /// The tenant does not show its administrators the next question any more.
    NotShown,
    /// A question is to be answered.
    Ask(QuestionToTry),
    /// Both answers are to be compared.
    Judge(AnswersToJudge),
}

/// A question that is to be asked with one of the settings.
#[derive(Debug)]
pub struct QuestionToTry {
    /// The question's message.
    pub message: Uuid,
    /// What was asked.
    pub question: String,
    /// With which of the settings.
    pub side: Side,
    /// Those.
    pub settings: Box<Trial>,
    /// How often it was tried.
    pub tries: i32,
}

/// Two answers that are to be compared.
#[derive(Debug)]
pub struct AnswersToJudge {
    /// The question's message.
    pub message: Uuid,
    /// What was asked.
    pub question: String,
    /// What was answered with the settings that it began with.
    pub now: String,
    /// And with the changed ones.
    pub changed: String,
    /// By whom.
    pub judge: Judge,
    /// How often it was tried.
    pub tries: i32,
}

#[derive(sqlx::FromRow)]
struct Running {
    budget: i64,
    spent: i64,
    now_settings: Json<Trial>,
    changed_settings: Json<Trial>,
    judge: Option<Json<Judge>>,
}

#[derive(sqlx::FromRow)]
struct Next {
    message_id: Uuid,
    question: String,
    is_shown: bool,
    now_to_do: bool,
    changed_to_do: bool,
    now_tries: i32,
    changed_tries: i32,
    judge_tries: i32,
    now: String,
    changed: String,
}

impl JobTx {
    /// What there is to do next; none if the rehearsal is not running any more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn rehearsing(&mut self) -> Result<Option<Rehearsing>> {
        let id = self.document_id;
        let running: Option<Running> = sqlx::query_as(
            "select budget, spent + held as spent, now_settings, changed_settings, judge from rehearsals
             where id = $1 and status = 'running'",
        )
        .bind(id)
        .fetch_optional(self.conn())
        .await?;
        let Some(running) = running else {
            return Ok(None);
        };
        let next: Option<Next> = sqlx::query_as(concat!(
            "select q.message_id, m.content as question, ",
            is_shown!(),
            " as is_shown,
               coalesce(n.status, 'again') = 'again' as now_to_do, coalesce(c.status, 'again') = 'again' as changed_to_do,
               coalesce(n.tries, 0) as now_tries, coalesce(c.tries, 0) as changed_tries, q.judge_tries,
               coalesce(n.content, '') as now, coalesce(c.content, '') as changed
             from rehearsal_questions q
             join chat_messages m on m.id = q.message_id
             cross join tenants t
             left join rehearsal_answers n
               on n.rehearsal_id = q.rehearsal_id and n.message_id = q.message_id and n.side = 'now'
             left join rehearsal_answers c
               on c.rehearsal_id = q.rehearsal_id and c.message_id = q.message_id and c.side = 'changed'
             where q.rehearsal_id = $1 and (
               coalesce(n.status, 'again') = 'again' or coalesce(c.status, 'again') = 'again'
               or $2 and n.status = 'complete' and c.status = 'complete' and q.judged is null and q.judge_error is null)
             order by q.message_id desc
             limit 1"
        ))
        .bind(id)
        .bind(running.judge.is_some())
        .fetch_optional(self.conn())
        .await?;
        Ok(Some(Rehearsing {
            budget: running.budget,
            spent: running.spent,
            step: match next {
                Some(next) => next.step(running),
                None => RehearsalStep::Over,
            },
        }))
    }
}

impl Next {
    fn step(self, of: Running) -> RehearsalStep {
        let (message, question) = (self.message_id, self.question);
        let (side, settings, tries) = match (self.is_shown, self.now_to_do, self.changed_to_do) {
            (false, ..) => return RehearsalStep::NotShown,
            (true, true, _) => (Side::Now, of.now_settings, self.now_tries),
            (true, false, true) => (Side::Changed, of.changed_settings, self.changed_tries),
            (true, false, false) => {
                return match of.judge {
                    Some(Json(judge)) => RehearsalStep::Judge(AnswersToJudge {
                        message,
                        question,
                        now: self.now,
                        changed: self.changed,
                        judge,
                        tries: self.judge_tries,
                    }),
                    None => RehearsalStep::Over,
                };
            }
        };
        RehearsalStep::Ask(QuestionToTry {
            message,
            question,
            side,
            settings: Box::new(settings.0),
            tries,
        })
    }
}
