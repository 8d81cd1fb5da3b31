use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::app::App;
use crate::audit::cut;
use crate::extract::ClientAddress;

/// Gives a request an id, or keeps the one a proxy gave it, and puts it on its answer and, with the
/// client's address, on all its log lines.
pub(super) async fn attach(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let given = request
        .headers()
        .get(&REQUEST_ID)
        .filter(|id| is_plain(id))
        .cloned();
    let id = given.unwrap_or_else(random);

    let trusted = &app.settings.server.trusted_proxies;
    let client = ClientAddress::find(request.extensions(), request.headers(), trusted);
    if let Some(client) = client {
        request.extensions_mut().insert(client);
    }

    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        client = client.map(tracing::field::display),
        method = cut(request.method().as_str()),
        path = cut(request.uri().path())
    );
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    tracing::debug!(
        parent: &span,
        status = response.status().as_u16(),
        microseconds = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );

    response.headers_mut().insert(&REQUEST_ID, id);
    response
}

fn random() -> HeaderValue {
    let id = Uuid::new_v4().to_string();
    HeaderValue::try_from(id).expect("a UUID is hex digits and hyphens")
}

/// Short and of characters that can do no harm in a log.
fn is_plain(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=64).contains(&id.len()) && id.as_bytes().iter().all(is_plain)
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
