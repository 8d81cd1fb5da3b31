use std::borrow::Cow;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use md5::{Digest, Md5};
use serde::Serialize;

use crate::claims::{Claims, Jti, TokenType, UserId};
use crate::clock::Clock;
use crate::error::CryptoError;
use crate::keys::SigningKey;
use crate::names::Names;
use crate::settings::{Lifetime, Settings};
use crate::token;
use crate::verified::{Verified, VerifiedRefresh, VerifiedSliding};

/// Issues tokens with one key, under one set of settings.
pub struct Issuer {
    key: SigningKey,
    clock: Clock,
    names: Names,
    lifetimes: Lifetimes,
    leeway: TimeDelta,
    /// The claims `aud` and `iss`, as JSON.
    aud: Option<String>,
    iss: Option<String>,
    /// The claim that holds the digest of a password hash, where tokens end with it.
    digest_claim: Option<String>,
    digests_with_md5: bool,
}

struct Lifetimes {
    access: Lifetime,
    refresh: Lifetime,
    sliding: Lifetime,
    sliding_refresh: Lifetime,
}

impl Issuer {
    /// An issuer that signs with `key`.
    #[must_use]
    pub fn new(settings: &Settings, key: SigningKey, clock: Clock) -> Self {
        Self {
            key,
            clock,
            names: Names::new(settings),
            lifetimes: Lifetimes {
                access: settings.access_token_lifetime,
                refresh: settings.refresh_token_lifetime,
                sliding: settings.sliding_token_lifetime,
                sliding_refresh: settings.sliding_token_refresh_lifetime,
            },
            leeway: settings.leeway.span().max(TimeDelta::zero()),
            aud: settings.audience.as_ref().map(json),
            iss: settings.issuer.as_ref().map(json),
            digest_claim: settings
                .check_revoke_token
                .then(|| settings.revoke_token_claim.clone()),
            digests_with_md5: false,
        }
    }

    /// The same issuer, but with the MD5 of a password hash for its digest, as Simple JWT has it:
    /// whoever reads a token can try guesses on it.
    #[must_use]
    pub fn with_md5_digests(self) -> Self {
        Self {
            digests_with_md5: true,
            ..self
        }
    }

    /// A refresh token for a user and an access token beside it.
    pub fn pair(&self, subject: &Subject) -> Result<TokenPair, CryptoError> {
        let issue = |token_type, lifetime| {
            let mut token = self.begin(token_type, lifetime)?;
            self.name_subject(&mut token.claims, subject);
            self.finish(token)
        };
        Ok(TokenPair {
            refresh: issue(TokenType::Refresh, self.lifetimes.refresh)?,
            access: issue(TokenType::Access, self.lifetimes.access)?,
        })
    }

    /// A sliding token for a user.
    pub fn sliding(&self, subject: &Subject) -> Result<Issued, CryptoError> {
        let mut token = self.begin(TokenType::Sliding, self.lifetimes.sliding)?;
        let refresh_until = end(token.issued_at, self.lifetimes.sliding_refresh);
        let claim = self.names.refresh_exp().name;
        let seconds = refresh_until.timestamp();
        token.claims.set(claim, Value::Number(seconds));
        // The backend lets a token be refreshed that expired by less than the leeway.
        let after_last_refresh = end(refresh_until + self.leeway, self.lifetimes.sliding);
        token.usable_until = after_last_refresh.max(token.expires_at);
        self.name_subject(&mut token.claims, subject);
        self.finish(token)
    }

    /// An access token on the strength of a refresh token, whose further claims it takes over in
    /// their order and as they are.
    pub fn access(&self, refresh: &VerifiedRefresh) -> Result<Issued, CryptoError> {
        let mut token = self.begin(TokenType::Access, self.lifetimes.access)?;
        let renamed = [self.names.token_type(), self.names.jti()];
        let is_own = |name: &str| {
            matches!(name, "exp" | "iat" | "jti")
                || renamed.iter().flatten().any(|own| own.name == name)
        };
        let further = refresh.claims().iter().filter(|(name, _)| !is_own(name));
        further.for_each(|(name, json)| token.claims.set(name, Value::Json(json)));
        self.finish(token)
    }

