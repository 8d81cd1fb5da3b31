use std::sync::Arc;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use utoipa_swagger_ui::{Config, serve};

use super::cached::Cached;

/// Swagger UI, from the binary alone.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let own = OWN.map(|(path, content_type, text)| (path, Cached::new(content_type, text)));
    let swagger = SWAGGER.map(|(path, content_type)| (path, swagger(path, content_type)));
    let files = own.into_iter().chain(swagger);
    let router = files.fold(Router::new(), |router, (path, file)| {
        let answer = async move |headers: HeaderMap| file.answer(&headers);
        router.route(&format!("/{path}"), get(answer))
    });
    router.layer(map_response(guarded))
}

/// A file as the crate has it.
fn swagger(path: &str, content_type: &'static str) -> Cached {
    let file = serve(path, Arc::new(Config::default())).ok().flatten();
    let file = file.expect("the crate has it, as the page's test shows");
    Cached::packed(content_type, file.bytes.into_owned())
}

async fn guarded(mut response: Response) -> Response {
    let guards = GUARDS.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(guards);
    response
}

/// Path, type and text of what is ours.
const OWN: [(&str, &str, &str); 2] = [
    ("", HTML, include_str!("page/index.html")),
    ("start.js", JAVASCRIPT, include_str!("page/start.js")),
];
/// Path and type of what is Swagger UI's.
const SWAGGER: [(&str, &str); 3] = [
    ("favicon-32x32.png", "image/png"),
    ("swagger-ui-bundle.js", JAVASCRIPT),
    ("swagger-ui.css", "text/css; charset=utf-8"),
];
/// Nothing from elsewhere, nothing written into the page, and the page in no other.
const GUARDS: [(HeaderName, &str); 2] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
];
const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
