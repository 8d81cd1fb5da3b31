use std::sync::Arc;

use axum::extract::State;

use super::presented::decode;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Empty, Json, Object, Schema};

/// `POST /api/token/blacklist`: ends a refresh token before its time.
pub(super) async fn blacklist(
    State(app): State<Arc<App>>,
    Json(Blacklist { refresh }): Json<Blacklist>,
) -> Result<Json<Empty>, ApiError> {
    let decoded = decode(&app, &refresh).await?;
    let verified = app.verifier.require_refresh(decoded)?;

    let user = app.accounts.key_of(&verified).await?;
    if !app.blacklist.add(&verified, &refresh, user).await? {
        return Err(ApiError::TokenBlacklisted);
    }

    Ok(Json(Empty {}))
}

pub(super) struct Blacklist {
    refresh: String,
}

impl Schema for Blacklist {
    const PARAMETER: &'static str = "refresh";

    fn read(body: &Object<'_>) -> Result<Self, ApiError> {
        Ok(Self {
            refresh: body.require_token("refresh", "refresh token is required")?,
        })
    }
}
