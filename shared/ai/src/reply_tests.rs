//! Tests of reading a streamed answer, without a network.

use proptest::prelude::*;

use super::*;

#[path = "reply_tests/ends.rs"]
mod ends;

/// Of a prompt of so many tokens, which is sent.
fn sent(prompt_tokens: u32) -> Meter {
    let meter = Meter::new(prompt_tokens);
    meter.sent();
    meter
}

/// Thoughts, text and how it ended, of an answer in these chunks that then ends.
fn read_all(chunks: &[&[u8]], whole: bool) -> (String, String, Result<Event, Error>) {
    let mut reply = Reply::new(sent(11), whole);
    let mut out = Vec::new();
    let mut given = chunks.iter().map(|chunk| Bytes::copy_from_slice(chunk));
    let end = loop {
        match reply.step(Ok(given.next()), &mut out) {
            Ok(Step::Complete) => break Ok(reply.done()),
            Ok(_) => {}
            Err(error) => break Err(error),
        }
    };
    let (mut thoughts, mut text) = (String::new(), String::new());
    for event in out {
        match event {
            Event::Reasoning(piece) => thoughts += &piece,
            Event::Delta(piece) => text += &piece,
            Event::Done { .. } => panic!("the end is not among the pieces"),
        }
    }
    (thoughts, text, end)
}

fn read(chunks: &[&[u8]]) -> (String, Result<Event, Error>) {
    let (_, text, end) = read_all(chunks, false);
    (text, end)
}

fn done(finish_reason: FinishReason, counts: (u32, u32), exact: bool) -> Result<Event, Error> {
    let (prompt_tokens, completion_tokens) = counts;
    let usage = crate::Usage {
        prompt_tokens,
        completion_tokens,
        exact,
        ..crate::Usage::default()
    };
    let spent = crate::Spent {
        usage,
        ..crate::Spent::default()
    };
    Ok(Event::Done {
        finish_reason,
        spent,
    })
}

const WHOLE: &str = concat!(
    ": keep-alive\r\n\r\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Grüß \"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\n",
    "data: \"delta\":{\"content\":\"dich 😀\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n",
    "data: [DONE]\n\n",
);

#[test]
fn a_whole_answer() {
    let (text, end) = read(&[WHOLE.as_bytes()]);
    assert_eq!(text, "Grüß dich 😀");
    assert_eq!(end, done(FinishReason::Length, (9, 4), true));
}

#[test]
fn of_several_choices_one_is_read() {
    let of = |index: &str, text: &str| {
        format!("data: {{\"choices\":[{{{index}\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let (zero, one) = ("\"index\":0,", "\"index\":1,");
    let stream =
        [of(zero, "A"), of(one, "Y"), of(zero, "B"), of("", "C")].concat() + "data: [DONE]\n\n";
    assert_eq!(read(&[stream.as_bytes()]).0, "ABC");
    let stream = [of(one, "A"), of(one, "B")].concat() + "data: [DONE]\n\n";
    assert_eq!(read(&[stream.as_bytes()]).0, "AB");
}

#[test]
fn somebody_else_s_sign_of_life_is_nothing() {
    let (text, end) = read(&[WHOLE
        .replace("data: [DONE]", "data: ping\n\ndata: [DONE]")
        .as_bytes()]);
    assert_eq!(
        (&*text, end),
        ("Grüß dich 😀", done(FinishReason::Length, (9, 4), true))
    );
}

#[test]
fn an_answer_of_a_server_that_takes_no_limit_ends_at_it() {
    let mut reply = Reply::new(sent(1), false);
    reply.end_at(Some(3));
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"12345678\"}}]}\n\n";
    let mut out = Vec::new();
    let mut step = || reply.step(Ok(Some(Bytes::from_static(stream.as_bytes()))), &mut out);
    assert_eq!(step(), Ok(Step::Progress));
    assert_eq!(step(), Ok(Step::Complete));
    assert!(matches!(
        reply.done(),
        Event::Done {
            finish_reason: FinishReason::Length,
            ..
        }
    ));
}

#[test]
fn a_byte_order_mark_is_no_text() {
    let whole = "\u{feff}\n{\n\"choices\":[{\"message\":{\"content\":\"Hi\"},\n\"finish_reason\":\"stop\"}]}";
    for body in [whole, &format!("\u{feff}{WHOLE}")] {
        let single: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        assert_eq!(read(&single), read(&[body.as_bytes()]));
        assert!(read(&single).1.is_ok(), "{body}");
    }
}

#[test]
fn comments_and_roles_are_no_start_but_thoughts_are() {
    let mut reply = Reply::new(sent(1), false);
    let mut out = Vec::new();
    let mut step = |text: &'static str| {
        let chunk = Bytes::from_static(text.as_bytes());
        let step = reply.step(Ok(Some(chunk)), &mut out).unwrap();
        (step, reply.started)
    };
    assert_eq!(step(": keep-alive\n\n"), (Step::Nothing, false));
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    assert_eq!(step(role), (Step::Progress, false));
    let thought =
        "data: {\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"Hm\"}}]}\n\n";
    assert_eq!(step(thought), (Step::Progress, true));
    assert_eq!(out, [Event::Reasoning("Hm".to_owned())]);
}

/// One event, or one object, of a stream: good ones and what should not be there.
fn piece() -> impl Strategy<Value = String> {
    let content = prop_oneof![
        Just(r#""<think>""#.to_owned()),
        Just(r#""</think>""#.to_owned()),
        Just(r#""\ud83d""#.to_owned()),
        Just(r#""\ude00\u0000""#.to_owned()),
        Just(r#"[{"type":"text","text":"a"},{"type":"thinking","thinking":"b"}]"#.to_owned()),
        Just("null".to_owned()),
        "[a-z<>/ é漢😀]{0,6}".prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    let reason = prop::sample::select(vec!["null", "\"\"", "\"stop\"", "7"]);
    let chunk = (content, reason).prop_map(|(content, reason)| {
        format!(
            r#"data: {{"choices":[{{"delta":{{"content":{content}}},"finish_reason":{reason}}}]}}"#
        )
    });
    let other = prop::sample::select(vec![
        ": keep-alive",
        "data:",
        "data: : keep-alive",
        "event: message",
        "{\"error\":{}}",
        r#"data: {"choices":null,"usage":{"prompt_tokens":3}}"#,
        r#"data: {"choices":[],"error":"busy"}"#,
        r#"{"choices":[{"message":{"content":"all"}}]}"#,
        "data: [DONE]",
        "data: {",
        "data: ping",
        r#"data: {"error":{"code":"content_filter"}}"#,
        r#"data: {"choices":[{"index":1,"delta":{"content":"other"}}]}"#,
    ]);
    let line_end = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    let line = prop_oneof![4 => chunk, 1 => other.prop_map(String::from)];
    (line, line_end).prop_map(|(line, end)| format!("{line}{end}{end}"))
}

proptest! {
    #[test] // R67
    fn the_cuts_do_not_matter(
        pieces in prop::collection::vec(piece(), 0..8),
        noise in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = match pieces.is_empty() {
            true => WHOLE.as_bytes().to_vec(),
            false => pieces.concat().into_bytes(),
        };
        if let Some((at, byte)) = noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(2 * bytes.len()));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let cut: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        for whole in [false, true] {
            let expected = read_all(&[&bytes], whole);
            prop_assert_eq!(read_all(&cut, whole), expected.clone());
            prop_assert_eq!(read_all(&single, whole), expected.clone());
            // Nothing that cannot be stored.
            prop_assert!(!expected.1.contains('\0') && !expected.0.contains('\0'));
        }
    }
}
