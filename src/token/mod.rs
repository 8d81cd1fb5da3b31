//! The token endpoints of Ninja JWT: `/api/token/*`, one file for each.

mod credentials;
mod pair;
mod refresh;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;

use crate::app::App;

/// The endpoints, relative to `/api/token`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/pair", post(pair::pair))
        .route("/refresh", post(refresh::refresh))
        .route("/verify", post(verify::verify))
}
