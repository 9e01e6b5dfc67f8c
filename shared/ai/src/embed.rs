//! Turning texts into vectors with OpenAI's embeddings API, which many servers have.

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use crate::{
    Client, Error, Spent, chunk::read_text, counts::Counts, failure::Failure, guarded::Asked,
    spent, tokens,
};

/// Texts in one request. As base64, 64 vectors of 3072 numbers take 1 MiB; spelled out, below the 4 MiB that are the most of an
/// answer.
const BATCH: usize = 64;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_format: Option<&'static str>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedding>,
    // Whatever they are, the vectors are good.
    usage: Option<Box<RawValue>>,
    model: Option<Box<RawValue>>,
    service_tier: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    #[serde(deserialize_with = "numbers")]
    embedding: Vec<f32>,
}

/// What came of texts.
#[derive(Debug)]
pub struct Embedded {
    /// Their vectors, in their order and all of the same length.
    ///
    /// # Errors
    /// As the first failing request; [`Error::Invalid`] if a vector is missing, repeated, empty, not finite, or of
    /// another length than the rest.
    pub vectors: Result<Vec<Vec<f32>>, Error>,
    /// What all requests used, also those before one that failed.
    pub spent: Spent,
}

/// Who makes vectors, and with which model.
#[derive(Debug, Clone)]
pub struct Embedder {
    /// The server's name among the [`Endpoints`](crate::Endpoints).
    pub endpoint: String,
    /// The key; none for a server that answers without one.
    pub key: Option<SecretString>,
    /// The model.
    pub model: String,
}

impl Client {
    /// The vectors of `texts`, in requests of 64 texts.
    ///
    /// No texts need no request. An empty text is refused by the provider.
    pub async fn embed(&self, by: &Embedder, texts: &[String]) -> Embedded {
        let mut spent = Vec::new();
        let vectors = self.embed_all(by, texts, &mut spent).await;
        let spent = spent.into_iter().reduce(Spent::and).unwrap_or_default();
        Embedded { vectors, spent }
    }

    /// The vectors, with what each request used in `spent`.
    async fn embed_all(
        &self,
        by: &Embedder,
        texts: &[String],
        spent: &mut Vec<Spent>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let mut vectors: Vec<Vec<f32>> = Vec::with_capacity(texts.len());
        let mut encoding = Some("base64");
        for input in texts.chunks(BATCH) {
            let mut answer = self.embed_batch(by, input, encoding).await;
            let is_refused = |answer: &Result<Answer, Failure>| {
                matches!(
                    answer,
                    Err(Failure {
                        error: Error::Rejected,
                        ..
                    })
                )
            };
            if encoding.is_some() && is_refused(&answer) {
                // Not every server knows the field; one that knows it not may still make vectors.
                let plain = self.embed_batch(by, input, None).await;
                if !is_refused(&plain) {
                    (encoding, answer) = (None, plain);
                }
            }
            spent.push(used(&answer, input));
            vectors.extend(in_order(answer?.data, input.len())?);
        }
        let length = vectors.first().map_or(0, Vec::len);
        match vectors.iter().all(|vector| usable(vector, length)) {
            true => Ok(vectors),
            false => Err(Error::Invalid),
        }
    }

    async fn embed_batch(
        &self,
        by: &Embedder,
        input: &[String],
        encoding_format: Option<&'static str>,
    ) -> Result<Answer, Failure> {
        let endpoint = self.endpoints.get(&by.endpoint).ok_or(Error::Rejected)?;
        let body = Body {
            model: &by.model,
            input,
            encoding_format,
        };
        let client = self.toward_base(&endpoint.base, false);
        let mut request = client.post(endpoint.at("embeddings")).json(&body);
        if let Some(key) = &by.key {
            let (name, value) = endpoint.key(key)?;
            request = request.header(name, value);
        }
        let asked = Asked {
            service: &by.endpoint,
            key: by.key.as_ref(),
            operation: "embeddings",
            model: Some(&by.model),
            limit: self.timeouts.complete,
        };
        self.ask_json(asked, request).await
    }
}

/// The numbers of a vector: 32-bit floats, the low byte first, as base64; or a list of numbers, which is what a server sends that
/// knows no other way.
fn numbers<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<f32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Numbers {
        Encoded(String),
        Plain(Vec<f32>),
    }
    let encoded = match Numbers::deserialize(value)? {
        Numbers::Plain(numbers) => return Ok(numbers),
        Numbers::Encoded(encoded) => encoded,
    };
    let bytes = BASE64.decode(encoded).map_err(de::Error::custom)?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    match rest.is_empty() {
        true => Ok(numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()),
        false => Err(de::Error::custom("ends within a number")),
    }
}

/// What a request used, with an estimate where the provider does not tell.
fn used(answer: &Result<Answer, Failure>, input: &[String]) -> Spent {
    let sent = input.iter().map(|text| tokens::estimate(text));
    let sent = sent.fold(0, u32::saturating_add);
    let told = |raw: &Option<Box<RawValue>>| {
        let text = read_text(raw.as_deref()?)?;
        spent::name(&text)
    };
    match answer {
        Ok(answer) => {
            let counts = answer.usage.as_deref().map(Counts::of);
            Spent {
                usage: counts.unwrap_or_default().of_reading(sent),
                model: told(&answer.model),
                service_tier: told(&answer.service_tier),
            }
        }
        Err(failure) if failure.may_cost() => Spent {
            usage: Counts::default().of_reading(sent),
            ..Spent::default()
        },
        Err(_) => Spent::default(),
    }
}

/// The vectors by index, which must be each of `0..count` once. The order they come in is not promised.
fn in_order(mut data: Vec<Embedding>, count: usize) -> Result<Vec<Vec<f32>>, Error> {
    data.sort_by_key(|one| one.index);
    match data.iter().map(|one| one.index).eq(0..count) {
        true => Ok(data.into_iter().map(|one| one.embedding).collect()),
        false => Err(Error::Invalid),
    }
}

/// JSON knows no infinity, but a number too large for `f32` becomes one.
fn usable(vector: &[f32], length: usize) -> bool {
    !vector.is_empty() && vector.len() == length && vector.iter().all(|x| x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(indices: &[usize]) -> Vec<Embedding> {
        let one = |&index: &usize| Embedding {
            index,
            embedding: vec![index as f32],
        };
        indices.iter().map(one).collect()
    }

    #[test]
    fn every_index_comes_once() {
        let ordered = in_order(data(&[2, 0, 1]), 3).unwrap();
        assert_eq!(ordered, [vec![0.0], vec![1.0], vec![2.0]]);
        for indices in [&[0, 1][..], &[0, 1, 1], &[1, 2, 3], &[0, 1, 2, 3]] {
            assert_eq!(in_order(data(indices), 3), Err(Error::Invalid));
        }
    }

    #[test]
    fn vectors_are_finite_and_alike() {
        assert!(usable(&[0.5, -1.0], 2));
        assert!(!usable(&[0.5], 2));
        assert!(!usable(&[f32::INFINITY, 0.0], 2));
        assert!(!usable(&[], 0));
    }
}
