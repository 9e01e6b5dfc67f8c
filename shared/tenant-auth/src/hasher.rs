//! Password hashing on a fixed number of threads, so that logins cannot take all processors or memory.

use crate::{
    argon::{Memory, Stored},
    password::{PasswordFault, can_be_typed, check_form, normal},
};
pub use attempt::{Attempt, Checked, can_check, needs_rehash};
pub use queue::Turn;
use queue::{Next, Queue};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use uuid::Uuid;

mod attempt;
mod queue;
#[cfg(test)]
mod tests;

/// Longest wait for a thread; whoever has waited longer is better served by trying again.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// A thread that has had nothing to do for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(10);

/// A user's password as the database has it.
#[derive(Debug, Clone)]
pub struct StoredPassword {
    /// The user's tenant.
    pub tenant_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// The hash as a PHC string, from [`Hasher::hash`]; or of another kind, from another service.
    pub phc: SecretString,
}

/// Proof that someone knew a user's password. Only [`Hasher::check`] makes one.
///
/// ```
/// fn user(proof: &tenant_auth::Authenticated) -> uuid::Uuid { proof.user_id() }
/// ```
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::Authenticated {
///     tenant_auth::Authenticated { tenant_id: id, user_id: id, needs_rehash: false } // private
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticated {
    tenant_id: Uuid,
    user_id: Uuid,
    needs_rehash: bool,
}

impl Authenticated {
    /// The user's tenant.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The user.
    pub fn user_id(&self) -> Uuid {
        self.user_id
    }

    /// Whether the stored hash was made otherwise than new ones are, and should be replaced now that the password is at
    /// hand.
    pub fn needs_rehash(&self) -> bool {
        self.needs_rehash
    }
}

/// Why a password was neither hashed nor checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// Too many at once.
    #[error("too many passwords are being checked; try again in a moment")]
    Busy,
    /// The new password could never be used to log in.
    #[error(transparent)]
    Refused(#[from] PasswordFault),
    /// A fault in hashing itself.
    #[error(
        "the password could not be hashed; try again, and restart the service if it happens again"
    )]
    Failed,
}

/// Hashes and checks passwords with Argon2id; checks those that another service made with other kinds of Argon2, bcrypt or PBKDF2,
/// too. Clones share the threads, which end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    pool: Arc<Pool>,
}

struct Pool {
    queue: Arc<Queue>,
    /// For hashes that take many seconds, one after another: they came from another service, and are hashed anew at the first
    /// login. Everybody else goes past them.
    slow: Arc<Queue>,
    runs: Arc<AtomicU64>,
    dummy: Arc<Stored>,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
        self.slow.close();
    }
}

impl Hasher {
    /// Starts `threads` threads (at least one), and one for hashes that take many seconds. Each uses 19 MiB while there is work,
    /// and none when it has been idle for 10 seconds.
    ///
    /// # Panics
    /// The operating system refuses a thread or random bytes.
    pub fn new(threads: usize) -> Self {
        let (queue, slow) = (Arc::new(Queue::default()), Arc::new(Queue::default()));
        let runs = Arc::new(AtomicU64::new(0));
        let start = |name: String, queue: &Arc<Queue>| {
            let (queue, memory) = (Arc::clone(queue), Memory::new(Arc::clone(&runs)));
            thread::Builder::new()
                .name(name)
                .spawn(move || work(&queue, memory))
                .expect("a starting process may have a few threads");
        };
        for number in 0..threads.max(1) {
            start(format!("hasher-{number}"), &queue);
        }
        start("hasher-slow".to_owned(), &slow);
        Self {
            pool: Arc::new(Pool {
                queue,
                slow,
                runs,
                dummy: Arc::new(Stored::dummy()),
            }),
        }
    }

    /// Hashes a new password into a PHC string, in the form of Unicode that keyboards do not choose (NFC; NIST SP 800-63B,
    /// section 3.1.1.2). The caller has applied its minimum length.
    ///
    /// # Errors
    /// [`HasherError::Busy`]; [`HasherError::Refused`] for a password that [`Hasher::check`] would never
    /// accept: empty, too long or with a NUL.
    pub async fn hash(&self, password: SecretString, turn: Turn) -> Result<String, HasherError> {
        check_form(password.expose_secret(), 1)?;
        self.submit(turn, move |memory| {
            memory
                .hash(normal(password.expose_secret()).as_bytes())
                .map_err(|_| HasherError::Failed)
        })
        .await
    }

    /// Hashes a password that was right, so that what is stored is as new hashes are. It may be longer than new ones may; none
    /// for one that [`Hasher::check`] would not accept then.
    ///
    /// # Errors
    /// [`HasherError::Busy`].
    pub async fn rehash(
        &self,
        password: SecretString,
        turn: Turn,
    ) -> Result<Option<String>, HasherError> {
        let typed = password.expose_secret();
        if typed.is_empty() || typed.contains('\0') || !can_be_typed(typed) {
            return Ok(None);
        }
        self.submit(turn, move |memory| {
            let hash = memory.hash(normal(password.expose_secret()).as_bytes());
            hash.map(Some).map_err(|_| HasherError::Failed)
        })
        .await
    }

    /// Checks a password. Who has it is told, and not what was wrong with it: where nobody has, the work was the same as
    /// it would have been with other accounts, or none.
    ///
    /// # Errors
    /// [`HasherError::Busy`].
    pub async fn check(
        &self,
        password: SecretString,
        attempt: Attempt,
        turn: Turn,
    ) -> Result<Checked, HasherError> {
        let dummy = Arc::clone(&self.pool.dummy);
        let queue = match attempt.is_slow() {
            true => &self.pool.slow,
            false => &self.pool.queue,
        };
        let answered = queued(queue, turn, move |memory| {
            Ok(attempt.run(memory, &dummy, &password))
        });
        answered.await.unwrap_or(Err(HasherError::Failed))
    }

    /// How often a password was hashed since the start, with whichever algorithm.
    pub fn invocations(&self) -> u64 {
        self.pool.runs.load(Ordering::Relaxed)
    }

    /// Has a thread do some work.
    async fn submit<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&mut Memory) -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let answered = queued(&self.pool.queue, turn, work);
        answered.await.unwrap_or(Err(HasherError::Failed))
    }
}

/// Puts some work in a queue, or refuses it, before this returns.
fn queued<T: Send + 'static>(
    queue: &Queue,
    turn: Turn,
    work: impl FnOnce(&mut Memory) -> Result<T, HasherError> + Send + 'static,
) -> oneshot::Receiver<Result<T, HasherError>> {
    let (answer, answered) = oneshot::channel();
    let begun = Instant::now();
    let job = move |memory: Option<&mut Memory>| {
        // Whoever asked may have hung up; then neither the work nor its result is wanted.
        if answer.is_closed() {
            return;
        }
        let in_time = memory.filter(|_| begun.elapsed() <= MAX_WAIT);
        drop(answer.send(in_time.map_or(Err(HasherError::Busy), work)));
    };
    queue.push(turn, Box::new(job));
    answered
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("invocations", &self.invocations())
            .finish_non_exhaustive()
    }
}

/// One thread's life: it ends when the last [`Hasher`] has closed the queue.
fn work(queue: &Queue, mut memory: Memory) {
    loop {
        match queue.next(IDLE) {
            // A panic must cost one login, not a thread; the caller learns of it by losing its answer.
            Next::Job(job) => drop(catch_unwind(AssertUnwindSafe(|| job(Some(&mut memory))))),
            Next::Nothing => memory.release(),
            Next::Closed => return,
        }
    }
}
