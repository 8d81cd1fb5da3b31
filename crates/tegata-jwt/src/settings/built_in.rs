//! Settings that name Python code. There is none here: only what Ninja JWT itself names is
//! accepted, whole or by the last part of its path.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

pub(super) fn token_user<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    only(TOKEN_USER, deserializer)
}

pub(super) fn authentication_rule<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    only(AUTHENTICATION_RULE, deserializer)
}

pub(super) fn pair<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    only(PAIR, deserializer)
}

pub(super) fn pair_refresh<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    only(PAIR_REFRESH, deserializer)
}

pub(super) fn sliding<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    only(SLIDING, deserializer)
}

pub(super) fn sliding_refresh<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    only(SLIDING_REFRESH, deserializer)
}

pub(super) fn blacklist<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    only(BLACKLIST, deserializer)
}

pub(super) fn verify<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    only(VERIFY, deserializer)
}

pub(super) fn no_encoder<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    Err(D::Error::custom(
        "Python's encoders cannot be used here: only \"\" is accepted",
    ))
}

/// The built-in, by its own path, by Simple JWT's, or by its bare name.
fn only<'de, D: Deserializer<'de>>(built_in: &str, deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let simple_jwt = built_in.replace("ninja_jwt", "rest_framework_simplejwt");
    let bare = built_in.rsplit('.').next();
    let is_built_in = name == built_in || name == simple_jwt || Some(name.as_str()) == bare;
    if is_built_in {
        return Ok(built_in.to_owned());
    }
    Err(D::Error::custom(format!(
        "only the built-in `{built_in}` is supported yet"
    )))
}

pub(super) const TOKEN_USER: &str = "ninja_jwt.models.TokenUser";
pub(super) const AUTHENTICATION_RULE: &str =
    "ninja_jwt.authentication.default_user_authentication_rule";
pub(super) const PAIR: &str = "ninja_jwt.schema.TokenObtainPairInputSchema";
pub(super) const PAIR_REFRESH: &str = "ninja_jwt.schema.TokenRefreshInputSchema";
pub(super) const SLIDING: &str = "ninja_jwt.schema.TokenObtainSlidingInputSchema";
pub(super) const SLIDING_REFRESH: &str = "ninja_jwt.schema.TokenRefreshSlidingInputSchema";
pub(super) const BLACKLIST: &str = "ninja_jwt.schema.TokenBlacklistInputSchema";
pub(super) const VERIFY: &str = "ninja_jwt.schema.TokenVerifyInputSchema";
