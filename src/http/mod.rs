//! The shell around the endpoints: routes, limits, request ids, and what no endpoint answers.

mod fallback;
mod framing;
mod health;
mod listener;
mod request_id;
mod serve;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::extract::MAX_BODY_BYTES;
use crate::token;

pub use self::serve::serve;

/// Every path the service answers.
pub fn router(app: Arc<App>) -> Router {
    let api = Router::new().nest("/token", token::router(&app.settings));
    let routes = match app.settings.server.api_prefix.as_str() {
        "" => api,
        prefix => Router::new().nest(prefix, api),
    };
    routes
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(framing::check))
        .layer(CatchPanicLayer::custom(fallback::panicked))
        .layer(SetResponseHeaderLayer::overriding(
            X_CONTENT_TYPE_OPTIONS,
            NOSNIFF,
        ))
        .layer(from_fn_with_state(Arc::clone(&app), request_id::attach))
        .with_state(app)
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
