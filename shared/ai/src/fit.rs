//! Keeping a prompt within what a model can hold.

use crate::{Message, Prompt, prompt::RULES, tokens};

/// As much of the newest history of `prompt` as fits, with all the rest, into `room` tokens. `lines` are its passages as
/// they are sent.
pub(crate) fn history<'a>(prompt: &'a Prompt, lines: &[String], room: u32) -> &'a [Message] {
    let system = prompt.system.as_deref().unwrap_or_default();
    let lines = lines.iter().map(String::as_str);
    let texts = lines.chain([system, RULES, &prompt.question]);
    let rest = texts.map(|text| tokens::at_most(text).saturating_add(tokens::PER_MESSAGE));
    let left = room.saturating_sub(rest.fold(0, u32::saturating_add));
    tokens::newest(&prompt.history, left, tokens::at_most)
}
