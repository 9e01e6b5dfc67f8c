//! Estimates of length in tokens, for budgets that need no exact count.

use crate::Message;

/// Bytes of UTF-8 per token. OpenAI's rule of thumb is four characters of English; counting bytes
/// says the same there and is less far off for scripts that need more tokens per character.
const BYTES_PER_TOKEN: usize = 4;

/// Bytes per token where there must be no more tokens than is said. Of text in nine languages and of code, none has
/// more on average (o200k); tables and the like may have.
const SURE_BYTES_PER_TOKEN: usize = 3;

/// What a message costs beside its text, for its role and delimiters.
pub const PER_MESSAGE: u32 = 4;

/// About how many tokens `text` is; 0 only for an empty text.
pub fn estimate(text: &str) -> u32 {
    of_bytes(text.len())
}

/// About how many tokens `bytes` bytes of text are.
pub(crate) fn of_bytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
}

/// No fewer tokens than `text` is, of nearly every text.
pub fn at_most(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(SURE_BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
}

/// The newest messages of `history`, oldest first as given, that together stay within `budget`
/// estimated tokens.
///
/// It stops at the first message that does not fit, because a conversation with a hole in it misleads
/// a model more than a shorter one.
pub fn within_budget(history: &[Message], budget: u32) -> &[Message] {
    newest(history, budget, estimate)
}

/// As [`within_budget`], in tokens as `count` counts them.
pub(crate) fn newest(history: &[Message], budget: u32, count: impl Fn(&str) -> u32) -> &[Message] {
    let mut left = budget;
    let mut start = history.len();
    for message in history.iter().rev() {
        let cost = count(&message.content).saturating_add(PER_MESSAGE);
        let Some(rest) = left.checked_sub(cost) else {
            break;
        };
        left = rest;
        start -= 1;
    }
    &history[start..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Role;

    fn messages(contents: &[String]) -> Vec<Message> {
        let message = |content: &String| Message {
            role: Role::User,
            content: content.clone(),
        };
        contents.iter().map(message).collect()
    }

    fn cost(messages: &[Message]) -> u32 {
        messages
            .iter()
            .map(|m| estimate(&m.content) + PER_MESSAGE)
            .sum()
    }

    #[test]
    fn four_letters_are_a_token() {
        assert_eq!(estimate(""), 0);
        assert_eq!(estimate("a"), 1);
        assert_eq!(estimate("abcd"), 1);
        assert_eq!(estimate("abcde"), 2);
        assert_eq!([at_most(""), at_most("abc"), at_most("abcd")], [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn longer_text_is_never_fewer_tokens(a in ".{0,40}", b in ".{0,40}") {
            let both = a.clone() + &b;
            prop_assert!(estimate(&both) >= estimate(&a));
        }

        #[test]
        fn keeps_the_longest_newest_part_that_fits(
            contents in prop::collection::vec(".{0,60}", 0..12),
            budget in 0_u32..200,
        ) {
            let history = messages(&contents);
            let kept = within_budget(&history, budget);
            prop_assert!(history.ends_with(kept));
            prop_assert!(cost(kept) <= budget);
            if kept.len() < history.len() {
                let one_more = &history[history.len() - kept.len() - 1..];
                prop_assert!(cost(one_more) > budget);
            }
        }
    }
}
