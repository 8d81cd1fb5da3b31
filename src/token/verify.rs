use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tegata_jwt::TokenError;

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Json, Object, Schema};

/// `POST /api/token/verify`: whether a token, of whatever type, is genuine and in its time.
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    Json(Verify { token }): Json<Verify>,
) -> Result<Json<Nothing>, ApiError> {
    app.verifier.verify(&token)?;

    Ok(Json(Nothing {}))
}

pub(super) struct Verify {
    token: String,
}

impl Schema for Verify {
    const PARAMETER: &'static str = "token";

    fn read(body: &Object) -> Result<Self, ApiError> {
        let token = body.require("token", "token is required")?;
        // Ninja JWT verifies the token before it looks at its type.
        let token = token.text().ok_or(TokenError::Malformed)?.to_owned();
        Ok(Self { token })
    }
}

#[derive(Serialize)]
pub(super) struct Nothing {}
