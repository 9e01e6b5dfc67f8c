//! Password hashing on a fixed number of threads, so that logins cannot take all processors or memory.

use crate::{
    argon::{Memory, Stored},
    bcrypt::Bcrypt,
    password::{PasswordFault, check_form, is_short_enough},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// Jobs that may wait. With one thread and 30 ms a hash, about what fits into [`MAX_WAIT`].
const QUEUE: usize = 32;

/// Longest wait for a thread; whoever has waited longer is better served by trying again.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// A thread that has had nothing to do for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// A user's password as the database has it.
#[derive(Debug, Clone)]
pub struct StoredPassword {
    /// The user's tenant.
    pub tenant_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// The hash as a PHC string, from [`Hasher::hash`]; or bcrypt's, from another service.
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

    /// Whether the stored hash was made at another cost than new ones, and should be replaced now that
    /// the password is at hand.
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
    /// The stored hash is neither Argon2id nor bcrypt, is damaged or asks for more work than is allowed.
    #[error("the stored password hash cannot be used; set a new password for this user")]
    UnusableHash,
    /// A fault in hashing itself.
    #[error(
        "the password could not be hashed; try again, and restart the service if it happens again"
    )]
    Failed,
}

/// A stored hash of either kind.
enum Hash {
    Argon2(Box<Stored>),
    Bcrypt(Bcrypt),
}

impl Hash {
    fn parse(text: &str) -> Option<Self> {
        let bcrypt = || Bcrypt::parse(text).map(Self::Bcrypt);
        let argon2 = Stored::parse(text).map(Box::new);
        argon2.map(Self::Argon2).or_else(bcrypt)
    }

    /// Whether it was made as new ones are.
    fn is_current(&self) -> bool {
        matches!(self, Self::Argon2(hash) if hash.is_current())
    }
}

/// Hashes and checks passwords with Argon2id; checks those that another service made with bcrypt, too, which takes as
/// long as they cost there. Clones share the threads, which end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    pool: Arc<Pool>,
}

struct Pool {
    queue: SyncSender<Job>,
    runs: Arc<AtomicU64>,
    dummy: Arc<Stored>,
}

impl Hasher {
    /// Starts `threads` threads (at least one). Each uses 19 MiB while there is work, and none when it has
    /// been idle for 10 seconds.
    ///
    /// # Panics
    /// The operating system refuses a thread or random bytes.
    pub fn new(threads: usize) -> Self {
        let (queue, jobs) = sync_channel::<Job>(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let runs = Arc::new(AtomicU64::new(0));
        for number in 0..threads.max(1) {
            let (jobs, memory) = (Arc::clone(&jobs), Memory::new(Arc::clone(&runs)));
            thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&jobs, memory))
                .expect("a starting process may have a few threads");
        }
        Self {
            pool: Arc::new(Pool {
                queue,
                runs,
                dummy: Arc::new(Stored::dummy()),
            }),
        }
    }

    /// Hashes a new password into a PHC string. The caller has applied its minimum length.
    ///
    /// # Errors
    /// [`HasherError::Busy`]; [`HasherError::Refused`] for a password that [`Hasher::check`] would never
    /// accept: empty, too long or with a NUL.
    pub async fn hash(&self, password: SecretString) -> Result<String, HasherError> {
        check_form(password.expose_secret(), 1)?;
        self.submit(move |memory| {
            memory
                .hash(password.expose_secret().as_bytes())
                .map_err(|_| HasherError::Failed)
        })
        .await
    }

    /// Checks a password. `Ok(None)` means wrong, and does not say which part of it.
    ///
    /// `stored` is `None` for a user who does not exist. That costs the same, because the password is
    /// then checked against a hash that none has; so does one that is too long to be anyone's.
    ///
    /// # Errors
    /// [`HasherError::Busy`]; [`HasherError::UnusableHash`] without any work done.
    pub async fn check(
        &self,
        password: SecretString,
        stored: Option<StoredPassword>,
    ) -> Result<Option<Authenticated>, HasherError> {
        let fits = is_short_enough(password.expose_secret());
        let password = if fits {
            password
        } else {
            SecretString::default()
        };
        let candidate = match stored.filter(|_| fits) {
            Some(stored) => {
                let hash = Hash::parse(stored.phc.expose_secret());
                let hash = hash.ok_or(HasherError::UnusableHash)?;
                Some((stored.tenant_id, stored.user_id, hash))
            }
            None => None,
        };
        let dummy = Arc::clone(&self.pool.dummy);
        self.submit(move |memory| {
            let password = password.expose_secret().as_bytes();
            let matches = match candidate.as_ref().map(|(_, _, hash)| hash) {
                Some(Hash::Argon2(hash)) => memory.matches(hash, password),
                Some(Hash::Bcrypt(hash)) => Ok(hash.matches(password)),
                None => memory.matches(&dummy, password),
            };
            let matches = matches.map_err(|_| HasherError::UnusableHash)?;
            Ok(candidate
                .filter(|_| matches)
                .map(|(tenant_id, user_id, hash)| Authenticated {
                    tenant_id,
                    user_id,
                    needs_rehash: !hash.is_current(),
                }))
        })
        .await
    }

    /// How often Argon2 has run since the start.
    pub fn invocations(&self) -> u64 {
        self.pool.runs.load(Ordering::Relaxed)
    }

    /// Has a thread do some work.
    async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let (answer, answered) = oneshot::channel();
        let queued = Instant::now();
        let job = move |memory: &mut Memory| {
            // Whoever asked may have hung up; then neither the work nor its result is wanted.
            if answer.is_closed() {
                return;
            }
            let late = queued.elapsed() > MAX_WAIT;
            drop(answer.send(if late {
                Err(HasherError::Busy)
            } else {
                work(memory)
            }));
        };
        self.pool
            .queue
            .try_send(Box::new(job))
            .map_err(|_| HasherError::Busy)?;
        answered.await.unwrap_or(Err(HasherError::Failed))
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("invocations", &self.invocations())
            .finish_non_exhaustive()
    }
}

/// One thread's life: it ends when the last [`Hasher`] has dropped the sending side.
fn work(jobs: &Mutex<Receiver<Job>>, mut memory: Memory) {
    loop {
        // One idle thread waits for the job, the others for that thread.
        let waiting = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let job = waiting.recv_timeout(IDLE);
        drop(waiting);
        match job {
            // A panic must cost one login, not a thread; the caller learns of it by losing its answer.
            Ok(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&mut memory)))),
            Err(RecvTimeoutError::Timeout) => {
                memory.release();
                // Long enough for another thread to have its turn at waiting, and at this.
                thread::sleep(Duration::from_millis(1));
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
