use super::*;
use crate::Error;
use std::collections::BTreeSet;

#[test]
fn codes_are_listed_once_with_the_status_that_they_have() {
    let codes: BTreeSet<_> = ERROR_CODES.iter().map(|(code, ..)| code).collect();
    assert_eq!(codes.len(), ERROR_CODES.len());
    let wait = std::time::Duration::ZERO;
    let none = || anyhow::anyhow!("none");
    let field = || service::FieldError {
        field: String::new(),
        message: String::new(),
    };
    let own = [
        Error::Malformed(String::new()),
        Error::NotFound,
        Error::MethodNotAllowed,
        Error::Slow,
        Error::Changed,
        Error::KeyReused,
        Error::ResultGone,
        Error::TooLarge(None),
        Error::UriTooLong,
        Error::HeadersTooLarge,
        Error::MediaType(""),
        Error::UnsupportedGrant,
        Error::TooManyConnections,
    ];
    use service::Error as E;
    let services = [
        E::Invalid(Vec::new()),
        E::PasswordBlocked(field()),
        E::TooMany(db::Exhausted {
            name: "tests",
            wait,
            per_minute: 1,
        }),
        E::KeyUnavailable(String::new(), none()),
        E::Unavailable(none()),
        E::Overloaded,
        E::SearchTooSlow,
        E::Stopping,
        E::Internal(none()),
    ];
    for error in own.into_iter().chain(
        services
            .into_iter()
            .chain(ai::Error::KINDS.map(E::from))
            .map(Error::from),
    ) {
        let listed = ERROR_CODES.iter().find(|(code, ..)| *code == error.code());
        let status = listed.map(|(_, status, _)| *status);
        assert_eq!(status, Some(error.status().as_u16()), "{}", error.code());
    }
    assert!(
        ERROR_CODES
            .iter()
            .all(|(_, _, meaning)| meaning.ends_with('.'))
    );
}
