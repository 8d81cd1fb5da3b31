pub(super) mod refresh;

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use super::credentials::{Credentials, record};
use crate::app::App;
use crate::audit::Kind;
use crate::error::ApiError;
use crate::extract::Json;

/// `POST /api/token/sliding`: a user name and a password for a sliding token.
pub(super) async fn sliding(
    State(app): State<Arc<App>>,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Sliding>, ApiError> {
    let user = credentials.authenticate(&app).await?;

    let token = app.issuer.sliding(&app.accounts.subject(&user))?;
    record(&app, &user, Kind::Sliding, &token).await?;

    Ok(Json(Sliding {
        username: user.username,
        token: token.token,
    }))
}

#[derive(Serialize)]
pub(super) struct Sliding {
    username: String,
    token: String,
}
