//! Refresh tokens: what renews a login.

use crate::{
    opaque::{self, OpaqueKeys},
    secret::RootSecret,
};
use std::fmt;
use uuid::Uuid;

/// What a refresh token says. Only [`RefreshKeys::open`] makes one.
///
/// ```
/// fn tenant(claim: &tenant_auth::RefreshClaim) -> uuid::Uuid { claim.tenant_id() }
/// ```
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::RefreshClaim {
///     tenant_auth::RefreshClaim { tenant_id: id, session_id: id, generation: 0 } // private
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshClaim {
    tenant_id: Uuid,
    session_id: Uuid,
    generation: i64,
}

impl RefreshClaim {
    /// The tenant of the login.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The login.
    pub fn session_id(&self) -> Uuid {
        self.session_id
    }

    /// How many refreshes the login had seen when this token was made. An old number means a token used
    /// twice, which is how theft shows (RFC 9700 section 4.14.2).
    pub fn generation(&self) -> i64 {
        self.generation
    }
}

/// Makes and opens refresh tokens.
// tenant 16 | session 16 | generation 8 (big endian)
pub struct RefreshKeys(OpaqueKeys<40>);

impl RefreshKeys {
    /// The keys that follow from `root`.
    pub fn new(root: &RootSecret) -> Self {
        Self(OpaqueKeys::new(root, "refresh-token"))
    }

    /// Writes the token of one generation of a session; the same input gives the same 82 characters.
    pub fn issue(&self, tenant_id: Uuid, session_id: Uuid, generation: i64) -> String {
        let mut said = [0; 40];
        said[..16].copy_from_slice(tenant_id.as_bytes());
        said[16..32].copy_from_slice(session_id.as_bytes());
        said[32..].copy_from_slice(&generation.to_be_bytes());
        self.0.issue(said)
    }

    /// Reads a token that these keys have issued; `None` for anything else.
    ///
    /// A claim says that we issued the token, not that its session still lives.
    pub fn open(&self, token: &str) -> Option<RefreshClaim> {
        let said = self.0.open(token)?;
        let (tenant_id, rest) = opaque::id(&said)?;
        let (session_id, generation) = opaque::id(rest)?;
        Some(RefreshClaim {
            tenant_id,
            session_id,
            generation: i64::from_be_bytes(generation.try_into().ok()?),
        })
    }
}

impl fmt::Debug for RefreshKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshKeys([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::root;

    const TENANT: Uuid = Uuid::from_u128(0x11);
    const SESSION: Uuid = Uuid::from_u128(0x22);

    #[test]
    fn opens_what_it_issued_and_only_that() {
        let keys = RefreshKeys::new(&root(1));
        for generation in [0, 1, i64::MAX, -1] {
            let token = keys.issue(TENANT, SESSION, generation);
            assert_eq!(token.len(), 82);
            let claim = keys.open(&token).unwrap();
            assert_eq!(
                (claim.tenant_id(), claim.session_id(), claim.generation()),
                (TENANT, SESSION, generation)
            );
            assert_eq!(RefreshKeys::new(&root(2)).open(&token), None);
        }
    }

    // A fixed value: a change here logs everybody out.
    #[test]
    fn tokens_do_not_drift() {
        let token = RefreshKeys::new(&root(1)).issue(TENANT, SESSION, 1);
        assert_eq!(
            token,
            "AYr6acsAAAAAAAAAAAAAAAAAAAARAAAAAAAAAAAAAAAAAAAAIgAAAAAAAAABoUm7Nc6vTuii06_T9suEFg"
        );
    }
}
