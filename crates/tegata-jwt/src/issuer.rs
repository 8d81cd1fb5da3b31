use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;

use crate::claims::{Claim, Jti, TokenType, UserId};
use crate::clock::Clock;
use crate::error::CryptoError;
use crate::keys::SigningKey;
use crate::settings::{Lifetime, Settings};
use crate::token;
use crate::verifier::VerifiedRefresh;

/// Issues tokens with one key, under one set of settings.
pub struct Issuer {
    key: SigningKey,
    clock: Clock,
    access_token_lifetime: Lifetime,
    refresh_token_lifetime: Lifetime,
}

impl Issuer {
    /// An issuer that signs with `key`.
    #[must_use]
    pub fn new(settings: &Settings, key: SigningKey, clock: Clock) -> Self {
        Self {
            key,
            clock,
            access_token_lifetime: settings.access_token_lifetime,
            refresh_token_lifetime: settings.refresh_token_lifetime,
        }
    }

    /// A refresh token for a user and an access token beside it.
    pub fn pair(&self, user: &UserId) -> Result<TokenPair, CryptoError> {
        Ok(TokenPair {
            refresh: self.issue(TokenType::Refresh, |claims| claims.add(Claim::UserId, user))?,
            access: self.issue(TokenType::Access, |claims| claims.add(Claim::UserId, user))?,
        })
    }

    /// An access token on the strength of a refresh token, whose further claims it takes over in
    /// their order and as they are.
    pub fn access(&self, refresh: &VerifiedRefresh) -> Result<Issued, CryptoError> {
        self.issue(TokenType::Access, |claims| {
            let own = [Claim::TokenType, Claim::Exp, Claim::Iat, Claim::Jti].map(Claim::name);
            let further = refresh
                .claims()
                .iter()
                .filter(|(name, _)| !own.contains(name));
            further.for_each(|(name, json)| claims.add_json(name, json));
        })
    }

    /// The claims in Simple JWT's order: type, `exp`, `iat`, `jti`, then the `further` ones.
    fn issue(
        &self,
        token_type: TokenType,
        further: impl FnOnce(&mut Payload),
    ) -> Result<Issued, CryptoError> {
        let issued_at = self.clock.now();
        let expires_at = (issued_at + self.lifetime(token_type).span()).trunc_subsecs(0);
        let jti = Jti::random()?;

        let mut claims = Payload::default();
        claims.add(Claim::TokenType, token_type.name());
        claims.add(Claim::Exp, &expires_at.timestamp());
        claims.add(Claim::Iat, &issued_at.timestamp());
        claims.add(Claim::Jti, jti.as_str());
        further(&mut claims);

        let token = token::sign(&self.key, &claims.into_json())?;
        Ok(Issued {
            token,
            jti,
            issued_at,
            expires_at,
        })
    }

    fn lifetime(&self, token_type: TokenType) -> Lifetime {
        match token_type {
            TokenType::Access => self.access_token_lifetime,
            TokenType::Refresh | TokenType::Sliding => self.refresh_token_lifetime,
        }
    }
}

/// What a login earns. No `Debug`: tokens do not belong in logs.
pub struct TokenPair {
    /// Obtains further access tokens.
    pub refresh: Issued,
    /// Opens protected resources.
    pub access: Issued,
}

/// A token just issued. No `Debug`: tokens do not belong in logs.
pub struct Issued {
    /// The compact JWS.
    pub token: String,
    /// Its identifier.
    pub jti: Jti,
    /// When it was issued, in microseconds; its claim `iat` has the whole seconds.
    pub issued_at: DateTime<Utc>,
    /// Its claim `exp`, in whole seconds.
    pub expires_at: DateTime<Utc>,
}

/// A JSON object as it is being written, compact, its members in the order they came.
#[derive(Default)]
struct Payload(Vec<u8>);

impl Payload {
    fn add(&mut self, claim: Claim, value: &(impl Serialize + ?Sized)) {
        self.name(claim.name());
        self.write(value);
    }

    fn add_json(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.extend_from_slice(json.as_bytes());
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.write(name);
        self.0.push(b':');
    }

    fn write(&mut self, value: &(impl Serialize + ?Sized)) {
        serde_json::to_writer(&mut self.0, value).expect("a Vec takes whatever is written to it");
    }

    fn into_json(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}
