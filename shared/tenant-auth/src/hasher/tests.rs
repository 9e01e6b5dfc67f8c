//! Right and wrong passwords, equal cost, overload and the end of the threads.

use super::*;
use std::sync::mpsc::{Sender, channel};
use tokio::task::{JoinHandle, JoinSet};

mod turns;
mod work;

const TENANT: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(2);

fn stored(phc: &str) -> StoredPassword {
    StoredPassword {
        tenant_id: TENANT,
        user_id: USER,
        phc: phc.into(),
    }
}

const LOGIN: Turn = Turn::Login(None);
const OTHER: Turn = Turn::Other(None);

fn nobody() -> Attempt {
    Attempt {
        tries: 1,
        ..Attempt::default()
    }
}

async fn check(hasher: &Hasher, password: &str, attempt: Attempt) -> Checked {
    hasher.check(password.into(), attempt, LOGIN).await.unwrap()
}

async fn proof(hasher: &Hasher, password: &str, phc: &str) -> Option<Authenticated> {
    let checked = check(hasher, password, Attempt::at(stored(phc))).await;
    checked.matching.first().copied()
}

/// Keeps one thread busy until the sender is dropped.
async fn occupy(hasher: &Hasher) -> (Sender<()>, JoinHandle<Result<(), HasherError>>) {
    let (go, gone) = channel();
    let (begin, begun) = oneshot::channel();
    let hasher = hasher.clone();
    let occupied = tokio::spawn(async move {
        let work = hasher.submit(LOGIN, move |_| {
            begin.send(()).expect("it is waited for");
            assert!(gone.recv().is_err(), "the sender only ends");
            Ok(())
        });
        work.await
    });
    begun.await.expect("the thread begins");
    (go, occupied)
}

async fn accepts(hasher: &Hasher, password: &str, phc: &str) -> bool {
    proof(hasher, password, phc).await.is_some()
}

#[tokio::test]
async fn only_the_right_password_is_accepted() {
    let hasher = Hasher::new(1);
    let phc = hasher.hash("correct horse".into(), OTHER).await.unwrap();
    let proof = proof(&hasher, "correct horse", &phc).await.unwrap();
    assert_eq!(
        (proof.tenant_id(), proof.user_id(), proof.needs_rehash()),
        (TENANT, USER, false)
    );
    for wrong in [
        "",
        "correct hors",
        "correct horse ",
        "Correct horse",
        "correct horse\0",
    ] {
        assert!(!accepts(&hasher, wrong, &phc).await, "{wrong}");
    }
}

#[tokio::test] // R6
async fn unknown_users_and_endless_passwords_cost_one_run_each() {
    let hasher = Hasher::new(1);
    let phc = hasher.hash("correct horse".into(), OTHER).await.unwrap();
    for (password, known) in [
        ("wrong".to_owned(), true),
        ("wrong".to_owned(), false),
        ("x".repeat(1025), true),
    ] {
        let before = hasher.invocations();
        let user = if known {
            Attempt::at(stored(&phc))
        } else {
            nobody()
        };
        assert_eq!(check(&hasher, &password, user).await, Checked::default());
        assert_eq!(hasher.invocations(), before + 1);
    }
    assert_eq!(check(&hasher, "", nobody()).await, Checked::default());
}

#[tokio::test] // R22
async fn every_character_counts() {
    let hasher = Hasher::new(1);
    let password = "🦀".repeat(128);
    let phc = hasher.hash(password.as_str().into(), OTHER).await.unwrap();
    assert!(accepts(&hasher, &password, &phc).await);
    for position in [72, 73, 100, 127] {
        let other: String = password
            .chars()
            .enumerate()
            .map(|(at, c)| if at == position { 'x' } else { c })
            .collect();
        assert!(!accepts(&hasher, &other, &phc).await, "{position}");
    }
    assert!(!accepts(&hasher, &password[..127 * 4], &phc).await);
}

#[tokio::test] // R22
async fn passwords_that_could_never_log_in_are_not_hashed() {
    let hasher = Hasher::new(1);
    let too_long = hasher.hash("x".repeat(129).into(), OTHER).await;
    assert_eq!(
        too_long,
        Err(HasherError::Refused(PasswordFault::TooLong { max: 128 }))
    );
    assert_eq!(
        hasher.hash("a\0b".into(), OTHER).await,
        Err(HasherError::Refused(PasswordFault::Nul))
    );
    assert!(hasher.hash("".into(), OTHER).await.is_err());
    assert_eq!(hasher.invocations(), 0);
}

