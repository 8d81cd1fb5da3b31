use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tegata_jwt::UserId;

use crate::account::Holder;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Bearer, Json};

/// `GET /api/token/user`: the user whose token opens it, looked up (`JWTAuth`).
pub(super) async fn user(
    State(app): State<Arc<App>>,
    Bearer(token): Bearer,
) -> Result<Json<Whoami>, ApiError> {
    match app.accounts.holder(&token, &app.issuer).await? {
        Holder::Inactive => Err(ApiError::UserInactive),
        Holder::Missing => Err(ApiError::UserNotFound),
        Holder::Nobody => Err(ApiError::NoUserIdentification),
        Holder::PasswordChanged => Err(ApiError::PasswordChanged),
        Holder::User(user) => Ok(Json(Whoami {
            id: user.id,
            username: user.username,
        })),
    }
}

#[derive(Serialize)]
pub(super) struct Whoami {
    id: UserId,
    username: String,
}
