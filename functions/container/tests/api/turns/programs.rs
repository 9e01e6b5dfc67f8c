//! Two processes of the service.

use crate::kit::{Kit, PASSWORD, Person, program::Program, proxy::Breakable, random::Random};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    fs::OpenOptions,
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
};
use tokio::sync::Mutex;

/// Two processes of the service, either of which may be gone for a moment.
#[derive(Clone)]
pub(crate) struct Programs(Arc<Inner>);

/// How one of them is started.
#[derive(Clone)]
pub(crate) struct Each {
    pub(crate) vars: Vec<(String, String)>,
    /// The file that its log is added to; none if nobody reads it.
    pub(crate) log: Option<PathBuf>,
}

struct Inner {
    running: Mutex<[Option<Program>; 2]>,
    /// How each is reached, whichever process it is.
    ways: [Breakable; 2],
    kit: Kit,
    each: [Each; 2],
    over: AtomicBool,
    /// Whether their clocks are, or were, not the same.
    differ: AtomicBool,
    /// How many rounds of faults are behind them.
    rounds: AtomicU32,
}

impl Programs {
    pub(crate) async fn start(kit: &Kit, vars: Vec<(String, String)>) -> Self {
        let each = Each { vars, log: None };
        Self::start_each(kit, [each.clone(), each]).await
    }

    pub(crate) async fn start_each(kit: &Kit, each: [Each; 2]) -> Self {
        let kit = Kit::on(kit.database.clone(), each[0].vars.clone()).await;
        let one = each[0].start(&kit).await;
        let two = each[1].start(&kit).await;
        let ways = [
            Breakable::before(one.address().to_string()).await,
            Breakable::before(two.address().to_string()).await,
        ];
        Self(Arc::new(Inner {
            running: Mutex::new([Some(one), Some(two)]),
            ways,
            kit,
            each,
            over: AtomicBool::new(false),
            differ: AtomicBool::new(false),
            rounds: AtomicU32::new(0),
        }))
    }

    /// The ways to both.
    pub(crate) fn ways(&self) -> &[Breakable; 2] {
        &self.0.ways
    }

    /// The address of either, if that runs.
    pub(crate) async fn any(&self, random: &mut Random) -> Option<SocketAddr> {
        let which = usize::from(random.below(2) == 0);
        let running = self.0.running.lock().await;
        running[which].as_ref().map(|_| self.0.ways[which].address)
    }

    /// An access token that lasts.
    pub(crate) async fn login(&self, who: Person) -> String {
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
    pub(crate) fn had_them_all(&self) -> bool {
        self.0.rounds.load(Relaxed) > 0
    }

    /// Lets no further fault happen.
    pub(crate) fn end(&self) {
        self.0.over.store(true, Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.over.load(Relaxed)
    }

    /// Says that from now on one may have another time than the other, and refuse its tokens.
    pub(crate) fn let_time_differ(&self) {
        self.0.differ.store(true, Relaxed);
    }

    pub(crate) fn differ_in_time(&self) -> bool {
        self.0.differ.load(Relaxed)
    }

    /// Says that every fault has happened once more.
    pub(crate) fn had_a_round(&self) {
        self.0.rounds.fetch_add(1, Relaxed);
    }

    /// Ends one, and starts another in its place.
    pub(crate) async fn replace(&self, which: usize, gently: bool) {
        self.assert_none_ended().await;
        let program = self.0.running.lock().await[which].take();
        let program = program.expect("only this takes one");
        match gently {
            true => {
                program.terminate().await;
                program.ended().await;
            }
            false => program.kill().await,
        }
        let next = self.0.each[which].start(&self.0.kit).await;
        self.0.ways[which].lead_to(next.address().to_string());
        self.0.running.lock().await[which] = Some(next);
    }

    /// Sends one a signal that does not end it.
    pub(crate) async fn signal(&self, which: usize, signal: &str) {
        let running = self.0.running.lock().await;
        let program = running[which].as_ref().expect("it runs");
        program.signal(signal).await;
    }

    /// Asserts that neither has ended by itself.
    pub(crate) async fn assert_none_ended(&self) {
        for program in self.0.running.lock().await.iter_mut().flatten() {
            let ended = program.has_ended();
            assert!(ended.is_none(), "a process ended by itself: {ended:?}");
        }
    }
}

impl Each {
    async fn start(&self, kit: &Kit) -> Program {
        let log = self.log.as_ref().map_or_else(Stdio::null, |path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.expect("the log can be written").into()
        });
        Program::start(kit, &self.vars, log).await
    }
}
