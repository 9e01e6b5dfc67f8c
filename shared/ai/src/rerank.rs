//! Putting texts in the order in which they fit a question, by an API that Cohere and Jina have alike.

use serde::{Deserialize, Serialize};

use crate::{Client, Embedder, Error, Spent, Usage, guarded::Asked, tokens};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    query: &'a str,
    documents: &'a [String],
    top_n: usize,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Ranked>,
}

#[derive(Deserialize)]
struct Ranked {
    index: usize,
    relevance_score: f32,
}

/// What came of texts that were to be put in order.
#[derive(Debug)]
pub struct Reranked {
    /// Each of the texts, by its place among those that were sent, with how well it fits: best first. What the server left out
    /// is not there.
    ///
    /// # Errors
    /// As the request fails; [`Error::Invalid`] if a text is named twice, or none that was sent, or a score is no number.
    pub order: Result<Vec<(usize, f32)>, Error>,
    /// What it used, which is estimated: such servers count searches and not tokens.
    pub spent: Spent,
}

impl Client {
    /// The order in which `texts` fit `question`.
    ///
    /// No texts need no request.
    pub async fn rerank(&self, by: &Embedder, question: &str, texts: &[String]) -> Reranked {
        if texts.is_empty() {
            return Reranked {
                order: Ok(Vec::new()),
                spent: Spent::default(),
            };
        }
        let order = self.ask_order(by, question, texts).await;
        let sent = texts.iter().map(|text| tokens::estimate(text));
        let sent = sent.fold(tokens::estimate(question), u32::saturating_add);
        let spent = match &order {
            Ok(_) => Spent {
                usage: Usage {
                    prompt_tokens: sent,
                    ..Usage::default()
                },
                ..Spent::default()
            },
            Err(_) => Spent::default(),
        };
        Reranked { order, spent }
    }

    async fn ask_order(
        &self,
        by: &Embedder,
        question: &str,
        texts: &[String],
    ) -> Result<Vec<(usize, f32)>, Error> {
        let endpoint = self.endpoints.get(&by.endpoint).ok_or(Error::Rejected)?;
        let body = Body {
            model: &by.model,
            query: question,
            documents: texts,
            top_n: texts.len(),
        };
        let client = self.toward_base(&endpoint.base, false);
        let mut request = client.post(endpoint.at("rerank")).json(&body);
        if let Some(key) = &by.key {
            let (name, value) = endpoint.key(key)?;
            request = request.header(name, value);
        }
        let asked = Asked {
            service: &by.endpoint,
            key: by.key.as_ref(),
            operation: "rerank",
            model: Some(&by.model),
            limit: self.timeouts.index,
        };
        let answer: Answer = self.ask_json(asked, request).await?;
        in_order(answer.results, texts.len())
    }
}

fn in_order(results: Vec<Ranked>, count: usize) -> Result<Vec<(usize, f32)>, Error> {
    let mut seen = vec![false; count];
    for ranked in &results {
        let seen = seen.get_mut(ranked.index).ok_or(Error::Invalid)?;
        if *seen || !ranked.relevance_score.is_finite() {
            return Err(Error::Invalid);
        }
        *seen = true;
    }
    let mut order: Vec<(usize, f32)> = results
        .into_iter()
        .map(|ranked| (ranked.index, ranked.relevance_score))
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sent_is_put_in_order_and_once() {
        let ranked = |all: &[(usize, f32)]| {
            let ranked = |&(index, relevance_score)| Ranked {
                index,
                relevance_score,
            };
            in_order(all.iter().map(ranked).collect(), 2)
        };
        assert_eq!(ranked(&[(0, 0.1), (1, 0.9)]), Ok(vec![(1, 0.9), (0, 0.1)]));
        assert_eq!(ranked(&[(1, 0.9)]), Ok(vec![(1, 0.9)]));
        for odd in [
            &[(2, 0.9)][..],
            &[(1, 0.9), (1, 0.8)],
            &[(0, f32::INFINITY)],
        ] {
            assert_eq!(ranked(odd), Err(Error::Invalid));
        }
    }
}
