//! What endpoints that are sent a token have in common.

use anyhow::Result;
use tegata_jwt::Verified;

use crate::account::Holder;
use crate::app::App;
use crate::endpoint::{Refusal, token_misplaced, token_refused};
use crate::error::ApiError;
use crate::request::on_its_own;
use crate::store::User;

/// The user who holds a token, still there and active (CVE-2024-22513). `None` only where refreshes
/// do not look at users.
pub(super) async fn holder(app: &App, token: &Verified) -> Result<Option<User>, ApiError> {
    if app.settings.compat.refresh_without_user {
        return Ok(None);
    }
    match app.accounts.holder(token, &app.issuer).await? {
        Holder::Inactive | Holder::Missing => Err(ApiError::NoActiveAccount),
        Holder::Nobody => Err(ApiError::NoUserIdentification),
        Holder::PasswordChanged => Err(ApiError::PasswordChanged),
        Holder::User(user) => Ok(Some(user)),
    }
}

/// Why a token is not exchanged for another, for the document.
pub(super) fn refusals() -> [Refusal; 6] {
    [
        token_refused(),
        token_misplaced(),
        ApiError::TokenBlacklisted.into(),
        ApiError::NoActiveAccount.into(),
        ApiError::NoUserIdentification.into(),
        ApiError::PasswordChanged.into(),
    ]
}

/// Has the blacklist do something to the end, also where the client hangs up: what is written must
/// enter memory and, where it is a replay, the log.
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(on_its_own(work)).await?
}
