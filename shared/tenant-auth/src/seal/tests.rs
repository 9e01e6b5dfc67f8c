//! Sealed keys open in their own place only.

use super::*;
use crate::secret::tests::{root, roots};
use proptest::prelude::*;
use std::collections::HashSet;

const KEY: &str = "sk-test-0123456789";
const HERE: SealContext<'static> = SealContext {
    tenant_id: Uuid::from_u128(1),
    provider: "openai",
    row_id: Uuid::from_u128(2),
};

fn sealed() -> (Sealer, Vec<u8>) {
    let sealer = Sealer::new(&root(1));
    let bytes = sealer.seal(&HERE, &KEY.into());
    (sealer, bytes)
}

#[test]
fn opens_what_it_sealed() {
    let (sealer, bytes) = sealed();
    assert_eq!(sealer.open(&HERE, &bytes).unwrap().expose_secret(), KEY);
    assert_eq!(bytes.len(), 1 + 4 + 12 + KEY.len() + 16);
    let empty = sealer.seal(&HERE, &"".into());
    assert_eq!(sealer.open(&HERE, &empty).unwrap().expose_secret(), "");
    assert!(!format!("{sealer:?}").contains("key: "));
}

// R47
#[test]
fn does_not_open_for_another_tenant_provider_or_row() {
    let (sealer, bytes) = sealed();
    let other = Uuid::from_u128(3);
    for elsewhere in [
        SealContext {
            tenant_id: other,
            ..HERE
        },
        SealContext {
            provider: "anthropic",
            ..HERE
        },
        SealContext {
            provider: "openai\0",
            ..HERE
        },
        SealContext {
            provider: "",
            ..HERE
        },
        SealContext {
            row_id: other,
            ..HERE
        },
        SealContext {
            tenant_id: HERE.row_id,
            row_id: HERE.tenant_id,
            ..HERE
        },
    ] {
        assert_eq!(
            sealer.open(&elsewhere, &bytes).unwrap_err(),
            SealError::Damaged,
            "{elsewhere:?}"
        );
    }
}

// R47
#[test]
fn a_hundred_thousand_nonces_differ() {
    let sealer = Sealer::new(&root(1));
    let secret = KEY.into();
    let first = sealer.seal(&HERE, &secret);
    assert_ne!(first, sealer.seal(&HERE, &secret));
    let nonces: HashSet<Vec<u8>> = (0..100_000)
        .map(|_| sealer.seal(&HERE, &secret)[5..17].to_vec())
        .collect();
    assert_eq!(nonces.len(), 100_000);
}

#[test]
fn previous_roots_open_but_do_not_seal() {
    let (old, bytes) = sealed();
    let new = Sealer::new(&roots(2, &[3, 1]));
    assert_eq!(new.open(&HERE, &bytes).unwrap().expose_secret(), KEY);
    assert_eq!(Sealer::key_id_of(&bytes), Some(old.key_id()));
    assert!(bytes.starts_with(&old.start()) && !bytes.starts_with(&new.start()));
    assert_ne!(old.key_id(), new.key_id());
    let again = new.seal(&HERE, &KEY.into());
    assert_eq!(Sealer::key_id_of(&again), Some(new.key_id()));
    assert_eq!(old.open(&HERE, &again).unwrap_err(), SealError::UnknownKey);
    assert_eq!(Sealer::key_id_of(&bytes[..32]), None);
}

#[test]
fn a_secret_that_is_not_text_is_damaged() {
    let sealer = Sealer::new(&root(1));
    let kek = &sealer.newest;
    let mut body = vec![0xff, 0xfe];
    let aad = kek.associated_data(&HERE);
    kek.cipher(&HERE)
        .encrypt_in_place(&[0; NONCE].into(), &aad, &mut body)
        .unwrap();
    let bytes = [&[VERSION], kek.kid.as_slice(), &[0; NONCE], &body].concat();
    assert_eq!(sealer.open(&HERE, &bytes).unwrap_err(), SealError::Damaged);
}

// R48: the result is an error as a whole, so no part of a plaintext can come with it.
proptest! {
    #[test]
    fn any_flipped_bit_is_refused(byte in 0..(1 + 4 + 12 + KEY.len() + 16), bit in 0..8) {
        let (sealer, mut bytes) = sealed();
        bytes[byte] ^= 1u8 << bit;
        let error = sealer.open(&HERE, &bytes).unwrap_err();
        let expected = if (1..5).contains(&byte) { SealError::UnknownKey } else { SealError::Damaged };
        prop_assert_eq!(error, expected);
        prop_assert!(!error.to_string().contains("sk-"));
    }

    #[test]
    fn any_cut_or_extension_is_refused(keep in 0..(1 + 4 + 12 + KEY.len() + 16), extra in 0u8..) {
        let (sealer, mut bytes) = sealed();
        prop_assert_eq!(sealer.open(&HERE, &bytes[..keep]).unwrap_err(), SealError::Damaged);
        bytes.push(extra);
        prop_assert_eq!(sealer.open(&HERE, &bytes).unwrap_err(), SealError::Damaged);
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes: Vec<u8>) {
        let sealer = Sealer::new(&roots(1, &[2]));
        prop_assert!(sealer.open(&HERE, &bytes).is_err());
        prop_assert!(Sealer::key_id_of(&bytes).is_none_or(|id| id.len() == 8));
        // Past the header as well.
        let addressed = [&[VERSION], sealer.newest.kid.as_slice(), &bytes].concat();
        prop_assert_eq!(sealer.open(&HERE, &addressed).unwrap_err(), SealError::Damaged);
    }
}
