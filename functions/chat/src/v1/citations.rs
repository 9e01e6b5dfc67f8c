//! Where an answer cites what it was given: `[1]` is the first source.

use db::Source;
use serde::Serialize;
use utoipa::ToSchema;

/// A place in an answer that cites a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UrlCitation)]
pub(crate) struct Citation {
    /// Where the mark begins, in characters.
    #[schema(example = 24)]
    pub(super) start_index: usize,
    /// Where it has ended.
    #[schema(example = 27)]
    pub(super) end_index: usize,
    /// The document's title.
    #[schema(example = "Refunds")]
    pub(super) title: String,
    /// Where it is published.
    #[schema(example = "https://one.example/refunds")]
    pub(super) url: String,
}

/// Every mark in `text` that names a source which is published: a number in brackets, or several with commas.
pub(super) fn citations(text: &str, sources: &[Source]) -> Vec<Citation> {
    if sources.iter().all(|source| source.source_url.is_none()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut begun: Option<(usize, usize)> = None;
    for (nth, (at, c)) in text.char_indices().enumerate() {
        match (c, begun) {
            ('[', _) => begun = Some((nth, at + 1)),
            (']', Some((start, from))) => {
                let cited = cited(&text[from..at], sources);
                found.extend(cited.map(|(title, url)| Citation {
                    start_index: start,
                    end_index: nth + 1,
                    title,
                    url,
                }));
                begun = None;
            }
            ('0'..='9' | ',' | ' ', _) => {}
            _ => begun = None,
        }
    }
    found
}

/// The published ones of the sources that `numbers` name.
fn cited(numbers: &str, sources: &[Source]) -> impl Iterator<Item = (String, String)> {
    let numbers = numbers.split(',').filter_map(|n| n.trim().parse().ok());
    numbers.filter_map(|number: usize| {
        let source = sources.get(number.checked_sub(1)?)?;
        Some((source.title.clone(), source.source_url.clone()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn places(text: &str) -> Vec<(usize, usize, String)> {
        let source = |title: &str, url: Option<&str>| Source {
            document_id: Uuid::nil(),
            title: title.into(),
            chunk_id: Uuid::nil(),
            score: 1.0,
            snippet: String::new(),
            source_url: url.map(str::to_owned),
            page: None,
            heading: Vec::new(),
        };
        let sources = [
            source("a", Some("https://a.example")),
            source("b", None),
            source("c", Some("https://c.example")),
        ];
        let found = citations(text, &sources).into_iter();
        found
            .map(|one| (one.start_index, one.end_index, one.title))
            .collect()
    }

    #[test]
    fn a_mark_is_where_it_stands() {
        let at = |start, end, title: &str| (start, end, title.to_owned());
        assert_eq!(places("Yes [1]."), [at(4, 7, "a")]);
        assert_eq!(
            places("Ja, täglich [3][1]"),
            [at(12, 15, "c"), at(15, 18, "a")]
        );
        assert_eq!(places("Both [1, 3]."), [at(5, 11, "a"), at(5, 11, "c")]);
        for none in [
            "[2]",
            "[0]",
            "[4]",
            "[x1]",
            "1]",
            "[1",
            "[]",
            "[99999999999999999999999]",
        ] {
            assert_eq!(places(none), [], "{none}");
        }
    }
}
