//! What goes wrong.

use super::stage::{Stage, set_clock};
use crate::kit::{provider::Lie, proxy::Breakable, random::Random, wait::wait_until};
use crate::turns::checker::faults::{end_backends, fail_over, name_of, run, take_for_dead};
use std::{fs, io::Write, path::Path, time::Duration};
use tokio::time::sleep;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Way(Place, How),
    Restart,
    Crash,
    BackendKilled,
    ReadOnly,
    NoConnections,
    DiskFull,
    Kill,
    Terminate,
    Pause,
    Clock,
    Lie(Lie),
}

/// To whom a way leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Database,
    Service,
    Provider,
}

/// How it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Slow,
    Cut,
    HalfClosed,
    Hole,
}

/// All of them, and what they are called.
pub(super) const ALL: [(&str, Fault); 29] = [
    ("database-way-slow", Fault::Way(Place::Database, How::Slow)),
    ("database-way-cut", Fault::Way(Place::Database, How::Cut)),
    (
        "database-way-half-closed",
        Fault::Way(Place::Database, How::HalfClosed),
    ),
    (
        "database-way-blackhole",
        Fault::Way(Place::Database, How::Hole),
    ),
    ("service-way-slow", Fault::Way(Place::Service, How::Slow)),
    ("service-way-cut", Fault::Way(Place::Service, How::Cut)),
    (
        "service-way-half-closed",
        Fault::Way(Place::Service, How::HalfClosed),
    ),
    (
        "service-way-blackhole",
        Fault::Way(Place::Service, How::Hole),
    ),
    ("provider-way-slow", Fault::Way(Place::Provider, How::Slow)),
    ("provider-way-cut", Fault::Way(Place::Provider, How::Cut)),
    (
        "provider-way-half-closed",
        Fault::Way(Place::Provider, How::HalfClosed),
    ),
    (
        "provider-way-blackhole",
        Fault::Way(Place::Provider, How::Hole),
    ),
    ("database-restart", Fault::Restart),
    ("database-immediate-stop", Fault::Crash),
    ("database-backend-killed", Fault::BackendKilled),
    ("database-read-only", Fault::ReadOnly),
    ("database-no-connections", Fault::NoConnections),
    ("database-disk-full", Fault::DiskFull),
    ("service-kill", Fault::Kill),
    ("service-restart", Fault::Terminate),
    ("service-stopped", Fault::Pause),
    ("service-clock", Fault::Clock),
    ("provider-silence", Fault::Lie(Lie::Silence)),
    ("provider-half-an-event", Fault::Lie(Lie::HalfAnEvent)),
    ("provider-no-json", Fault::Lie(Lie::NoJson)),
    ("provider-page", Fault::Lie(Lie::Page)),
    ("provider-endless", Fault::Lie(Lie::Endless)),
    ("provider-good-error", Fault::Lie(Lie::GoodError)),
    ("provider-failure", Fault::Lie(Lie::Failure)),
];

/// By how much a clock is wrong: further than a token may be from another time, and than a login may be tried again.
const JUMP: u64 = 1200;

impl Fault {
    /// Whether it can happen together with another, which is of another part of the whole. A service that finds no database when
    /// it begins ends again, and whoever runs it starts it again.
    pub(super) fn goes_with(self, other: Self) -> bool {
        let begins = |fault| matches!(fault, Self::Kill | Self::Terminate);
        let is_database = |fault: Self| fault.part() == Place::Database;
        self.part() != other.part()
            && !(begins(self) && is_database(other))
            && !(begins(other) && is_database(self))
    }

    fn part(self) -> Place {
        match self {
            Self::Way(place, _) => place,
            Self::Restart
            | Self::Crash
            | Self::BackendKilled
            | Self::ReadOnly
            | Self::NoConnections
            | Self::DiskFull => Place::Database,
            Self::Kill | Self::Terminate | Self::Pause | Self::Clock => Place::Service,
            Self::Lie(_) => Place::Provider,
        }
    }
}

