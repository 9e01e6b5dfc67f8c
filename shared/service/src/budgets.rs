//! What an answer may take, and within which limits.

use crate::{Answering, Error, FieldError, Result, Service};
use ai::tokens;
use db::{
    CallOutcome, Caller, LedgerCall, LimitScope, Limits, LimitsOf, Operation, ProviderCall,
    Reservation, Tenant,
};
use uuid::Uuid;

/// About how long a passage is, in tokens, with what is said of it.
const PASSAGE: u32 = 400;

impl Service {
    /// The limits of a tenant as a whole.
    pub fn limits_of_tenant(&self, tenant: &Tenant) -> LimitsOf {
        LimitsOf {
            scope: LimitScope::Tenant,
            subject: tenant.id,
            limits: tenant.limits.or(self.config.limits.tenant),
        }
    }

    /// What holds of a user of `tenant` of whom so much is said.
    pub fn limits_of_user(&self, tenant: &Tenant, id: Uuid, limits: Limits) -> LimitsOf {
        LimitsOf {
            scope: LimitScope::User,
            subject: id,
            limits: limits.or(tenant.user_limits).or(self.config.limits.user),
        }
    }

    /// What holds of an API key of which so much is said.
    pub fn limits_of_key(&self, id: Uuid, limits: Limits) -> LimitsOf {
        LimitsOf {
            scope: LimitScope::Key,
            subject: id,
            limits: limits.or(self.config.limits.key),
        }
    }

    /// The limits of whoever asks, from the widest to the narrowest.
    pub fn limits_of(&self, caller: &Caller) -> Vec<LimitsOf> {
        let account = caller.account();
        let tenant = self.limits_of_tenant(&account.tenant);
        if let Some(site) = caller.site() {
            let visitors = &self.config.limits.visitor;
            let visitor = LimitsOf {
                scope: LimitScope::User,
                subject: caller.user_id(),
                limits: site.visitor_limits.or(*visitors),
            };
            let all = LimitsOf {
                scope: LimitScope::Key,
                subject: site.id,
                limits: site.limits.or(self.config.limits.site),
            };
            return vec![tenant, all, visitor];
        }
        let key = caller.api_key_id().zip(caller.api_key_limits());
        let own = match key {
            // What holds for people does not for a server, which asks for many.
            Some((id, limits)) => self.limits_of_key(id, limits),
            None => self.limits_of_user(&account.tenant, caller.user_id(), account.limits),
        };
        vec![tenant, own]
    }

    /// The most that the answer to `question` is expected to take, with so many tokens of what is sent beside it: what was
    /// said before, and what whoever asks adds.
    ///
    /// # Errors
    /// The question is longer than it may be; or money is limited, and nobody knows the model's price.
    pub fn reservation(
        &self,
        caller: &Caller,
        answering: &Answering,
        limits: &[LimitsOf],
        question: &str,
        beside: u32,
    ) -> Result<Reservation> {
        if let Some(fault) = question_fault(limits, tokens::estimate(question)) {
            return Err(Error::field("message", fault));
        }
        let tenant = &caller.account().tenant;
        let passages = match tenant.retrieval_enabled {
            true => PASSAGE * tenant.retrieval_top_k.unsigned_abs(),
            false => 0,
        };
        let texts = [question, &tenant.system_prompt].map(tokens::at_most);
        let sent = texts.into_iter().chain([beside, passages]);
        let sent = sent.fold(0, u32::saturating_add);
        let most = answering.options.max_output_tokens;
        let reserve = |endpoint: &str, model: &str| {
            let asked = self.reserve(Operation::Chat, endpoint, model, sent, most);
            self.check_priced(limits, &asked).map(|()| asked)
        };
        let mut asked = reserve(answering.provider.name(), &answering.options.model)?;
        if let Some((endpoint, model)) = self.fallback_of(tenant) {
            asked = with_fallback(asked, &reserve(endpoint, model)?);
        }
        if tenant.retrieval_enabled && self.keeps_vectors(caller) {
            let (endpoint, model) = self.chosen_embedder(caller);
            let sent = tokens::at_most(question);
            let found_by = self.reserve(Operation::Embedding, endpoint, model, sent, 0);
            asked.prompt_tokens = asked.prompt_tokens.saturating_add(found_by.prompt_tokens);
            // The vectors of a model without a price are no reason not to answer.
            let cost = found_by.cost.unwrap_or_default();
            asked.cost = asked.cost.map(|all| all.saturating_add(cost));
        }
        Ok(asked)
    }

