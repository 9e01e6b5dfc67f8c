//! Tokens, passwords and sealed provider keys: everything that needs a secret and nothing that needs a
//! database or a network.
//!
//! Two secrets feed it. `SECRET_KEY` becomes a [`RootSecret`], from which the other keys are derived;
//! the secret for access tokens becomes [`Keys`]. What proves something ([`Verified`],
//! [`Authenticated`], [`RefreshClaim`], [`InvitationClaim`], [`ApiKeyClaim`], [`SiteClaim`],
//! [`Identity`], [`SolvedChallenge`]) has private fields and one function that makes it.

mod algorithm;
mod api_key;
mod argon;
mod bcrypt;
mod blocklist;
mod challenge;
mod hasher;
mod identity;
mod invitation;
mod opaque;
mod password;
mod pbkdf2_sha256;
mod provider;
mod random;
mod refresh;
mod seal;
mod secret;
mod shown;
mod site;
mod token;
mod weak;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use api_key::{ApiKeyClaim, ApiKeys, NewApiKey};
pub use blocklist::PasswordOwner;
pub use challenge::{Challenge, ChallengeKeys, SolvedChallenge};
pub use hasher::{
    Attempt, Authenticated, Checked, Hasher, HasherError, StoredPassword, Turn, can_check,
    needs_rehash,
};
pub use identity::{
    Identity, IdentityAlgorithm, IdentityFault, IdentityKey, IdentitySecret, PublicKey,
    PublicKeyFault, read_public_key,
};
pub use invitation::{InvitationClaim, InvitationKeys};
pub use opaque::KeptKey;
pub use password::{MAX_PASSWORD_CHARS, PasswordFault, check_new_password, generate_password};
pub use refresh::{RefreshClaim, RefreshKeys};
pub use seal::{SealContext, SealError, Sealer};
pub use secret::RootSecret;
pub use shown::last4;
pub use site::{SiteClaim, SiteKeys};
pub use token::{AccessToken, Keys, LegacyToken, TokenError, Verified};
pub use weak::{WeakSecret, check_secret};
