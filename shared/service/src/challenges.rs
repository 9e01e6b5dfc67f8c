//! A little work that whoever is new at a site does before it is let in, so that very many cost much.

use crate::{Error, Result, Service, visitors::new_visitors};
use db::{Asked, Entrance, RateLimit, SiteChallenge, Whose};
use serde::{Deserialize, Serialize};
use tenant_auth::{SiteClaim, SolvedChallenge};
use utoipa::ToSchema;

/// How many numbers may have to be tried: on a telephone that takes about a second.
const LARGEST: u32 = 400_000;
/// How long there is for it, in seconds.
const LIFE: i64 = 300;

/// Work that is asked for: find the number from 0 to `maxnumber` for which SHA-256 of `salt`, followed by the number in decimal
/// digits, is `challenge`. It is ALTCHA's scheme.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Challenge {
    /// Always `SHA-256`.
    #[schema(example = "SHA-256")]
    algorithm: &'static str,
    /// What the number is written behind.
    #[schema(example = "AAAAAGnYQZxhZ8sC1Jk0q3Xo7v9bTnRe")]
    salt: String,
    /// The hash, in hexadecimal digits.
    #[schema(example = "0b1f5d7c2f4f0c6d1f3a9a0e5b8c4d2e7f6a1b3c5d7e9f0a2b4c6d8e0f1a3b5c")]
    challenge: String,
    /// The largest number that it may be.
    #[schema(example = 400_000)]
    maxnumber: u32,
    /// What makes it ours: it is sent back with the number.
    #[schema(example = "7f6a1b3c5d7e9f0a2b4c6d8e0f1a3b5c0b1f5d7c2f4f0c6d1f3a9a0e5b8c4d2e")]
    signature: String,
}

/// A challenge that was solved. It is good for five minutes from when it was given, once, and at its site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The challenge's `salt`.
    #[schema(max_length = 64)]
    salt: String,
    /// The number that was found.
    number: u32,
    /// The challenge's `signature`.
    #[schema(max_length = 64)]
    signature: String,
}

/// How somebody comes to a site.
#[derive(Clone, Copy, Debug)]
pub enum Comes {
    /// With a challenge that was solved.
    Worked,
    /// Without one.
    Idle {
        /// Many come from the same network.
        in_crowd: bool,
        /// With something that is no solution.
        with_wrong: bool,
    },
}

impl Service {
    /// Counts whoever wants to come in at a site, by the network that it comes from; who has worked was counted when it was
    /// asked for that.
    ///
    /// # Errors
    /// 429 when too many came; 401 with another challenge: the proof was used before.
    pub async fn count_visitor(
        &self,
        site: &SiteClaim,
        proof: Option<&Proof>,
        asked: &Asked,
    ) -> Result<Comes> {
        let network = self.visitors_of_network(site, asked.client_ip);
        let Some(solved) = proof.and_then(|proof| self.solved(site, proof)) else {
            let whose = Whose::client(asked.client_ip);
            let left = self.count_and_left(&network, whose).await?;
            return Ok(Comes::Idle {
                in_crowd: is_low(left, &network),
                with_wrong: proof.is_some(),
            });
        };
        self.flooding.check(&network)?;
        if !self.db.use_challenge(site, &solved, asked).await? {
            self.count(&network, Whose::client(asked.client_ip)).await?;
            return Err(self.challenge(site, FAILED));
        }
        Ok(Comes::Worked)
    }

    /// Asks whoever has not worked for work where that is due.
    ///
    /// # Errors
    /// 401 with a challenge: it is due.
    pub async fn ask_for_work(
        &self,
        site: &SiteClaim,
        entrance: &Entrance,
        comes: Comes,
        asked: &Asked,
    ) -> Result<()> {
        let Comes::Idle {
            in_crowd,
            with_wrong,
        } = comes
        else {
            return Ok(());
        };
        let is_due = match entrance.challenge {
            SiteChallenge::Off => false,
            SiteChallenge::Always => true,
            SiteChallenge::UnderLoad => in_crowd || self.is_crowded(site, entrance, asked).await?,
        };
        match (is_due, with_wrong) {
            (false, _) => Ok(()),
            (true, false) => Err(self.challenge(site, REQUIRED)),
            (true, true) => Err(self.challenge(site, FAILED)),
        }
    }

    /// Whether more than half of the new visitors came to a site who may, wherever they come from.
    async fn is_crowded(
        &self,
        site: &SiteClaim,
        entrance: &Entrance,
        asked: &Asked,
    ) -> Result<bool> {
        let limit = new_visitors(site, entrance.visitors_per_minute);
        let left = self.left_of(&limit, Whose::client(asked.client_ip)).await?;
        Ok(is_low(left, &limit))
    }

    fn solved(&self, site: &SiteClaim, proof: &Proof) -> Option<SolvedChallenge> {
        let now = self.clock.now().timestamp();
        let solution = (&*proof.salt, proof.number, &*proof.signature);
        self.keyring.challenges.check(site, solution, now)
    }

    fn challenge(&self, site: &SiteClaim, (code, detail): (&'static str, &'static str)) -> Error {
        let ends = self.clock.now().timestamp() + LIFE;
        let challenge = self.keyring.challenges.issue(site, ends, LARGEST);
        let challenge = Challenge {
            algorithm: "SHA-256",
            salt: challenge.salt,
            challenge: challenge.digest,
            maxnumber: challenge.largest,
            signature: challenge.signature,
        };
        Error::Challenge(code, detail, Box::new(challenge))
    }
}

/// Whether more than half of what a limit allows is used up.
fn is_low(left: u32, limit: &RateLimit) -> bool {
    left < limit.per_minute / 2
}

const REQUIRED: (&str, &str) = (
    "challenge_required",
    "This site asks for a little work first. Solve the `challenge`, and send the `proof` along.",
);

const FAILED: (&str, &str) = (
    "challenge_failed",
    "This proof is of another site, was used before, came too late, or is wrong. Solve the `challenge` of this answer.",
);
