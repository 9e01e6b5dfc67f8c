//! That the work tells nothing of what is stored.

use super::*;

#[tokio::test] // R6 R20
async fn an_unusable_hash_is_nobodys_and_costs_what_nobodys_does() {
    let hasher = Hasher::new(1);
    let tail = "c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (n, cost) in [
        "m=4294967295,t=2,p=1",
        "m=131073,t=2,p=1",
        "m=19456,t=11,p=1",
        "m=19456,t=2,p=9",
    ]
    .into_iter()
    .enumerate()
    {
        let user = Attempt::at(stored(&format!("$argon2id$v=19${cost}${tail}")));
        let checked = check(&hasher, "x", user).await;
        assert_eq!(
            (checked.matching, checked.unusable),
            (vec![], vec![(TENANT, USER)])
        );
        assert_eq!(hasher.invocations(), n as u64 + 1);
    }
}

// Of "correct horse battery staple", made with Python's bcrypt.
const BCRYPT: &str = "$2b$04$r3ft5FtJZXw2luIVJuX8ouKo48r4rEjoR5qRmHDMSy/8xt/tmPlWK";

// Likewise, made with passlib.
const PBKDF2: &str =
    "$pbkdf2-sha256$1000$Syml1Pp/r1Vq7X3v3RujlA$CXOiIipyPzgmqcvYDNEDyM7u3C.ozHY/7GNBmXN65Nw";

const ARGON2: &str = "$argon2i$v=19$m=512,t=2,p=2$JsTYOydEyJmzNqZUag0hpA$3CKclnhnLoiM/jH+gMOHO2PBiSZuyCdm929Mgoh1d4M";

#[tokio::test] // R6
async fn nobody_waits_for_a_hash_that_takes_many_seconds() {
    let hasher = Hasher::new(1);
    let slow = stored(&BCRYPT.replace("$04$", "$18$"));
    // Nobody can type it, so the work is that for nobody's: what counts is who does it.
    let endless = "x".repeat(1025);
    let (busy, occupied) = occupy(&hasher).await;
    let checked = hasher.check(endless.into(), Attempt::at(slow), LOGIN).await;
    assert_eq!(checked, Ok(Checked::default()));
    drop(busy);
    assert_eq!(occupied.await.unwrap(), Ok(()));
}

#[tokio::test] // R6
async fn while_anybody_has_a_dearer_hash_every_failure_costs_as_much() {
    let hasher = Hasher::new(1);
    let own = hasher.hash("correct horse".into(), OTHER).await.unwrap();
    // Of bcrypt 2^4 of its rounds are missing to 2^6: once 2^4 and once 2^5 more.
    for (phc, runs) in [
        (Some(&*own), 2),
        (None, 2),
        (Some(BCRYPT), 4),
        // As much work as bcrypt of 2^4.
        (Some(PBKDF2), 4),
        (Some(ARGON2), 4),
        (Some("x"), 2),
    ] {
        let attempt = Attempt {
            stored: phc.map(stored).into_iter().collect(),
            tries: 1,
            bcrypt_cost: Some(6),
        };
        let before = hasher.invocations();
        assert_eq!(check(&hasher, "wrong", attempt).await.matching, []);
        assert_eq!(hasher.invocations() - before, runs, "{phc:?}");
    }
}

#[tokio::test] // R6
async fn of_several_tries_all_are_made_whatever_is_found() {
    let hasher = Hasher::new(1);
    let own = hasher.hash("correct horse".into(), OTHER).await.unwrap();
    let other = hasher
        .hash("seven green bicycles".into(), OTHER)
        .await
        .unwrap();
    for (accounts, password, found) in [
        (vec![], "correct horse", 0),
        (vec![&own], "correct horse", 1),
        (vec![&own, &other], "correct horse", 1),
        (vec![&other, &own], "correct horse", 1),
        (vec![&own, &own], "correct horse", 2),
        (vec![&own, &other], "wrong", 0),
    ] {
        let attempt = Attempt {
            stored: accounts.iter().map(|phc| stored(phc)).collect(),
            tries: 2,
            bcrypt_cost: None,
        };
        let before = hasher.invocations();
        let checked = check(&hasher, password, attempt).await;
        assert_eq!(checked.matching.len(), found, "{accounts:?}");
        assert_eq!(hasher.invocations() - before, 2, "{accounts:?}");
    }
}

#[tokio::test]
async fn a_password_is_the_same_however_its_letters_are_composed() {
    let hasher = Hasher::new(1);
    let (composed, decomposed) = ("p\u{e4}ssw\u{f6}rd", "pa\u{308}sswo\u{308}rd");
    for set in [composed, decomposed] {
        let phc = hasher.hash(set.into(), OTHER).await.unwrap();
        for typed in [composed, decomposed] {
            let proof = proof(&hasher, typed, &phc).await.unwrap();
            assert!(!proof.needs_rehash());
        }
        assert!(!accepts(&hasher, "passwo\u{308}rd", &phc).await);
    }
    // As an earlier release stored it.
    let raw = Memory::new(Arc::default())
        .hash(decomposed.as_bytes())
        .unwrap();
    let old = proof(&hasher, decomposed, &raw).await.unwrap();
    assert!(old.needs_rehash());
    assert!(!accepts(&hasher, composed, &raw).await);
}
