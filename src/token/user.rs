use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tegata_jwt::UserId;
use utoipa::ToSchema;

use crate::account::Holder;
use crate::app::App;
use crate::endpoint::{self, Body, Endpoint, Guard};
use crate::error::ApiError;
use crate::extract::{Bearer, Json, bearer_refusals};

/// `GET /api/token/user`: the user whose token opens it, looked up (`JWTAuth`).
pub(super) async fn user(
    State(app): State<Arc<App>>,
    bearer: Bearer,
) -> Result<Json<Whoami>, ApiError> {
    let holder = match bearer {
        Bearer::Foreign(_, named) => app.accounts.holder_named(&named).await?,
        Bearer::Own(token) => app.accounts.holder(&token, &app.issuer).await?,
    };
    match holder {
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

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct Whoami {
    #[schema(schema_with = endpoint::user_id)]
    id: UserId,
    username: String,
}

pub(super) fn endpoint(app: &App) -> Endpoint {
    let refuses = [
        ApiError::NoUserIdentification,
        ApiError::PasswordChanged,
        ApiError::UserInactive,
        ApiError::UserNotFound,
    ];
    Endpoint {
        guard: Guard::Bearer,
        ..Endpoint::get("token_user", "User", Body::of::<Whoami>())
            .says("The user whose token opens it, looked up in the database.")
            .refuses(bearer_refusals(app))
            .refuses(refuses)
    }
}
