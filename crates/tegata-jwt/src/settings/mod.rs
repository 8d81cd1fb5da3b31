//! The settings of Simple JWT and Ninja JWT: the table `[jwt]`.

mod audience;
mod built_in;
mod issuer;
mod lifetime;
mod text;
mod token_class;

use std::path::PathBuf;

use documented::DocumentedFields;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::audience::Audience;
pub use self::issuer::IssuerSettings;
pub use self::lifetime::Lifetime;
pub use self::token_class::TokenClass;
use crate::algorithm::Algorithm;

/// The settings of Simple JWT and Ninja JWT, under their names in lower case.
///
/// Some speak of users, requests and the blacklist. They are for the service around the crate.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches are Simple JWT's, each by itself"
)]
pub struct Settings {
    /// How long an access token is valid. Zero or less makes tokens that are born expired.
    pub access_token_lifetime: Lifetime,
    /// How long a refresh token is valid.
    pub refresh_token_lifetime: Lifetime,
    /// How long a sliding token is valid until it is refreshed.
    pub sliding_token_lifetime: Lifetime,
    /// For how long after its issue a sliding token can be refreshed.
    pub sliding_token_refresh_lifetime: Lifetime,
    /// Whether a refresh answers with a new refresh token, too.
    pub rotate_refresh_tokens: bool,
    /// Whether a refresh that rotates blacklists the old refresh token, and `/token/verify` refuses
    /// blacklisted tokens. Needs `[blacklist] enabled`.
    pub blacklist_after_rotation: bool,
    /// For how long after its rotation a refresh token still earns the successor it was rotated to,
    /// while that is unused: the answer may have been lost, or another window have asked as well.
    /// Five minutes at most. Needs `blacklist_after_rotation`.
    pub refresh_grace_period: Lifetime,
    /// Whether a refresh token that comes again after that ends its family: what it was rotated to,
    /// and what came after. Somebody else has it, too. Needs `blacklist_after_rotation`.
    pub refresh_reuse_detection: bool,
    /// Whether a login writes the user's `last_login`.
    pub update_last_login: bool,
    /// The algorithm tokens are signed with and must be signed with: HS256, HS384, HS512 sign and
    /// verify with one secret; RS256, RS384, RS512, PS256, PS384, PS512 (RSA), ES256, ES384, ES512
    /// (ECDSA), EdDSA (Ed25519), ML-DSA-44, ML-DSA-65 and ML-DSA-87 sign with a private key and
    /// verify with its public one. A token of ML-DSA has 4 to 7 KB, and many servers take headers of
    /// 8 KB at most.
    pub algorithm: Algorithm,
    /// What tokens are signed with. For HS256 and its like the secret, as its UTF-8 bytes, of at
    /// least 32; else a private key as PEM (PKCS#8, PKCS#1, SEC1) or JWK. Without it, and without
    /// `signing_key_file`, a private key is kept in the folder of `[keys] dir`.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::redacted")]
    pub signing_key: Option<SecretString>,
    /// A file that holds `signing_key`. A line break at its end is not part of a secret.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::or_empty")]
    pub signing_key_file: Option<PathBuf>,
    /// The public key of `signing_key`, as PEM (SPKI, PKCS#1, a certificate) or JWK. May be left
    /// out, for it follows from the private key; another key is refused. HS256 and its like have
    /// none and ignore it.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::redacted")]
    pub verifying_key: Option<SecretString>,
    /// A file that holds `verifying_key`.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::or_empty")]
    pub verifying_key_file: Option<PathBuf>,
    /// The claim `aud` of tokens, a text or a list: issued with all of it, accepted with any of it.
    /// Without it `aud` is neither written nor looked at.
    #[serde(
        deserialize_with = "audience::or_none",
        serialize_with = "text::or_empty"
    )]
    pub audience: Option<Audience>,
    /// The claim `iss` of tokens. Without it `iss` is neither written nor looked at.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::or_empty")]
    pub issuer: Option<String>,
    /// The URL of a key set (RFC 7517) whose keys verify tokens, too, beside the own one: for tokens
    /// that another service issued and signed with `algorithm`, under the same settings as ours.
    /// https, or http on a loopback host; `[jwks]` says how it is fetched. HS256 and its like have no
    /// public keys and ignore it.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::or_empty")]
    pub jwk_url: Option<String>,
    /// Other issuers whose tokens verify here, too: each by its own keys, for its own audience. They
    /// pass `/token/verify` and, where a claim of theirs names one of our users, `/token/auth` and
    /// `/token/user`. They are never refreshed or blacklisted here, and what they say of a user's
    /// rights is not believed. A list of tables, which stands in the file alone.
    pub issuers: Vec<IssuerSettings>,
    /// How far two clocks may be apart: a token is accepted this long after `exp`, and this long
    /// before `nbf` and `iat`. A negative leeway is stricter than the claims.
    pub leeway: Lifetime,
    /// The column of the user that tokens name the user by: `id`, `pk` (the same) or `username`.
    #[serde(deserialize_with = "text::required")]
    pub user_id_field: String,
    /// The claim that names the user. Under the name `sub` it is always a text (RFC 7519 4.1.2).
    #[serde(deserialize_with = "text::required")]
    pub user_id_claim: String,
    /// The claim that holds a token's type. Without it types are neither written nor looked at:
    /// any token then serves as any other.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::or_empty")]
    pub token_type_claim: Option<String>,
    /// The claim that identifies a token. Without it there is none, and no blacklist.
    #[serde(deserialize_with = "text::or_none", serialize_with = "text::or_empty")]
    pub jti_claim: Option<String>,
    /// The claim that says until when a sliding token can be refreshed.
    #[serde(deserialize_with = "text::required")]
    pub sliding_token_refresh_exp_claim: String,
    /// Which tokens open the guarded endpoints: `"access"`, `"sliding"`, `"refresh"`, `"untyped"`
    /// (of any type), or their classes in Python. Each is tried in turn.
    #[serde(deserialize_with = "token_class::list")]
    pub auth_token_classes: Vec<TokenClass>,
    /// The words before the token in the header of a request, in any case.
    #[serde(deserialize_with = "text::list")]
    pub auth_header_types: Vec<String>,
    /// The header that holds the token, in the form of WSGI or as it stands in the request.
    #[serde(deserialize_with = "text::required")]
    pub auth_header_name: String,
    /// What a token's claims make of its user. Only the built-in is supported yet.
    #[serde(deserialize_with = "built_in::token_user")]
    pub token_user_class: String,
    /// Who may log in. Only the built-in is supported yet: an active user.
    #[serde(deserialize_with = "built_in::authentication_rule")]
    pub user_authentication_rule: String,
    /// How Python writes claims. Only `""` is supported: claims are written as JSON.
    #[serde(
        deserialize_with = "built_in::no_encoder",
        serialize_with = "text::or_empty"
    )]
    pub json_encoder: Option<String>,
    /// What a login for a token pair sends. Only the built-in is supported yet.
    #[serde(deserialize_with = "built_in::pair")]
    pub token_obtain_pair_input_schema: String,
    /// What a refresh sends. Only the built-in is supported yet.
    #[serde(deserialize_with = "built_in::pair_refresh")]
    pub token_obtain_pair_refresh_input_schema: String,
    /// What a login for a sliding token sends. Only the built-in is supported yet.
    #[serde(deserialize_with = "built_in::sliding")]
    pub token_obtain_sliding_input_schema: String,
    /// What a refresh of a sliding token sends. Only the built-in is supported yet.
    #[serde(deserialize_with = "built_in::sliding_refresh")]
    pub token_obtain_sliding_refresh_input_schema: String,
    /// What a blacklisting sends. Only the built-in is supported yet.
    #[serde(deserialize_with = "built_in::blacklist")]
    pub token_blacklist_input_schema: String,
    /// What a verification sends. Only the built-in is supported yet.
    #[serde(deserialize_with = "built_in::verify")]
    pub token_verify_input_schema: String,
    /// Whether tokens end with the password they were obtained with: they carry a digest of its
    /// hash, which refreshes and `/token/user` compare.
    pub check_revoke_token: bool,
    /// The claim of that digest.
    #[serde(deserialize_with = "text::required")]
    pub revoke_token_claim: String,
    /// Whether refreshes and `/token/user` refuse users who are not active. A login always does.
    pub check_user_is_active: bool,
}

