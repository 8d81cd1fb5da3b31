use chrono::{DateTime, TimeDelta, Utc};

use crate::claims::{Claim, Claims, Jti, UserId, string};
use crate::clock::Clock;
use crate::error::TokenError;
use crate::names::Named;
use crate::settings::Audience;

/// What is asked of the claims of any token whose signature holds (RFC 7519 4.1).
pub(crate) struct Checks {
    pub(crate) clock: Clock,
    pub(crate) leeway: TimeDelta,
    pub(crate) audience: Option<Audience>,
    pub(crate) issuer: Option<String>,
}

impl Checks {
    /// RFC 7519 4.1.4 to 4.1.6: `exp` must lie ahead, `nbf` and `iat` must not. Answers with `exp`.
    pub(crate) fn times(&self, claims: &Claims) -> Result<Option<DateTime<Utc>>, TokenError> {
        let now = self.clock.now();
        let latest_start = now + self.leeway;
        let earliest_end = now - self.leeway;

        for claim in [Claim::Iat, Claim::Nbf] {
            let start = claims.date(&claim.usual())?;
            if start.is_some_and(|start| start > latest_start) {
                return Err(TokenError::NotYetValid);
            }
        }
        let end = claims.date(&Claim::Exp.usual())?;
        if end.is_some_and(|end| end <= earliest_end) {
            return Err(TokenError::Expired);
        }
        Ok(end)
    }

    /// RFC 7519 4.1.1: a string, and to the letter the one that is wanted.
    pub(crate) fn issuer(&self, claims: &Claims) -> Result<(), TokenError> {
        let found = claims.string(&Claim::Iss.usual())?;
        match &self.issuer {
            Some(wanted) if found.as_deref() != Some(wanted) => Err(TokenError::IssuerMismatch),
            _ => Ok(()),
        }
    }

    /// RFC 7519 4.1.3: a string or a list of strings, one of which must be one of the wanted.
    pub(crate) fn audience(&self, claims: &Claims) -> Result<(), TokenError> {
        let Some(wanted) = &self.audience else {
            return Ok(());
        };
        let json = claims.raw(Claim::Aud.usual().name);
        let json = json.ok_or(TokenError::AudienceMismatch)?;
        let malformed = TokenError::ClaimMalformed(Claim::Aud);
        let is_meant = match string(json) {
            Some(one) => wanted.includes(&one),
            None => serde_json::from_str::<Vec<String>>(json)
                .map_err(|_| malformed)?
                .iter()
                .any(|one| wanted.includes(one)),
        };
        is_meant.then_some(()).ok_or(TokenError::AudienceMismatch)
    }
}

/// The identifier under the name it has, where the token has one: no longer than Django's column,
/// and without NUL.
pub(crate) fn jti(claims: &Claims, claim: &Named<'_>) -> Result<Option<Jti>, TokenError> {
    let jti = claims.string(claim)?;
    let fits = |jti: &str| jti.chars().count() <= MAX_JTI && !jti.contains(NUL);
    if jti.as_deref().is_some_and(|jti| !fits(jti)) {
        return Err(TokenError::ClaimMalformed(Claim::Jti));
    }
    Ok(jti.map(|jti| Jti::new(jti.into_owned())))
}

/// The scopes a token was granted, as one list with spaces between (RFC 8693 4.2): what `scope` and
/// `scp` say, be it a text or a list of texts. What has another form grants nothing.
pub(crate) fn scope(claims: &Claims) -> Option<String> {
    let mut granted: Option<String> = None;
    for json in ["scope", "scp"]
        .into_iter()
        .filter_map(|name| claims.raw(name))
    {
        let found = match string(json) {
            Some(text) => text.into_owned(),
            // A text with a space would be two scopes, and none of them granted.
            None => serde_json::from_str::<Vec<String>>(json)
                .unwrap_or_default()
                .into_iter()
                .filter(|one| !one.contains(' '))
                .collect::<Vec<_>>()
                .join(" "),
        };
        granted = Some(match granted {
            None => found,
            Some(before) => format!("{before} {found}"),
        });
    }
    granted
}

/// The user under the claim's name, where the token names one: by an integer or a text without NUL,
/// or it is malformed.
pub(crate) fn user_id(claims: &Claims, claim: &Named<'_>) -> Result<Option<UserId>, TokenError> {
    let Some(json) = claims.raw(claim.name) else {
        return Ok(None);
    };
    match UserId::from_json(json) {
        Some(UserId::Text(text)) if text.contains(NUL) => Err(claim.malformed()),
        user => user.map(Some).ok_or(claim.malformed()),
    }
}

/// The length of Django's column.
const MAX_JTI: usize = 255;

/// What PostgreSQL takes in no text: a question for it would fail, and not be answered with no.
const NUL: char = '\0';
