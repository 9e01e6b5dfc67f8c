//! Keeping a prompt within what a model can hold.

use crate::{
    Prompt,
    prompt::{RULES, line},
    tokens,
};

/// `prompt` with as much of its history as fits, with all the rest, into `room` tokens.
pub(crate) fn within(mut prompt: Prompt, room: u32) -> Prompt {
    let system = prompt.system.as_deref().unwrap_or_default();
    let lines = (1..).zip(&prompt.passages).map(|(n, p)| line(n, p));
    let texts = lines.chain([system.to_owned(), RULES.to_owned(), prompt.question.clone()]);
    let rest = texts.map(|text| tokens::at_most(&text).saturating_add(tokens::PER_MESSAGE));
    let left = room.saturating_sub(rest.fold(0, u32::saturating_add));
    let kept = tokens::newest(&prompt.history, left, tokens::at_most).len();
    prompt.history.drain(..prompt.history.len() - kept);
    prompt
}
