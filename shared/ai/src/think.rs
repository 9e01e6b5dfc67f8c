//! Thoughts that a model writes into its answer, between `<think>` and `</think>`.

use crate::Event;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Splits an answer that begins with thoughts, wherever its pieces are cut. Tags anywhere else are text like any other.
pub(crate) struct Think {
    state: State,
    /// What may become a tag, or thoughts.
    held: String,
    /// Whether the beginning may be thoughts of which only the end is marked.
    is_unmarked: bool,
    /// Whether everything is still held, until thoughts or the answer end.
    holds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing has come but white space.
    Start,
    /// Between the tags.
    Thinking,
    /// After the tags.
    Thought,
    /// In the text.
    Text,
}

impl Think {
    /// For an answer whose pieces go on as they come; or, of a model that marks only the end of its thoughts, not before that
    /// has come. Of any other model, that mark is text: it may be what was asked about.
    pub(crate) fn new(is_unmarked: bool) -> Self {
        Think {
            state: State::Start,
            held: String::new(),
            is_unmarked,
            holds: is_unmarked,
        }
    }

    /// Takes the next piece and appends what is known of it to `out`.
    pub(crate) fn push(&mut self, text: &str, out: &mut Vec<Event>) {
        self.held.push_str(text);
        self.holds = self.holds && !self.is_clear(text.len());
        if !self.holds {
            self.split(out);
        }
    }

    /// Whether what is held is known to begin with thoughts, once so many bytes have been added.
    fn is_clear(&self, added: usize) -> bool {
        let bytes = self.held.as_bytes();
        let new = bytes.len().saturating_sub(added + CLOSE.len());
        let mut new = bytes[new..].windows(CLOSE.len());
        let ends = || closed(&self.held).is_some_and(|(_, after)| !after.is_empty());
        self.held.trim_start().starts_with(OPEN) || new.any(|w| w == CLOSE.as_bytes()) && ends()
    }

    /// Appends what was held: no more will come.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        if std::mem::take(&mut self.holds) {
            self.split(out);
        }
        let rest = std::mem::take(&mut self.held);
        match self.state {
            State::Thinking => out.extend(thought(rest)),
            State::Thought => {}
            State::Start | State::Text => out.extend(said(rest)),
        }
    }

    fn split(&mut self, out: &mut Vec<Event>) {
        while self.step(out) {}
    }

    /// Does one thing; whether there may be more to do.
    fn step(&mut self, out: &mut Vec<Event>) -> bool {
        match self.state {
            State::Start | State::Thought => {
                let begun = self.held.trim_start();
                if let Some(after) = begun.strip_prefix(OPEN) {
                    self.held = after.to_owned();
                    self.state = State::Thinking;
                } else if OPEN.starts_with(begun) {
                    return false;
                } else if self.state == State::Thought {
                    self.held = begun.to_owned();
                    self.state = State::Text;
                } else if let Some((thoughts, after)) =
                    closed(&self.held).filter(|_| self.is_unmarked)
                {
                    out.extend(thought(thoughts.to_owned()));
                    self.held = after.to_owned();
                    self.state = State::Thought;
                } else {
                    self.state = State::Text;
                }
                true
            }
            State::Thinking => {
                let Some((thoughts, after)) = self.held.split_once(CLOSE) else {
                    let sure = self.held.len() - begun_at_end(&self.held, CLOSE);
                    let rest = self.held.split_off(sure);
                    out.extend(thought(std::mem::replace(&mut self.held, rest)));
                    return false;
                };
                out.extend(thought(thoughts.to_owned()));
                self.held = after.to_owned();
                self.state = State::Thought;
                true
            }
            State::Text => {
                out.extend(said(std::mem::take(&mut self.held)));
                false
            }
        }
    }
}

/// The thoughts and the rest of a text of which only the end of the thoughts is marked, on a line of its own: with
/// some models, the prompt has their beginning.
fn closed(text: &str) -> Option<(&str, &str)> {
    let (thoughts, after) = text.split_once(CLOSE)?;
    let alone = thoughts.is_empty() || thoughts.ends_with('\n') || after.starts_with('\n');
    (alone && !thoughts.contains(OPEN)).then_some((thoughts, after))
}

