use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use super::credentials::{Credentials, record};
use crate::app::App;
use crate::audit::Kind;
use crate::error::ApiError;
use crate::extract::Json;

/// `POST /api/token/pair`: a user name and a password for a token pair.
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Pair>, ApiError> {
    let user = credentials.authenticate(&app).await?;

    let pair = app.issuer.pair(&app.accounts.subject(&user))?;
    record(&app, &user, Kind::Pair, &pair.refresh).await?;

    Ok(Json(Pair {
        username: user.username,
        refresh: pair.refresh.token,
        access: pair.access.token,
    }))
}

#[derive(Serialize)]
pub(super) struct Pair {
    username: String,
    refresh: String,
    access: String,
}
