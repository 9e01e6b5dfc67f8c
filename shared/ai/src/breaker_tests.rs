//! Tests of when a provider is left alone.

use super::*;

/// Lets `calls` calls end so; how many were admitted.
fn end(cell: &mut Cell, calls: usize, error: Option<&Error>, now: Instant) -> usize {
    let admitted = (0..calls).filter(|_| match cell.admit(now) {
        Ok(is_probe) => {
            cell.saw(error, is_probe, now);
            true
        }
        Err(_) => false,
    });
    admitted.count()
}

#[test] // R74
fn half_of_twenty_calls_are_enough() {
    let now = Instant::now();
    let mut cell = Cell::default();
    assert_eq!(end(&mut cell, 10, None, now), 10);
    assert_eq!(end(&mut cell, 100, Some(&Error::Timeout), now), 10);
    assert_eq!(cell.admit(now), Err(Error::Unavailable));
    let mut cell = Cell::default();
    for _ in 0..100 {
        assert_eq!(end(&mut cell, 2, None, now), 2);
        assert_eq!(end(&mut cell, 1, Some(&Error::Unavailable), now), 1);
    }
}

#[test] // R74
fn five_refusals_of_the_key_in_a_row_are_enough() {
    let now = Instant::now();
    let mut cell = Cell::default();
    for _ in 0..10 {
        assert_eq!(end(&mut cell, 4, Some(&Error::Auth), now), 4);
        assert_eq!(end(&mut cell, 1, None, now), 1);
    }
    assert_eq!(end(&mut cell, 100, Some(&Error::Auth), now), 5);
    assert_eq!(cell.admit(now), Err(Error::Auth));
}

#[test] // R74
fn one_call_sees_whether_it_is_back() {
    let now = Instant::now();
    let later = now + PAUSE;
    for error in [Error::Auth, Error::Interrupted] {
        let mut cell = Cell::default();
        end(&mut cell, 100, Some(&error), now);
        assert!(cell.admit(later - Duration::from_millis(1)).is_err());
        assert_eq!(cell.admit(later), Ok(true));
        assert!(cell.admit(later).is_err(), "one is on its way");
        cell.saw(Some(&error), true, later);
        assert!(cell.admit(later).is_err(), "it is not back");
        assert_eq!(cell.admit(later + PAUSE), Ok(true));
        cell.saw(None, true, later);
        assert_eq!(end(&mut cell, 100, None, later), 100);
    }
}

#[test]
fn refused_requests_say_that_it_lives() {
    let now = Instant::now();
    let mut cell = Cell::default();
    let limited = Error::RateLimited { retry_after: None };
    for error in [Error::Rejected, limited, Error::Invalid] {
        assert_eq!(end(&mut cell, 100, Some(&error), now), 100);
    }
}

#[test] // R74
fn another_key_and_another_provider_are_not_touched() {
    let breakers = Breakers::new();
    let key = |text: &str| SecretString::from(text);
    for _ in 0..MOST_REFUSED {
        let permit = breakers.admit("a", Some(&key("bad"))).unwrap();
        permit.saw(Some(&Error::Auth));
    }
    assert!(breakers.admit("a", Some(&key("bad"))).is_err());
    assert!(breakers.admit("a", Some(&key("good"))).is_ok());
    assert!(breakers.admit("b", Some(&key("bad"))).is_ok());
}

#[tokio::test(start_paused = true)] // R74
async fn a_call_that_is_given_up_leaves_the_next_to_see() {
    let (breakers, key) = (Breakers::new(), SecretString::from("bad"));
    for _ in 0..MOST_REFUSED {
        breakers
            .admit("a", Some(&key))
            .unwrap()
            .saw(Some(&Error::Auth));
    }
    tokio::time::advance(PAUSE).await;
    let probe = breakers.admit("a", Some(&key)).unwrap();
    assert!(breakers.admit("a", Some(&key)).is_err());
    drop(probe);
    breakers.admit("a", Some(&key)).unwrap().saw(None);
    assert!(breakers.admit("a", Some(&key)).is_ok());
}

#[test] // R72
fn asking_again_is_a_tenth_of_all_asking() {
    let now = Instant::now();
    let mut cell = Cell::default();
    let (mut calls, mut again) = (0_u32, 0_u32);
    for _ in 0..1000 {
        cell.admit(now).unwrap();
        calls += 1;
        while cell.spend() {
            again += 1;
        }
    }
    assert!((100..=104).contains(&again), "{again} of {calls}");
}
