use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::endpoint::{self, Body, Endpoint};
use crate::error::ApiError;
use crate::extract::{Json, Object, Schema};
use crate::token::presented::{holder, refusals};

/// `POST /api/token/sliding/refresh`: a sliding token for the same one with a later end. The one
/// sent stays valid until its own.
pub(in crate::token) async fn refresh(
    State(app): State<Arc<App>>,
    Json(SlidingRefresh { token }): Json<SlidingRefresh>,
) -> Result<Json<Slid>, ApiError> {
    let decoded = app.decode_own(&token).await?;
    // Ninja JWT looks before it asks for the type.
    if app.blacklist.contains_now(&decoded).await? {
        return Err(ApiError::TokenBlacklisted);
    }
    let sliding = app.backend.require_sliding(decoded)?;
    holder(&app, &sliding).await?;

    let token = app.issuer.slide(&sliding)?.token;
    app.metrics.issued.sliding.inc();

    Ok(Json(Slid { token }))
}

#[derive(ToSchema)]
#[schema(as = TokenRefreshSlidingInputSchema)]
pub(in crate::token) struct SlidingRefresh {
    #[schema(schema_with = endpoint::token)]
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

#[derive(Serialize, ToSchema)]
#[schema(as = TokenRefreshSlidingOutputSchema)]
pub(in crate::token) struct Slid {
    #[schema(schema_with = endpoint::token)]
    token: String,
}

pub(in crate::token) fn endpoint(app: &Arc<App>) -> Endpoint {
    let (reads, answers) = (Body::of::<SlidingRefresh>(), Body::of::<Slid>());
    let name = ("token_refresh_sliding", "Refresh Token");
    Endpoint::post::<SlidingRefresh>(name, reads, answers, app)
        .says(
            "A sliding token for the same one with a later end. The one sent stays valid until its \
             own.",
        )
        .refuses(refusals())
        .leads_to("token_refresh_sliding", "token", "token")
        .leads_to("token_verify", "token", "token")
}
