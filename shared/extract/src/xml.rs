//! XML of office documents, event by event. Entities that a document declares are not known, so none grows.

use crate::Failure;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// What is met in a part.
pub(crate) enum Node<'a> {
    /// An element begins; its name without prefix.
    Start(&'a str, &'a BytesStart<'a>),
    /// An element ends.
    End(&'a str),
    /// Characters.
    Text(&'a str),
}

/// Calls `meet` with everything in a part, in order, but for what older programs show in the place of something else:
/// that says the same a second time.
///
/// # Errors
/// It is no XML.
pub(crate) fn walk(part: &[u8], mut meet: impl FnMut(Node<'_>)) -> Result<(), Failure> {
    let mut reader = Reader::from_reader(part);
    reader.config_mut().check_end_names = true;
    let mut buffer = Vec::new();
    let mut instead = 0_usize;
    let mut meet = |node: Node<'_>| match node {
        Node::Start("Fallback", _) => instead += 1,
        Node::End("Fallback") => instead = instead.saturating_sub(1),
        node if instead == 0 => meet(node),
        _ => {}
    };
    loop {
        let event = reader.read_event_into(&mut buffer);
        match event.map_err(|_| Failure::damaged("a part of it is no XML"))? {
            Event::Start(start) => meet(Node::Start(start.local_name().as_ref(), &start)),
            Event::Empty(start) => {
                meet(Node::Start(start.local_name().as_ref(), &start));
                meet(Node::End(start.local_name().as_ref()));
            }
            Event::End(end) => meet(Node::End(end.local_name().as_ref())),
            Event::Text(text) => meet(Node::Text(&text.xml10_content())),
            Event::CData(text) => meet(Node::Text(&text.xml10_content())),
            Event::GeneralRef(named) => {
                let known = match &*named {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => named.resolve_char_ref().ok().flatten(),
                };
                if let Some(c) = known {
                    meet(Node::Text(c.encode_utf8(&mut [0; 4])));
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
        buffer.clear();
    }
}

/// An attribute, by its name without prefix.
pub(crate) fn attribute(of: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut all = of.attributes();
    let mut all = all.with_checks(false).filter_map(Result::ok);
    let found = all.find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_older_programs_show_instead_is_not_said_again() {
        let part = b"<p><AlternateContent><Choice><t>box</t></Choice><Fallback><x/><t>box</t></Fallback></AlternateContent><t>, after</t></p>";
        let mut said = String::new();
        let take = |node: Node<'_>| {
            if let Node::Text(text) = node {
                said.push_str(text);
            }
        };
        walk(part, take).unwrap();
        assert_eq!(said, "box, after");
    }
}
