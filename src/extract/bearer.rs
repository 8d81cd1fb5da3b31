use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use tegata_jwt::{Decoded, TokenClass, TokenError, Verified, VerifyError};

use crate::account::Named;
use crate::app::App;
use crate::error::{ApiError, RefusedClass};
use crate::trust::Shown;

/// The token that a request shows in its header, verified.
pub enum Bearer {
    /// Of another issuer, and the user it names as its issuer's table says. Of what else it tells of
    /// its holder nothing is ours: neither the rights nor the names.
    Foreign(Verified, Named),
    /// Of ours, one of `AUTH_TOKEN_CLASSES`.
    Own(Verified),
}

impl FromRequestParts<Arc<App>> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = token(app, &parts.headers).ok_or(ApiError::Unauthorized)?;
        match app.decode(&token).await {
            Ok(Shown::Own(decoded)) => authenticate(app, decoded).await.map(Self::Own),
            Ok(Shown::Foreign(token)) => {
                let named = app.accounts.named_by_other(&token);
                let named = named.ok_or(ApiError::NoUserIdentification)?;
                Ok(Self::Foreign(token, named))
            }
            Err(VerifyError::Token(error)) => Err(refused(app, &error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Why a bearer is refused, for the document.
#[must_use]
pub fn bearer_refusals(app: &App) -> [ApiError; 3] {
    [
        ApiError::Unauthorized,
        refused(app, &TokenError::Malformed),
        ApiError::InsufficientScope(String::new()),
    ]
}

/// The token opens nothing, whatever class it is taken for.
fn refused(app: &App, error: &TokenError) -> ApiError {
    let classes = app.settings.jwt.auth_token_classes.iter();
    let refuse = |class: &TokenClass| RefusedClass::new(*class, error.clone());
    ApiError::RefusedToken(classes.map(refuse).collect())
}

/// What stands behind the scheme. As in Ninja JWT the scheme ends with the first blank, and its
/// case does not count (RFC 9110 11.1).
fn token(app: &App, headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(&app.auth_header).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = String::from_utf8_lossy(value.as_bytes());
    let (scheme, token) = value.split_once(' ').unwrap_or((&value, ""));
    let mut schemes = app.settings.jwt.auth_header_types.iter();
    let is_ours = schemes.any(|known| known.eq_ignore_ascii_case(scheme));
    is_ours.then(|| token.to_owned())
}

/// Tries the classes in turn. The blacklist is asked at most once, and not for a token that opens
/// without it.
async fn authenticate(app: &App, decoded: Decoded) -> Result<Verified, ApiError> {
    let classes = &app.settings.jwt.auth_token_classes;

    // What opens without the blacklist opens in any outage.
    let mut without = classes.iter().filter(|class| !may_have_a_row(app, **class));
    if let Some(class) = without.find(|class| app.backend.check(&decoded, **class).is_ok()) {
        return Ok(app.backend.require(decoded, *class)?);
    }

    let mut refused = Vec::new();
    let mut known = None;
    for class in classes {
        let is_blacklisted = match known {
            _ if !may_have_a_row(app, *class) => false,
            Some(is_blacklisted) => is_blacklisted,
            None => *known.insert(app.blacklist.contains(&decoded).await?),
        };
        if is_blacklisted {
            refused.push(RefusedClass::blacklisted(*class));
            continue;
        }
        match app.backend.check(&decoded, *class) {
            Ok(()) => return Ok(app.backend.require(decoded, *class)?),
            Err(error) => refused.push(RefusedClass::new(*class, error)),
        }
    }
    Err(ApiError::RefusedToken(refused))
}

/// Whether the blacklist can hold tokens of a class. Access tokens have no rows; without types any
/// token is taken for one.
fn may_have_a_row(app: &App, class: TokenClass) -> bool {
    class != TokenClass::Access || app.settings.jwt.token_type_claim.is_none()
}
