//! What one tenant notices of another that floods the service: its answers when all is quiet, and during the flood.

use crate::{
    client::{Call, Server},
    load::Times,
    rows::Nuisance,
    seed,
    subject::Subject,
    table::{Column, Line},
};
use anyhow::Result;
use hyper::Method;
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

/// How long a flood goes on before its neighbours are measured.
const RISE: Duration = Duration::from_secs(1);
/// How many of a flood's answers there are, by status.
type Answers = BTreeMap<u16, u64>;

impl Nuisance {
    fn connections(self) -> usize {
        match self {
            Self::Chat => 32,
            Self::Settings => 64,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Chat => "chats",
            Self::Settings => "settings writes",
        }
    }

    fn call(self, [member, admin]: &[String; 2]) -> Call {
        match self {
            Self::Chat => seed::turn(member),
            Self::Settings => Call {
                method: Method::PATCH,
                ..Call::post("/tenants/current", &json!({ "name": "Neighbour" })).by(admin)
            },
        }
    }
}

/// Asks for a profile and a turn over and over for `time`, without the flood and with it.
///
/// # Errors
/// The tenant that does no harm is answered with anything but a good status.
pub async fn measure(subject: &Subject, nuisance: Nuisance, time: Duration) -> Result<Vec<Line>> {
    let flood = nuisance.call(&subject.neighbours().await?);
    let token = subject.token();
    let calls = [Call::get("/login/me").by(token), seed::turn(token)];
    let quiet = both(&subject.server, &calls, time).await?;
    let until = Instant::now() + RISE + time;
    let mut floods = JoinSet::new();
    for _ in 0..nuisance.connections() {
        floods.spawn(flooding(subject.server.clone(), flood.clone(), until));
    }
    sleep(RISE).await;
    let during = both(&subject.server, &calls, time).await?;
    let mut answers = Answers::new();
    while let Some(flooded) = floods.join_next().await {
        for (status, count) in flooded?? {
            *answers.entry(status).or_default() += count;
        }
    }
    let (count, name) = (nuisance.connections(), nuisance.name());
    let mut lines = Vec::new();
    for (call, (quiet, during)) in calls.iter().zip(quiet.iter().zip(&during)) {
        let path = &call.path;
        let work = format!("{path} when all is quiet");
        lines.push(Line::timed(work, &quiet.whole));
        let work = format!("– beside {count} {name} of another tenant");
        lines.push(Line::timed(format!("{path} {work}"), &during.whole));
    }
    for (status, count) in answers {
        let per_second = count as f64 / (RISE + time).as_secs_f64();
        let work = format!("– of the {name}: {status}");
        lines.push(Line::new(work).with(Column::PerSecond, per_second));
    }
    Ok(lines)
}

/// Each call over and over on a connection of its own, both at the same time.
async fn both(server: &Server, calls: &[Call; 2], time: Duration) -> Result<[Times; 2]> {
    let [one, other] = calls;
    let until = Instant::now() + time;
    let (one, other) = tokio::try_join!(
        one_by_one(server, one, until),
        one_by_one(server, other, until)
    )?;
    Ok([one, other])
}

/// As a person does who reads the answer, there is a pause between two.
async fn one_by_one(server: &Server, call: &Call, until: Instant) -> Result<Times> {
    const PAUSE: Duration = Duration::from_millis(20);
    let (mut connection, mut times) = (server.connect().await?, Times::new()?);
    while Instant::now() < until {
        times.add(connection.send(call).await?.timing)?;
        sleep(PAUSE).await;
    }
    Ok(times)
}

/// Does not care for what it is told.
async fn flooding(server: Server, call: Call, until: Instant) -> Result<Answers> {
    let (mut connection, mut answers) = (server.connect().await?, Answers::new());
    while Instant::now() < until {
        let (status, _) = connection.exchange(&call).await?;
        *answers.entry(status.as_u16()).or_default() += 1;
    }
    Ok(answers)
}
