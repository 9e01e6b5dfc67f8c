//! What the model is asked.

use crate::{
    answer::Answerer,
    asked::{Asked, Said},
};
use ai::{Message, Passage, Prompt, tokens};
use db::{MessageRole, Source, Tenant};
use service::{Answering, Result, RunningAnswer, Wanted};

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
        let passages = match tenant.retrieval_enabled {
            true => {
                let wanted = Wanted {
                    top_k: tenant.retrieval_top_k,
                    filter: self.filter.as_ref(),
                };
                let found = self.app.retrieve(&self.caller, &self.question, wanted);
                let found = found.await?;
                self.calls.add(found.calls);
                found.passages
            }
            false => Vec::new(),
        };
        let stored: Vec<Message> = self.turn.history.iter().map(message).collect();
        let history = self.said.as_ref().map_or(&stored, |said| &said.history);
        let budget = tenant.history_token_budget.unsigned_abs();
        let mut sources: Vec<Source> = passages.iter().map(service::source).collect();
        let mut prompt = Prompt {
            system: instructions(&tenant.system_prompt, self.said.as_ref()),
            history: tokens::within_budget(history, budget).to_vec(),
            passages: passages.into_iter().map(passage).collect(),
            question: self.question.clone(),
        };
        let Answering { provider, options } = &self.answering;
        self.app.ai.fit(provider, options, &mut prompt);
        if prompt.passages.len() < sources.len() {
            let (found, given) = (sources.len(), prompt.passages.len());
            tracing::info!(
                found,
                given,
                "passages were left out: the model cannot hold them"
            );
        }
        // What the model is not given is no source.
        sources.truncate(prompt.passages.len());
        if !sources.is_empty() {
            answer.write(|draft| draft.sources = sources);
        }
        Ok(prompt)
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

fn passage(found: db::Passage) -> Passage {
    let db::Passage {
        title,
        text,
        source_url,
        ..
    } = found;
    Passage {
        title,
        text,
        source_url,
    }
}
