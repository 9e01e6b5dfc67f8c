//! Tests of reading a streamed answer, without a network.

use proptest::prelude::*;

use super::*;

/// The text and how it ended, of a stream of these chunks that then ends.
fn read(chunks: &[&[u8]]) -> (String, Result<Event, Error>) {
    let mut reply = Reply::new(11);
    let mut out = Vec::new();
    for chunk in chunks {
        let chunk = Bytes::copy_from_slice(chunk);
        match reply.step(Ok(Some(chunk)), &mut out) {
            Ok(Step::Complete) => return (out.concat(), Ok(reply.done())),
            Ok(_) => {}
            Err(error) => return (out.concat(), Err(error)),
        }
    }
    let end = reply.step(Ok(None), &mut out).map(|_| reply.done());
    (out.concat(), end)
}

fn done(finish_reason: FinishReason, counts: (u32, u32), exact: bool) -> Result<Event, Error> {
    let (prompt_tokens, completion_tokens) = counts;
    let usage = crate::Usage {
        prompt_tokens,
        completion_tokens,
        exact,
    };
    Ok(Event::Done {
        finish_reason,
        usage,
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
fn the_closing_event_may_be_missing_once_a_reason_was_given() {
    let stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"12345\"},\"finish_reason\":\"stop\"}]}";
    for end in ["", "\n", "\n\n", "\n\ndata: {\"cho"] {
        let (text, end) = read(&[format!("{stream}{end}").as_bytes()]);
        assert_eq!(text, "12345");
        assert_eq!(end, done(FinishReason::Stop, (11, 2), false));
    }
}

#[test]
fn a_failure_after_the_reason_takes_nothing_away() {
    let mut reply = Reply::new(1);
    let stream = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"odd\"}]}\n\n";
    let mut out = Vec::new();
    let step = reply.step(Ok(Some(Bytes::from_static(stream.as_bytes()))), &mut out);
    assert_eq!(step, Ok(Step::Progress));
    assert_eq!(
        reply.step(Err(Error::Timeout), &mut out),
        Ok(Step::Complete)
    );
    assert_eq!(Ok(reply.done()), done(FinishReason::Other, (1, 0), false));
}

#[test]
fn an_early_end_is_an_interruption() {
    for stream in [
        "",
        ": only a comment\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[{\"del",
        "<html>Welcome to the hotel</html>",
    ] {
        assert_eq!(read(&[stream.as_bytes()]).1, Err(Error::Interrupted));
    }
}

#[test]
fn an_error_in_the_middle_is_an_interruption() {
    let stream = concat!(
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n",
        "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
        "data: [DONE]\n\n",
    );
    let (text, end) = read(&[stream.as_bytes()]);
    assert_eq!(text, "Hel");
    assert_eq!(end, Err(Error::Interrupted));
    let gave_up = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"insufficient_system_resource\"}]}\n\n";
    assert_eq!(read(&[gave_up.as_bytes()]).1, Err(Error::Interrupted));
}

#[test]
fn nonsense_is_invalid() {
    assert_eq!(read(&[b"data: hello\n\n"]).1, Err(Error::Invalid));
    assert_eq!(read(&[b"data: {\"choices\":7}\n\n"]).1, Err(Error::Invalid));
}

#[test]
fn comments_and_roles_are_no_start_but_thoughts_are() {
    let mut reply = Reply::new(1);
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
    assert!(out.is_empty());
}

proptest! {
    #[test]
    fn the_cuts_do_not_matter(
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        end in any::<prop::sample::Index>(),
    ) {
        let bytes = &WHOLE.as_bytes()[..end.index(WHOLE.len() + 1)];
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(read(&pieces), read(&[bytes]));
    }
}
