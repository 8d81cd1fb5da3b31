use std::sync::Arc;

use axum::extract::State;

use super::credentials::{Credentials, LoggedIn, login};
use crate::app::App;
use crate::error::{ApiError, Limited};
use crate::extract::{ClientAddress, Json};

/// `POST /api/token/pair`: a user name and a password for a token pair.
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    Json(credentials): Json<Credentials>,
) -> Limited<Json<LoggedIn<2>>> {
    login(&app, client, credentials, async |user| {
        let pair = app.issuer.pair(&app.accounts.subject(user))?;
        if !app.record_login(user, &pair.refresh).await? {
            return Err(ApiError::AuthenticationFailed);
        }

        Ok([
            ("refresh", pair.refresh.token),
            ("access", pair.access.token),
        ])
    })
    .await
}
