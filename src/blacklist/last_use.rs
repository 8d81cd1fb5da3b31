use chrono::{DateTime, TimeDelta, Utc};
use tegata_jwt::Unverified;

use crate::settings::Settings;

/// When tokens can last be of use, leeway aside.
#[derive(PartialEq)]
pub(super) struct LastUse {
    refresh_exp_claim: String,
    sliding_lifetime: TimeDelta,
    leeway: TimeDelta,
}

impl LastUse {
    pub(super) fn new(settings: &Settings) -> Self {
        let jwt = &settings.jwt;
        Self {
            refresh_exp_claim: jwt.sliding_token_refresh_exp_claim.clone(),
            sliding_lifetime: jwt.sliding_token_lifetime.span().max(TimeDelta::zero()),
            leeway: jwt.leeway.span().max(TimeDelta::zero()),
        }
    }

    /// The last use of a token, by what its row holds of it and when that says it expires. Django's
    /// row of a sliding token expires with the token as it was first issued, but its refreshes have
    /// the same identifier. One of a Django without time zones may expire hours before the token. A
    /// row that expires at no time is kept.
    pub(super) fn of(&self, token: &str, expires_at: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let expires_at = expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let said = self.end_of(token).unwrap_or(DateTime::<Utc>::MIN_UTC);
        expires_at.max(said)
    }

    /// What a token itself says.
    fn end_of(&self, token: &str) -> Option<DateTime<Utc>> {
        let parsed = Unverified::parse(token).and_then(|token| token.claims_unverified());
        // Without its signature a token lacks the last of its dots, too.
        let whole = || format!("{token}.");
        let claims = parsed.or_else(|_| Unverified::parse(&whole())?.claims_unverified());
        let claims = claims.ok()?;
        let time = |claim: &str| {
            let seconds = claims.raw(claim)?.split('.').next()?.parse().ok()?;
            DateTime::from_timestamp(seconds, 0)
        };
        let last_refresh = || {
            time(&self.refresh_exp_claim)?.checked_add_signed(self.leeway + self.sliding_lifetime)
        };
        time("exp").max(last_refresh())
    }
}
