//! How each row is measured.

use crate::{
    client::{Call, Server},
    flood,
    load::{self, Load, Times, Tokens, Worker},
    memory::{peak_during, resident},
    provider::{Provider, TOKENS},
    rows::Row,
    seed::{self, Login, QUESTION},
    service::{Program, Service},
    streams,
    table::Line,
};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::time::Duration;
use tokio::time::sleep;

const READERS: usize = 32;
const LOGINS: usize = 8;
/// How long after its start a service counts as idle.
const IDLE: Duration = Duration::from_secs(2);

/// What the rows need.
pub struct Bench {
    pub server: Server,
    pub login: Login,
    pub tokens: Tokens,
    /// How long a row runs.
    pub time: Duration,
    pub streams: usize,
    /// What there is only if the service was started here.
    pub own: Option<Own>,
}

/// The service's surroundings.
pub struct Own {
    pub program: Program,
    pub provider: Provider,
    pub service: Service,
}

impl Bench {
    /// Measures `row` once.
    pub async fn measure(&mut self, row: Row) -> Result<Vec<Line>> {
        if let Some(own) = &mut self.own {
            // What the row before left in its memory is not this one's.
            own.service = own.program.serve().await?;
            self.server = own.service.server.clone();
        }
        let renew = load::refresh(&self.tokens.refresh_token);
        self.tokens = self.server.ask(&renew).await?;
        let token = self.tokens.access_token.clone();
        match row {
            Row::Start => self.started().await,
            Row::Profile => {
                let call = Call::get("/login/me").by(&token);
                self.repeated("authenticated profile", call, READERS).await
            }
            Row::Sessions => {
                let call = Call::get("/chat/sessions").by(&token);
                self.repeated("page of 20 sessions", call, READERS).await
            }
            Row::Turn(connections) => self.turns(seed::turn(&token), connections).await,
            Row::Stream(connections) => {
                let call = seed::streamed(&token, QUESTION);
                self.streams(call, connections).await
            }
            Row::OpenStreams => self.open_streams(&token).await,
            Row::Refresh => self.refreshes().await,
            Row::Login => {
                self.repeated("password login", self.login.call(), LOGINS)
                    .await
            }
            Row::Flood => self.flood(&token).await,
        }
    }

    async fn repeated(&self, work: &str, call: Call, connections: usize) -> Result<Vec<Line>> {
        let (load, memory) = self.repeat(&call, connections).await?;
        Ok(vec![whole(
            format!("{work} ({connections})"),
            &load,
            memory,
        )])
    }

    async fn refreshes(&self) -> Result<Vec<Line>> {
        let mut workers = Vec::new();
        for _ in 0..LOGINS {
            let tokens = self.login.tokens(&self.server).await?;
            workers.push(Worker::Refresh(
                self.server.connect().await?,
                tokens.refresh_token,
            ));
        }
        let (load, _) = self.load(workers).await?;
        // Its memory would be that of the logins before it.
        Ok(vec![whole(format!("refresh ({LOGINS})"), &load, None)])
    }

    async fn turns(&self, call: Call, connections: usize) -> Result<Vec<Line>> {
        let direct = self.direct(false, connections).await?;
        let (load, memory) = self.repeat(&call, connections).await?;
        let turn = whole(format!("chat turn ({connections})"), &load, memory);
        let compared = direct.map(|direct| compared(&turn, &direct.whole));
        Ok([turn]
            .into_iter()
            .chain(compared.into_iter().flatten())
            .collect())
    }

    async fn streams(&self, call: Call, connections: usize) -> Result<Vec<Line>> {
        let direct = self.direct(true, connections).await?;
        let (load, memory) = self.repeat(&call, connections).await?;
        let tokens = match self.own {
            Some(_) => format!(", {TOKENS} tokens"),
            None => String::new(),
        };
        let work = |part: &str| format!("streamed{tokens} ({connections}): {part}");
        let byte = Line::timed(work("first byte"), &load.times.first_byte);
        let token = Line::timed(work("first token"), &load.times.first_token);
        let compared = direct.map(|direct| compared(&token, &direct.first_byte));
        let end = whole(work("last byte"), &load, memory);
        let compared = compared.into_iter().flatten().chain([end]);
        Ok([byte, token].into_iter().chain(compared).collect())
    }

    async fn open_streams(&self, token: &str) -> Result<Vec<Line>> {
        let own = self.own()?;
        let process = own.service.process()?;
        let count = self.streams;
        let open = streams::open(&self.server, &own.provider, token, process, count).await?;
        let work = |part: &str| format!("{count} open streams: {part}");
        let grown = open.memory.saturating_sub(open.memory_before) as f64 / count as f64;
        Ok(vec![
            Line::timed(work("first byte"), &open.times.first_byte),
            Line {
                memory: Some(open.memory as f64),
                ..Line::timed(work("first token"), &open.times.first_token)
            },
            Line {
                work: work("each"),
                memory: Some(grown),
                ..Line::default()
            },
        ])
    }

    async fn flood(&self, token: &str) -> Result<Vec<Line>> {
        let process = self.own()?.service.process()?;
        let beside = [Call::get("/login/me").by(token), Call::get("/health")];
        flood::measure(&self.server, process, &self.login.call(), beside).await
    }

    async fn started(&self) -> Result<Vec<Line>> {
        let service = &self.own()?.service;
        sleep(IDLE).await;
        Ok(vec![Line {
            work: "start to the first 200; memory idle".into(),
            p50: Some(milliseconds(service.started_in)),
            memory: Some(resident(service.process()?)? as f64),
            ..Line::default()
        }])
    }

    fn own(&self) -> Result<&Own> {
        self.own
            .as_ref()
            .context("this needs a service that is started here")
    }

    /// The three provider calls of a turn, without the service; none of a deployment whose provider is not ours.
    async fn direct(&self, stream: bool, connections: usize) -> Result<Option<Times>> {
        let Some(own) = &self.own else {
            return Ok(None);
        };
        let provider = Server::new(&own.provider.url())?;
        let mut workers = Vec::new();
        for _ in 0..connections {
            workers.push(Worker::Turn(
                provider.connect().await?,
                seed::provider_calls(stream),
            ));
        }
        Ok(Some(load::run(workers, self.time / 4).await?.times))
    }

    async fn repeat(&self, call: &Call, connections: usize) -> Result<(Load, Option<f64>)> {
        let mut workers = Vec::new();
        for _ in 0..connections {
            workers.push(Worker::Repeat(self.server.connect().await?, call.clone()));
        }
        self.load(workers).await
    }

    /// The load, and the most memory that the service had under it.
    async fn load(&self, workers: Vec<Worker>) -> Result<(Load, Option<f64>)> {
        let process = self.own.as_ref().map(|own| own.service.process());
        let (load, memory) =
            peak_during(process.transpose()?, load::run(workers, self.time)).await?;
        Ok((load, memory.map(|kib| kib as f64)))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn whole(work: String, load: &Load, memory: Option<f64>) -> Line {
    Line {
        per_second: Some(load.per_second),
        memory,
        ..Line::timed(work, &load.times.whole)
    }
}

/// The provider alone, and what a line is slower.
fn compared(to: &Line, direct: &Histogram<u64>) -> [Line; 2] {
    let direct = Line::timed("– the provider's three calls alone".into(), direct);
    let more = |all: Option<f64>, direct: Option<f64>| Some(all? - direct?);
    let added = Line {
        work: "– added by the service".into(),
        p50: more(to.p50, direct.p50),
        p99: more(to.p99, direct.p99),
        added: true,
        ..Line::default()
    };
    [direct, added]
}