/// How many bytes at the end of `text` may be the beginning of `tag`.
fn begun_at_end(text: &str, tag: &str) -> usize {
    let ends = |&length: &usize| text.ends_with(&tag[..length]);
    (1..tag.len()).rev().find(ends).unwrap_or(0)
}

fn said(text: String) -> Option<Event> {
    (!text.is_empty()).then_some(Event::Delta(text))
}

fn thought(text: String) -> Option<Event> {
    (!text.is_empty()).then_some(Event::Reasoning(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Thoughts and text of these pieces.
    fn split<'a>(holds: bool, pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let mut think = Think::new(holds);
        let mut out = Vec::new();
        for piece in pieces {
            think.push(piece, &mut out);
        }
        think.finish(&mut out);
        let (mut thoughts, mut text) = (String::new(), String::new());
        for event in out {
            match event {
                Event::Reasoning(piece) => thoughts += &piece,
                Event::Delta(piece) => text += &piece,
                Event::Done { .. } => unreachable!("an end is none of its business"),
            }
        }
        (thoughts, text)
    }

    const MARKED: [(&str, &str, &str); 8] = [
        ("<think>\nHm</think>\n\nHi.", "\nHm", "Hi."),
        ("\n <think>Hm</think>Hi.", "Hm", "Hi."),
        ("<think>a</think>\n<think>b</think>\nHi.", "ab", "Hi."),
        ("<think>a < b </thin", "a < b </thin", ""),
        ("<thi", "", "<thi"),
        (" \n", "", " \n"),
        (
            "Write <think>so</think>\n.",
            "",
            "Write <think>so</think>\n.",
        ),
        (" <b>Hi</b>", "", " <b>Hi</b>"),
    ];

    #[test]
    fn marked_thoughts_are_no_text() {
        for (written, thoughts, text) in MARKED {
            let expected = (thoughts.to_owned(), text.to_owned());
            let characters: Vec<String> = written.chars().map(String::from).collect();
            for holds in [false, true] {
                assert_eq!(split(holds, [written]), expected, "{written:?}");
                let pieces = characters.iter().map(String::as_str);
                assert_eq!(split(holds, pieces), expected, "{written:?}, cut");
            }
        }
    }

    #[test]
    fn the_end_of_thoughts_may_be_all_that_is_marked() {
        for written in ["Hm.\n</think>\n\nHi.", "Hm.\n</think>Hi."] {
            let expected = ("Hm.\n".to_owned(), "Hi.".to_owned());
            assert_eq!(split(true, written.split_inclusive('.')), expected);
            assert_eq!(split(true, [written]), expected);
            let text = (String::new(), written.to_owned());
            assert_eq!(split(false, [written]), text);
            assert_eq!(split(false, written.split_inclusive('.')), text);
        }
        let quoted = "It ends with `</think>`, not before.";
        let expected = (String::new(), quoted.to_owned());
        assert_eq!(split(true, [quoted]), expected);
    }

    #[test]
    fn what_is_held_goes_on_with_the_end_of_thoughts() {
        let mut think = Think::new(true);
        let mut out = Vec::new();
        for piece in ["Hm", ".\n</thi", "nk>", "\nH"] {
            assert!(out.is_empty(), "{out:?}");
            think.push(piece, &mut out);
        }
        let [Event::Reasoning(thoughts), Event::Delta(text)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!((&**thoughts, &**text), ("Hm.\n", "H"));
        think.push("i.", &mut out);
        assert!(matches!(out.last(), Some(Event::Delta(text)) if text == "i."));
    }

    proptest! {
        #[test]
        fn no_text_is_lost_or_depends_on_the_cuts(
            parts in prop::collection::vec(
                prop::sample::select(vec!["<think>", "</think>", "\n", " ", "Hi", "<", "</", "think>"]), 0..10),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let written = parts.concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(written.len() + 1)).collect();
            cuts.extend([0, written.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &written[pair[0]..pair[1]]);
            let expected = split(true, [written.as_str()]);
            prop_assert_eq!(split(true, pieces.clone()), expected.clone());
            let (thoughts, text) = split(false, pieces);
            if written.trim_start().starts_with(OPEN) {
                prop_assert_eq!((thoughts, text), expected);
            } else {
                prop_assert_eq!((thoughts, text), (String::new(), written));
            }
        }
    }
}
