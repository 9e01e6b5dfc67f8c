//! What a model is asked: a tenant's instructions, what it knows about a question, and the question.

use crate::{Answering, Result, Service, Wanted, retrieval::source};
use ai::{Message, Passage, Prompt, tokens};
use db::{Caller, Leg, MetadataFilter, ProviderCall, Source};

/// What a model is told where nothing fits, so that it does not make up what the documents would say.
const NOTHING: &str = "The documents that answers are to be drawn from were searched for the last question, and nothing in them \
    fits it. If it asks for facts, say that they are not in the documents, and do not answer from elsewhere. Greetings, thanks and \
    questions about the conversation itself are answered as usual.";

/// A question, with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct ToAsk<'a> {
    /// The question.
    pub question: &'a str,
    /// What was said before.
    pub history: &'a [Message],
    /// What the model is told: the tenant's, with whatever whoever asks adds.
    pub instructions: Option<&'a str>,
    /// Which documents the answer may draw on; all if there is none.
    pub filter: Option<&'a MetadataFilter>,
}

/// What is sent, and what of it are sources.
#[derive(Debug)]
pub struct Prompted {
    /// What is sent.
    pub prompt: Prompt,
    /// The passages in it, as they are cited.
    pub sources: Vec<Source>,
    /// Which ways of finding them were left out.
    pub degraded: Vec<Leg>,
}

/// Calls of providers that were needed before the model is asked.
#[derive(Debug, Default)]
pub struct CallsBefore {
    /// Those that are not settled yet.
    pub unsettled: Vec<ProviderCall>,
    /// What the others cost, in nano-USD.
    pub settled: i64,
}

/// What a tenant knows about a question.
#[derive(Default)]
struct Known {
    passages: Vec<db::Passage>,
    degraded: Vec<Leg>,
    /// Whether that is nothing, although it has documents.
    has_nothing: bool,
}

impl Service {
    /// The prompt of a question: only what the tenant's own transaction found or the caller itself has sent, and roles of our choice.
    /// The calls that it took are told to `note` as soon as they are over, whether or not there is a prompt in the end.
    ///
    /// # Errors
    /// The database is away.
    pub async fn prompt(
        &self,
        caller: &Caller,
        answering: &Answering,
        asked: ToAsk<'_>,
        note: impl FnOnce(CallsBefore),
    ) -> Result<Prompted> {
        let tenant = &caller.account().tenant;
        let known = match tenant.retrieval_enabled {
            true => self.known(caller, answering, asked, note).await?,
            false => Known::default(),
        };
        let Known {
            passages,
            degraded,
            has_nothing,
        } = known;
        let budget = tenant.history_token_budget.unsigned_abs();
        let mut sources: Vec<Source> = passages.iter().map(source).collect();
        let mut prompt = Prompt {
            system: with_nothing(asked.instructions, has_nothing),
            history: tokens::within_budget(asked.history, budget).to_vec(),
            passages: passages.into_iter().map(passage).collect(),
            question: asked.question.to_owned(),
        };
        let Answering { provider, options } = answering;
        self.ai.fit(provider, options, &mut prompt);
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
        Ok(Prompted {
            prompt,
            sources,
            degraded,
        })
    }

    /// What the tenant knows about the question.
    async fn known(
        &self,
        caller: &Caller,
        answering: &Answering,
        asked: ToAsk<'_>,
        note: impl FnOnce(CallsBefore),
    ) -> Result<Known> {
        let wanted = Wanted {
            top_k: caller.account().tenant.retrieval_top_k,
            filter: asked.filter,
        };
        let looked_for = self.looked_for(caller, answering, asked.history, asked.question);
        let looked_for = looked_for.await;
        let found = self.retrieve(caller, &looked_for, wanted).await?;
        note(CallsBefore {
            unsettled: found.calls,
            settled: found.settled,
        });
        let has_nothing = found.found.is_empty()
            && found.degraded.is_empty()
            && self.db.tenant(caller).await?.has_documents().await?;
        let passages = found.found.into_iter().map(|found| found.passage);
        Ok(Known {
            passages: passages.collect(),
            degraded: found.degraded,
            has_nothing,
        })
    }
}

fn with_nothing(instructions: Option<&str>, has_nothing: bool) -> Option<String> {
    match (instructions, has_nothing) {
        (instructions, false) => instructions.map(str::to_owned),
        (None, true) => Some(NOTHING.to_owned()),
        (Some(instructions), true) => Some(format!("{instructions}\n\n{NOTHING}")),
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
