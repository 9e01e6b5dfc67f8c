//! Whose turn it is where there is not enough room for all.

use super::*;

/// Who asked, and their answer.
type Asked = (u128, oneshot::Receiver<Result<(), HasherError>>);

fn ask(hasher: &Hasher, name: u128, turn: Turn) -> Asked {
    (name, queued(&hasher.pool.queue, turn, |_| Ok(())))
}

/// How many of those who asked under the name have been turned away. Nobody else has an answer while the only thread is
/// occupied.
fn turned_away(asked: &mut [Asked], name: u128) -> usize {
    let its = asked.iter_mut().filter(|asked| asked.0 == name);
    its.filter_map(|(_, answer)| answer.try_recv().ok())
        .filter(|answer| *answer == Err(HasherError::Busy))
        .count()
}

#[tokio::test] // R79
async fn one_tenant_leaves_half_of_the_places_to_others() {
    let hasher = Hasher::new(1);
    let (_go, _occupied) = occupy(&hasher).await;
    let mut asked = Vec::new();
    for name in [1, 2] {
        let turn = Turn::Login(Some(Uuid::from_u128(name)));
        asked.extend((0..queue::PLACES).map(|_| ask(&hasher, name, turn)));
    }
    let half = queue::PLACES / 2;
    assert_eq!(turned_away(&mut asked, 1), half);
    assert_eq!(turned_away(&mut asked, 2), half);
}

#[tokio::test] // R79
async fn logins_come_before_whatever_else_is_hashed() {
    let hasher = Hasher::new(1);
    let (_go, _occupied) = occupy(&hasher).await;
    let (login, other) = (Turn::Login(Some(TENANT)), Turn::Other(Some(TENANT)));
    let mut asked = Vec::new();
    asked.extend((0..queue::PLACES).map(|_| ask(&hasher, 1, other)));
    asked.extend((0..3).map(|_| ask(&hasher, 2, login)));
    asked.push(ask(&hasher, 3, Turn::Other(Some(USER))));
    // The last one took the place of one of the many, too.
    assert_eq!(turned_away(&mut asked, 1), 4);
    assert_eq!(turned_away(&mut asked, 2), 0);
    assert_eq!(turned_away(&mut asked, 3), 0);
}
