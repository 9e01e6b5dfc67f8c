//! What is read, what it costs, and that others make the same.

use super::*;

const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn phc(head: &str) -> String {
    format!("{head}$c2FsdHNhbHRzYWx0c2FsdA${HASH}")
}

#[test] // R20
fn only_affordable_argon2_is_read() {
    assert!(
        Stored::parse(&phc("$argon2id$v=19$m=19456,t=2,p=1"))
            .unwrap()
            .is_current()
    );
    for old in [
        "m=8192,t=2,p=1",
        "m=19456,t=1,p=1",
        "m=19456,t=2,p=2",
        "m=131072,t=10,p=4",
    ] {
        assert!(
            !Stored::parse(&phc(&format!("$argon2id$v=19${old}")))
                .unwrap()
                .is_current(),
            "{old}"
        );
    }
    assert!(
        !Stored::parse(&phc("$argon2id$v=16$m=19456,t=2,p=1"))
            .unwrap()
            .is_current()
    );
    for refused in [
        "$argon2id$v=19$m=131073,t=2,p=1",
        "$argon2id$v=19$m=4294967295,t=2,p=1",
        "$argon2id$v=19$m=19456,t=11,p=1",
        "$argon2id$v=19$m=19456,t=2,p=9",
        "$argon2id$v=19$m=19456,t=2,p=4294967295",
        "$argon2id$v=19$m=19456,t=0,p=1",
        "$argon2id$v=18$m=19456,t=2,p=1",
        "$scrypt$v=19$m=19456,t=2,p=1",
    ] {
        assert!(Stored::parse(&phc(refused)).is_none(), "{refused}");
    }
    for other in [
        "$argon2id$m=19456,t=2,p=1",
        "$argon2i$v=19$m=19456,t=2,p=1",
        "$argon2d$v=19$m=19456,t=2,p=1",
    ] {
        assert!(!Stored::parse(&phc(other)).unwrap().is_current(), "{other}");
    }
    for broken in [
        "",
        "hunter2",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$2b$12$abcdefghijklmnopqrstuv",
    ] {
        assert!(Stored::parse(broken).is_none(), "{broken}");
    }
}

// The reference implementation's vector: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`.
#[test]
fn agrees_with_the_reference_implementation() {
    let phc =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let runs = Arc::new(AtomicU64::new(0));
    let mut memory = Memory::new(Arc::clone(&runs));
    let stored = Stored::parse(phc).unwrap();
    assert!(memory.matches(&stored, b"password").unwrap());
    assert!(!memory.matches(&stored, b"Password").unwrap());
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

// Made with passlib 1.7 and argon2-cffi 25; the last two are of the version before 1.3.
#[test]
fn agrees_with_pythons() {
    let mut memory = Memory::new(Arc::default());
    for (password, phc) in [
        (
            "correct horse battery staple",
            "$argon2i$v=19$m=512,t=2,p=2$JsTYOydEyJmzNqZUag0hpA$3CKclnhnLoiM/jH+gMOHO2PBiSZuyCdm929Mgoh1d4M",
        ),
        (
            "grün",
            "$argon2i$v=19$m=512,t=2,p=2$/r93bg0BYMz539ubU6qVcg$kUQOGzdIdbixKa3SJSA6LVCCHZ80HmljF2Pkw+Mh/AU",
        ),
        (
            "correct horse battery staple",
            "$argon2d$v=19$m=512,t=2,p=2$eS8lhLBWCsH4H6OU8n7vnQ$QP6Ox+iqOPXKrUBSi+pQreQbivwGd/vmTsSrUnrsaiE",
        ),
        (
            "grün",
            "$argon2id$v=19$m=512,t=2,p=2$0jrnfI+REkJoLQUAIKT0Xg$6FWQpjXioGYTVE7sAfiio3LTTwRMTAenuF/NaWN9k4o",
        ),
        (
            "correct horse battery staple",
            "$argon2d$v=16$m=512,t=2,p=2$c29tZXNhbHQxNmJ5dGVzIQ$871M2ncHvnPeCOqtBXHtng",
        ),
        (
            "correct horse battery staple",
            "$argon2i$m=512,t=2,p=2$c29tZXNhbHQxNmJ5dGVzIQ$qX312sgz32yvVdZrs2qvDw",
        ),
    ] {
        let stored = Stored::parse(phc).unwrap();
        assert!(
            memory.matches(&stored, password.as_bytes()).unwrap(),
            "{phc}"
        );
        assert!(!memory.matches(&stored, b"wrong").unwrap(), "{phc}");
    }
}

#[test]
fn its_work_is_known_as_that_of_bcrypt() {
    for (parameters, cost) in [
        ("m=19456,t=2,p=1", None),
        ("m=512,t=2,p=2", Some(4)),
        ("m=65536,t=3,p=4", Some(10)),
        ("m=102400,t=2,p=8", Some(10)),
        ("m=131072,t=10,p=4", Some(13)),
    ] {
        let stored = Stored::parse(&phc(&format!("$argon2i$v=19${parameters}"))).unwrap();
        assert_eq!(stored.cost(), cost, "{parameters}");
    }
}

#[test]
fn hashes_read_back_and_salts_differ() {
    let mut memory = Memory::new(Arc::default());
    let first = memory.hash(b"correct horse").unwrap();
    assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_ne!(first, memory.hash(b"correct horse").unwrap());
    let stored = Stored::parse(&first).unwrap();
    assert!(stored.is_current());
    assert!(memory.matches(&stored, b"correct horse").unwrap());
    assert!(!memory.matches(&Stored::dummy(), b"").unwrap());
}