#[tokio::test] // R20
async fn cheaper_and_dearer_hashes_ask_to_be_replaced() {
    let hasher = Hasher::new(1);
    for params in [(8192, 1, 1), (19_456, 1, 1), (32_768, 1, 2)] {
        let (m, t, p) = params;
        let old = argon2::Argon2::from(argon2::Params::new(m, t, p, None).unwrap());
        let phc = argon2::PasswordHasher::hash_password(&old, b"correct horse")
            .unwrap()
            .to_string();
        let proof = proof(&hasher, "correct horse", &phc).await.unwrap();
        assert!(proof.needs_rehash(), "{params:?}");
        assert!(!accepts(&hasher, "wrong", &phc).await);
    }
}

#[tokio::test] // R21
async fn a_flood_is_partly_served_and_partly_turned_away() {
    let hasher = Hasher::new(1);
    let (go, occupied) = occupy(&hasher).await;
    let mut flood = JoinSet::new();
    for _ in 0..200 {
        let hasher = hasher.clone();
        flood.spawn(async move { hasher.check("wrong".into(), nobody(), LOGIN).await });
    }
    // So many may wait; the others are told at once.
    for _ in queue::PLACES..200 {
        let turned_away = flood.join_next().await.unwrap().unwrap();
        assert_eq!(turned_away, Err(HasherError::Busy));
    }
    drop(go);
    assert_eq!(occupied.await.unwrap(), Ok(()));
    // On a slow machine some of them have waited too long.
    let waited = flood.join_all().await;
    let served = waited
        .iter()
        .filter(|answer| **answer == Ok(Checked::default()))
        .count();
    let late = waited.iter().filter(|a| **a == Err(HasherError::Busy));
    assert_eq!(served + late.count(), queue::PLACES);
    assert_eq!(hasher.invocations(), served as u64);
    // It recovers.
    assert_eq!(check(&hasher, "wrong", nobody()).await, Checked::default());
}

#[tokio::test] // R21
async fn waiting_too_long_is_busy_and_hanging_up_costs_nothing() {
    let hasher = Hasher::new(1);
    let (go, occupied) = occupy(&hasher).await;
    let wait = async {
        tokio::time::sleep(MAX_WAIT + Duration::from_millis(100)).await;
        drop(go);
    };
    let (late, ()) = tokio::join!(hasher.check("wrong".into(), nobody(), LOGIN), wait);
    assert_eq!(late, Err(HasherError::Busy));
    assert_eq!(occupied.await.unwrap(), Ok(()));

    let (go, occupied) = occupy(&hasher).await;
    let gone = tokio::time::timeout(
        Duration::ZERO,
        hasher.check("wrong".into(), nobody(), LOGIN),
    );
    assert!(gone.await.is_err());
    drop(go);
    assert_eq!(occupied.await.unwrap(), Ok(()));
    hasher.submit(LOGIN, |_| Ok(())).await.unwrap();
    assert_eq!(hasher.invocations(), 0);
}

#[tokio::test] // R21
async fn whoever_hangs_up_makes_room_for_nobody_until_the_work_is_done() {
    let hasher = Hasher::new(2);
    let (now, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for _ in 0..100 {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        let job = hasher.submit(OTHER, move |_| {
            let running = now.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(running, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(20));
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        });
        drop(tokio::time::timeout(Duration::from_millis(2), job).await);
    }
    while now.load(Ordering::SeqCst) > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(most.load(Ordering::SeqCst) <= 2);
    assert_eq!(hasher.submit(OTHER, |_| Ok(())).await, Ok(()));
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let hasher = Hasher::new(1);
    let lost: Result<(), _> = hasher
        .submit(OTHER, |_| panic!("expected by this test"))
        .await;
    assert_eq!(lost, Err(HasherError::Failed));
    assert_eq!(check(&hasher, "wrong", nobody()).await, Checked::default());
}

#[tokio::test]
async fn threads_end_with_the_last_clone() {
    let hasher = Hasher::new(3);
    let runs = Arc::downgrade(&hasher.pool.runs);
    let clone = hasher.clone();
    drop(hasher);
    assert_eq!(check(&clone, "wrong", nobody()).await, Checked::default());
    drop(clone);
    // Each thread holds the counter for as long as it lives.
    for _ in 0..30_000 {
        if runs.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} threads are still there", runs.strong_count());
}

// R24
#[test]
fn debug_shows_neither_hash_nor_password() {
    let user = stored("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
    assert!(!format!("{user:?}").contains("argon2id"));
    assert!(format!("{:?}", Hasher::new(0)).starts_with("Hasher { invocations: 0"));
}
