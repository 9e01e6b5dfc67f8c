//! Ending an answer where a text begins in it: not every model takes `stop`, and those that do not refuse the request.

use std::pin::pin;

use async_stream::try_stream;
use futures_util::{Stream, StreamExt};

use crate::{Error, Event, FinishReason, Meter};

/// The items of an answer up to the one of `stops` that is whole first, which is left out. With `at_once` it is read no
/// further; else to its end, which tells what it used.
pub(crate) fn until(
    items: impl Stream<Item = Result<Event, Error>> + Send + 'static,
    stops: Vec<String>,
    meter: Meter,
    at_once: bool,
) -> impl Stream<Item = Result<Event, Error>> + Send + 'static {
    try_stream! {
        let mut cut = Cut::new(stops);
        let mut items = pin!(items);
        while let Some(item) = items.next().await {
            let is_end = !matches!(item, Ok(Event::Delta(_) | Event::Reasoning(_)));
            let text = match &item {
                Ok(Event::Delta(text)) => cut.push(text),
                _ if is_end => cut.finish(),
                _ => String::new(),
            };
            if !text.is_empty() {
                yield Event::Delta(text);
            }
            match item? {
                Event::Delta(_) if cut.is_over && at_once => {
                    yield Event::Done { finish_reason: FinishReason::Stop, spent: meter.spent() };
                    return;
                }
                Event::Delta(_) => {}
                Event::Done { spent, .. } if cut.is_over => {
                    yield Event::Done { finish_reason: FinishReason::Stop, spent };
                }
                event => yield event,
            }
        }
    }
}

/// A text that ends where one of some texts begins in it.
struct Cut {
    stops: Vec<String>,
    /// The end of what came, where one of them may have begun.
    held: String,
    is_over: bool,
}

impl Cut {
    fn new(stops: Vec<String>) -> Self {
        Self {
            stops: stops.into_iter().filter(|stop| !stop.is_empty()).collect(),
            held: String::new(),
            is_over: false,
        }
    }

    /// What can be passed on, now that `text` has come.
    fn push(&mut self, text: &str) -> String {
        if self.is_over {
            return String::new();
        }
        self.held.push_str(text);
        // The one that is whole first, so that it does not matter in which pieces the text comes.
        let found = self.stops.iter().filter_map(|stop| {
            let at = self.held.find(stop)?;
            Some((at + stop.len(), at))
        });
        if let Some((_, at)) = found.min() {
            self.is_over = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let rest = self.held.split_off(self.sure());
        std::mem::replace(&mut self.held, rest)
    }

    /// What was held back, if nothing more comes.
    fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Up to where no stop can have begun.
    fn sure(&self) -> usize {
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = self.held.len().saturating_sub(longest);
        let may_begin = |at: &usize| {
            self.held.get(*at..).is_some_and(|rest| {
                !rest.is_empty() && self.stops.iter().any(|stop| stop.starts_with(rest))
            })
        };
        (from..self.held.len())
            .find(may_begin)
            .unwrap_or(self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use proptest::prelude::*;

    fn cut(pieces: &[&str], stops: &[&str]) -> (String, bool) {
        let mut cut = Cut::new(stops.iter().map(|&stop| stop.to_owned()).collect());
        let mut text: String = pieces.iter().map(|piece| cut.push(piece)).collect();
        text += &cut.finish();
        (text, cut.is_over)
    }

    #[test]
    fn it_ends_before_the_first_of_them() {
        assert_eq!(
            cut(&["one two three"], &["three", "two"]),
            ("one ".into(), true)
        );
        assert_eq!(cut(&["one t", "wo"], &["two"]), ("one ".into(), true));
        assert_eq!(cut(&["one t", "oo"], &["two"]), ("one too".into(), false));
        assert_eq!(cut(&["one"], &[""]), ("one".into(), false));
        assert_eq!(cut(&["aab", "c"], &["abd", "bc"]), ("aa".into(), true));
        assert_eq!(cut(&["ä", "ö!"], &["ö"]), ("ä".into(), true));
    }

    #[tokio::test]
    async fn a_stream_is_read_no_further_and_a_whole_one_to_its_count() {
        let done = |finish_reason| Event::Done {
            finish_reason,
            spent: Meter::default().spent(),
        };
        for (is_stream, expected) in [(true, 2), (false, 3)] {
            let given = [
                Event::Delta("one two".into()),
                Event::Reasoning("?".into()),
                done(FinishReason::Length),
            ];
            let items = stream::iter(given.map(Ok));
            let cut = until(items, vec!["two".into()], Meter::default(), is_stream);
            let all: Vec<_> = cut.map(Result::unwrap).collect().await;
            assert_eq!(all.len(), expected);
            assert_eq!(all[0], Event::Delta("one ".into()));
            assert_eq!(all[expected - 1], done(FinishReason::Stop));
        }
    }

    proptest! {
        #[test]
        fn however_the_text_is_cut_into_pieces(
            text in "[abä]{0,24}",
            stops in prop::collection::vec("[abä]{1,4}", 0..4),
            at in prop::collection::vec(0_usize..25, 0..6),
        ) {
            let mut at: Vec<usize> = at.into_iter().filter(|&at| text.is_char_boundary(at)).collect();
            at.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for end in at.into_iter().chain([text.len()]) {
                pieces.push(&text[from..end.max(from)]);
                from = end.max(from);
            }
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let found = |stop: &&str| text.find(stop).map(|at| (at + stop.len(), at));
            let first = stops.iter().filter_map(found).min().map(|(_, at)| at);
            let expected = text[..first.unwrap_or(text.len())].to_owned();
            prop_assert_eq!(cut(&pieces, &stops), (expected, first.is_some()));
        }
    }
}
