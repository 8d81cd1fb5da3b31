//! Whose tokens are accepted beside our own: those of the keys at `[jwt] jwk_url`, and those of
//! `[[jwt.issuers]]`.

mod key_sets;

use anyhow::Result;
use serde_json::Value;
use tegata_jwt::jwks::{KeySetStatus, RemoteKeys};
use tegata_jwt::{
    Audience, Clock, Count, Decoded, IssuerSettings, TokenBackend, TokenError, TrustedIssuer,
    Unverified, Verified, Verifier, VerifierBuilder, VerifyError, VerifyingKey,
};

use self::key_sets::{KeySets, Origin};
use crate::settings::Settings;

/// Other issuers, and the keys of others.
pub struct Trust {
    key_sets: KeySets,
    /// Those that our own tokens' settings go for, too.
    jwk_url: Option<RemoteKeys>,
    issuers: Option<Verifier>,
    settings: Vec<IssuerSettings>,
    /// The claim `iss` of our own tokens, where they have one.
    own_name: Option<String>,
}

/// A token that came in, by whose it is.
pub enum Shown {
    /// Of one of `[[jwt.issuers]]`: no more than what its table says of it is known here.
    Foreign(Verified),
    /// Of ours, or of the keys at `[jwt] jwk_url`: what it must have is still to be asked.
    Own(Decoded),
}

impl Trust {
    /// Whom the settings trust. Within a Tokio runtime; nothing is fetched yet.
    pub fn new(settings: &Settings, clock: &Clock) -> Result<Self> {
        Self::build(settings, clock, None)
    }

    /// Whom other settings trust. Keys that come from where they came from, and as they did, stay.
    pub fn reloaded(&self, settings: &Settings, clock: &Clock) -> Result<Self> {
        Self::build(settings, clock, Some(self))
    }

    fn build(settings: &Settings, clock: &Clock, before: Option<&Self>) -> Result<Self> {
        let mut key_sets = KeySets::new(&settings.jwks, clock)?;
        let sets = before.map(|before| &before.key_sets);
        let mut keys = |origin| key_sets.of(origin, sets);

        let jwt = &settings.jwt;
        let jwk_url = of_jwk_url(jwt).map(&mut keys).transpose()?;
        let mut trusted = Vec::new();
        for issuer in &jwt.issuers {
            trusted.push((issuer, keys(of_issuer(issuer))?));
        }
        let same = before.filter(|before| {
            key_sets.are_fetched_as(&before.key_sets) && before.settings == jwt.issuers
        });
        Ok(Self {
            issuers: match same {
                Some(same) => same.issuers.clone(),
                None => verifier(trusted, clock)?,
            },
            key_sets,
            jwk_url,
            settings: jwt.issuers.clone(),
            own_name: jwt.issuer.clone(),
        })
    }

    /// What verifies our own tokens, and those of the keys at `[jwt] jwk_url`.
    #[must_use]
    pub fn backend(
        &self,
        settings: &tegata_jwt::Settings,
        key: VerifyingKey,
        clock: Clock,
    ) -> TokenBackend {
        let backend = TokenBackend::new(settings, key, clock);
        match &self.jwk_url {
            Some(keys) => backend.with_remote_keys(keys.clone()),
            None => backend,
        }
    }

    /// Verifies a token. Whose it is, is decided here alone: the claim `iss` that it shows chooses
    /// by whose rules, and no other's, it has to hold.
    pub async fn decode(&self, own: &TokenBackend, token: &str) -> Result<Shown, VerifyError> {
        match &self.issuers {
            Some(others) if others.trusts(token) => {
                let verified = Box::pin(others.verify(token)).await;
                verified.map(Shown::Foreign)
            }
            Some(_) => {
                let decoded = self.decode_ours(own, token).await;
                let decoded = decoded.map_err(|error| self.blamed_on_issuer(error, token));
                decoded.map(Shown::Own)
            }
            None => self.decode_ours(own, token).await.map(Shown::Own),
        }
    }

    /// A token that none of our keys signed and that names another issuer is most often one of an
    /// issuer whose table has the name a little otherwise: for the log, that is what is wrong.
    fn blamed_on_issuer(&self, error: VerifyError, token: &str) -> VerifyError {
        let is_not_our_keys = matches!(
            error,
            VerifyError::Token(
                TokenError::AlgorithmMismatch { .. }
                    | TokenError::BadSignature
                    | TokenError::UnknownKey
            )
        );
        let names_another = || {
            let claims = Unverified::parse(token).and_then(|token| token.claims_unverified());
            claims.is_ok_and(|claims| {
                let named = claims.text("iss");
                named.is_some_and(|named| Some(&*named) != self.own_name.as_deref())
            })
        };
        if is_not_our_keys && names_another() {
            return TokenError::UnknownIssuer.into();
        }
        error
    }

