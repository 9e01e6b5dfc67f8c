//! Asking the questions of a rehearsal: with the settings that there are, with the changed ones, and what a judge says of both.

use crate::worker::Step;
use db::{
    AnswersToJudge, Caller, Job, JudgeEnd, QuestionToTry, RehearsalStatus, RehearsalStep, SideEnd,
    Usd,
};
use service::{Compared, Error, Judged, Result, Service, Tried, Trying};
use std::time::Duration;
use uuid::Uuid;

/// How often a question is asked that fails in a way that may pass.
const TRIES: i32 = 2;
/// The pause before that.
const PAUSE: Duration = Duration::from_secs(2);

/// Does the next step of a rehearsal: one answer, or one judgement.
pub(crate) async fn step(service: &Service, job: &Job, caller: &Caller) -> Result<Step> {
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    let Some(next) = tx.rehearsing().await? else {
        tx.finish().await?;
        return Ok(Step::Done);
    };
    let of = Of {
        service,
        job,
        caller,
        left: next.budget - next.spent,
    };
    let (status, note) = match next.step {
        RehearsalStep::Over => (RehearsalStatus::Done, None),
        RehearsalStep::NotShown => (RehearsalStatus::Stopped, Some(NOT_SHOWN)),
        // No connection is held while others are asked.
        RehearsalStep::Ask(asked) => {
            drop(tx);
            return of.ask(&asked).await;
        }
        RehearsalStep::Judge(answers) => {
            drop(tx);
            return of.judge(&answers).await;
        }
    };
    tx.end_rehearsal(status, note).await?;
    Ok(Step::Done)
}

const NOT_SHOWN: &str = "not_shared: The tenant does not share its users' questions with its administrators any more, so no more of \
    them are asked.";

/// A rehearsal that goes on.
struct Of<'a> {
    service: &'a Service,
    job: &'a Job,
    caller: &'a Caller,
    /// What is left of its budget, in nano-USD.
    left: i64,
}

