use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use super::credentials::Credentials;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::Json;
use crate::store::OutstandingToken;

/// `POST /api/token/pair`: a user name and a password for a token pair.
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Pair>, ApiError> {
    let user = app
        .accounts
        .authenticate(&credentials.username, credentials.password)
        .await?;
    let user = user.ok_or(ApiError::AuthenticationFailed)?;

    let pair = app.issuer.pair(&user.id)?;
    // Either way the user is looked at once more: one disabled meanwhile gets nothing.
    let may_have_it = if app.settings.blacklist.enabled {
        let stored = app.settings.blacklist.stored_token;
        let row = OutstandingToken::new(&user, &pair.refresh, stored);
        app.store.record_outstanding(row).await?
    } else {
        app.accounts.is_unchanged(&user).await?
    };
    if !may_have_it {
        return Err(ApiError::AuthenticationFailed);
    }

    let (refresh, access) = (pair.refresh.token, pair.access.token);
    Ok(Json(Pair {
        username: user.username,
        refresh,
        access,
    }))
}

#[derive(Serialize)]
pub(super) struct Pair {
    username: String,
    refresh: String,
    access: String,
}
