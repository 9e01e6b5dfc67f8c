//! PPTX: a slide is a page, its title a heading; notes follow their slide.

use crate::{
    Block, Failure, Kind, limits,
    package::Package,
    xml::{Node, attribute, walk},
};
use std::collections::HashMap;

type Read = (Option<u32>, Vec<Block>);

pub(crate) fn blocks(bytes: &[u8]) -> Result<Read, Failure> {
    let mut package = Package::open(bytes)?;
    let slides = slides(&mut package)?;
    if slides.len() > limits::PAGES {
        return Err(Failure::too_much("more than 2,000 slides"));
    }
    let mut blocks = Vec::new();
    for (path, page) in slides.iter().zip(1..) {
        let Some(part) = package.part(path)? else {
            return Err(Failure::damaged("a slide is missing"));
        };
        let mut slide = Slide::default();
        walk(&part, |node| slide.meet(node))?;
        let heading: Vec<String> = slide.title.iter().cloned().collect();
        let block = |kind, text, heading: &[String]| Block {
            kind,
            page: Some(page),
            heading: heading.to_vec(),
            text,
        };
        blocks.extend(
            slide
                .title
                .map(|title| block(Kind::Heading, title, &heading)),
        );
        blocks.extend(
            slide
                .parts
                .into_iter()
                .map(|(kind, text)| block(kind, text, &heading)),
        );
        let notes = relations(&mut package, path)?;
        let notes = notes.values().find(|target| target.contains("/notesSlide"));
        if let Some(part) = notes
            .map(|notes| package.part(notes))
            .transpose()?
            .flatten()
        {
            let mut notes = Slide::default();
            walk(&part, |node| notes.meet(node))?;
            let said = notes
                .parts
                .into_iter()
                .filter(|(_, text)| text.parse::<u32>().is_err());
            blocks.extend(said.map(|(kind, text)| block(kind, text, &heading)));
        }
    }
    let pages = u32::try_from(slides.len()).ok();
    Ok((pages, blocks))
}

/// The parts of the slides, in the order in which they are shown.
fn slides(package: &mut Package<'_>) -> Result<Vec<String>, Failure> {
    let presentation = "ppt/presentation.xml";
    let targets = relations(package, presentation)?;
    let part = package.part(presentation)?;
    let part = part.ok_or_else(|| Failure::damaged("its list of slides is missing"))?;
    let mut slides = Vec::new();
    walk(&part, |node| {
        if let Node::Start("sldId", start) = node {
            // Of its two ids, the relation's has a prefix.
            let mut all = start.attributes();
            let relation = all
                .with_checks(false)
                .filter_map(Result::ok)
                .find(|a| a.key.as_ref() == "r:id");
            let target = relation.and_then(|relation| targets.get(&*relation.value));
            slides.extend(target.cloned());
        }
    })?;
    Ok(slides)
}

/// What the ids in a part stand for: other parts.
fn relations(package: &mut Package<'_>, of: &str) -> Result<HashMap<String, String>, Failure> {
    let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
    let mut targets = HashMap::new();
    let Some(part) = package.part(&format!("{folder}/_rels/{file}.rels"))? else {
        return Ok(targets);
    };
    walk(&part, |node| {
        if let Node::Start("Relationship", start) = node
            && let (Some(id), Some(target)) = (attribute(start, "Id"), attribute(start, "Target"))
        {
            targets.insert(id, resolved(folder, &target));
        }
    })?;
    Ok(targets)
}

fn resolved(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').collect();
    for step in target.split('/') {
        match step {
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

#[derive(Default)]
struct Slide {
    title: Option<String>,
    parts: Vec<(Kind, String)>,
    /// Of the shape that is open.
    shape: String,
    is_title: bool,
    in_text: bool,
    in_table: bool,
}

impl Slide {
    fn meet(&mut self, node: Node<'_>) {
        match node {
            Node::Start(name, start) => match name {
                "sp" => self.is_title = false,
                "ph" => {
                    let kind = attribute(start, "type").unwrap_or_default();
                    self.is_title = matches!(&*kind, "title" | "ctrTitle");
                }
                "t" => self.in_text = true,
                "br" => self.shape.push('\n'),
                "tbl" => self.in_table = true,
                _ => {}
            },
            Node::Text(text) if self.in_text => self.shape.push_str(text),
            Node::Text(_) => {}
            Node::End(name) => match name {
                "t" => self.in_text = false,
                "p" if self.in_table => self.shape.push(' '),
                "p" => self.shape.push('\n'),
                "tc" => {
                    self.shape.truncate(self.shape.trim_end().len());
                    self.shape.push_str(" | ");
                }
                "tr" => {
                    self.shape
                        .truncate(self.shape.trim_end_matches([' ', '|']).len());
                    self.shape.push('\n');
                }
                "sp" | "tbl" => {
                    let kind = if self.in_table {
                        Kind::Table
                    } else {
                        Kind::Paragraph
                    };
                    self.in_table = false;
                    self.end_shape(kind);
                }
                _ => {}
            },
        }
    }

    fn end_shape(&mut self, kind: Kind) {
        let text = std::mem::take(&mut self.shape);
        let text = text.trim();
        if text.is_empty() {
        } else if self.is_title && self.title.is_none() {
            self.title = Some(text.split_whitespace().collect::<Vec<_>>().join(" "));
        } else {
            self.parts.push((kind, text.to_owned()));
        }
    }
}
