use std::sync::Arc;

use axum::extract::State;

use super::credentials::{Credentials, LoggedIn, login, record};
use crate::app::App;
use crate::audit::Kind;
use crate::error::Limited;
use crate::extract::{ClientAddress, Json};

/// `POST /api/token/pair`: a user name and a password for a token pair.
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    Json(credentials): Json<Credentials>,
) -> Limited<Json<LoggedIn<2>>> {
    login(&app, client, credentials, async |user| {
        let pair = app.issuer.pair(&app.accounts.subject(user))?;
        record(&app, user, Kind::Pair, &pair.refresh).await?;

        Ok([
            ("refresh", pair.refresh.token),
            ("access", pair.access.token),
        ])
    })
    .await
}
