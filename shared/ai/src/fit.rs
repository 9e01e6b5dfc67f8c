//! Keeping a prompt within what a model can hold.

use crate::{Client, Endpoint, Model, Options, Passage, Prompt, Provider, prompt::RULES, tokens};

/// What a passage costs beside its texts: the names of its fields.
const PER_PASSAGE: u32 = 15;

impl Client {
    /// Leaves out of `prompt` what `provider` could not hold of it: first of the history, from its beginning on, then of the
    /// passages, from the last on. The instructions and the question stay.
    pub fn fit(&self, provider: &Provider, options: &Options, prompt: &mut Prompt) {
        if let Ok(Some(target)) = self.target(provider) {
            fit(prompt, self.room(target.endpoint, options));
        }
    }

    /// About how many tokens a prompt of `provider` may have; none if there is no such limit.
    pub fn room_of(&self, provider: &Provider, options: &Options) -> Option<u32> {
        let target = self.target(provider).ok().flatten()?;
        Some(self.room(target.endpoint, options))
    }

    /// How many tokens a prompt may have there.
    pub(crate) fn room(&self, endpoint: &Endpoint, options: &Options) -> u32 {
        let known = self.models.get(&endpoint.table, &options.model);
        let usual = Model::default();
        known.unwrap_or(&usual).room(options.max_output_tokens)
    }
}

/// As [`Client::fit`], into `room` tokens.
pub(crate) fn fit(prompt: &mut Prompt, room: u32) {
    let system = prompt.system.as_deref().unwrap_or_default();
    let fixed = [system, RULES, &prompt.question].map(cost);
    let mut left = room.saturating_sub(fixed.into_iter().fold(0, u32::saturating_add));
    let fits = |passage: &&Passage| match left.checked_sub(of_passage(passage)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let passages = prompt.passages.iter().take_while(fits).count();
    prompt.passages.truncate(passages);
    let newest = tokens::newest(&prompt.history, left, tokens::at_most).len();
    prompt.history.drain(..prompt.history.len() - newest);
}

fn cost(text: &str) -> u32 {
    tokens::at_most(text).saturating_add(tokens::PER_MESSAGE)
}

fn of_passage(passage: &Passage) -> u32 {
    let Passage {
        title,
        text,
        source_url,
    } = passage;
    let texts = [title, text, source_url.as_deref().unwrap_or_default()];
    texts
        .map(cost)
        .into_iter()
        .fold(PER_PASSAGE, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Role};
    use proptest::prelude::*;

    /// A prompt with texts of so many bytes.
    fn prompt(question: usize, passages: &[usize], history: &[usize]) -> Prompt {
        let text = |bytes: &usize| "x".repeat(*bytes);
        let passage = |bytes: &usize| Passage {
            title: String::new(),
            text: text(bytes),
            source_url: None,
        };
        let message = |bytes: &usize| Message {
            role: Role::User,
            content: text(bytes),
        };
        Prompt {
            system: None,
            history: history.iter().map(message).collect(),
            passages: passages.iter().map(passage).collect(),
            question: text(&question),
        }
    }

    fn whole(prompt: &Prompt) -> u32 {
        let texts = [RULES, "", &prompt.question].map(cost).into_iter();
        let history = prompt.history.iter().map(|said| cost(&said.content));
        let passages = prompt.passages.iter().map(of_passage);
        texts.chain(history).chain(passages).sum()
    }

    #[test]
    fn the_last_passages_go_after_all_of_the_history() {
        let full = prompt(300, &[300, 300, 300], &[30, 30]);
        let all = whole(&full);
        let kept = |room| {
            let mut prompt = full.clone();
            fit(&mut prompt, room);
            (prompt.passages.len(), prompt.history.len())
        };
        let (said, passage) = (
            cost(&full.history[0].content),
            of_passage(&full.passages[0]),
        );
        assert_eq!(kept(all), (3, 2));
        assert_eq!(kept(all - 1), (3, 1));
        assert_eq!(kept(all - 2 * said), (3, 0));
        // What a passage leaves behind is room for what was said.
        assert_eq!(kept(all - 2 * said - 1), (2, 2));
        assert_eq!(kept(all - 2 * said - 2 * passage - 1), (0, 2));
        assert_eq!(kept(0), (0, 0));
    }

    proptest! {
        #[test]
        fn what_is_kept_fits_and_is_the_best_and_the_newest(
            question in 0_usize..500,
            passages in prop::collection::vec(0_usize..500, 0..6),
            history in prop::collection::vec(0_usize..500, 0..6),
            room in 0_u32..2000,
        ) {
            let full = prompt(question, &passages, &history);
            let mut kept = full.clone();
            fit(&mut kept, room);
            prop_assert!(full.passages.starts_with(&kept.passages));
            prop_assert!(full.history.ends_with(&kept.history));
            prop_assert_eq!(&kept.question, &full.question);
            let is_bare = kept.passages.is_empty() && kept.history.is_empty();
            prop_assert!(is_bare || whole(&kept) <= room);
            if kept.passages.len() < full.passages.len() {
                let mut more = kept.clone();
                more.history.clear();
                more.passages.push(full.passages[kept.passages.len()].clone());
                prop_assert!(whole(&more) > room);
            }
        }
    }
}
