use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tegata_jwt::{Decoded, Issued, VerifiedRefresh};
use utoipa::ToSchema;

use super::presented::{holder, refusals, to_the_end};
use crate::app::App;
use crate::endpoint::{self, Body, Endpoint};
use crate::error::ApiError;
use crate::extract::{Json, Object, Schema};
use crate::rotation::Effect;
use crate::store::User;

/// `POST /api/token/refresh`: a refresh token for an access token. The refresh token comes back as
/// it was sent or, with `ROTATE_REFRESH_TOKENS`, another one in its place.
pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    Json(Refresh { refresh }): Json<Refresh>,
) -> Result<Json<Refreshed>, ApiError> {
    let refreshed = if app.settings.jwt.rotate_refresh_tokens {
        rotate(&app, &refresh).await?
    } else {
        keep(&app, refresh).await?
    };
    Ok(Json(refreshed))
}

/// The token sent stays of use. One that was rotated before does not become so by a changed setting.
async fn keep(app: &App, refresh: String) -> Result<Refreshed, ApiError> {
    let decoded = app.decode_own(&refresh).await?;
    // Ninja JWT looks before it asks for the type.
    if app.blacklist.has_ended(&decoded).await? {
        return Err(ApiError::TokenBlacklisted);
    }
    let verified = app.backend.require_refresh(decoded)?;
    holder(app, &verified).await?;

    let access = app.issuer.access(&verified)?.token;
    app.metrics.issued.access.inc();
    Ok(Refreshed { refresh, access })
}

/// With `BLACKLIST_AFTER_ROTATION` the token sent is of use no more.
async fn rotate(app: &Arc<App>, token: &str) -> Result<Refreshed, ApiError> {
    let decoded = app.decode_own(token).await?;
    let successor = app.issuer.successor()?;
    let effect = app.blacklist.weigh(&decoded, successor).await?;
    let verified = require_refresh(app, decoded, &effect)?;
    if effect == Effect::EndFamily {
        let app = Arc::clone(app);
        to_the_end(async move { app.blacklist.end_family(&verified).await }).await?;
        return Err(ApiError::TokenBlacklisted);
    }

    let user = holder(app, &verified).await?;
    let access = app.issuer.access(&verified)?.token;
    let refresh = match effect {
        Effect::Repeat(successor) => app.issuer.rotate(&verified, &successor)?,
        Effect::Rotate(successor) => {
            let new = app.issuer.rotate(&verified, &successor)?;
            record(app, &verified, token, user.as_ref(), new).await?
        }
        _ => return Err(ApiError::TokenBlacklisted),
    };
    app.metrics.issued.refresh.inc();
    app.metrics.issued.access.inc();
    Ok(Refreshed {
        refresh: refresh.token,
        access,
    })
}

/// Ninja JWT tells that a token is blacklisted before it asks for the type.
fn require_refresh(
    app: &App,
    decoded: Decoded,
    effect: &Effect,
) -> Result<VerifiedRefresh, ApiError> {
    let verified = app.backend.require_refresh(decoded);
    match effect {
        Effect::Rotate(_) => Ok(verified?),
        Effect::EndFamily | Effect::Repeat(_) => verified.map_err(|_| ApiError::TokenBlacklisted),
        _ => Err(ApiError::TokenBlacklisted),
    }
}

/// Records the new refresh token in place of the old one. Somebody else may be first.
async fn record(
    app: &Arc<App>,
    verified: &VerifiedRefresh,
    token: &str,
    user: Option<&User>,
    new: Issued,
) -> Result<Issued, ApiError> {
    let owner = match user {
        Some(user) => Some(user.id.clone()),
        None => app.accounts.key_of(verified).await?,
    };
    let old = app
        .blacklist
        .row_of_verified(verified, token, owner.clone());
    let Some((old, row)) = old.zip(app.blacklist.row(&new, owner)) else {
        // Without the blacklist app tokens have no rows.
        return Ok(new);
    };

    let unchanged = user.map(|user| app.accounts.unchanged(user));
    let service = Arc::clone(app);
    let rotate = async move { service.blacklist.rotate(unchanged, old, row).await };
    match to_the_end(rotate).await? {
        Some(Effect::Rotate(_)) => Ok(new),
        Some(Effect::Repeat(successor)) => Ok(app.issuer.rotate(verified, &successor)?),
        Some(_) => Err(ApiError::TokenBlacklisted),
        None => {
            // Says what has changed.
            holder(app, verified).await?;
            Err(ApiError::NoActiveAccount)
        }
    }
}

#[derive(ToSchema)]
#[schema(as = TokenRefreshInputSchema)]
pub(super) struct Refresh {
    #[schema(schema_with = endpoint::token)]
    refresh: String,
}

impl<S> Schema<S> for Refresh {
    const PARAMETER: &'static str = "refresh_token";

    fn read(body: &Object<'_>, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            refresh: body.require_text("refresh", "token is required")?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = TokenRefreshOutputSchema)]
pub(super) struct Refreshed {
    #[schema(schema_with = endpoint::token)]
    refresh: String,
    #[schema(schema_with = endpoint::token)]
    access: String,
}

pub(super) fn endpoint(app: &Arc<App>) -> Endpoint {
    let jwt = &app.settings.jwt;
    let what_becomes_of_it = match (jwt.rotate_refresh_tokens, jwt.blacklist_after_rotation) {
        (false, _) => "The refresh token comes back as it was sent.",
        (true, false) => "Another refresh token comes back; the one sent stays of use.",
        (true, true) => "Another refresh token comes back, and the one sent is of use no more.",
    };
    let (reads, answers) = (Body::of::<Refresh>(), Body::of::<Refreshed>());
    Endpoint::post::<Refresh>(("token_refresh", "Refresh Token"), reads, answers, app)
        .says(format!(
            "A refresh token for an access token. {what_becomes_of_it}"
        ))
        .refuses(refusals())
        .leads_to("token_verify", "token", "access")
        .leads_to("token_refresh", "refresh", "refresh")
}
