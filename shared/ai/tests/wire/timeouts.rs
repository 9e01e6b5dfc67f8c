//! Servers that are silent, or talk without saying anything.

use std::time::Duration;

use ai::{Error, Timeouts};
use futures_util::{StreamExt, stream};

use crate::{
    complete_hi, done,
    server::{END, Server, delta, endless},
    stream_hi,
};

/// Longer than anything that comes takes on the slowest machine; a broken test ends then.
const LONG: Duration = Duration::from_secs(300);
const SHORT: Duration = Duration::from_millis(200);

fn long() -> Timeouts {
    Timeouts {
        connect: LONG,
        first_token: LONG,
        idle: LONG,
        total: LONG,
        complete: LONG,
        ..Timeouts::default()
    }
}

/// `text` over and over, with a pause before each.
fn ticks(text: String) -> axum::response::Response {
    let ticks = stream::repeat(text.into_bytes());
    endless(ticks.then(async |text| {
        tokio::time::sleep(Duration::from_millis(10)).await;
        text
    }))
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let server = Server::start(|_| None).await;
    let timeouts = Timeouts {
        first_token: SHORT,
        complete: SHORT,
        ..long()
    };
    let client = server.client_with(timeouts);
    assert_eq!(stream_hi(&client).await.1, Err(Error::Timeout));
    assert_eq!(complete_hi(&client).await.1, Err(Error::Timeout));
}

#[tokio::test]
async fn a_body_that_never_comes() {
    let server = Server::always(|| endless(stream::pending())).await;
    let timeouts = Timeouts {
        first_token: SHORT,
        complete: SHORT,
        ..long()
    };
    let client = server.client_with(timeouts);
    assert_eq!(stream_hi(&client).await.1, Err(Error::Timeout));
    assert_eq!(complete_hi(&client).await.1, Err(Error::Timeout));
}

#[tokio::test]
async fn comments_and_empty_pieces_are_a_sign_of_life_but_no_answer() {
    for text in [": keep-alive\n\n".to_owned(), delta("")] {
        let server = Server::always(move || ticks(text.clone())).await;
        // The one limit would have ended what the other does.
        let timeouts = Timeouts {
            first_token: LONG,
            total: SHORT,
            ..long()
        };
        let (text, end) = stream_hi(&server.client_with(timeouts)).await;
        assert_eq!((text.as_str(), end), ("", Err(Error::Timeout)));
    }
}

#[tokio::test]
async fn signs_of_life_are_waited_for_one_by_one() {
    // Each pause is shorter than the limit, and all of them together are longer.
    const PAUSES: u32 = 40;
    let server = Server::always(|| {
        let comments = stream::iter(vec![b": keep-alive\n\n".to_vec(); PAUSES as usize]);
        let comments = comments.then(async |comment| {
            tokio::time::sleep(SHORT / 10).await;
            comment
        });
        let rest = stream::iter([delta("Hi").into_bytes(), END.as_bytes().to_vec()]);
        endless(comments.chain(rest))
    })
    .await;
    let timeouts = Timeouts {
        first_token: 10 * SHORT,
        ..long()
    };
    let (text, end) = stream_hi(&server.client_with(timeouts)).await;
    assert_eq!((text.as_str(), end), ("Hi", done(5, 2, true)));
}

#[tokio::test]
async fn silence_after_the_first_piece() {
    let server = Server::always(|| {
        let first = stream::iter([delta("Hel").into_bytes()]);
        endless(first.chain(stream::pending()))
    })
    .await;
    let timeouts = Timeouts {
        idle: SHORT,
        ..long()
    };
    let (text, end) = stream_hi(&server.client_with(timeouts)).await;
    assert_eq!((text.as_str(), end), ("Hel", Err(Error::Timeout)));
}

#[tokio::test]
async fn an_answer_that_goes_on_and_on() {
    let server = Server::always(|| ticks(delta("more "))).await;
    let timeouts = Timeouts {
        total: SHORT,
        ..long()
    };
    let (_, end) = stream_hi(&server.client_with(timeouts)).await;
    assert_eq!(end, Err(Error::Timeout));
}
