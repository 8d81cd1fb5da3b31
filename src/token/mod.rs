//! The token endpoints of Ninja JWT: `/api/token/*`, one file for each, and what the OpenAPI document
//! says of it.

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

pub use self::credentials::Credentials;
use crate::app::App;
use crate::endpoint::Methods::{Any, Get, Post};
use crate::endpoint::Routes;

/// The endpoints, below `/api/token`.
// A table, one line for each.
#[rustfmt::skip]
pub fn routes(app: &Arc<App>) -> Routes {
    let routes = Routes::below(format!("{}/token", app.settings.server.api_prefix.as_str()))
        .route("/pair", Post, pair::pair, pair::endpoint(app))
        .route("/refresh", Post, refresh::refresh, refresh::endpoint(app))
        .route("/verify", Post, verify::verify, verify::endpoint(app))
        .route("/sliding", Post, sliding::sliding, sliding::endpoint(app))
        .route("/sliding/refresh", Post, sliding::refresh::refresh, sliding::refresh::endpoint(app))
        .route("/user", Get, user::user, user::endpoint(app))
        .route("/auth", Any, auth::auth, auth::endpoint(app))
        .route("/auth/", Any, auth::auth, None)
        .route("/auth/{*path}", Any, auth::auth, None);
    // Without its app Ninja JWT answers 200 and blacklists nothing.
    if app.settings.blacklist.enabled {
        routes.route("/blacklist", Post, blacklist::blacklist, blacklist::endpoint(app))
    } else {
        routes
    }
}
