//! Bytes from the operating system's generator.

/// `N` unpredictable bytes.
///
/// # Panics
/// The operating system has no randomness to give; nothing secret may be made then.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("a running operating system gives random bytes");
    bytes
}