impl Stage {
    /// Lets it happen, and be over.
    pub(super) async fn happen(&self, fault: Fault, mut random: Random) {
        let time = Duration::from_millis(1000 + random.below(3000));
        let program = usize::from(random.below(2) == 0);
        let pool = &self.kit.pool;
        match fault {
            Fault::Way(place, how) => {
                let ways = match place {
                    Place::Database => std::slice::from_ref(&self.to_database),
                    Place::Provider => std::slice::from_ref(&self.to_provider),
                    Place::Service => self.programs.ways(),
                };
                breaks(ways, how, time, &mut random).await;
            }
            Fault::Restart => self.restart(true, sleep(time)).await,
            Fault::Crash => self.restart(false, sleep(time)).await,
            Fault::BackendKilled => self.kill_backend().await,
            Fault::ReadOnly => fail_over(pool, time).await,
            Fault::NoConnections => self.no_connections(time).await,
            Fault::DiskFull => {
                let disk = self.disk.as_deref().expect("else it is left out");
                fill_for(disk, time).await;
            }
            Fault::Kill => {
                self.programs.replace(program, false).await;
                take_for_dead(pool).await;
            }
            Fault::Terminate => self.programs.replace(program, true).await,
            Fault::Pause => {
                self.programs.signal(program, "STOP").await;
                sleep(time).await;
                // As if it had been for longer: the other takes its answers for dead.
                take_for_dead(pool).await;
                wait_until("a sweep", async || self.kit.app.db.sweep().await).await;
                self.programs.signal(program, "CONT").await;
            }
            Fault::Clock => {
                let clocks = self.clocks.as_ref().expect("else it is left out");
                self.programs.let_time_differ();
                let by = i64::try_from(random.below(2 * JUMP)).expect("it is small");
                set_clock(&clocks[program], by - JUMP.cast_signed());
                // It is looked at every second.
                sleep(Duration::from_secs(2) + time).await;
                set_clock(&clocks[program], 0);
            }
            Fault::Lie(lie) => {
                self.provider.lie(Some(lie));
                sleep(time).await;
                self.provider.lie(None);
            }
        }
    }

    /// Kills the server's process for one of the service's connections, as the system does that is short of memory; the server
    /// then ends all others, and recovers.
    async fn kill_backend(&self) {
        let sql = "select pid from pg_stat_activity where datname = current_database() and usename like 'parlance%' limit 1";
        let found: Option<i32> = sqlx::query_scalar(sql)
            .fetch_optional(&self.kit.pool)
            .await
            .expect("the database is there");
        if let Some(id) = found {
            let mut kill = tokio::process::Command::new("sh");
            kill.args(["-c", &format!("kill -9 {id}")]);
            // It may have ended by itself.
            drop(kill.status().await);
        }
    }

    /// Lets nobody into the database but superusers, as one that has as many connections as it may.
    async fn no_connections(&self, time: Duration) {
        let pool = &self.kit.pool;
        let name = name_of(pool).await;
        run(pool, &format!("alter database {name} connection limit 0")).await;
        end_backends(pool).await;
        sleep(time).await;
        run(pool, &format!("alter database {name} connection limit -1")).await;
    }
}

async fn breaks(ways: &[Breakable], how: How, time: Duration, random: &mut Random) {
    let late = Duration::from_millis(20 + random.below(400));
    let each = |act: &dyn Fn(&Breakable)| ways.iter().for_each(act);
    match how {
        How::Slow => {
            each(&|way| way.delay(late));
            sleep(time).await;
            each(&|way| way.delay(Duration::ZERO));
        }
        How::Hole => {
            each(&|way| way.hole(true));
            sleep(time).await;
            each(&|way| way.hole(false));
        }
        How::Cut | How::HalfClosed => {
            for _ in 0..5 {
                match how {
                    How::Cut => each(&Breakable::cut),
                    _ => each(&Breakable::half_close),
                }
                sleep(time / 5).await;
            }
        }
    }
}

/// Fills a disk for so long.
async fn fill_for(disk: &Path, time: Duration) {
    let path = disk.join("full");
    let mut file = fs::File::create(&path).expect("there is room for a name");
    let block = vec![1; 1 << 16];
    // Until nothing more fits; whatever the service frees goes the same way.
    while file.write_all(&block).is_ok() {}
    drop(file);
    sleep(time).await;
    fs::remove_file(&path).expect("it can be emptied");
}
