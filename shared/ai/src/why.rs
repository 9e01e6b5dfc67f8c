//! Why a provider did not answer, in words of our own: what a library says may repeat what was sent.

use std::{error::Error, io};

/// What stopped a request from being answered.
pub(crate) fn not_answered(error: &reqwest::Error) -> &'static str {
    let mut known = None;
    let mut cause = error.source();
    while let Some(this) = cause {
        known = meaning(this).or(known);
        cause = this.source();
    }
    known.unwrap_or(if error.is_timeout() {
        "no connection within the time there is"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection ended before an answer"
    })
}

fn meaning(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    const TLS: &str = "TLS failed: the certificate is not this host's, or by no public authority, or there is no TLS";
    if cause.is::<rustls::Error>() {
        return Some(TLS);
    }
    if let Some(io) = cause.downcast_ref::<io::Error>() {
        // What is in one of these is no source of it. An error of TLS comes so.
        let inner = io.get_ref().and_then(|inner| meaning(inner));
        if inner.is_some() {
            return inner;
        }
        return match io.kind() {
            io::ErrorKind::ConnectionRefused => Some("connection refused: nothing listens there"),
            io::ErrorKind::ConnectionReset => Some("the connection was reset"),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Some("no way to that host")
            }
            _ => None,
        };
    }
    // The resolver's error has no type of its own.
    let resolver = cause.to_string().starts_with("dns error");
    resolver.then_some("the name of the host cannot be resolved")
}
