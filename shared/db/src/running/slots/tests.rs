//! Who gets a slot, and in which order: decided when it is asked for, so that no test waits for a time.

use super::*;
use futures_util::{FutureExt, future::BoxFuture};

const ONE: Uuid = Uuid::from_u128(1);
const TWO: Uuid = Uuid::from_u128(2);
const EVER: Duration = Duration::from_secs(3600);

fn user(tenant: Uuid, who: u128) -> Whose {
    Whose::user(tenant, Uuid::from_u128(who))
}

fn asks(slots: &Slots, whose: Whose, need: Need) -> BoxFuture<'static, Option<Slot>> {
    let slots = slots.clone();
    let mut asks = async move { slots.take(whose, need, EVER).await }.boxed();
    // Its place in the line is taken now.
    match (&mut asks).now_or_never() {
        Some(slot) => std::future::ready(slot).boxed(),
        None => asks,
    }
}

fn takes(slots: &Slots, whose: Whose) -> Option<Slot> {
    asks(slots, whose, Need::Asked).now_or_never().flatten()
}

/// Has each of `waiting` in turn, and gives it back: in which order they came.
fn order(held: Slot, waiting: Vec<(char, BoxFuture<'static, Option<Slot>>)>) -> String {
    let (mut waiting, mut order) = (waiting, String::new());
    let mut held = Some(held);
    while held.take().is_some() {
        let next = waiting.iter_mut().enumerate().find_map(|(n, (_, asks))| {
            let slot = asks.now_or_never()?;
            Some((n, slot.expect("nobody waits too long")))
        });
        if let Some((n, slot)) = next {
            order.push(waiting.remove(n).0);
            held = Some(slot);
        }
    }
    order
}

#[tokio::test] // R79
async fn alone_a_tenant_has_all_and_beside_another_half() {
    let slots = Slots::shared(4);
    let all: Vec<Slot> = (0..5).filter_map(|n| takes(&slots, user(ONE, n))).collect();
    assert_eq!(all.len(), 4);
    let waits = asks(&slots, user(TWO, 1), Need::Asked);
    drop(all);
    let others = waits.now_or_never().flatten().expect("it was its turn");
    let half: Vec<Slot> = (0..4).filter_map(|n| takes(&slots, user(ONE, n))).collect();
    assert_eq!(half.len(), 2);
    let client = takes(&slots, Whose::client(None)).expect("the rest is for others");
    drop((others, client, half));
    assert_eq!(slots.count(), (0, 0));
}

#[tokio::test] // R79
async fn tenants_take_turns_and_in_each_its_people() {
    let slots = Slots::shared(1);
    let held = takes(&slots, user(ONE, 1)).unwrap();
    let mut waiting = Vec::new();
    for (name, whose) in [
        ('a', user(ONE, 1)),
        ('a', user(ONE, 1)),
        ('a', user(ONE, 1)),
        ('b', user(ONE, 2)),
        ('c', user(TWO, 3)),
        ('c', user(TWO, 3)),
        ('n', Whose::client(Some([192, 0, 2, 1].into()))),
        ('n', Whose::client(Some([192, 0, 2, 1].into()))),
        ('m', Whose::client(Some([192, 0, 2, 2].into()))),
    ] {
        waiting.push((name, asks(&slots, whose, Need::Asked)));
    }
    assert_eq!(slots.count(), (1, 9));
    assert_eq!(order(held, waiting), "acnbcmana");
    assert_eq!(slots.count(), (0, 0));
}

#[tokio::test] // R79
async fn what_has_begun_goes_before_what_its_tenant_asks_anew() {
    let slots = Slots::shared(1);
    let held = takes(&slots, user(TWO, 1)).unwrap();
    let waiting = vec![
        ('a', asks(&slots, user(ONE, 1), Need::Asked)),
        ('b', asks(&slots, user(ONE, 1), Need::Begun)),
        ('c', asks(&slots, user(TWO, 1), Need::Asked)),
    ];
    assert_eq!(order(held, waiting), "bca");
}

#[tokio::test] // R79
async fn who_leaves_takes_nothing_with_it() {
    let slots = Slots::shared(1);
    let held = takes(&slots, user(ONE, 1)).unwrap();
    let patient = asks(&slots, user(ONE, 2), Need::Asked);
    drop(asks(&slots, user(TWO, 1), Need::Asked));
    assert!(
        slots
            .take(user(TWO, 2), Need::Asked, Duration::ZERO)
            .await
            .is_none()
    );
    assert_eq!(slots.count(), (1, 1));
    // Its turn comes, and it leaves before it knows.
    let late = asks(&slots, user(TWO, 3), Need::Asked);
    drop(held);
    let slot = patient.now_or_never().flatten().expect("it was its turn");
    drop(slot);
    assert_eq!(slots.count(), (1, 0));
    drop(late);
    assert_eq!(slots.count(), (0, 0));
    assert!(takes(&slots, user(ONE, 1)).is_some());
}

#[tokio::test] // R79
async fn so_many_wait_and_no_more() {
    let slots = Slots::shared(1);
    let _held = takes(&slots, user(ONE, 1)).unwrap();
    let waiting: Vec<_> = (0..MOST_WAITING)
        .map(|_| asks(&slots, user(ONE, 1), Need::Asked))
        .collect();
    let refused = asks(&slots, user(ONE, 1), Need::Asked).now_or_never();
    assert!(refused.expect("it is told at once").is_none());
    let other = asks(&slots, user(TWO, 1), Need::Asked);
    assert_eq!(slots.count(), (1, MOST_WAITING + 1));
    drop(waiting);
    let again = asks(&slots, user(ONE, 1), Need::Asked);
    assert_eq!(slots.count(), (1, 2));
    drop((other, again));
}

#[tokio::test]
async fn each_tenant_has_so_many_of_its_own() {
    let slots = Slots::for_each(1);
    let one = takes(&slots, user(ONE, 1)).unwrap();
    assert!(takes(&slots, user(ONE, 2)).is_none());
    assert!(takes(&slots, user(TWO, 1)).is_some());
    drop(one);
    assert!(takes(&slots, user(ONE, 2)).is_some());
}

#[test] // R8
fn a_client_cannot_change_its_network() {
    let of = |ip: &str| Whose::client(Some(ip.parse().unwrap()));
    assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::4"));
    assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
}
