//! What endpoints that are sent a token have in common.

use anyhow::Result;
use tegata_jwt::Verified;
use tracing::Instrument;

use crate::account::Holder;
use crate::app::App;
use crate::error::ApiError;
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

/// Has the blacklist do something to the end, also where the client hangs up: what is written must
/// enter memory and, where it is a replay, the log.
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work.in_current_span()).await?
}
