use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Json, Object, Schema};

/// `POST /api/token/refresh`: a refresh token for an access token. The refresh token stays valid
/// and comes back as it was sent.
pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    Json(Refresh { refresh }): Json<Refresh>,
) -> Result<Json<Refreshed>, ApiError> {
    let verified = app.verifier.verify_refresh(&refresh)?;
    if app.settings.blacklist.enabled && app.store.is_blacklisted(verified.jti()).await? {
        return Err(ApiError::TokenBlacklisted);
    }
    // A disabled or deleted user gets no further access token (CVE-2024-22513).
    if let Some(id) = verified.user_id()? {
        let user = app.store.user_by_id(id).await?;
        user.filter(|user| user.is_active)
            .ok_or(ApiError::NoActiveAccount)?;
    }

    let access = app.issuer.access(&verified)?.token;

    Ok(Json(Refreshed { refresh, access }))
}

pub(super) struct Refresh {
    refresh: String,
}

impl Schema for Refresh {
    const PARAMETER: &'static str = "refresh_token";

    fn read(body: &Object) -> Result<Self, ApiError> {
        Ok(Self {
            refresh: body.require_text("refresh", "token is required")?,
        })
    }
}

#[derive(Serialize)]
pub(super) struct Refreshed {
    refresh: String,
    access: String,
}
