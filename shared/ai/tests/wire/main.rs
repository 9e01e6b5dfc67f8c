//! The calls to providers as they go over the wire, against a scripted provider on this machine.

mod answers;
mod embeddings;
mod endpoints;
mod ends;
mod failures;
mod index;
mod limits;
mod meter;
mod models;
mod quirks;
mod refusals;
mod retries;
mod server;
mod spent;
mod streams;
mod timeouts;

use ai::{
    Answer, Client, Error, Event, Message, Options, Passage, Prompt, Provider, Role, Spent, Usage,
};
use futures_util::StreamExt;

/// What must never appear in an error.
const CANARY: &str = "sk-canary-0123456789";

/// The provider of that name, with that key.
fn keyed(name: &str, key: &str) -> Provider {
    Provider::Remote {
        name: name.to_owned(),
        key: Some(key.to_owned().into()),
    }
}

fn openai() -> Provider {
    keyed("openai", CANARY)
}

fn deepseek() -> Provider {
    keyed("deepseek", "sk-deepseek")
}

fn ask(question: &str) -> Prompt {
    Prompt {
        system: None,
        history: vec![],
        passages: vec![],
        question: question.to_owned(),
    }
}

/// A prompt that uses everything.
fn full() -> Prompt {
    Prompt {
        system: Some("Be brief.".to_owned()),
        history: vec![
            Message {
                role: Role::User,
                content: "Hello?".to_owned(),
            },
            Message {
                role: Role::Assistant,
                content: "Hello!".to_owned(),
            },
        ],
        passages: vec![Passage {
            title: "Refund policy".to_owned(),
            text: "Refunds are paid within 14 days.".to_owned(),
            source_url: Some("https://example.com/refunds".to_owned()),
        }],
        question: "When are refunds paid?".to_owned(),
    }
}

fn options() -> Options {
    Options {
        model: "some-model".to_owned(),
        temperature: Some(0.2),
        max_output_tokens: 77,
        ..Options::default()
    }
}

/// The text of an answer and how it ended. Panics unless the end is the one last item.
async fn collect(answer: Answer) -> (String, Result<Event, Error>) {
    let mut items: Vec<_> = answer.collect().await;
    let end = items.pop().expect("an answer has an end");
    assert!(!matches!(end, Ok(Event::Delta(_))), "the end is missing");
    let text = items.into_iter().filter_map(|item| match item {
        Ok(Event::Delta(text)) => Some(text),
        Ok(Event::Reasoning(_)) => None,
        other => panic!("{other:?} is not the last item"),
    });
    (text.collect(), end)
}

/// The question "Hi" to OpenAI, streamed.
async fn stream_hi(client: &Client) -> (String, Result<Event, Error>) {
    collect(client.answer(&openai(), ask("Hi"), options(), true)).await
}

/// The question "Hi" to OpenAI, in one piece.
async fn complete_hi(client: &Client) -> (String, Result<Event, Error>) {
    collect(client.answer(&openai(), ask("Hi"), options(), false)).await
}

fn done(prompt_tokens: u32, completion_tokens: u32, exact: bool) -> Result<Event, Error> {
    Ok(Event::Done {
        finish_reason: ai::FinishReason::Stop,
        spent: Spent {
            usage: Usage {
                prompt_tokens,
                completion_tokens,
                exact,
                ..Usage::default()
            },
            ..Spent::default()
        },
    })
}