    /// Draws the successor of a refresh token.
    pub fn successor(&self) -> Result<Successor, CryptoError> {
        let issued_at = self.clock.now();
        Ok(Successor {
            jti: Jti::random()?,
            issued_at,
            expires_at: end(issued_at, self.lifetimes.refresh),
        })
    }

    /// A refresh token in place of another: the same claims, but for its own identifier and times.
    /// The same successor has the same claims again.
    pub fn rotate(
        &self,
        refresh: &VerifiedRefresh,
        successor: &Successor,
    ) -> Result<Issued, CryptoError> {
        let claims = refresh.claims().into();
        let mut token = Draft::new(claims, successor.issued_at, successor.expires_at);
        self.identify(&mut token, successor.jti.clone());
        self.finish(token)
    }

    /// A sliding token once more, for another span: the same claims, identifier included.
    pub fn slide(&self, sliding: &VerifiedSliding) -> Result<Issued, CryptoError> {
        let claims = sliding.claims().into();
        let mut token = self.draft(claims, self.lifetimes.sliding);
        token.jti = sliding.jti().cloned();
        self.finish(token)
    }

    /// Whether a token was obtained with the password whose hash this is, or tokens do not end
    /// with their password here.
    #[must_use]
    pub fn is_of_password(&self, token: &Verified, password_hash: &str) -> bool {
        let Some(claim) = &self.digest_claim else {
            return true;
        };
        // It is signed, so that nobody comes with a guess: no secret is compared here.
        token.claims().raw(claim) == Some(json(&self.digest(password_hash)).as_str())
    }

    /// The claims in Simple JWT's order: type, `exp`, `iat`, `jti`.
    fn begin(&self, token_type: TokenType, lifetime: Lifetime) -> Result<Draft<'_>, CryptoError> {
        let mut claims = Payload::default();
        if let Some(claim) = self.names.token_type() {
            claims.set(claim.name, Value::Text(token_type.name().into()));
        }
        let mut token = self.draft(claims, lifetime);
        self.identify(&mut token, Jti::random()?);
        Ok(token)
    }

    /// These claims from now on, for this long.
    fn draft<'a>(&self, claims: Payload<'a>, lifetime: Lifetime) -> Draft<'a> {
        let issued_at = self.clock.now();
        Draft::new(claims, issued_at, end(issued_at, lifetime))
    }

    /// Gives a token its identifier, where tokens have one.
    fn identify<'a>(&'a self, token: &mut Draft<'a>, jti: Jti) {
        if let Some(claim) = self.names.jti() {
            let text = jti.as_str().to_owned();
            token.claims.set(claim.name, Value::Text(text.into()));
            token.jti = Some(jti);
        }
    }

    fn name_subject<'a>(&'a self, claims: &mut Payload<'a>, subject: &Subject) {
        let claim = self.names.user_id().name;
        // RFC 7519 4.1.2: a subject is a string.
        let id = match &subject.user {
            UserId::Number(number) if claim != "sub" => Value::Number(*number),
            user => Value::Text(user.to_string().into()),
        };
        claims.set(claim, id);
        if let Some(claim) = &self.digest_claim {
            let digest = self.digest(&subject.password_hash);
            claims.set(claim, Value::Text(digest.into()));
        }
    }

    fn digest(&self, password_hash: &str) -> String {
        if self.digests_with_md5 {
            format!("{:X}", Md5::digest(password_hash))
        } else {
            self.key.digest(password_hash)
        }
    }

    fn finish<'a>(&'a self, mut token: Draft<'a>) -> Result<Issued, CryptoError> {
        if let Some(audience) = &self.aud {
            token.claims.set("aud", Value::Json(audience));
        }
        if let Some(issuer) = &self.iss {
            token.claims.set("iss", Value::Json(issuer));
        }
        Ok(Issued {
            token: token::sign(&self.key, &token.claims.to_json())?,
            jti: token.jti,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            usable_until: token.usable_until,
        })
    }
}

/// Whom a token is issued to. No `Debug`: the password hash does not belong in logs.
pub struct Subject {
    /// The user's key.
    pub user: UserId,
    /// The hash of the user's password as stored. With `CHECK_REVOKE_TOKEN` tokens carry a digest
    /// of it and end when it changes; else it is not looked at.
    pub password_hash: String,
}

