//! What servers of this API really send: nothing that the answer does not need may end it.

use ai::{Answer, Client, Error, Event};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::{
    ask, done, openai, options,
    server::{END, Server, chunks, delta},
    stream_hi,
};

pub const SSE: &str = "text/event-stream";
pub const JSON: &str = "application/json";

/// An answer of this body, whatever is asked for.
fn typed(kind: &'static str, body: impl Into<Vec<u8>>) -> Response {
    ([("content-type", kind)], body.into()).into_response()
}

pub fn event(value: Value) -> String {
    format!("data: {value}\n\n")
}

/// Thoughts, text, and the end.
async fn read(mut answer: Answer) -> (String, String, Result<Event, Error>) {
    let (mut thoughts, mut text) = (String::new(), String::new());
    while let Some(item) = answer.next().await {
        match item {
            Ok(Event::Reasoning(piece)) => thoughts += &piece,
            Ok(Event::Delta(piece)) => text += &piece,
            end => {
                assert_eq!(answer.next().await, None, "nothing follows the end");
                return (thoughts, text, end);
            }
        }
    }
    panic!("an answer has an end");
}

/// What comes of this body in both modes, which must be the same.
pub async fn of_body(kind: &'static str, body: String) -> (String, String, Result<Event, Error>) {
    let shown = format!("{body:.300}");
    let server = Server::always(move || typed(kind, body.clone())).await;
    let answer = |stream| {
        let client = server.client();
        read(client.answer(&openai(), ask("Hi"), options(), stream))
    };
    let (streamed, whole) = (answer(true).await, answer(false).await);
    assert_eq!(streamed, whole, "{shown}");
    streamed
}

pub async fn of(body: String) -> (String, String, Result<Event, Error>) {
    of_body(SSE, body).await
}

/// This body is the answer "Hi." and complete, in both modes.
async fn is_hi(body: String) {
    let shown = format!("{body:.300}");
    let (thoughts, text, end) = of(body).await;
    assert_eq!((thoughts.as_str(), text.as_str()), ("", "Hi."), "{shown}");
    assert!(matches!(end, Ok(Event::Done { .. })), "{end:?}: {shown}");
}

pub fn stop() -> String {
    event(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
}

#[tokio::test]
async fn what_the_answer_does_not_need_may_be_anything() {
    let hi = delta("Hi.");
    let odd = [
        "data:\n\n",
        "data: \n\n",
        "data: : keepalive\n\n",
        ": OPENROUTER PROCESSING\n\n",
        "id: 1\nevent: message\nretry: 5\n\n",
        "data: {\"choices\":null}\n\n",
        "data: {\"id\":\"1\"}\n\n",
        "data: {\"choices\":[null]}\n\n",
        "data: {\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0}]}\n\n",
        "data: {\"choices\":[{\"index\":0}]}\n\n",
        "data: {\"choices\":[{\"delta\":null}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":[]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\",\"content\":\"\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":null,\"function\":{\"arguments\":{}}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"\"}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":7,\"logprobs\":\"no\"}]}\n\n",
        "data: {\"choices\":[{\"delta\":{}}],\"usage\":\"none\",\"model\":7,\"created\":\"now\"}\n\n",
        "data: {\"choices\":[],\"error\":null}\n\n",
        "data: {\"choices\":[],\"error\":false}\n\n",
        "data: {\"choices\":[],\"error\":\"\"}\n\n",
        "data: {\"choices\":[],\"error\":{}}\n\n",
        "data: {\"choices\":[],\"x\":\"\\ud800\"}\n\n",
    ];
    for odd in odd {
        is_hi(format!("{odd}{hi}{}", stop())).await;
        is_hi(format!("{hi}{odd}{}", stop())).await;
        is_hi(format!("{hi}{}{odd}", stop())).await;
    }
    is_hi(format!("{}{hi}{}", odd[..24].concat(), stop())).await;
}

#[tokio::test]
async fn text_is_found_wherever_it_is() {
    let choice = |choice: Value| event(json!({"choices": [choice]})) + &stop();
    for said in [
        json!({"delta": {"content": "Hi."}}),
        json!({"message": {"content": "Hi."}}),
        json!({"delta": {"content": "Hi."}, "message": {"content": "Hi."}}),
        json!({"delta": {"content": ""}, "message": {"content": "Hi."}}),
        json!({"delta": null, "message": {"content": "Hi."}}),
        json!({"delta": {"content": "", "refusal": "Hi."}}),
        json!({"delta": {"content": null, "refusal": "Hi."}}),
        json!({"delta": {"content": [{"type": "text", "text": "Hi."}]}}),
        json!({"delta": {"content": [{"type": "text", "text": "H"}, {"type": "reference",
            "reference_ids": [1]}, {"type": "text", "text": "i."}]}}),
        json!({"delta": {"content": ["H", "i."]}}),
        json!({"delta": {"content": {"type": "text", "text": "Hi."}}}),
        json!({"delta": {"content": {"text": {"text": "Hi."}}}}),
    ] {
        is_hi(choice(said)).await;
    }
    // What is repeated in all is not said again.
    let repeated = json!({"choices": [{"delta": {"content": ""}, "message": {"content": "Hi."},
        "finish_reason": "stop"}]});
    is_hi(delta("H") + &delta("i.") + &event(repeated)).await;
}

#[tokio::test]
async fn thoughts_are_no_text() {
    let said = |delta: Value| event(json!({"choices": [{"delta": delta}]}));
    for thinking in [
        said(json!({"reasoning_content": "Hm"})),
        said(json!({"reasoning": "Hm", "content": null})),
        said(
            json!({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text",
            "text": "Hm"}]}),
        ),
        said(
            json!({"reasoning_details": [{"type": "reasoning.summary", "summary": "H"},
            {"type": "reasoning.encrypted", "data": "eHg="}, {"text": "m"}]}),
        ),
        said(
            json!({"content": [{"type": "thinking", "thinking": [{"type": "text",
            "text": "Hm"}]}]}),
        ),
        said(json!({"content": [{"type": "thinking", "thinking": "Hm"}]})),
        said(json!({"reasoning": {"text": "Hm"}})),
        delta("<think>Hm</think>\n\n"),
        ["\n", "<thi", "nk>H", "m</th", "ink>", "\n"]
            .map(delta)
            .concat(),
    ] {
        let (thoughts, text, end) = of(thinking.clone() + &delta("Hi.") + END).await;
        let found = (thoughts.as_str(), text.as_str(), end);
        assert_eq!(found, ("Hm", "Hi.", done(5, 2, true)), "{thinking}");
    }
}