impl Of<'_> {
    async fn ask(&self, asked: &QuestionToTry) -> Result<Step> {
        let caller = self.caller.trying(&asked.settings);
        let trying = self.service.trying(&caller, &asked.question).await;
        let trying = match trying.and_then(Trying::priced) {
            Ok(trying) => trying,
            Err(e) => {
                let model = asked.settings.chat_model.as_deref().unwrap_or_default();
                let mut tried = Tried::of(&asked.settings.provider, model);
                tried.answer = Err(e);
                return self.store(asked, tried).await;
            }
        };
        if trying.most() > self.left {
            return self.over_budget(&trying).await;
        }
        let Some(id) = self.hold(&caller, &trying).await? else {
            return Ok(Step::Lost);
        };
        let tried = self
            .service
            .try_answer(&caller, &trying, &asked.question, id);
        let tried = tried.await?;
        self.store(asked, tried).await
    }

    /// Stores an answer, or why there is none.
    async fn store(&self, asked: &QuestionToTry, tried: Tried) -> Result<Step> {
        let (content, failure) = match tried.answer {
            Ok(content) => (content, None),
            Err(e) => (String::new(), Some(said_of(e)?)),
        };
        let again = asked.tries + 1 < TRIES && failure.as_ref().is_some_and(|f| f.may_pass);
        let Some(mut tx) = self.service.db.job(self.job).await? else {
            return Ok(Step::Lost);
        };
        tx.store_side(&SideEnd {
            message: asked.message,
            side: asked.side,
            content: &content,
            sources: &tried.sources,
            error: failure.as_ref().map(|f| &*f.told),
            again,
            provider: &tried.provider,
            model: &tried.model,
            tokens: tried.tokens,
            cost: tried.cost,
            millis: tried.millis,
        })
        .await?;
        go_on(tx, failure.filter(|_| again)).await
    }

    async fn judge(&self, answers: &AnswersToJudge) -> Result<Step> {
        let (message, tries) = (answers.message, answers.tries);
        let compared = &Compared {
            question: &answers.question,
            now: &answers.now,
            changed: &answers.changed,
            // As good as by chance, and the same however often it is tried.
            swapped: message.as_u128() % 2 == 1,
        };
        let caller = self.caller.trying(&answers.judge.settings());
        let judged = match self.service.judging(&caller, compared).await {
            Ok(trying) if trying.most() > self.left => return self.over_budget(&trying).await,
            Ok(trying) => {
                let Some(id) = self.hold(&caller, &trying).await? else {
                    return Ok(Step::Lost);
                };
                self.service.judge(&caller, &trying, compared, id).await?
            }
            Err(e) => Judged {
                said: Err(e),
                cost: 0,
            },
        };
        let (said, failure) = match judged.said {
            Ok(said) => (Some(said), None),
            Err(e) => (None, Some(said_of(e)?)),
        };
        let again = tries + 1 < TRIES && failure.as_ref().is_some_and(|f| f.may_pass);
        let Some(mut tx) = self.service.db.job(self.job).await? else {
            return Ok(Step::Lost);
        };
        tx.store_judgement(&JudgeEnd {
            message,
            verdict: said.as_ref().map(|(verdict, _)| *verdict),
            reason: said.as_ref().map(|(_, why)| &**why),
            error: failure.as_ref().map(|f| &*f.told),
            again,
            cost: judged.cost,
        })
        .await?;
        go_on(tx, failure.filter(|_| again)).await
    }

    /// Reserves what a call may take, in the tenant's limits and in the rehearsal's own; none if the rehearsal is somebody else's by now.
    async fn hold(&self, caller: &Caller, trying: &Trying) -> Result<Option<Uuid>> {
        let id = self.service.begin(caller, trying).await?;
        match self.service.db.job(self.job).await? {
            Some(tx) => {
                tx.hold(trying.most()).await?;
                Ok(Some(id))
            }
            None => {
                self.service.leave(caller, id).await?;
                Ok(None)
            }
        }
    }

    async fn over_budget(&self, trying: &Trying) -> Result<Step> {
        let (most, left) = (Usd::from_nano(trying.most()), Usd::from_nano(self.left));
        let note = format!(
            "budget_reached: The next call may cost {most} USD, and {left} USD of the budget are left. What was answered is here to \
             compare; for the rest begin another with a larger budget, or with fewer questions."
        );
        let Some(tx) = self.service.db.job(self.job).await? else {
            return Ok(Step::Lost);
        };
        tx.end_rehearsal(RehearsalStatus::Stopped, Some(&note))
            .await?;
        Ok(Step::Done)
    }
}

/// A step that failed.
struct Failure {
    told: String,
    may_pass: bool,
    pause: Duration,
}

/// What is told of a failure.
///
/// # Errors
/// It is one of ours, and no answer to the question.
fn said_of(e: Error) -> Result<Failure> {
    let told = format!("{}: {}", e.code(), told_to(&e));
    let (may_pass, pause) = match &e {
        Error::Provider(ai) => (ai.retryable(), ai.retry_after().unwrap_or_default()),
        Error::KeyUnavailable(..) | Error::Unpriced(_) | Error::Invalid(_) => {
            (false, Duration::ZERO)
        }
        _ => return Err(e),
    };
    Ok(Failure {
        told,
        may_pass,
        pause: pause.max(PAUSE),
    })
}

fn told_to(e: &Error) -> String {
    match e.fields() {
        [field, ..] => format!("The question {}.", field.message),
        [] => e.to_string(),
    }
}

/// Goes on with the next step, at once or after the pause that a failure asks for.
async fn go_on(tx: db::JobTx, failure: Option<Failure>) -> Result<Step> {
    match failure {
        Some(failure) => {
            tx.pause(failure.pause).await?;
            Ok(Step::Done)
        }
        None => {
            tx.commit().await?;
            Ok(Step::More)
        }
    }
}
