//! The token endpoints of Ninja JWT: `/api/token/*`, one file for each.

mod auth;
mod blacklist;
mod credentials;
mod pair;
mod presented;
mod refresh;
mod sliding;
mod user;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use crate::app::App;
use crate::settings::Settings;

/// The endpoints, relative to `/api/token`.
pub fn router(settings: &Settings) -> Router<Arc<App>> {
    let router = Router::new()
        .route("/pair", post(pair::pair))
        .route("/refresh", post(refresh::refresh))
        .route("/verify", post(verify::verify))
        .route("/sliding", post(sliding::sliding))
        .route("/sliding/refresh", post(sliding::refresh::refresh))
        .route("/user", get(user::user))
        .route("/auth", any(auth::auth))
        .route("/auth/", any(auth::auth))
        .route("/auth/{*path}", any(auth::auth));
    // Without its app Ninja JWT answers 200 and blacklists nothing.
    if settings.blacklist.enabled {
        router.route("/blacklist", post(blacklist::blacklist))
    } else {
        router
    }
}
