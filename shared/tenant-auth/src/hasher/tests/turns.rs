//! Whose turn it is where there is not enough room for all.

use super::*;

/// Keeps the only thread busy until what is given back is dropped.
async fn busy(hasher: &Hasher) -> std::sync::mpsc::Sender<()> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let holder = hasher.clone();
    tokio::spawn(async move {
        let hold = move |_: &mut Memory| {
            begun.send(()).unwrap_or_default();
            held.recv().unwrap_or_default();
            Ok(())
        };
        holder.submit(LOGIN, hold).await
    });
    has_begun.await.unwrap();
    release
}

/// Queues a job that tells its name when it is done.
fn queue(
    hasher: &Hasher,
    jobs: &mut JoinSet<(u128, Result<(), HasherError>)>,
    turn: Turn,
    name: u128,
) {
    let hasher = hasher.clone();
    jobs.spawn(async move { (name, hasher.submit(turn, |_| Ok(())).await) });
}

#[tokio::test(flavor = "current_thread")] // R79
async fn one_tenant_leaves_half_of_the_places_to_others() {
    let hasher = Hasher::new(1);
    let release = busy(&hasher).await;
    let mut jobs = JoinSet::new();
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for _ in 0..queue::PLACES {
        queue(&hasher, &mut jobs, Turn::Login(Some(one)), 1);
    }
    for _ in 0..queue::PLACES {
        queue(&hasher, &mut jobs, Turn::Login(Some(two)), 2);
    }
    tokio::task::yield_now().await;
    drop(release);
    let done = jobs.join_all().await;
    let served = |name| done.iter().filter(|job| **job == (name, Ok(()))).count();
    assert_eq!(
        (served(1), served(2)),
        (queue::PLACES / 2, queue::PLACES / 2)
    );
}

#[tokio::test(flavor = "current_thread")] // R79
async fn logins_come_before_whatever_else_is_hashed() {
    let hasher = Hasher::new(1);
    let release = busy(&hasher).await;
    let mut jobs = JoinSet::new();
    for _ in 0..queue::PLACES {
        queue(&hasher, &mut jobs, Turn::Other(Some(TENANT)), 1);
    }
    for _ in 0..3 {
        queue(&hasher, &mut jobs, Turn::Login(Some(TENANT)), 2);
    }
    queue(&hasher, &mut jobs, Turn::Other(Some(USER)), 3);
    tokio::task::yield_now().await;
    drop(release);
    let done = jobs.join_all().await;
    let served = |name| done.iter().filter(|job| **job == (name, Ok(()))).count();
    // The last one took the place of one of the many.
    assert_eq!((served(2), served(3)), (3, 1));
    assert_eq!(served(1), queue::PLACES - 4);
}
