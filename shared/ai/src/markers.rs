//! The numbers by which a model cites passages, in a text that comes in pieces.

/// The longest number that is one; longer ones are years and the like.
const MOST_DIGITS: usize = 3;
/// The longest marker, in bytes: what is longer is none.
const MOST_BYTES: usize = 32;

/// Takes out of an answer the markers that stand for no passage: `[7]` where there are five, and of `[2, 7]` the seven. What is code, a
/// link, or no such number stays as it is.
#[derive(Debug)]
pub struct Markers {
    /// How many passages there are.
    count: u32,
    /// Blanks and what may become a marker, until more of the text tells.
    held: String,
    /// Whether what comes is code, by the number of backticks so far.
    is_code: bool,
}

impl Markers {
    /// For an answer that was given so many passages.
    pub fn of(count: usize) -> Self {
        Self {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            held: String::new(),
            is_code: false,
        }
    }

    /// What of the text is known to be shown, now that this piece has come.
    pub fn push(&mut self, piece: &str) -> String {
        let mut shown = String::with_capacity(self.held.len() + piece.len());
        for c in piece.chars() {
            self.take(c, &mut shown);
        }
        shown
    }

    /// What is held back, if nothing more comes.
    pub fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        match held.ends_with(']') {
            true => self.kept(&held),
            false => held,
        }
    }

    fn take(&mut self, c: char, shown: &mut String) {
        let is_open = self.held.contains('[');
        if is_open && self.held.ends_with(']') {
            let held = std::mem::take(&mut self.held);
            // A link has its text in brackets, too.
            match c {
                '(' => shown.push_str(&held),
                _ => shown.push_str(&self.kept(&held)),
            }
        } else if is_open {
            let has_digit = self.held.ends_with(|last: char| last.is_ascii_digit());
            let goes_on = c.is_ascii_digit() || c == ',' || c == ' ' || (c == ']' && has_digit);
            if goes_on && self.held.trim_start().len() < MOST_BYTES {
                self.held.push(c);
                return;
            }
            shown.push_str(&std::mem::take(&mut self.held));
        }
        self.begin(c, shown);
    }

    /// A character that belongs to no marker that has begun.
    fn begin(&mut self, c: char, shown: &mut String) {
        match c {
            ' ' => self.held.push(c),
            '[' if !self.is_code => self.held.push(c),
            _ => {
                shown.push_str(&std::mem::take(&mut self.held));
                shown.push(c);
                self.is_code ^= c == '`';
            }
        }
    }

    /// What is left of a marker with the blanks before it.
    fn kept(&self, held: &str) -> String {
        let (blanks, marker) = held.split_at(held.len() - held.trim_start().len());
        let numbers = marker.trim_matches(['[', ']']).split(',').map(str::trim);
        let numbers: Vec<&str> = numbers.collect();
        let is_number = |n: &&str| !n.is_empty() && n.len() <= MOST_DIGITS && !n.contains(' ');
        if !numbers.iter().all(is_number) {
            return held.to_owned();
        }
        let stands = |n: &&str| n.parse().is_ok_and(|n: u32| (1..=self.count).contains(&n));
        let kept: Vec<&str> = numbers.iter().copied().filter(|n| stands(n)).collect();
        match kept.len() {
            0 => String::new(),
            n if n == numbers.len() => held.to_owned(),
            _ => format!("{blanks}[{}]", kept.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(pieces: &[&str]) -> String {
        let mut markers = Markers::of(3);
        let mut shown: String = pieces.iter().map(|piece| markers.push(piece)).collect();
        shown += &markers.finish();
        shown
    }

    #[test]
    fn only_what_stands_for_a_passage_is_left() {
        for (text, expected) in [
            ("5 days [1].", "5 days [1]."),
            ("5 days [4].", "5 days."),
            ("5 days[4] or so [2][9]", "5 days or so [2]"),
            ("All [1, 2,3] say so.", "All [1, 2,3] say so."),
            ("Some [1, 4] say so.", "Some [1] say so."),
            ("None [4, 5] say so.", "None say so."),
            ("[0] [7]", ""),
            (
                "In [2026] it was `a[7]` and [7](https://x.example).",
                "In [2026] it was `a[7]` and [7](https://x.example).",
            ),
            ("```\nb[9] = [8]\n```\n[9]", "```\nb[9] = [8]\n```\n"),
            ("[a] [ ] [1 [, ] [] [1 2] [", "[a] [ ] [1 [, ] [] [1 2] ["),
            ("ends  ", "ends  "),
        ] {
            assert_eq!(shown(&[text]), expected, "{text}");
        }
    }

    #[test]
    fn a_marker_may_come_in_pieces() {
        assert_eq!(shown(&["5 days ", "[", "1", "2", "]", "."]), "5 days.");
        assert_eq!(shown(&["5 days [", "1]", "(x)"]), "5 days [1](x)");
    }

    proptest! {
        #[test]
        fn however_the_text_is_cut(
            text in "[a\\[\\]0-9,` (]{0,40}",
            at in prop::collection::vec(0_usize..40, 0..8),
        ) {
            let mut at: Vec<usize> = at.into_iter().filter(|&at| at <= text.len()).collect();
            at.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for end in at.into_iter().chain([text.len()]) {
                pieces.push(&text[from..end]);
                from = end;
            }
            prop_assert_eq!(shown(&pieces), shown(&[&text]));
        }

        #[test]
        fn a_text_without_such_numbers_stays(text in "[^0-9]{0,40}") {
            prop_assert_eq!(shown(&[&text]), text);
        }
    }
}
