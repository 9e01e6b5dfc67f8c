//! Finding out whether a provider key is any good, by the cheapest question that tells.

use crate::{Answering, Error, Result, Service, providers::own_key};
use ai::{Message, Options, Prompt, Provider, tokens};
use db::{CallOutcome, Caller, Operation};
use secrecy::SecretString;
use std::time::Duration;

/// How long it may take.
const TEST_TIME: Duration = Duration::from_secs(20);
/// The longest answer, in tokens: some models that think refuse to be cut shorter.
const MOST_BACK: u32 = 16;
const QUESTION: &str = "Say yes.";

/// What came of a test.
#[derive(Debug)]
pub struct KeyTested {
    /// Whether it is the tenant's own key, and not the deployment's.
    pub is_own: bool,
    /// The model that was asked; none of an index.
    pub model: Option<String>,
    /// Why it does not work.
    pub failure: Option<KeyFailure>,
}

/// Why a key does not work.
#[derive(Clone, Debug)]
pub struct KeyFailure {
    /// The name of it.
    pub code: &'static str,
    /// A sentence that says what to do.
    pub detail: String,
}

impl KeyFailure {
    /// What was noted of a provider's key earlier.
    pub fn noted(provider: &str, code: &str) -> Option<Self> {
        let unreadable = Error::KeyUnavailable(provider.to_owned(), anyhow::Error::msg("noted"));
        let refusals = ai::Error::KINDS.into_iter().map(Error::from);
        let mut all = refusals.chain([unreadable]);
        all.find(|error| error.code() == code).map(|e| Self::of(&e))
    }

    fn of(error: &Error) -> Self {
        Self {
            code: error.code(),
            detail: error.to_string(),
        }
    }
}

impl Service {
    /// Asks a provider with the key that the tenant's requests to it have, and notes what came of it if the key is the
    /// tenant's own. None if there is no key to ask with.
    ///
    /// # Errors
    /// A limit to tokens or money refuses the question; the database is away.
    pub async fn test_key(&self, caller: &Caller, provider: &str) -> Result<Option<KeyTested>> {
        let is_own = own_key(caller, provider).is_some();
        let deployment = match provider {
            "pinecone" => self.config.secrets.pinecone_api_key.as_ref(),
            name => self.config.secrets.provider_keys.get(name),
        };
        let endpoint = self.config.endpoints.get(provider);
        let model = endpoint.map(|endpoint| {
            let tenant = &caller.account().tenant;
            let chosen = match provider {
                name if name == tenant.provider => tenant.chat_model.as_ref(),
                name if Some(name) == tenant.fallback_provider.as_deref() => {
                    tenant.fallback_model.as_ref()
                }
                _ => None,
            };
            endpoint.model(chosen).to_owned()
        });
        let asked = match self.key(caller, provider, deployment).await {
            Ok(None) if !endpoint.is_some_and(|endpoint| endpoint.is_open) => return Ok(None),
            Ok(key) => match (&model, key) {
                (Some(model), key) => self.ask_model(caller, provider, model, key).await,
                (None, Some(key)) => self.ask_index(caller, &key).await,
                (None, None) => return Ok(None),
            },
            Err(e) => Err(e),
        };
        let failure = match asked {
            Ok(()) => None,
            Err(e @ (Error::Provider(_) | Error::KeyUnavailable(..))) => Some(KeyFailure::of(&e)),
            Err(e) => return Err(e),
        };
        if is_own {
            let mut tx = self.db.tenant(caller).await?;
            let code = failure.as_ref().map(|failure| failure.code);
            tx.note_key(provider, self.clock.now(), code).await?;
            tx.commit().await?;
        }
        Ok(Some(KeyTested {
            is_own,
            model,
            failure,
        }))
    }

    async fn ask_model(
        &self,
        caller: &Caller,
        endpoint: &str,
        model: &str,
        key: Option<SecretString>,
    ) -> Result<()> {
        let prompt = Prompt {
            system: None,
            history: Vec::<Message>::new(),
            passages: Vec::new(),
            question: QUESTION.to_owned(),
        };
        let options = Options {
            model: model.to_owned(),
            max_output_tokens: MOST_BACK,
            ..Options::default()
        };
        let sent = tokens::at_most(QUESTION).saturating_add(prompt.tokens());
        let of = Operation::KeyTest;
        let id = self.reserve_beside(caller, of, (endpoint, model), (sent, MOST_BACK));
        let id = id.await?;
        let name = endpoint.to_owned();
        let provider = Provider::Remote { name, key };
        let asked = Answering { provider, options };
        let (read, spent) = self.read_whole(&asked, prompt, Some(TEST_TIME)).await;
        let outcome = match read {
            Ok(_) => CallOutcome::Complete,
            Err(_) => CallOutcome::Failed,
        };
        let call = self.call(id, (of, outcome), endpoint, model, spent);
        self.db.settle_calls(caller, id, &[call]).await?;
        self.answered(caller, endpoint, read.map(drop)).await
    }

    async fn ask_index(&self, caller: &Caller, key: &SecretString) -> Result<()> {
        let known = self.ai.knows_key(key).await;
        self.answered(caller, "pinecone", known).await?;
        // Where an index is chosen, the key must open it, too.
        match self.pinecone(caller).await? {
            Some(index) => self.describe(caller, &index).await,
            None => Ok(()),
        }
    }
}
