//! Lists of a site's pages (sitemaps.org): XML, or a text of one address a line; either may be compressed.

use crate::{
    Failure, plain,
    xml::{Node, walk},
};
use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use std::io::Read;

/// How large a list may be when it is unpacked, in bytes.
const SIZE: u64 = 50 << 20;
/// So many addresses of a list are told.
const ADDRESSES: usize = 50_000;

/// What a list names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sitemap {
    /// Pages.
    pub pages: Vec<String>,
    /// Further lists.
    pub lists: Vec<String>,
}

/// What a list names, read here and now.
///
/// # Errors
/// It is none.
pub(crate) fn sitemap(bytes: &[u8]) -> Result<Sitemap, Failure> {
    let unpacked = match bytes.starts_with(&[0x1f, 0x8b]) {
        true => {
            let mut unpacked = Vec::new();
            let read = GzDecoder::new(bytes)
                .take(SIZE + 1)
                .read_to_end(&mut unpacked);
            read.map_err(|_| Failure::damaged("it cannot be unpacked"))?;
            unpacked
        }
        false => bytes.to_vec(),
    };
    if unpacked.len() as u64 > SIZE {
        return Err(Failure::too_much("more than 50 MiB"));
    }
    let text = plain::decode(&unpacked)?;
    match text.trim_start().starts_with('<') {
        true => of_xml(&text),
        false => {
            let pages = text
                .lines()
                .map(str::trim)
                .filter(|line| line.starts_with("http"));
            Ok(Sitemap {
                pages: pages.take(ADDRESSES).map(str::to_owned).collect(),
                lists: Vec::new(),
            })
        }
    }
}

fn of_xml(text: &str) -> Result<Sitemap, Failure> {
    let mut found = Sitemap::default();
    // The elements that are open, and the address that is being read.
    let (mut open, mut loc) = (Vec::<String>::new(), String::new());
    walk(text.as_bytes(), |node| match node {
        Node::Start(name, _) => {
            open.push(name.to_owned());
            loc.clear();
        }
        Node::Text(text) => loc.push_str(text),
        Node::End(_) => {
            let path: Vec<&str> = open.iter().rev().take(2).map(String::as_str).collect();
            let list = match path[..] {
                ["loc", "url"] => Some(&mut found.pages),
                ["loc", "sitemap"] => Some(&mut found.lists),
                // Images and videos have addresses, too.
                _ => None,
            };
            let address = loc.trim();
            if let Some(list) = list.filter(|list| list.len() < ADDRESSES && !address.is_empty()) {
                list.push(address.to_owned());
            }
            loc.clear();
            open.pop();
        }
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    const PAGES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
        <url><loc> https://one.example/a?b=1&amp;c=2 </loc><lastmod>2026-01-01</lastmod>
          <image:image><image:loc>https://one.example/a.png</image:loc></image:image></url>
        <url><loc><![CDATA[https://one.example/d]]></loc></url></urlset>"#;

    #[test]
    fn lists_name_pages_and_lists() {
        let pages = ["https://one.example/a?b=1&c=2", "https://one.example/d"];
        assert_eq!(sitemap(PAGES.as_bytes()).unwrap().pages, pages);
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(PAGES.as_bytes()).unwrap();
        assert_eq!(sitemap(&packed.finish().unwrap()).unwrap().pages, pages);
        let index =
            "<sitemapindex><sitemap><loc>https://one.example/1.xml</loc></sitemap></sitemapindex>";
        let index = sitemap(index.as_bytes()).unwrap();
        assert_eq!(
            (index.pages.len(), &*index.lists[0]),
            (0, "https://one.example/1.xml")
        );
        let text = sitemap(b"https://one.example/a\r\n\nhttps://one.example/b\n").unwrap();
        assert_eq!(
            text.pages,
            ["https://one.example/a", "https://one.example/b"]
        );
        assert!(sitemap(b"<urlset><url><loc>x</wrong>").is_err());
    }

    #[test]
    fn a_list_that_unpacks_to_more_than_it_may_is_refused() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![b' '; 1 << 20];
        for _ in 0..51 {
            packed.write_all(&zeros).unwrap();
        }
        assert!(sitemap(&packed.finish().unwrap()).is_err());
    }
}
