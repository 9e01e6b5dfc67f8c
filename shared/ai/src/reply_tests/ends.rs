//! How an answer ends, and what takes nothing from it.

use super::*;

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
    let mut reply = Reply::new(sent(1), false);
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
fn what_is_said_after_the_reason_takes_nothing_away_either() {
    let stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"12345\"},\"finish_reason\":\"stop\"}]}\n\n";
    for after in [
        "data: {\"choices\":[{],]}\n\n",
        "data: {\"error\":{\"code\":500}}\n\n",
        "data: {\"error\":{\"code\":400}}\n\n",
        "event: error\ndata: {\"message\":\"busy\"}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n",
        "data: ping\n\n",
    ] {
        for end in ["", "data: [DONE]\n\n"] {
            let (text, end) = read(&[format!("{stream}{after}{end}").as_bytes()]);
            assert_eq!(
                (&*text, end),
                ("12345", done(FinishReason::Stop, (11, 2), false)),
                "{after}"
            );
        }
    }
}

#[test]
fn a_refusal_within_an_answer_is_one() {
    let refusal = "{\"error\":{\"code\":\"content_filter\",\"status\":400}}";
    for (body, said) in [
        (format!("data: {refusal}\n\n"), ""),
        (format!("event: error\ndata: {refusal}\n\n"), ""),
        (
            "event: error\ndata: {\"type\":\"content_filter\"}\n\n".to_owned(),
            "",
        ),
        (refusal.to_owned(), ""),
        (
            format!(
                "data: {{\"choices\":[{{\"delta\":{{\"content\":\"Hel\"}}}}]}}\n\ndata: {refusal}\n\n"
            ),
            "Hel",
        ),
    ] {
        let (text, end) = read(&[body.as_bytes()]);
        assert_eq!((&*text, end), (said, Err(Error::Content)), "{body}");
    }
    let busy = "data: {\"error\":{\"code\":503}}\n\n";
    assert_eq!(read(&[busy.as_bytes()]).1, Err(Error::Unavailable));
}

#[test]
fn an_early_end_is_an_interruption() {
    for stream in [
        ": only a comment\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[{\"del",
        "data: {\"choices\":[{\"del",
        "{\"choices\":[{\"message\":{\"content\":\"cut",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[{],]\n\ndata: [DONE]\n\n",
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
fn what_holds_no_answer_is_invalid() {
    for body in [
        "",
        " \n\n",
        "<html>Welcome to the hotel</html>",
        "upstream connect error",
        "data: hello\n\n",
        "data: [1, 2]\n\n",
        "data: {\"choices\":7}\n\n",
        "data: [DONE]\n\n",
        "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        "{}",
        "[]",
    ] {
        assert_eq!(read(&[body.as_bytes()]).1, Err(Error::Invalid), "{body}");
    }
}