impl From<UserId> for Subject {
    /// A user without a password.
    fn from(user: UserId) -> Self {
        Self {
            user,
            password_hash: String::new(),
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
    /// Its identifier, where tokens have one.
    pub jti: Option<Jti>,
    /// When it was issued, in microseconds; its claim `iat` has the whole seconds.
    pub issued_at: DateTime<Utc>,
    /// Its claim `exp`, in whole seconds.
    pub expires_at: DateTime<Utc>,
    /// When its identifier can be of no more use: for a sliding token the end that its last refresh
    /// can give it, else `expires_at`.
    pub usable_until: DateTime<Utc>,
}

/// What tells a refresh token from the one it takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// Its identifier.
    pub jti: Jti,
    /// When the other one was rotated, in microseconds.
    pub issued_at: DateTime<Utc>,
    /// Its claim `exp`, in whole seconds.
    pub expires_at: DateTime<Utc>,
}

/// A token not yet signed.
struct Draft<'a> {
    claims: Payload<'a>,
    jti: Option<Jti>,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    usable_until: DateTime<Utc>,
}

impl<'a> Draft<'a> {
    fn new(mut claims: Payload<'a>, issued_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Self {
        claims.set("exp", Value::Number(expires_at.timestamp()));
        claims.set("iat", Value::Number(issued_at.timestamp()));
        Self {
            claims,
            jti: None,
            issued_at,
            expires_at,
            usable_until: expires_at,
        }
    }
}

/// Claims as they are being written, in the order they first came.
struct Payload<'a>(Vec<(&'a str, Value<'a>)>);

/// What a claim says.
enum Value<'a> {
    /// Whatever this JSON text says.
    Json(&'a str),
    Number(i64),
    Text(Cow<'a, str>),
}

impl<'a> Payload<'a> {
    /// Sets a claim, in its place where it stands already.
    fn set(&mut self, name: &'a str, value: Value<'a>) {
        match self.0.iter_mut().find(|(found, _)| *found == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name, value)),
        }
    }

    /// One JSON object, compact.
    fn to_json(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(256);
        for (name, value) in &self.0 {
            text.push(if text.is_empty() { b'{' } else { b',' });
            write_text(&mut text, name);
            text.push(b':');
            match value {
                Value::Json(json) => text.extend_from_slice(json.as_bytes()),
                Value::Number(number) => write_json(&mut text, number),
                Value::Text(value) => write_text(&mut text, value),
            }
        }
        text.push(b'}');
        text
    }
}

impl Default for Payload<'_> {
    /// With room for as many as tokens usually have.
    fn default() -> Self {
        Self(Vec::with_capacity(8))
    }
}

impl<'a> From<&'a Claims> for Payload<'a> {
    fn from(claims: &'a Claims) -> Self {
        // A member stands in them once.
        let claims = claims.iter();
        Self(
            claims
                .map(|(name, json)| (name, Value::Json(json)))
                .collect(),
        )
    }
}

/// When a token ends: in whole seconds, the fraction cut off.
fn end(begin: DateTime<Utc>, lifetime: Lifetime) -> DateTime<Utc> {
    (begin + lifetime.span()).trunc_subsecs(0)
}

fn json(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    write_json(&mut text, value);
    String::from_utf8(text).expect("JSON is written as UTF-8")
}

fn write_text(json: &mut Vec<u8>, text: &str) {
    // RFC 8259 7: what must be escaped. Most texts hold nothing of it, and all of one is looked at
    // at once.
    let is_escaped = |byte| matches!(byte, 0..b' ' | b'"' | b'\\');
    if text.bytes().fold(false, |any, byte| any | is_escaped(byte)) {
        return write_json(json, &text);
    }
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

fn write_json(text: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(text, value).expect("texts, numbers and lists of texts have a JSON form");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_written_as_serde_json_writes_them(text in any::<String>(), odd in ".{0,8}") {
            for text in [&text, &odd, "a\"b", "a\\b", "\u{7f}", "\u{1f}", "\n"] {
                let mut json = Vec::new();
                write_text(&mut json, text);
                prop_assert_eq!(json, serde_json::to_vec(text).unwrap());
            }
        }
    }
}
