use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::counts::Tally;
use crate::algorithm::Algorithm;
use crate::checks::{self, Checks};
use crate::claims::{Claim, Claims, string};
use crate::error::{TokenError, VerifyError};
use crate::keyring::{Keyring, Signer};
use crate::names::Names;
use crate::token::Presented;
use crate::verified::{FromClaims, Parts, Verified};

/// What is asked of the tokens of one issuer.
pub(super) struct Trust {
    /// The claim `iss` of its tokens.
    pub(super) name: Arc<str>,
    pub(super) keys: Keyring,
    pub(super) algorithms: Vec<Algorithm>,
    /// Without prefix.
    pub(super) typ: Vec<String>,
    pub(super) checks: Checks,
    pub(super) requires_kid: bool,
    pub(super) requires_subject: bool,
    pub(super) claims: Vec<RequiredClaim>,
    pub(super) scopes: Vec<String>,
    pub(super) max_lifetime: Option<TimeDelta>,
    pub(super) names: Arc<Names>,
    pub(super) tally: Tally,
}

/// A claim that must be there.
pub(super) struct RequiredClaim {
    pub(super) name: Arc<str>,
    /// The JSON texts of which it must be one.
    pub(super) accepted: Vec<String>,
}

impl Trust {
    /// What must be so before its keys are asked, for that may cause a fetch: the header, that the
    /// token is in its time, and whom it is for. Answers with its algorithm and its end.
    pub(super) fn is_worth_keys(
        &self,
        token: &Presented<'_>,
        claims: &Claims,
    ) -> Result<(Algorithm, DateTime<Utc>), TokenError> {
        let algorithm = token.algorithm_of(&self.algorithms)?;
        if !token.has_typ_of(&self.typ) {
            return Err(TokenError::WrongType);
        }
        if self.requires_kid && token.kid().is_none() {
            let reason = "`kid` is missing";
            return Err(TokenError::HeaderRefused { reason });
        }
        let end = self.checks.times(claims)?;
        let end = end.ok_or(TokenError::ClaimMissing(Claim::Exp))?;
        self.checks.audience(claims)?;
        Ok((algorithm, end))
    }

    /// What is asked of the claims of a token whose signature holds.
    pub(super) fn verified<C: FromClaims>(
        &self,
        claims: Claims,
        expires_at: DateTime<Utc>,
        signer: Signer,
    ) -> Result<Verified<C>, VerifyError> {
        self.check_subject(&claims)?;
        self.check_lifetime(&claims, expires_at)?;
        // RFC 7800 3: whoever presents it must prove to have a key, and a bearer proves nothing.
        if claims.raw("cnf").is_some() {
            return Err(TokenError::BindingMissing.into());
        }
        self.check_claims(&claims)?;
        let verified = Verified::new(Parts {
            jti: checks::jti(&claims, &Claim::Jti.usual())?,
            scope: checks::scope(&claims),
            claims: C::from_claims(claims)?,
            expires_at,
            issuer: Some(Arc::clone(&self.name)),
            kid: signer.kid,
            names: Arc::clone(&self.names),
        });
        for scope in &self.scopes {
            verified.require_scope(scope)?;
        }
        Ok(verified)
    }

    /// The moment from which it has expired.
    pub(super) fn end_of<C>(&self, token: &Verified<C>) -> DateTime<Utc> {
        token.expires_at() + self.checks.leeway
    }

    fn check_subject(&self, claims: &Claims) -> Result<(), TokenError> {
        let subject = claims.string(&Claim::Sub.usual())?;
        if self.requires_subject && subject.is_none_or(|subject| subject.is_empty()) {
            return Err(TokenError::ClaimMissing(Claim::Sub));
        }
        Ok(())
    }

    fn check_lifetime(&self, claims: &Claims, end: DateTime<Utc>) -> Result<(), TokenError> {
        let Some(longest) = self.max_lifetime else {
            return Ok(());
        };
        let start = claims.date(&Claim::Iat.usual())?;
        let start = start.ok_or(TokenError::ClaimMissing(Claim::Iat))?;
        if end - start > longest {
            return Err(TokenError::LifetimeTooLong);
        }
        Ok(())
    }

    fn check_claims(&self, claims: &Claims) -> Result<(), TokenError> {
        let holds = |required: &&RequiredClaim| {
            let found = claims.raw(&required.name);
            found.is_some_and(|found| required.accepted.iter().any(|one| is_same(found, one)))
        };
        let odd = self.claims.iter().find(|required| !holds(required));
        odd.map_or(Ok(()), |required| {
            let claim = Arc::clone(&required.name);
            Err(TokenError::ClaimMismatch { claim })
        })
    }
}

/// Whether two JSON texts are one to the letter, or strings that say the same.
fn is_same(found: &str, wanted: &str) -> bool {
    found == wanted || string(found).is_some_and(|found| string(wanted) == Some(found))
}
