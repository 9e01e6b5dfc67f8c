//! Answers without end, which must cost neither time nor memory.

use ai::Error;
use axum::{body::Body, response::IntoResponse};
use futures_util::{StreamExt, stream};

use crate::{
    complete_hi,
    server::{END, Server, chunks, delta, endless},
    stream_hi,
};

const MIB: usize = 1024 * 1024;

// R61
#[tokio::test]
async fn an_endless_line_is_invalid() {
    let server = Server::always(|| endless(stream::repeat(vec![b'x'; 64 * 1024]))).await;
    let (text, end) = stream_hi(&server.client()).await;
    assert_eq!((text.as_str(), end), ("", Err(Error::Invalid)));
}

// R61
#[tokio::test]
async fn a_stream_of_nine_mebibytes_is_invalid() {
    let piece = delta(&"y".repeat(64 * 1024));
    let server = Server::always(move || {
        let pieces = vec![piece.clone(); 9 * MIB / piece.len() + 1];
        chunks(pieces.into_iter().chain([END.to_owned()]))
    })
    .await;
    let (text, end) = stream_hi(&server.client()).await;
    assert_eq!(end, Err(Error::Invalid));
    assert!((7 * MIB..=8 * MIB).contains(&text.len()));
}

#[tokio::test]
async fn a_long_answer_in_small_pieces_is_whole() {
    // As OpenAI sends it: 350 bytes a token.
    let piece = delta("tokens ").replacen(
        "data: {",
        &format!("data: {{\"id\":\"{}\",", "x".repeat(270)),
        1,
    );
    assert!(piece.len() > 340, "{piece}");
    let server = Server::always(move || {
        chunks(
            vec![piece.clone(); 32_000]
                .into_iter()
                .chain([END.to_owned()]),
        )
    })
    .await;
    let (text, end) = stream_hi(&server.client()).await;
    assert_eq!(text.len(), 32_000 * "tokens ".len());
    assert!(end.is_ok(), "{end:?}");
}

// R61
#[tokio::test]
async fn endless_comments_are_invalid() {
    let comments = b": keep-alive\n\n".repeat(1000);
    let server = Server::always(move || endless(stream::repeat(comments.clone()))).await;
    assert_eq!(stream_hi(&server.client()).await.1, Err(Error::Invalid));
}

// R61
#[tokio::test]
async fn a_json_answer_of_five_mebibytes_is_invalid() {
    let big = || {
        let text = "z".repeat(5 * MIB);
        format!("{{\"choices\":[{{\"message\":{{\"content\":\"{text}\"}}}}]}}")
    };
    let announced = Server::always(move || big().into_response()).await;
    assert_eq!(
        complete_hi(&announced.client()).await.1,
        Err(Error::Invalid)
    );
    let chunked = Server::always(move || chunks([big()])).await;
    assert_eq!(complete_hi(&chunked.client()).await.1, Err(Error::Invalid));
}

// R61
#[tokio::test]
async fn an_endless_json_answer_is_invalid() {
    let server = Server::always(|| endless(stream::repeat(vec![b' '; 64 * 1024]))).await;
    assert_eq!(complete_hi(&server.client()).await.1, Err(Error::Invalid));
}

// R61
#[tokio::test]
async fn an_announced_size_is_refused_before_it_comes() {
    let server = Server::always(|| {
        let body = stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let headers = [("content-length", (5 * MIB).to_string())];
        (headers, Body::from_stream(body.boxed())).into_response()
    })
    .await;
    assert_eq!(complete_hi(&server.client()).await.1, Err(Error::Invalid));
}
