//! A page of a web site: what leads on from it, beside what it says.

use crate::{Failure, html::tokens, plain, read, sniff, sniff::Format};
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, states::RawKind};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// So many links of a page are told.
const LINKS: usize = 1000;
/// How long a title may be, in characters.
const TITLE: usize = 300;

/// What a page says, for whoever follows its links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its title; empty if it has none.
    pub title: String,
    /// The text that people see; empty if it shows none.
    pub text: String,
    /// What its links are relative to, if not to itself.
    pub base: Option<String>,
    /// Its links, as they are written.
    pub links: Vec<String>,
    /// Where it says that it is really.
    pub canonical: Option<String>,
    /// Whether it does not want to be found.
    pub no_index: bool,
    /// Whether it wants its links not to be followed.
    pub no_follow: bool,
}

/// What a page says, read here and now; of what is no HTML, the text alone.
///
/// # Errors
/// It cannot be read.
pub(crate) fn page(name: &str, bytes: &[u8]) -> Result<Page, Failure> {
    let format = sniff::format(name, bytes)?;
    let text = match read(name, bytes) {
        Ok(extracted) => extracted.text(),
        Err(Failure::Empty) => String::new(),
        Err(failure) => return Err(failure),
    };
    let mut page = match format {
        Format::Html => leads(&plain::decode(bytes)?),
        _ => Page::default(),
    };
    page.text = text;
    Ok(page)
}

fn leads(text: &str) -> Page {
    let mut page = tokens(text, Sink::default()).0.take().page;
    let title = page.title.split_whitespace().collect::<Vec<_>>().join(" ");
    page.title = title
        .chars()
        .filter(|c| !c.is_control())
        .take(TITLE)
        .collect();
    page
}

#[derive(Default)]
struct Reading {
    page: Page,
    in_title: bool,
    has_title: bool,
}

#[derive(Default)]
struct Sink(RefCell<Reading>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reading = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return reading.tag(&tag),
            Token::CharacterTokens(text) if reading.in_title => {
                let room = (4 * TITLE).saturating_sub(reading.page.title.len());
                reading.page.title.extend(text.chars().take(room));
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Reading {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let starts = tag.kind == TagKind::StartTag;
        let name = &*tag.name;
        if name == "title" {
            // Drawings have titles, too; the first is the page's.
            self.in_title = starts && !self.has_title;
            self.has_title |= !starts;
        }
        if !starts {
            return TokenSinkResult::Continue;
        }
        match name {
            "a" | "area" | "iframe" | "frame" => self.link(tag),
            "base" if self.page.base.is_none() => self.page.base = attribute(tag, "href"),
            "link" if has(tag, "rel", "canonical") => self.page.canonical = attribute(tag, "href"),
            "link" if has(tag, "rel", "next") => self.link(tag),
            "meta" if has(tag, "name", "robots") || has(tag, "name", "parlance-connector") => {
                self.page.no_index |= has(tag, "content", "noindex") || has(tag, "content", "none");
                self.page.no_follow |=
                    has(tag, "content", "nofollow") || has(tag, "content", "none");
            }
            "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "noembed" | "noframes" => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "textarea" | "title" => return TokenSinkResult::RawData(RawKind::Rcdata),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn link(&mut self, tag: &Tag) {
        let link = attribute(tag, "href").or_else(|| attribute(tag, "src"));
        if let Some(link) = link
            && !has(tag, "rel", "nofollow")
            && self.page.links.len() < LINKS
        {
            self.page.links.push(link);
        }
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let found = tag.attrs.iter().find(|a| &*a.name.local == name)?;
    let value = found.value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Whether one of the words of an attribute, which blanks or commas divide, is that one.
fn has(tag: &Tag, name: &str, word: &str) -> bool {
    let value = attribute(tag, name).unwrap_or_default();
    let mut words = value.split([' ', ',', '\t', '\n']);
    words.any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_on_is_told() {
        let html = r#"<!doctype html><html><head><TITLE> Refunds &amp;
            returns </TITLE><base href="/shop/"><link rel="canonical" href="/shop/refunds">
            <meta name="Robots" content="NoIndex, nofollow"><script>"<a href='/no'>"</script></head>
            <body><a href="one">1</a><a rel="external nofollow" href="/no">2</a><a name="x">3</a>
            <svg><title>Cart</title></svg><AREA HREF=' two '><!-- <a href="/no"> --><textarea><a href="/no"></textarea>
            <p>In 5 days.</p></body></html>"#;
        let page = page("a.html", html.as_bytes()).unwrap();
        assert_eq!(page.title, "Refunds & returns");
        assert_eq!(page.links, ["one", "two"]);
        assert_eq!(page.base.as_deref(), Some("/shop/"));
        assert_eq!(page.canonical.as_deref(), Some("/shop/refunds"));
        assert!(page.no_index && page.no_follow);
        assert!(page.text.ends_with("In 5 days."), "{}", page.text);
    }

    #[test]
    fn a_page_that_shows_nothing_still_leads_on() {
        let page = page("a.html", b"<html><title>x</title><a href=/b></a></html>").unwrap();
        assert_eq!((&*page.text, &page.links[..]), ("", &["/b".to_owned()][..]));
        let text = super::page("a.txt", b"See <a href='/b'>").unwrap();
        assert_eq!(text.links, Vec::<String>::new());
    }
}