impl Settings {
    /// The name of `auth_header_name` in a request, in lower case: `HTTP_X_TOKEN` is `x-token`.
    #[must_use]
    pub fn auth_header(&self) -> String {
        let name = self.auth_header_name.to_lowercase();
        let name = name.strip_prefix("http_").unwrap_or(&name);
        name.replace('_', "-")
    }
}

impl Default for Settings {
    /// The defaults of Simple JWT and Ninja JWT. There is no default for the signing key.
    fn default() -> Self {
        Self {
            access_token_lifetime: Lifetime::minutes(5),
            refresh_token_lifetime: Lifetime::days(1),
            sliding_token_lifetime: Lifetime::minutes(5),
            sliding_token_refresh_lifetime: Lifetime::days(1),
            rotate_refresh_tokens: false,
            blacklist_after_rotation: false,
            refresh_grace_period: Lifetime::minutes(0),
            refresh_reuse_detection: false,
            update_last_login: false,
            algorithm: Algorithm::HS256,
            signing_key: None,
            signing_key_file: None,
            verifying_key: None,
            verifying_key_file: None,
            audience: None,
            issuer: None,
            jwk_url: None,
            issuers: Vec::new(),
            leeway: Lifetime::minutes(0),
            user_id_field: "id".to_owned(),
            user_id_claim: "user_id".to_owned(),
            token_type_claim: Some("token_type".to_owned()),
            jti_claim: Some("jti".to_owned()),
            sliding_token_refresh_exp_claim: "refresh_exp".to_owned(),
            auth_token_classes: vec![TokenClass::Access],
            auth_header_types: vec!["Bearer".to_owned()],
            auth_header_name: "HTTP_AUTHORIZATION".to_owned(),
            token_user_class: built_in::TOKEN_USER.to_owned(),
            user_authentication_rule: built_in::AUTHENTICATION_RULE.to_owned(),
            json_encoder: None,
            token_obtain_pair_input_schema: built_in::PAIR.to_owned(),
            token_obtain_pair_refresh_input_schema: built_in::PAIR_REFRESH.to_owned(),
            token_obtain_sliding_input_schema: built_in::SLIDING.to_owned(),
            token_obtain_sliding_refresh_input_schema: built_in::SLIDING_REFRESH.to_owned(),
            token_blacklist_input_schema: built_in::BLACKLIST.to_owned(),
            token_verify_input_schema: built_in::VERIFY.to_owned(),
            check_revoke_token: false,
            revoke_token_claim: "hash_password".to_owned(),
            check_user_is_active: true,
        }
    }
}
