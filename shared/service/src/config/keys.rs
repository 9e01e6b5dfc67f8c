//! The secrets among the variables.

use super::{Secrets, vars::Vars};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, str::FromStr};
use tenant_auth::{Algorithm, Keys, RootSecret, WeakSecret, check_secret};

/// What other roots are accepted.
const PREVIOUS: &str = "SECRET_KEY_PREVIOUS";

impl Vars {
    /// Everything secret; `None` if something is missing, which is then among the faults.
    pub(super) fn secrets(&mut self) -> Option<Secrets> {
        let root = self.root();
        let keys = self.keys();
        let connections = self.connections(root.as_ref());
        Some(Secrets {
            connections: connections?,
            root: root?,
            keys: keys?,
            provider_keys: BTreeMap::new(),
            pinecone_api_key: self.key("PINECONE_API_KEY"),
            metrics_token: self.metrics_token(),
        })
    }

    /// The key that signs access tokens, and those that are accepted besides.
    fn keys(&mut self) -> Option<Keys> {
        let algorithm = self.parsed("ALGORITHM", Algorithm::from_str);
        let algorithm = algorithm.unwrap_or_default();
        let signing = self.required("JWT_SECRET_KEY")?;
        let mut keys = self.jwt_key("JWT_SECRET_KEY", &signing, |s| Keys::new(s, algorithm))?;
        for secret in self.listed("JWT_SECRET_KEY_PREVIOUS") {
            let secret = secret.into();
            self.jwt_key("JWT_SECRET_KEY_PREVIOUS", &secret, |s| keys.accept(s))?;
        }
        if let Some(secret) = self.secret("LEGACY_JWT_SECRET_KEY") {
            self.jwt_key("LEGACY_JWT_SECRET_KEY", &secret, |s| keys.accept_legacy(s))?;
        }
        Some(keys)
    }

    /// A secret that others may hold, to check tokens, must not be the one that everything else follows from.
    fn jwt_key<T>(
        &mut self,
        name: &str,
        secret: &SecretString,
        take: impl FnOnce(&SecretString) -> Result<T, WeakSecret>,
    ) -> Option<T> {
        if let Some(root) = self.root_variable(secret.expose_secret()) {
            self.fault(name, format!("must not be the same as {root}"));
        }
        self.usable(name, take(secret).map_err(with_way_out))
    }

    /// What a scraper holds must open nothing but the counters.
    fn metrics_token(&mut self) -> Option<SecretString> {
        const NAME: &str = "METRICS_TOKEN";
        let token = self.secret(NAME)?;
        let signing = self.get("JWT_SECRET_KEY");
        let signing = signing.filter(|key| key == token.expose_secret());
        let same = signing.map(|_| "JWT_SECRET_KEY");
        if let Some(other) = self.root_variable(token.expose_secret()).or(same) {
            self.fault(NAME, format!("must not be the same as {other}"));
        }
        self.usable(NAME, check_secret(token.expose_secret()))?;
        Some(token)
    }

    pub(super) fn root(&mut self) -> Option<RootSecret> {
        let secret_key = self.required("SECRET_KEY")?;
        let root = RootSecret::new(&secret_key);
        let mut root = self.usable("SECRET_KEY", root.map_err(with_way_out))?;
        for secret in self.listed(PREVIOUS) {
            self.usable(PREVIOUS, root.accept(&secret.into()))?;
        }
        Some(root)
    }

    /// Secrets, separated by commas.
    fn listed(&self, name: &str) -> Vec<String> {
        let all = self.get(name).unwrap_or_default();
        let each = all.split(',').map(str::trim).filter(|s| !s.is_empty());
        each.map(str::to_owned).collect()
    }

    /// What everything follows from that a deployment has made, by its variable; if that is the one asked for.
    fn root_variable(&self, secret: &str) -> Option<&'static str> {
        if self.get("SECRET_KEY").as_deref() == Some(secret) {
            return Some("SECRET_KEY");
        }
        let is_previous = self.listed(PREVIOUS).iter().any(|one| one == secret);
        is_previous.then_some(PREVIOUS)
    }
}

/// The service before this one may have done with less.
fn with_way_out(weak: WeakSecret) -> String {
    match weak {
        WeakSecret::TooShort { .. } => format!(
            "{weak}. A shorter one of an earlier service cannot be kept; what a new one means is in docs/running.md, \
             under \"Taking over\""
        ),
        weak => weak.to_string(),
    }
}
