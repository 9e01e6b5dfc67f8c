//! What an answer says that its site wants done with it: `X-Robots-Tag`, for what has no place for a tag in itself.

use crate::robots::NAME;

/// What stands before a colon and is no program's name.
const WITH_VALUE: [&str; 4] = [
    "unavailable_after",
    "max-snippet",
    "max-image-preview",
    "max-video-preview",
];

/// What a site wants done with an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// It is not to be found.
    pub no_index: bool,
    /// Its links are not to be followed.
    pub no_follow: bool,
}

impl Wishes {
    /// Of all values of the header: what they say to everybody, and to this service.
    pub(crate) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut wishes = Self::default();
        for value in values {
            // A name counts for what comes behind it.
            let mut is_meant = true;
            for part in value.split(',') {
                let mut wish = part.trim();
                if let Some((name, rest)) = part.split_once(':')
                    && !is_any(name, &WITH_VALUE)
                {
                    is_meant = is_any(name, &[NAME, "*"]);
                    wish = rest.trim();
                }
                wishes.no_index |= is_meant && is_any(wish, &["noindex", "none"]);
                wishes.no_follow |= is_meant && is_any(wish, &["nofollow", "none"]);
            }
        }
        wishes
    }
}

fn is_any(word: &str, words: &[&str]) -> bool {
    let word = word.trim();
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_everybody_or_to_us_counts() {
        for (values, no_index, no_follow) in [
            (&[][..], false, false),
            (&["all"], false, false),
            (&["NoIndex"], true, false),
            (&["noarchive, nofollow"], false, true),
            (&["none"], true, true),
            (&["noarchive", "noindex"], true, false),
            (&["parlance-connector: noindex"], true, false),
            (&["Parlance-Connector: nofollow, noindex"], true, true),
            (&["*: noindex"], true, false),
            (&["otherbot: noindex, nofollow"], false, false),
            (&["otherbot: noindex", "nofollow"], false, true),
            (
                &["otherbot: noindex, parlance-connector: nofollow"],
                false,
                true,
            ),
            (
                &["unavailable_after: 25 Jun 2010 15:00:00 PST, noindex"],
                true,
                false,
            ),
            (&["max-snippet: 5, noindexes"], false, false),
        ] {
            let wishes = Wishes {
                no_index,
                no_follow,
            };
            assert_eq!(Wishes::of(values.iter().copied()), wishes, "{values:?}");
        }
    }
}
