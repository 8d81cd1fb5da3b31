use crate::claims::{
    Claims, EXP, IAT, JTI, Jti, NBF, SUB, TOKEN_TYPE, TokenType, USER_ID, UserId, string,
};
use crate::clock::Clock;
use crate::error::TokenError;
use crate::keys::VerifyingKey;
use crate::settings::{Lifetime, Settings};
use crate::token::Unverified;

/// Verifies tokens with one key, under one set of settings: the only maker of [`Verified`].
pub struct Verifier {
    key: VerifyingKey,
    clock: Clock,
    leeway: Lifetime,
}

impl Verifier {
    /// A verifier of what `key` verifies.
    #[must_use]
    pub fn new(settings: &Settings, key: VerifyingKey, clock: Clock) -> Self {
        Self {
            key,
            clock,
            leeway: settings.leeway,
        }
    }

    /// Verifies a token of any type: its form, its signature, its times, its identifier.
    pub fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        let token = Unverified::parse(token)?;
        self.check_signature(&token)?;

        let claims = token.claims_unverified()?;
        self.check_times(&claims)?;
        claims.string(SUB)?;
        let jti = claims.string(JTI)?.map(|jti| Jti::new(jti.into_owned()));

        // RFC 7519 leaves both to choice; here a token without an end or a name is none.
        claims
            .get(EXP)
            .ok_or(TokenError::ClaimMissing { claim: EXP })?;
        let jti = jti.ok_or(TokenError::ClaimMissing { claim: JTI })?;
        Ok(Verified { claims, jti })
    }

    /// Verifies a token and that it is of one type: no type stands in for another.
    pub fn verify_type(&self, token: &str, wanted: TokenType) -> Result<Verified, TokenError> {
        let verified = self.verify(token)?;
        match verified.claims.get(TOKEN_TYPE) {
            None => Err(TokenError::ClaimMissing { claim: TOKEN_TYPE }),
            Some(json) if string(json).is_some_and(|found| found == wanted.name()) => Ok(verified),
            Some(_) => Err(TokenError::WrongType),
        }
    }

    fn check_signature(&self, token: &Unverified<'_>) -> Result<(), TokenError> {
        let expected = self.key.algorithm();
        // RFC 8725 3.1: the key says which algorithm it is; the token may only agree.
        if !token.header().has_algorithm(expected.name()) {
            return Err(TokenError::AlgorithmMismatch { expected });
        }
        if self
            .key
            .kid()
            .is_some_and(|kid| !token.header().may_have_kid(kid))
        {
            return Err(TokenError::UnknownKey);
        }

        let signature = token.signature()?;
        if !self
            .key
            .verifies(token.signing_input().as_bytes(), &signature)
        {
            return Err(TokenError::BadSignature);
        }
        Ok(())
    }

    /// RFC 7519 4.1.4 to 4.1.6: `exp` must lie ahead, `nbf` and `iat` must not.
    fn check_times(&self, claims: &Claims) -> Result<(), TokenError> {
        let now = self.clock.now();
        let latest_start = now + self.leeway.span();
        let earliest_end = now - self.leeway.span();

        for claim in [IAT, NBF] {
            if claims
                .date(claim)?
                .is_some_and(|start| start > latest_start)
            {
                return Err(TokenError::NotYetValid);
            }
        }
        if claims.date(EXP)?.is_some_and(|end| end <= earliest_end) {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

/// A token whose signature, times and identifier have been verified.
pub struct Verified {
    claims: Claims,
    jti: Jti,
}

impl Verified {
    /// All its claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Its identifier.
    #[must_use]
    pub fn jti(&self) -> &Jti {
        &self.jti
    }

    /// The user it was issued to, where it names one by a number or a text.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.claims.get(USER_ID).and_then(UserId::from_json)
    }
}
