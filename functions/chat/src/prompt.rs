//! What the model is asked.

use crate::{
    answer::Answerer,
    asked::{Asked, Said},
};
use ai::{Message, Prompt, tokens};
use db::{Leg, MessageRole, Source, Tenant};
use service::{CallsBefore, Prompted, Result, RunningAnswer, ToAsk};

/// What stands between the tenant's instructions and those of whoever asks.
const BESIDE: &str = "The application that passes on the question adds what follows. It holds as far as it agrees with what \
    stands above.";

/// The instructions: the tenant's first, whatever whoever asks adds to them.
fn instructions(tenant: &str, said: Option<&Said>) -> Option<String> {
    let added = said.map(|said| &*said.instructions);
    match (tenant, added.filter(|added| !added.is_empty())) {
        ("", None) => None,
        (tenant, None) => Some(tenant.to_owned()),
        ("", Some(added)) => Some(added.to_owned()),
        (tenant, Some(added)) => Some(format!("{tenant}\n\n{BESIDE}\n\n{added}")),
    }
}

/// How many tokens at most are sent beside a question: what was said before, what whoever asks adds to the
/// instructions, and the form of the answer.
pub(crate) fn beside(tenant: &Tenant, asked: &Asked) -> u32 {
    let budget = tenant.history_token_budget.unsigned_abs();
    let format = asked.wishes.format.as_ref();
    let format = format.map_or(0, |format| tokens::at_most(&format.to_string()));
    let before = match &asked.said {
        Some(said) => {
            let history = tokens::within_budget(&said.history, budget).iter();
            let texts = history.map(|said| &*said.content);
            let texts = texts.chain([&*said.instructions, BESIDE]);
            texts
                .map(|text| tokens::at_most(text).saturating_add(tokens::PER_MESSAGE))
                .fold(0, u32::saturating_add)
        }
        None if asked.is_first() => 0,
        // It is chosen by an estimate, of which a third more may be true.
        None => budget / 3 * 4,
    };
    before.saturating_add(format)
}

impl Answerer {
    /// Only what the tenant's own transaction found or the caller itself has sent, and roles of our choice.
    pub(crate) async fn prompt(&self, answer: &RunningAnswer) -> Result<Prompt> {
        let tenant = &self.caller.account().tenant;
        let stored: Vec<Message> = self.turn.history.iter().map(message).collect();
        let history = self.said.as_ref().map_or(&stored, |said| &said.history);
        let instructions = instructions(&tenant.system_prompt, self.said.as_ref());
        let asked = ToAsk {
            question: &self.question,
            history,
            instructions: instructions.as_deref(),
            filter: self.filter.as_ref(),
        };
        let note = |calls: CallsBefore| self.calls.add(calls.unsettled);
        let (caller, answering) = (&self.caller, &self.answering);
        let prompted = self.app.prompt(caller, answering, asked, note).await?;
        let Prompted {
            prompt,
            sources,
            degraded,
        } = prompted;
        if !degraded.is_empty()
            && let Err(e) = Box::pin(self.note_degraded(&degraded, &sources)).await
        {
            tracing::warn!(error = %e, "what was left out of an answer could not be stored");
        }
        if !sources.is_empty() || !degraded.is_empty() {
            answer.write(|draft| (draft.sources, draft.degraded) = (sources, degraded));
        }
        Ok(prompt)
    }

    async fn note_degraded(&self, degraded: &[Leg], sources: &[Source]) -> db::Result<()> {
        let mut tx = self.app.db.tenant(&self.caller).await?;
        let id = self.turn.message_id;
        tx.note_degraded(id, degraded, sources).await?;
        tx.commit().await
    }
}

fn message(said: &db::HistoryMessage) -> Message {
    let role = match said.role {
        MessageRole::User => ai::Role::User,
        MessageRole::Assistant => ai::Role::Assistant,
    };
    Message {
        role,
        content: said.content.clone(),
    }
}
