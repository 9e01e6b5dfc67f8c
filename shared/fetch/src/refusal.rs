//! Why something could not be read.

/// Why an address could not be read, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is of this machine, or of a network that is not the internet.
    #[error("Its host has no address on the public internet, where alone connectors read.")]
    NotPublic,
    /// No connection, or it broke off.
    #[error("Its host does not answer.")]
    Unreachable,
    /// All of it did not come within so many seconds.
    #[error("Its host took longer than {0} seconds.")]
    Slow(u64),
    /// A status that is none of success.
    #[error("Its host answers with status {0}.")]
    Status(u16),
    /// It wants to be asked later: after so many seconds, if it says.
    #[error("Its host has too much to do, or is asked too often (status {0}).")]
    Busy(u16, Option<u64>),
    /// More than may be read.
    #[error("It is larger than {0} MiB, the most that is read of a page.")]
    TooLarge(usize),
    /// It cannot be read as it was sent.
    #[error("It comes compressed though it was asked for as it is.")]
    Encoded,
    /// There is no address for it.
    #[error("No address can ask for it: a part of its name is `.` or `..`.")]
    Nameless,
    /// It redirects to what is no address.
    #[error("It leads to an address that is none.")]
    Astray,
    /// It would be asked for without encryption, outside of the deployment's own network.
    #[error("Its host is on the internet, and is to be asked without encryption. Use https.")]
    Plain,
    /// It is not what it should be.
    #[error("Its host answers with what is no list or file.")]
    Garbled,
}

impl Refusal {
    /// Whether the host does not answer, whatever it is asked for.
    pub fn is_of_host(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Slow(_) | Self::NotPublic)
    }
}
