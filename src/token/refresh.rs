use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tegata_jwt::VerifiedRefresh;

use super::presented::{decode, holder};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Json, Object, Schema};
use crate::store::{Rotated, Rotation, User};

/// `POST /api/token/refresh`: a refresh token for an access token. The refresh token comes back as
/// it was sent or, with `ROTATE_REFRESH_TOKENS`, another one in its place.
pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    Json(Refresh { refresh }): Json<Refresh>,
) -> Result<Json<Refreshed>, ApiError> {
    let decoded = decode(&app, &refresh).await?;
    let verified = app.verifier.require_refresh(decoded)?;
    let user = holder(&app, &verified).await?;

    let access = app.issuer.access(&verified)?.token;
    let refresh = if app.settings.jwt.rotate_refresh_tokens {
        rotate(&app, &verified, refresh, user.as_ref()).await?
    } else {
        refresh
    };

    Ok(Json(Refreshed { refresh, access }))
}

/// Another refresh token in place of `old`, which with `BLACKLIST_AFTER_ROTATION` is of use no
/// more.
async fn rotate(
    app: &App,
    verified: &VerifiedRefresh,
    old: String,
    user: Option<&User>,
) -> Result<String, ApiError> {
    let new = app.issuer.rotate(verified)?;
    let owner = match user {
        Some(user) => Some(user.id.clone()),
        None => app.accounts.key_of(verified).await?,
    };
    let rotation = Rotation {
        user: user.map(|user| app.accounts.unchanged(user)),
        old: app.blacklist.row_of_verified(verified, &old, owner.clone()),
        blacklists: app.settings.jwt.blacklist_after_rotation,
        new: app.blacklist.row(&new, owner),
    };
    match app.store.rotate(rotation, app.clock.now()).await? {
        Rotated::Done => Ok(new.token),
        Rotated::Blacklisted => Err(ApiError::TokenBlacklisted),
        Rotated::UserChanged => {
            // Says what has changed.
            holder(app, verified).await?;
            Err(ApiError::NoActiveAccount)
        }
    }
}

pub(super) struct Refresh {
    refresh: String,
}

impl Schema for Refresh {
    const PARAMETER: &'static str = "refresh_token";

    fn read(body: &Object<'_>) -> Result<Self, ApiError> {
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
