use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A text that stays the same, which a browser asks for once.
#[derive(Clone)]
pub(super) struct Cached {
    bytes: Bytes,
    etag: HeaderValue,
    headers: HeaderMap,
}

impl Cached {
    pub(super) fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = digest(&SHA256, &bytes);
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest));
        let etag = HeaderValue::try_from(etag).expect("base64 and quotes are printable");
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (ETAG, etag.clone()),
        ];
        Self {
            bytes,
            etag,
            headers: HeaderMap::from_iter(headers),
        }
    }

    /// The same, of bytes that gzip has packed.
    pub(super) fn packed(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let mut cached = Self::new(content_type, bytes);
        let gzip = HeaderValue::from_static("gzip");
        cached.headers.insert(CONTENT_ENCODING, gzip);
        cached
    }

    /// The text, or that the caller has it already (RFC 9110 13.1.2).
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let known = request.get_all(IF_NONE_MATCH).iter();
        let mut known = known.flat_map(|tags| tags.as_bytes().split(|byte| *byte == b','));
        let is_known = known.any(|tag| {
            let tag = tag.trim_ascii();
            tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == self.etag.as_bytes()
        });
        if is_known {
            return (StatusCode::NOT_MODIFIED, self.headers.clone()).into_response();
        }
        (self.headers.clone(), self.bytes.clone()).into_response()
    }
}
