use std::sync::Arc;

use axum::extract::State;
use tegata_jwt::TokenClass;
use utoipa::ToSchema;

use crate::app::App;
use crate::endpoint::{self, Body, Endpoint, scope_missing, token_refused};
use crate::error::ApiError;
use crate::extract::{Empty, Json, Object, Schema};
use crate::trust::Shown;

/// `POST /api/token/verify`: whether a token, of whatever type, is genuine and in its time. With
/// `BLACKLIST_AFTER_ROTATION`, whether it is blacklisted, too.
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    Json(Verify { token }): Json<Verify>,
) -> Result<Json<Empty>, ApiError> {
    // Of other issuers' tokens our blacklist says nothing: their identifiers are another's.
    let Shown::Own(decoded) = app.decode(&token).await? else {
        return Ok(Json(Empty {}));
    };
    app.backend.check(&decoded, TokenClass::Untyped)?;
    if app.settings.jwt.blacklist_after_rotation && app.blacklist.contains(&decoded).await? {
        return Err(ApiError::BlacklistedAtVerify);
    }

    Ok(Json(Empty {}))
}

#[derive(ToSchema)]
#[schema(as = TokenVerifyInputSchema)]
pub(super) struct Verify {
    #[schema(schema_with = endpoint::token)]
    token: String,
}

impl<S> Schema<S> for Verify {
    const PARAMETER: &'static str = "token";

    fn read(body: &Object<'_>, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            token: body.require_token("token", "token is required")?,
        })
    }
}

pub(super) fn endpoint(app: &Arc<App>) -> Endpoint {
    let looks = if app.settings.jwt.blacklist_after_rotation {
        ", and not blacklisted"
    } else {
        ". Whether it is blacklisted, is not looked at"
    };
    let (reads, answers) = (Body::of::<Verify>(), Body::of::<Empty>());
    Endpoint::post::<Verify>(("token_verify", "Verify Token"), reads, answers, app)
        .says(format!(
            "Whether a token, of whatever type, is genuine and in its time{looks}."
        ))
        .refuses([token_refused(), ApiError::BlacklistedAtVerify.into()])
        .refuses([scope_missing()])
}
