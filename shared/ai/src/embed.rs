//! Turning texts into vectors with OpenAI's embeddings API.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Client, Error};

/// Texts in one request. The answer spells each number on a line of its own, about 30 bytes; 32 vectors
/// of 3072 numbers stay below the cap on an answer.
const BATCH: usize = 32;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [String],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f32>,
}

impl Client {
    /// The vectors of `texts`, in their order and all of the same length, in requests of 32 texts.
    ///
    /// No texts need no request. An empty text is refused by the provider.
    ///
    /// # Errors
    /// As the first failing request; [`Error::Invalid`] if a vector is missing, repeated, empty, not
    /// finite, or of another length than the rest.
    pub async fn embed(
        &self,
        key: &SecretString,
        model: &str,
        texts: &[String],
    ) -> Result<Vec<Vec<f32>>, Error> {
        let endpoint = self.endpoints.get("openai").ok_or(Error::Rejected)?;
        let mut vectors: Vec<Vec<f32>> = Vec::with_capacity(texts.len());
        for input in texts.chunks(BATCH) {
            let body = Body {
                model,
                input,
                encoding_format: "float",
            };
            let (name, value) = endpoint.key(key)?;
            let client = self.toward_base(&endpoint.base, false);
            let request = client.post(endpoint.at("embeddings"));
            let request = request.header(name, value).json(&body);
            let limit = self.timeouts.complete;
            let answer: Answer = self.ask_json("openai", key, request, limit).await?;
            vectors.extend(in_order(answer.data, input.len())?);
        }
        let length = vectors.first().map_or(0, Vec::len);
        match vectors.iter().all(|vector| usable(vector, length)) {
            true => Ok(vectors),
            false => Err(Error::Invalid),
        }
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
