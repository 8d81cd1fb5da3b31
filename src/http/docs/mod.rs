//! `GET /api/openapi.json`, and `/api/docs`, where the endpoints can be tried out.

mod cached;
mod document;
mod headers;
mod health;
mod operation;
mod page;
mod refusals;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum::routing::get;

use self::cached::Cached;
use crate::app::App;
use crate::endpoint::Endpoint;

/// The document of these endpoints and its pages; nothing where nobody wants them. The document is
/// written here, once.
pub(super) fn router(
    app: &App,
    endpoints: &[(&str, Endpoint)],
    has_metrics: bool,
) -> Router<Arc<App>> {
    if !app.settings.server.docs {
        return Router::new();
    }
    let document = document::write(app, endpoints, has_metrics);
    let json = document.to_json().expect("its keys are texts");
    let json = Cached::new("application/json", json.into_bytes());
    let docs = Router::new()
        .route(
            "/openapi.json",
            get(async move |headers: HeaderMap| json.answer(&headers)),
        )
        // Relative, so that it holds under whatever path a proxy puts before it.
        .route("/docs", get(async || Redirect::temporary("docs/")))
        .nest("/docs/", page::router());
    match app.settings.server.api_prefix.as_str() {
        "" => docs,
        prefix => Router::new().nest(prefix, docs),
    }
}
