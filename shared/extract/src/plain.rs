//! Plain text: in which encoding it is, and its paragraphs.

use crate::{Block, Failure, Kind, limits, with_plain_lines};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// So many of a hundred characters may be none of a text.
const ODD_PERCENT: usize = 2;

/// The text: by its byte order mark, as UTF-8, as UTF-16 where every other byte is zero, else in the encoding that it is likeliest to have.
///
/// # Errors
/// It is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, Failure> {
    if bytes.len() > limits::TEXT {
        return Err(Failure::too_much("more than 20 MiB of text"));
    }
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let text = match (marked, std::str::from_utf8(bytes)) {
        (Some(encoding), _) => encoding.decode(bytes).0.into_owned(),
        (None, Ok(text)) if !text.contains('\0') => text.to_owned(),
        _ => likeliest(bytes)
            .decode_without_bom_handling(bytes)
            .0
            .into_owned(),
    };
    let odd =
        |c: &char| *c == '\u{fffd}' || c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    let odd = text.chars().filter(odd).count();
    match odd * 100 > text.chars().count() * ODD_PERCENT {
        true => Err(Failure::Unknown("What is no text".into())),
        false => Ok(text),
    }
}

fn likeliest(bytes: &[u8]) -> &'static Encoding {
    let zeros = |first: usize| {
        bytes
            .iter()
            .skip(first)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let half = bytes.len() / 2;
    match (zeros(0), zeros(1)) {
        (even, odd) if even * 3 > half && even > odd * 4 => UTF_16BE,
        (even, odd) if odd * 3 > half && odd > even * 4 => UTF_16LE,
        _ => {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            detector.guess(None, Utf8Detection::Deny)
        }
    }
}

/// Paragraphs: lines without a blank one between them.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let text = with_plain_lines(text).replace('\u{c}', "\n\n");
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    for line in text.lines().chain([""]) {
        if !line.trim().is_empty() {
            paragraph.push_str(line);
            paragraph.push('\n');
        } else if !paragraph.is_empty() {
            blocks.push(Block {
                kind: Kind::Paragraph,
                page: None,
                heading: Vec::new(),
                text: std::mem::take(&mut paragraph),
            });
        }
    }
    blocks
}
