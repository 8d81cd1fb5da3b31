use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Instant;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::response::{IntoResponse, Response};

use super::framing;
use super::request_id::{self, REQUEST_ID};
use super::site::Site;
use crate::error::{ApiError, Reason, Unavailable};
use crate::extract::ClientAddress;
use crate::request;

/// What is done for each request, whatever it asks for: it gets an id, or keeps the one a proxy gave
/// it, which is on its answer and, with the client's address, on all its log lines; what two readers
/// could read as two things is refused; and it is counted. One that is refused beforehand gets all
/// that, too, and nothing more.
pub(super) async fn attend(
    site: &Site,
    peer: IpAddr,
    request: Request,
    refusal: Option<Unavailable>,
) -> Response {
    let begun = Instant::now();
    let id = request_id::of(&request);
    let trusted = &site.app.settings.server.trusted_proxies;
    let ClientAddress(client) = ClientAddress::find(peer, request.headers(), trusted);
    let method = request.method().clone();
    let about = request::Request {
        id: id.clone(),
        client,
        method: method.clone(),
        uri: request.uri().clone(),
    };

    let answer = async {
        let refusal = refusal.map(|cause| ApiError::from(cause).into_response());
        let (response, figures) = match refusal.or_else(|| framing::refuse(&request)) {
            None => site.answer(request).await,
            Some(refusal) => (refusal, Cow::Borrowed(&site.elsewhere)),
        };
        let (status, took) = (response.status().as_u16(), begun.elapsed());
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(status, microseconds, "answered");
        figures.answered(&method, status, took);
        response
    };
    let mut response = about.answer(answer).await;

    if let Some(Reason(reason)) = response.extensions_mut().remove() {
        site.app.metrics.refused(reason);
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(&REQUEST_ID, id);
    response
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
