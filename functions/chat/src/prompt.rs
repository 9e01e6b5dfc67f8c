//! What the model is asked.

use crate::answer::Answerer;
use ai::{Message, Passage, Prompt};
use db::MessageRole;
use service::{Result, RunningAnswer};

impl Answerer {
    /// Only what the tenant's own transaction found, and roles of our choice.
    pub(crate) async fn prompt(&self, answer: &RunningAnswer) -> Result<Prompt> {
        let tenant = &self.caller.account().tenant;
        let passages = match tenant.retrieval_enabled {
            true => {
                let top_k = tenant.retrieval_top_k;
                let found = self.app.retrieve(&self.caller, &self.question, top_k);
                found.await?.passages
            }
            false => Vec::new(),
        };
        if !passages.is_empty() {
            let sources = passages.iter().map(service::source).collect();
            answer.write(|draft| draft.sources = sources);
        }
        let history: Vec<Message> = self.turn.history.iter().map(message).collect();
        let budget = tenant.history_token_budget.unsigned_abs();
        Ok(Prompt {
            system: Some(tenant.system_prompt.clone()).filter(|prompt| !prompt.is_empty()),
            history: ai::tokens::within_budget(&history, budget).to_vec(),
            passages: passages.into_iter().map(passage).collect(),
            question: self.question.clone(),
        })
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
