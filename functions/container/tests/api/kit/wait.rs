//! How a test waits: for what it names, for as long as there is news of it, and never for a time.

use std::{
    fmt::Display,
    io::Write,
    pin::pin,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How long there may be no news before a wait gives up. Nothing that goes well needs a part of it, however busy the
/// machine is; it is there so that what is broken ends, and says what was waited for.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often whoever watches is told that a wait goes on.
const NEWS: Duration = Duration::from_secs(30);
/// How long to wait before another look.
const AGAIN: Duration = Duration::from_millis(20);

/// Waits until `work` is done; `what` it is, as in "the answer to GET /ready".
///
/// # Panics
/// It is not done after five minutes.
pub async fn wait_for<T>(what: impl Display, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut patience = Patience::new();
    loop {
        match timeout(NEWS, &mut work).await {
            Ok(done) => return done,
            Err(_) => patience.wears(&what, ""),
        }
    }
}

/// Looks again and again until `look` finds something. What it sees instead tells that there is news, and is told if
/// the wait is in vain.
///
/// # Panics
/// It sees the same for five minutes, or one look takes as long.
pub async fn wait_until<T, Seen: Display>(
    what: impl Display,
    mut look: impl AsyncFnMut() -> Result<T, Seen>,
) -> T {
    let mut patience = Patience::new();
    loop {
        match wait_for(&what, look()).await {
            Ok(found) => return found,
            Err(seen) => patience.wears(&what, &seen.to_string()),
        }
        sleep(AGAIN).await;
    }
}

/// Tells whoever watches, past the harness, which shows what a test prints only when it has failed.
pub fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("stderr takes a line");
}

/// What is left of it.
struct Patience {
    seen: String,
    news: Instant,
    told: Instant,
}

impl Patience {
    fn new() -> Self {
        Self {
            seen: String::new(),
            news: Instant::now(),
            told: Instant::now(),
        }
    }

    fn wears(&mut self, what: &dyn Display, seen: &str) {
        if self.seen != seen {
            self.seen = seen.to_owned();
            self.news = Instant::now();
        }
        let seen = match seen {
            "" => String::new(),
            seen => format!(" Seen last: {seen}."),
        };
        let waited = self.news.elapsed();
        let seconds = waited.as_secs();
        assert!(
            waited < PATIENCE,
            "This did not come in {seconds} s: {what}.{seen}"
        );
        if self.told.elapsed() >= NEWS {
            self.told = Instant::now();
            tell(&format!(
                "Still waiting after {seconds} s for this: {what}.{seen}"
            ));
        }
    }
}
