use documented::DocumentedFields;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Audience, Lifetime, audience, text};
use crate::algorithm::Algorithm;

/// Another issuer whose tokens are verified, too: a table of the list `[[jwt.issuers]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, DocumentedFields, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// The claim `iss` of its tokens, to the letter: one slash at the end more or less is another
    /// issuer.
    #[serde(deserialize_with = "text::required")]
    pub issuer: String,
    /// The URL of its key set (RFC 7517). Without it the issuer is asked where that is: `issuer` must
    /// then be a URL with `/.well-known/openid-configuration` or
    /// `/.well-known/oauth-authorization-server` below it.
    #[serde(
        default,
        deserialize_with = "text::or_none",
        serialize_with = "text::or_empty"
    )]
    pub jwks_url: Option<String>,
    /// Whom its tokens must be for, a text or a list: one of the names must be in their claim `aud`.
    #[serde(
        default,
        deserialize_with = "audience::or_none",
        serialize_with = "text::or_empty"
    )]
    pub audience: Option<Audience>,
    /// Whether its tokens may be for anybody: `audience` is then left out. What it issued for another
    /// service is accepted here, too.
    #[serde(default)]
    pub any_audience: bool,
    /// The algorithms its tokens may be signed with, of those that have a public key: a list of
    /// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, ML-DSA-44,
    /// ML-DSA-65, ML-DSA-87.
    #[serde(deserialize_with = "public")]
    pub algorithms: Vec<Algorithm>,
    /// The types that the header of its tokens may have, in any case. Without them `JWT`, `at+jwt`
    /// (RFC 9068) and none at all. `["at+jwt"]` lets access tokens in and ID tokens not.
    #[serde(default, deserialize_with = "text::list")]
    pub typ: Vec<String>,
    /// How far its clock and ours may be apart.
    #[serde(default = "leeway")]
    pub leeway: Lifetime,
    /// Whether its tokens must name their key.
    #[serde(default)]
    pub require_kid: bool,
    /// Claims that its tokens must have, each with its value: `["typ=Bearer", "email_verified=true"]`.
    /// A value is a text or, where the claim is none, what it is in JSON. Those of other values are
    /// refused with 401.
    #[serde(default, deserialize_with = "text::list")]
    pub required_claims: Vec<String>,
    /// The scopes its tokens must have been granted. Those without one of them are refused with 403.
    #[serde(default, deserialize_with = "text::list")]
    pub required_scopes: Vec<String>,
    /// The claim that names one of our users. Without it the tokens verify, and are nobody's: its
    /// `sub` is not our user of that number. What its users can choose themselves, an address that
    /// nobody checked for instance, would make them whomever they like.
    #[serde(
        default,
        deserialize_with = "text::or_none",
        serialize_with = "text::or_empty"
    )]
    pub user_id_claim: Option<String>,
    /// The column that the claim names the user by: `id`, `pk` (the same) or `username`. Whoever
    /// issues the tokens decides then who is which of our users.
    #[serde(
        default,
        deserialize_with = "text::or_none",
        serialize_with = "text::or_empty"
    )]
    pub user_id_field: Option<String>,
}

impl IssuerSettings {
    /// An issuer that is asked for its keys, and whose tokens are for one name.
    #[must_use]
    pub fn new(issuer: &str, audience: &str, algorithms: &[Algorithm]) -> Self {
        Self {
            issuer: issuer.to_owned(),
            jwks_url: None,
            audience: Some(Audience::One(audience.to_owned())),
            any_audience: false,
            algorithms: algorithms.to_vec(),
            typ: Vec::new(),
            leeway: leeway(),
            require_kid: false,
            required_claims: Vec::new(),
            required_scopes: Vec::new(),
            user_id_claim: None,
            user_id_field: None,
        }
    }
}

fn leeway() -> Lifetime {
    Lifetime::seconds(30)
}

/// Algorithms of which others can have no more than the public key.
fn public<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Algorithm>, D::Error> {
    let names = text::list(deserializer)?;
    let algorithms = names.iter().map(|name| match name.parse::<Algorithm>() {
        Ok(algorithm) if algorithm.is_symmetric() => Err(format!(
            "`{name}` verifies with a secret, and an issuer publishes none"
        )),
        parsed => parsed,
    });
    algorithms
        .collect::<Result<_, _>>()
        .map_err(D::Error::custom)
}