    /// Whom a tenant's answers may be made by instead, and with which model.
    fn fallback_of<'a>(&'a self, tenant: &'a Tenant) -> Option<(&'a str, &'a str)> {
        let name = tenant.fallback_provider.as_deref()?;
        let endpoint = self.config.endpoints.get(name)?;
        Some((name, endpoint.model(tenant.fallback_model.as_ref())))
    }

    /// What a call may take at most.
    pub(crate) fn reserve(
        &self,
        operation: Operation,
        endpoint: &str,
        model: &str,
        prompt_tokens: u32,
        completion_tokens: u32,
    ) -> Reservation {
        let known = self.ai.priced(endpoint, model, None);
        let price = |sent, back| known.and_then(|known| known.most(sent, back));
        Reservation {
            operation,
            endpoint: endpoint.to_owned(),
            model: model.to_owned(),
            prompt_tokens: count(prompt_tokens),
            completion_tokens: count(completion_tokens),
            cost: price(prompt_tokens, completion_tokens),
            // What a thousand cost in nano-USD, one costs in pico-USD.
            input_price: price(1000, 0),
            output_price: price(0, 1000),
            again_price: None,
            price_table: self.ai.models().version().to_owned(),
        }
    }

    /// # Errors
    /// Money is limited, and nobody knows the model's price.
    pub(crate) fn check_priced(&self, limits: &[LimitsOf], asked: &Reservation) -> Result<()> {
        match asked.cost {
            None if limits.iter().any(|of| of.limits.has_cost()) => {
                Err(Error::Unpriced(asked.model.clone()))
            }
            _ => Ok(()),
        }
    }

    /// A call that is over, with what it cost.
    pub fn call(
        &self,
        id: Uuid,
        of: (Operation, CallOutcome),
        endpoint: &str,
        model: &str,
        spent: ai::Spent,
    ) -> ProviderCall {
        let usage = spent.usage;
        let known = self.ai.priced(endpoint, model, spent.model.as_deref());
        ProviderCall {
            id,
            operation: of.0,
            outcome: of.1,
            endpoint: endpoint.to_owned(),
            model: model.to_owned(),
            response_model: spent.model,
            service_tier: spent.service_tier,
            prompt_tokens: count(usage.prompt_tokens),
            cached_tokens: count(usage.cached_tokens),
            cache_write_tokens: count(usage.cache_write_tokens),
            completion_tokens: count(usage.completion_tokens),
            reasoning_tokens: count(usage.reasoning_tokens),
            exact: usage.exact,
            price_table: self.ai.models().version().to_owned(),
            cost: known.and_then(|known| known.cost(&usage, self.clock.now())),
            end_user: None,
        }
    }

    /// The name under which is stored whom a server of a tenant asks for: a keyed hash, in hexadecimal digits.
    pub fn end_user(&self, tenant: Uuid, name: &str) -> String {
        let mac = self.request_mac(&format!("end user of {tenant}"), name.as_bytes());
        hex::encode(&mac[..16])
    }

    /// What a call of the ledger costs by the prices that are known now, in nano-USD; none if they are not.
    pub fn price_again(&self, call: &LedgerCall) -> Option<i64> {
        let tokens = |n: i32| u32::try_from(n).unwrap_or(0);
        let usage = ai::Usage {
            prompt_tokens: tokens(call.prompt_tokens),
            cached_tokens: tokens(call.cached_tokens),
            cache_write_tokens: tokens(call.cache_write_tokens),
            completion_tokens: tokens(call.completion_tokens),
            reasoning_tokens: tokens(call.reasoning_tokens),
            exact: call.exact,
        };
        let named = call.response_model.as_deref();
        let known = self.ai.priced(&call.endpoint, &call.model, named);
        known?.cost(&usage, call.called_at)
    }
}

/// What an answer may take at most that is asked for once more, of another, where the first fails: all of both. A provider that
/// was asked in vain may have read the prompt, and is paid for that.
fn with_fallback(first: Reservation, second: &Reservation) -> Reservation {
    let tokens = second
        .prompt_tokens
        .saturating_add(second.completion_tokens);
    let cost = second.cost.unwrap_or_default();
    Reservation {
        completion_tokens: first.completion_tokens.saturating_add(tokens),
        cost: first.cost.map(|all| all.saturating_add(cost)),
        again_price: Some(second.input_price.unwrap_or_default()),
        ..first
    }
}

/// What is wrong with limits that somebody sends, at the place that `at` begins with.
pub fn limit_faults<'a>(
    at: &'a str,
    limits: &Limits,
) -> impl Iterator<Item = FieldError> + use<'a> {
    let faults = limits.faults().into_iter();
    faults.map(move |(name, message)| FieldError {
        field: format!("{at}{name}"),
        message,
    })
}

/// What is wrong with a question of so many tokens, if it is longer than it may be.
pub fn question_fault(limits: &[LimitsOf], tokens: u32) -> Option<String> {
    let most = limits.iter().filter_map(|of| of.limits.question()).min()?;
    (i64::from(tokens) > most).then(|| {
        format!(
            "must be at most {most} tokens, about {} characters",
            4 * most
        )
    })
}

/// A number of tokens as it is stored.
pub fn count(tokens: u32) -> i32 {
    i32::try_from(tokens).unwrap_or(i32::MAX)
}
