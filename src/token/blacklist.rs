use std::sync::Arc;

use axum::extract::State;
use tegata_jwt::TokenClass;
use utoipa::ToSchema;

use super::presented::to_the_end;
use crate::app::App;
use crate::audit::Event;
use crate::endpoint::{self, Body, Endpoint, token_misplaced, token_refused};
use crate::error::ApiError;
use crate::extract::{Empty, Json, Object, Schema};

/// `POST /api/token/blacklist`: ends a refresh token before its time, or, where it was rotated, what
/// took its place.
pub(super) async fn blacklist(
    State(app): State<Arc<App>>,
    Json(Blacklist { refresh }): Json<Blacklist>,
) -> Result<Json<Empty>, ApiError> {
    let decoded = app.decode_own(&refresh).await?;
    if let Err(error) = app.backend.check(&decoded, TokenClass::Refresh) {
        // Ninja JWT looks into the blacklist first.
        let is_blacklisted = app.blacklist.contains_now(&decoded).await?;
        return Err(if is_blacklisted {
            ApiError::TokenBlacklisted
        } else {
            error.into()
        });
    }
    let verified = app.backend.require_refresh(decoded)?;

    let user = app.accounts.key_of(&verified).await?;
    let add = async move {
        let is_first = app.blacklist.add(&verified, &refresh, user.clone()).await?;
        if is_first {
            let (user, jti) = (user.as_ref(), verified.jti());
            Event::TokenBlacklisted { user, jti }.log();
        }
        anyhow::Ok(is_first)
    };
    if !to_the_end(add).await? {
        return Err(ApiError::TokenBlacklisted);
    }

    Ok(Json(Empty {}))
}

#[derive(ToSchema)]
#[schema(as = TokenBlacklistInputSchema)]
pub(super) struct Blacklist {
    #[schema(schema_with = endpoint::token)]
    refresh: String,
}

impl<S> Schema<S> for Blacklist {
    const PARAMETER: &'static str = "refresh";

    fn read(body: &Object<'_>, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            refresh: body.require_token("refresh", "refresh token is required")?,
        })
    }
}

pub(super) fn endpoint(app: &Arc<App>) -> Endpoint {
    let (reads, answers) = (Body::of::<Blacklist>(), Body::of::<Empty>());
    let name = ("token_blacklist", "Blacklist Token");
    Endpoint::post::<Blacklist>(name, reads, answers, app)
        .says(
            "Ends a refresh token before its time, or, where it was rotated, what took its place.",
        )
        .refuses([token_refused(), token_misplaced()])
        .refuses([ApiError::TokenBlacklisted])
}
