//! People who ask while a secret is replaced.

use crate::kit::{Kit, U1, request, wait::wait_until};
use axum::{body::Body, http::header};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::task::JoinSet;

/// Asks again and again, of several processes in turn, until it is told to stop; how often it was answered.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    asking: JoinSet<()>,
}

impl Load {
    pub(super) async fn on(services: [&Kit; 2]) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            answered: Arc::default(),
            asking: JoinSet::new(),
        };
        for _ in 0..2 {
            for kit in services {
                let token = kit.token(U1).await;
                let (service, stop) = (kit.service.clone(), load.stop.clone());
                let answered = load.answered.clone();
                load.asking.spawn(async move {
                    while !stop.load(Ordering::Acquire) {
                        let question = json!({ "message": "Is anybody there?" }).to_string();
                        let asked = request(&token, "POST", "/chat")
                            .header(header::CONTENT_TYPE, "application/json")
                            .body(Body::from(question))
                            .unwrap();
                        let answer = tower::ServiceExt::oneshot(service.clone(), asked).await;
                        assert_eq!(answer.unwrap().status(), 200);
                        answered.fetch_add(1, Ordering::AcqRel);
                    }
                });
            }
        }
        load.more().await;
        load
    }

    /// Waits until everybody has been answered some times more.
    pub(super) async fn more(&self) {
        let enough = self.answered.load(Ordering::Acquire) + 20;
        wait_until("more answers", async || {
            match self.answered.load(Ordering::Acquire) {
                now if now >= enough => Ok(()),
                now => Err(format!("{now} of {enough}")),
            }
        })
        .await;
    }

    /// Nobody was refused.
    pub(super) async fn end(mut self) -> usize {
        self.stop.store(true, Ordering::Release);
        while let Some(ended) = self.asking.join_next().await {
            ended.expect("every question was answered");
        }
        self.answered.load(Ordering::Acquire)
    }
}