    /// Verifies a token that must not be of another issuer: what is done with it is done to our own
    /// alone.
    pub async fn decode_own(
        &self,
        own: &TokenBackend,
        token: &str,
    ) -> Result<Decoded, VerifyError> {
        match &self.issuers {
            Some(others) if others.trusts(token) => Err(TokenError::UnknownIssuer.into()),
            _ => self.decode_ours(own, token).await,
        }
    }

    /// What may wait is kept elsewhere: requests that wait for nobody carry nothing of it with them.
    async fn decode_ours(&self, own: &TokenBackend, token: &str) -> Result<Decoded, VerifyError> {
        if self.jwk_url.is_none() {
            return Ok(own.decode_own(token)?);
        }
        Box::pin(own.decode(token)).await
    }

    /// Has all keys fetched that are not there, so that no token has to wait for them.
    pub async fn fetch_ahead(&self) {
        self.key_sets.fetch_ahead().await;
    }

    /// What is known of the key sets, each once.
    #[must_use]
    pub fn key_sets(&self) -> Vec<KeySetStatus> {
        self.key_sets.statuses()
    }

    /// What became of the tokens of `[[jwt.issuers]]`.
    pub fn counts(&self) -> impl Iterator<Item = Count<'_>> {
        self.issuers.iter().flat_map(Verifier::counts)
    }
}

/// Where the keys at `[jwt] jwk_url` are, where they can verify anything.
fn of_jwk_url(jwt: &tegata_jwt::Settings) -> Option<Origin> {
    let url = jwt.jwk_url.clone()?;
    let algorithm = jwt.algorithm;
    if algorithm.is_symmetric() {
        tracing::warn!(
            "[jwt] jwk_url is not looked at: {algorithm} verifies with a secret, and no key set has \
             one"
        );
        return None;
    }
    Some(Origin {
        issuer: JWK_URL.to_owned(),
        url: Some(url),
        algorithms: vec![algorithm],
    })
}

fn of_issuer(settings: &IssuerSettings) -> Origin {
    Origin {
        issuer: settings.issuer.clone(),
        url: settings.jwks_url.clone(),
        algorithms: settings.algorithms.clone(),
    }
}

fn verifier(
    trusted: Vec<(&IssuerSettings, RemoteKeys)>,
    clock: &Clock,
) -> Result<Option<Verifier>> {
    if trusted.is_empty() {
        return Ok(None);
    }
    let trusted = trusted.into_iter();
    let trusted = trusted.map(|(issuer, keys)| trusted_issuer(issuer, keys));
    let builder = Verifier::builder().clock(clock.clone());
    let builder = trusted.fold(builder, VerifierBuilder::issuer);
    Ok(Some(builder.build()?))
}

fn trusted_issuer(settings: &IssuerSettings, keys: RemoteKeys) -> TrustedIssuer {
    let mut issuer = TrustedIssuer::remote(&settings.issuer, keys)
        .algorithms(settings.algorithms.iter().copied())
        .leeway(settings.leeway.span().to_std().unwrap_or_default());
    issuer = match &settings.audience {
        Some(Audience::One(name)) => issuer.audience([name]),
        Some(Audience::Many(names)) => issuer.audience(names),
        None => issuer.any_audience(),
    };
    if !settings.typ.is_empty() {
        issuer = issuer.typ(&settings.typ);
    }
    if settings.require_kid {
        issuer = issuer.require_kid();
    }
    if let Some(claim) = &settings.user_id_claim {
        issuer = issuer.user_id_claim(claim);
    }
    let claims = settings.required_claims.iter();
    let claims = claims.filter_map(|claim| claim.split_once('='));
    issuer = claims.fold(issuer, |issuer, (name, value)| {
        issuer.require_claim_among(name, as_json(value))
    });
    let scopes = settings.required_scopes.iter();
    scopes.fold(issuer, TrustedIssuer::require_scope)
}

/// What a value stands for: the text, or itself where it is JSON and no text.
fn as_json(value: &str) -> Vec<String> {
    let text = Value::from(value).to_string();
    let itself = serde_json::from_str(value).is_ok_and(|json: Value| !json.is_string());
    let itself = itself.then(|| value.to_owned());
    [text].into_iter().chain(itself).collect()
}

/// What the keys at `[jwt] jwk_url` are called, which have no issuer.
const JWK_URL: &str = "jwk_url";
