use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Json, Object, Schema};
use crate::token::presented::holder;

/// `POST /api/token/sliding/refresh`: a sliding token for the same one with a later end. The one
/// sent stays valid until its own.
pub(in crate::token) async fn refresh(
    State(app): State<Arc<App>>,
    Json(SlidingRefresh { token }): Json<SlidingRefresh>,
) -> Result<Json<Slid>, ApiError> {
    let decoded = app.verifier.decode(&token)?;
    // Ninja JWT looks before it asks for the type.
    if app.blacklist.contains_now(&decoded).await? {
        return Err(ApiError::TokenBlacklisted);
    }
    let sliding = app.verifier.require_sliding(decoded)?;
    holder(&app, &sliding).await?;

    let token = app.issuer.slide(&sliding)?.token;

    Ok(Json(Slid { token }))
}

pub(in crate::token) struct SlidingRefresh {
    token: String,
}

impl<S> Schema<S> for SlidingRefresh {
    const PARAMETER: &'static str = "refresh_token";

    fn read(body: &Object<'_>, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            token: body.require_text("token", "token is required")?,
        })
    }
}

#[derive(Serialize)]
pub(in crate::token) struct Slid {
    token: String,
}
