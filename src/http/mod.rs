//! The shell around the endpoints: routes, limits, request ids, and what no endpoint answers.

mod fallback;
mod request_id;
mod serve;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::token;

pub use self::serve::serve;

/// Every path the service answers.
pub fn router(app: Arc<App>) -> Router {
    let api = Router::new().nest("/token", token::router());
    let routes = match app.settings.server.api_prefix.as_str() {
        "" => api,
        prefix => Router::new().nest(prefix, api),
    };
    routes
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(CatchPanicLayer::custom(fallback::panicked))
        .layer(from_fn(request_id::attach))
        .with_state(app)
}

/// In bytes: four times the longest token.
const LONGEST_BODY: usize = 64 * 1024;
