//! Beside what the library itself writes.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;

/// Values as the library stores them, made with sqlalchemy-utils 0.41.
#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    note: String,
    engine: String,
    padding: Option<String>,
    secret_key: String,
    stored: Option<String>,
    plain: Option<String>,
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../tests/data/vectors.json");
    let read: Vectors = serde_json::from_str(text).unwrap();
    read.vectors
}

fn engine(written: Written) -> (&'static str, Option<&'static str>) {
    match written {
        Written::Fernet => ("FernetEngine", None),
        Written::Gcm => ("AesGcmEngine", None),
        Written::Cbc(Padding::Naive) => ("AesEngine", Some("naive")),
        Written::Cbc(Padding::Pkcs5) => ("AesEngine", Some("pkcs5")),
        Written::Cbc(Padding::Zeroes) => ("AesEngine", Some("zeroes")),
        Written::Cbc(Padding::OneAndZeroes) => ("AesEngine", Some("oneandzeroes")),
    }
}

#[test]
fn every_value_of_the_library_is_opened_and_its_writer_told() {
    let mut opened = 0;
    for vector in vectors() {
        let Some(stored) = vector.stored else {
            assert_eq!(vector.plain, None);
            continue;
        };
        let key = OldKey::new(&vector.secret_key.clone().into());
        let other = OldKey::new(&"another key".into());
        let (written, plain) = open(stored.as_bytes(), &[other, key])
            .unwrap_or_else(|e| panic!("{}: {e:?}", vector.note));
        assert_eq!(
            Some(plain.expose_secret()),
            vector.plain.as_deref(),
            "{}",
            vector.note
        );
        let (name, padding) = engine(written);
        assert_eq!(name, vector.engine, "{}", vector.note);
        // The last byte of a padding of one byte is the same with both.
        let alike = (padding, vector.padding.as_deref()) == (Some("pkcs5"), Some("zeroes"));
        assert!(
            alike || padding == vector.padding.as_deref(),
            "{}",
            vector.note
        );
        opened += 1;
    }
    assert_eq!(opened, 58);
}

#[test]
fn another_key_and_a_plain_text_are_told_apart() {
    let key = || [OldKey::new(&"another key".into())];
    for vector in vectors() {
        let Some(stored) = vector.stored else {
            continue;
        };
        let refused = open(stored.as_bytes(), &key()).err();
        assert_eq!(refused, Some(Unreadable::OtherKey), "{}", vector.note);
    }
    for plain in [
        "",
        "sk-proj-abcdefgh",
        "pcsk_4WmT9a",
        "us-east1-gcp",
        "words and spaces",
        "QUJD",
    ] {
        let refused = open(plain.as_bytes(), &key()).err();
        assert_eq!(refused, Some(Unreadable::NotCiphertext), "{plain}");
    }
}

#[test]
fn a_fernet_key_that_was_never_hashed_opens_what_it_wrote() {
    // The example of the Fernet specification.
    let key = OldKey::new(&"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".into());
    let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
    let (written, plain) = open(token.as_bytes(), &[key]).unwrap();
    assert_eq!((written, plain.expose_secret()), (Written::Fernet, "hello"));
}

proptest! {
    #[test]
    fn whatever_is_stored_ends_in_an_answer(stored in any::<Vec<u8>>(), text in "[A-Za-z0-9+/=_-]{0,120}") {
        let key = || [OldKey::new(&"any".into())];
        prop_assert!(open(&stored, &key()).is_err());
        drop(open(text.as_bytes(), &key()));
    }
}