#[tokio::test]
async fn the_end_of_thoughts_alone_is_one_where_the_model_is_known_for_it() {
    let pieces = ["Hm.", "\n</thi", "nk>\n", "\nH", "i."].map(delta).concat();
    let body = pieces + END;
    let server = Server::always(move || typed(SSE, body.clone())).await;
    let model = format!("openai/{}", options().model);
    let knowing = server.client_knowing(json!({ model: {"unmarked_thoughts": true} }));
    for streamed in [true, false] {
        let ask_of = |client: &Client| client.answer(&openai(), ask("Hi"), options(), streamed);
        let (thoughts, text, _) = read(ask_of(&knowing)).await;
        assert_eq!((&*thoughts, &*text), ("Hm.\n", "Hi."));
        // Of any other it may be what was asked about, however often it comes.
        let unknowing = server.client();
        for _ in 0..2 {
            let (thoughts, text, _) = read(ask_of(&unknowing)).await;
            assert_eq!((&*thoughts, &*text), ("", "Hm.\n</think>\n\nHi."));
        }
    }
}

#[tokio::test]
async fn how_a_line_ends_does_not_matter() {
    let body = delta("Hi.") + END;
    for end in ["\r", "\r\n", "\n"] {
        is_hi(body.replace('\n', end)).await;
    }
    is_hi(body.replace("data: ", "data:")).await;
    is_hi(format!("\u{feff}{body}")).await;
    let in_lines = "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\ndata: \"Hi.\"}}]}\n\n";
    is_hi(format!("{in_lines}{END}")).await;
}

#[tokio::test]
async fn the_body_tells_what_it_is() {
    let message = json!({"role": "assistant", "content": "Hi.", "reasoning_content": "Hm"});
    let whole = json!({"choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2}});
    let expected = ("Hm".to_owned(), "Hi.".to_owned(), done(5, 2, true));
    for kind in [SSE, JSON, "text/plain"] {
        assert_eq!(of_body(kind, whole.to_string()).await, expected);
        let spaced = format!(
            "\u{20}\n\n\n{}\n",
            serde_json::to_string_pretty(&whole).unwrap()
        );
        assert_eq!(of_body(kind, spaced).await, expected);
        let body =
            event(json!({"choices": [{"delta": {"reasoning": "Hm"}}]})) + &delta("Hi.") + END;
        assert_eq!(of_body(kind, body).await, expected);
    }
}

#[tokio::test] // R67
async fn text_is_made_of_whatever_comes() {
    let raw = |content: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{content}\"}}}}]}}\n\n")
    };
    for (pieces, expected) in [
        (vec![r"a\ud83d", r"\ude00b"], "a😀b"),
        (vec![r"a\ud83d", "b"], "a\u{fffd}b"),
        (vec![r"a\ude00b", r"\ud83d"], "a\u{fffd}b\u{fffd}"),
        (vec![r"a\u0000b"], "a\u{fffd}b"),
    ] {
        let body = pieces.iter().map(|piece| raw(piece)).collect::<String>() + END;
        assert_eq!(
            of(body).await,
            (String::new(), expected.into(), done(5, 2, true))
        );
    }
    // Bytes that are no text, and characters cut by the transport.
    let text = "漢字 😀";
    let mut bytes = raw(&format!("a?b {text}")).into_bytes();
    let at = bytes.iter().position(|&byte| byte == b'?').unwrap();
    bytes[at] = 0xff;
    bytes.extend_from_slice(END.as_bytes());
    let server = Server::always(move || chunks(bytes.chunks(1).map(<[u8]>::to_vec))).await;
    for stream in [true, false] {
        let answer = server
            .client()
            .answer(&openai(), ask("Hi"), options(), stream);
        let expected = format!("a\u{fffd}b {text}");
        assert_eq!(
            read(answer).await,
            (String::new(), expected, done(5, 2, true))
        );
    }
}

#[tokio::test]
async fn no_encoding_is_asked_for() {
    let server = Server::always(|| chunks([delta("Hi."), END.to_owned()])).await;
    let (_, end) = stream_hi(&server.client()).await;
    assert_eq!(end, done(5, 2, true));
    assert_eq!(server.only().header("accept-encoding"), "identity");
}
