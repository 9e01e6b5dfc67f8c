//! Tests of cutting a stream into events.

use proptest::prelude::*;

use super::*;

fn parse<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Item>, Result<(), Error>) {
    let mut events = Events::default();
    let mut out = Vec::new();
    for chunk in chunks {
        if let Err(error) = events.push(chunk, &mut out) {
            return (out, Err(error));
        }
    }
    out.extend(events.finish());
    (out, Ok(()))
}

/// The data of the events of `text`.
fn data(text: &str) -> Vec<String> {
    let (items, outcome) = parse([text.as_bytes()]);
    assert_eq!(outcome, Ok(()));
    let data = items.into_iter().filter_map(|item| match item {
        Item::Data(data) => Some(data),
        Item::Error(_) | Item::Comment => None,
    });
    data.collect()
}

#[test]
fn reads_what_servers_send() {
    let text = "\u{feff}: keep-alive\n\ndata: a\r\n\r\nevent: x\nid: 1\ndata:b\ndata: c\ndata\n\n\
                database: no\n\n\n\ndata:  d\n\ndata: [DONE]";
    assert_eq!(data(text), ["a", "b\nc\n", " d", "[DONE]"]);
}

#[test]
fn a_line_ends_with_either_or_both() {
    for text in ["data: a\r\rdata: b\r\r", "data: a\r\n\rdata: b\n\r\n"] {
        assert_eq!(data(text), ["a", "b"], "{text:?}");
    }
}

#[test]
fn without_data_there_is_no_event() {
    assert_eq!(
        data("data:\n\ndata: \n\ndata\n\nid: 1\n\n"),
        [""; 0],
        "WHATWG"
    );
    assert_eq!(data("data: : keep-alive\n\ndata:: PING\n\n"), [""; 0]);
}

#[test]
fn an_object_in_no_event_is_seen() {
    let text = "data: a\n\n{\"error\":1}\ndata: b\n\n";
    assert_eq!(data(text), ["a", "{\"error\":1}", "b"]);
}

#[test]
fn an_event_may_be_called_an_error() {
    let (items, _) = parse([&b"event: error\ndata: busy\n\nevent: message\ndata: a\n\n"[..]]);
    assert_eq!(
        items,
        [Item::Error("busy".to_owned()), Item::Data("a".to_owned())]
    );
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let (items, outcome) = parse([&b"data: a\xff\xe6\n\n"[..]]);
    assert_eq!(items, [Item::Data("a\u{fffd}\u{fffd}".to_owned())]);
    assert_eq!(outcome, Ok(()));
}

// R61
#[test]
fn an_endless_line_is_refused_early_and_cheaply() {
    let mut events = Events::default();
    let mut out = Vec::new();
    let chunk = vec![b'x'; 64 * 1024];
    let pushed = (0..1000).find(|_| events.push(&chunk, &mut out).is_err());
    assert_eq!(pushed, Some(MAX_LINE / chunk.len()));
    assert!(events.line.capacity() <= 4 * MAX_LINE);
    assert!(out.is_empty());
}

// R61
#[test]
fn an_endless_event_is_refused() {
    let mut events = Events::default();
    let mut out = Vec::new();
    let line = format!("data: {}\n", "x".repeat(1018));
    let pushed = (0..10_000).find(|_| events.push(line.as_bytes(), &mut out).is_err());
    assert!(pushed.is_some_and(|lines| lines <= MAX_LINE / 1018));
    assert!(out.is_empty());
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"".to_vec()),
        Just(b"data".to_vec()),
        Just(b": keep-alive".to_vec()),
        Just(b"event: error".to_vec()),
        "data: ?[a-zé漢😀: ]{0,12}".prop_map(String::into_bytes),
        ".{0,12}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #[test] // R67
    fn the_cuts_do_not_matter(
        lines in prop::collection::vec((line(), prop::sample::select(vec!["\n", "\r\n", "\r"])), 0..20),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut bytes = Vec::new();
        for (line, end) in lines {
            bytes.extend(line);
            bytes.extend_from_slice(end.as_bytes());
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        prop_assert_eq!(parse(pieces), parse([&bytes[..]]));
        prop_assert_eq!(parse(bytes.chunks(1)), parse([&bytes[..]]));
    }
}
