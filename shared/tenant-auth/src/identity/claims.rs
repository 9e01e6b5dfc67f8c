//! What an identity token says, claim by claim, with what is wrong in the words of whoever made it.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Seconds by which the clock of the tenant's server may be ahead of ours.
const LEEWAY: f64 = 30.0;
/// The most seconds that a token is good for.
const LIFE: f64 = 300.0;
/// The longest name of a person or of a token, in bytes.
const NAME: usize = 255;
/// The latest time that is one, in Unix seconds: up to there a fraction is exact.
const LATEST: f64 = 9_007_199_254_740_992.0;

/// What fits.
pub(super) struct Claims {
    pub(super) subject: [u8; 32],
    pub(super) token: [u8; 32],
    pub(super) expires_at: i64,
    pub(super) name: String,
    pub(super) groups: Vec<String>,
}

/// The claims, and what is wrong with them so far.
struct Reader {
    said: Map<String, Value>,
    faults: Vec<(&'static str, String)>,
}

impl Claims {
    /// Reads the claims of a token for `audience` at `now`, in Unix seconds. A claim that is not named here is ignored, as RFC
    /// 7519 section 4 asks.
    pub(super) fn read(
        said: Map<String, Value>,
        audience: &str,
        now: i64,
    ) -> Result<Self, Vec<(&'static str, String)>> {
        #[expect(clippy::cast_precision_loss, reason = "no clock is so late")]
        let now = now as f64;
        let mut reader = Reader {
            said,
            faults: Vec::new(),
        };
        reader.audience(audience);
        let subject = reader.hash("sub");
        let token = reader.hash("jti");
        let expires_at = reader.end(now);
        reader.begun("iat", now);
        reader.begun("nbf", now);
        let name = reader.name();
        let groups = reader.groups();
        if !reader.faults.is_empty() {
            return Err(reader.faults);
        }
        Ok(Self {
            subject,
            token,
            expires_at,
            name,
            groups,
        })
    }
}

impl Reader {
    fn refuse(&mut self, claim: &'static str, what: impl Into<String>) {
        self.faults.push((claim, what.into()));
    }

    /// A token for others as well could be used by them.
    fn audience(&mut self, expected: &str) {
        let is_it = |value: &Value| value.as_str() == Some(expected);
        let fits = match self.said.get("aud") {
            Some(Value::Array(all)) => matches!(&all[..], [one] if is_it(one)),
            Some(one) => is_it(one),
            None => false,
        };
        if !fits {
            self.refuse(
                "aud",
                format!("must be the id of this site, `{expected}`, and nothing else"),
            );
        }
    }

    /// The SHA-256 of a name that is required.
    fn hash(&mut self, claim: &'static str) -> [u8; 32] {
        let hash = match self.said.get(claim) {
            Some(Value::String(name)) if (1..=NAME).contains(&name.len()) => {
                Some(Sha256::digest(name).into())
            }
            _ => None,
        };
        if hash.is_none() {
            self.refuse(claim, "is required: a string of 1 to 255 bytes");
        }
        hash.unwrap_or_default()
    }

    fn time(&self, claim: &str) -> Option<f64> {
        let time = self.said.get(claim)?.as_f64()?;
        (time.abs() <= LATEST).then_some(time)
    }

    fn end(&mut self, now: f64) -> i64 {
        let Some(end) = self.time("exp") else {
            self.refuse("exp", "is required: a time in Unix seconds");
            return 0;
        };
        if end > now + LIFE + LEEWAY {
            self.refuse("exp", "must be at most 300 seconds ahead");
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the fraction, for which it is not longer good"
        )]
        let end = end.floor() as i64;
        end
    }

    /// A time that may be absent, and must not be ahead.
    fn begun(&mut self, claim: &'static str, now: f64) {
        if matches!(self.said.get(claim), None | Some(Value::Null)) {
            return;
        }
        if self.time(claim).is_none_or(|time| time > now + LEEWAY) {
            self.refuse(
                claim,
                "must be a time in Unix seconds that is not ahead: look at the clock of your server",
            );
        }
    }

    fn name(&mut self) -> String {
        match self.said.remove("name") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(name)) => name,
            Some(_) => {
                self.refuse("name", "must be a string");
                String::new()
            }
        }
    }

    fn groups(&mut self) -> Vec<String> {
        let all = match self.said.remove("groups") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(all)) => all,
            Some(_) => {
                self.refuse("groups", "must be a list of strings");
                return Vec::new();
            }
        };
        let mut groups = Vec::with_capacity(all.len());
        for one in all {
            let Value::String(one) = one else {
                self.refuse("groups", "must be a list of strings");
                break;
            };
            groups.push(one);
        }
        groups
    }
}
