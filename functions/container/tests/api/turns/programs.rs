//! Two processes of the service.

use crate::kit::{Kit, PASSWORD, Person, program::Program, random::Random};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
};
use tokio::sync::Mutex;

/// Two processes of the service, either of which may be gone for a moment.
#[derive(Clone)]
pub(super) struct Programs(Arc<Inner>);

struct Inner {
    running: Mutex<[Option<Program>; 2]>,
    kit: Kit,
    vars: Vec<(String, String)>,
    over: AtomicBool,
    /// How many rounds of faults are behind them.
    rounds: AtomicU32,
}

impl Programs {
    pub(super) async fn start(kit: &Kit, vars: Vec<(String, String)>) -> Self {
        let kit = Kit::on(kit.database.clone(), vars.clone()).await;
        let one = Some(Program::serve(&kit, &vars).await);
        let two = Some(Program::serve(&kit, &vars).await);
        Self(Arc::new(Inner {
            running: Mutex::new([one, two]),
            kit,
            vars,
            over: AtomicBool::new(false),
            rounds: AtomicU32::new(0),
        }))
    }

    /// The address of either, if that runs.
    pub(super) async fn any(&self, random: &mut Random) -> Option<SocketAddr> {
        let which = usize::from(random.below(2) == 0);
        let running = self.0.running.lock().await;
        running[which].as_ref().map(Program::address)
    }

    /// An access token that lasts.
    pub(super) async fn login(&self, who: Person) -> String {
        let body = json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD });
        let request = crate::kit::request("", "POST", "/login")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        let running = self.0.running.lock().await;
        let answer = running[0].as_ref().unwrap().send(request.unwrap()).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Whether every fault has happened.
    pub(super) fn had_them_all(&self) -> bool {
        self.0.rounds.load(Relaxed) > 0
    }

    /// Lets no further fault happen.
    pub(super) fn end(&self) {
        self.0.over.store(true, Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.over.load(Relaxed)
    }

    /// Says that every fault has happened once more.
    pub(super) fn had_a_round(&self) {
        self.0.rounds.fetch_add(1, Relaxed);
    }

    /// Ends one, and starts another in its place.
    pub(super) async fn replace(&self, which: usize, gently: bool) {
        let program = self.0.running.lock().await[which].take();
        let program = program.expect("only this takes one");
        match gently {
            true => {
                program.terminate().await;
                program.ended().await;
            }
            false => program.kill().await,
        }
        let next = Program::serve(&self.0.kit, &self.0.vars).await;
        self.0.running.lock().await[which] = Some(next);
    }
}
