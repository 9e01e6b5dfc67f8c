//! What the model is asked.

use crate::answer::Answerer;
use ai::{Message, Passage, Prompt};
use db::{MessageRole, Source};
use service::{Answering, Result, RunningAnswer};

impl Answerer {
    /// Only what the tenant's own transaction found, and roles of our choice.
    pub(crate) async fn prompt(&self, answer: &RunningAnswer) -> Result<Prompt> {
        let tenant = &self.caller.account().tenant;
        let passages = match tenant.retrieval_enabled {
            true => {
                let top_k = tenant.retrieval_top_k;
                let found = self.app.retrieve(&self.caller, &self.question, top_k);
                let found = found.await?;
                self.calls.add(found.calls);
                found.passages
            }
            false => Vec::new(),
        };
        let history: Vec<Message> = self.turn.history.iter().map(message).collect();
        let budget = tenant.history_token_budget.unsigned_abs();
        let mut sources: Vec<Source> = passages.iter().map(service::source).collect();
        let mut prompt = Prompt {
            system: Some(tenant.system_prompt.clone()).filter(|prompt| !prompt.is_empty()),
            history: ai::tokens::within_budget(&history, budget).to_vec(),
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
