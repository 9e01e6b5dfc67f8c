//! The calls of providers that an answer takes, to be settled with its end.

use crate::ending::Ending;
use ai::Meter;
use db::{CallOutcome, MessageStatus, Operation, ProviderCall};
use service::{Answering, Service};
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Every call so far. What a call has used can be told at any time, however the work ends.
#[derive(Default)]
pub(crate) struct Calls(Mutex<All>);

#[derive(Default)]
struct All {
    /// Those that are over, other than for the answer's text.
    others: Vec<ProviderCall>,
    /// Those for the answer's text.
    asked: Vec<Asked>,
}

struct Asked {
    id: Uuid,
    endpoint: String,
    model: String,
    meter: Meter,
    /// None while it goes on, and of work that a fault of ours has ended.
    outcome: Option<CallOutcome>,
}

impl Calls {
    /// Some that are over.
    pub(crate) fn add(&self, calls: Vec<ProviderCall>) {
        self.all().others.extend(calls);
    }

    /// One for the answer's text begins.
    pub(crate) fn begin(&self, by: &Answering, meter: Meter) {
        self.all().asked.push(Asked {
            id: Uuid::now_v7(),
            endpoint: by.provider.name().to_owned(),
            model: by.options.model.clone(),
            meter,
            outcome: None,
        });
    }

    /// It has ended.
    pub(crate) fn end(&self, ending: &Ending) {
        if let Some(last) = self.all().asked.last_mut() {
            last.outcome = Some(outcome(ending));
        }
    }

    /// All of them, with what they cost and whom they were for. The last one for the answer's text has the answer's id, by which whoever takes this
    /// process for dead settles it, too.
    pub(crate) fn settled(
        &self,
        service: &Service,
        answer: Uuid,
        end_user: Option<&str>,
    ) -> Vec<ProviderCall> {
        let all = self.all();
        let last = all.asked.last().map(|asked| asked.id);
        let asked = all.asked.iter().map(|asked| {
            let id = match last == Some(asked.id) {
                true => answer,
                false => asked.id,
            };
            let outcome = asked.outcome.unwrap_or(CallOutcome::Failed);
            let (endpoint, model) = (&asked.endpoint, &asked.model);
            let of = (Operation::Chat, outcome);
            service.call(id, of, endpoint, model, asked.meter.spent())
        });
        let mut calls: Vec<_> = all.others.iter().cloned().chain(asked).collect();
        for call in &mut calls {
            call.end_user = end_user.map(str::to_owned);
        }
        calls
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // Nothing that is done under the lock leaves it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn outcome(ending: &Ending) -> CallOutcome {
    match ending {
        Ok(finished) if finished.status == MessageStatus::Stopped => CallOutcome::Stopped,
        Ok(_) => CallOutcome::Complete,
        Err(broken) if broken.status == MessageStatus::Interrupted => CallOutcome::Interrupted,
        Err(_) => CallOutcome::Failed,
    }
}
