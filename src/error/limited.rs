use std::fmt::Write;

use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::ApiError;

/// What is left of a limit, for the client it is about.
#[derive(Debug)]
pub struct Quota {
    /// Its name.
    pub name: &'static str,
    /// How many there are in a window.
    pub limit: u32,
    /// How long a window is, in seconds.
    pub window: u64,
    /// How many are left.
    pub remaining: u32,
    /// After how many seconds all are there again.
    pub reset: u64,
}

/// There were too many wrong guesses.
#[derive(Debug)]
pub struct TooMany {
    /// After how many seconds the next can be made.
    pub retry_after: u64,
    /// Whether nobody was told of it yet.
    pub is_news: bool,
    /// What is left of the limits.
    pub quotas: Vec<Quota>,
}

/// An answer that says what is left of the limits it counts towards, in `RateLimit` and
/// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
pub struct Limited<T> {
    answer: Result<T, ApiError>,
    quotas: Vec<Quota>,
}

impl<T> Limited<T> {
    /// An answer, and what is left after it.
    #[must_use]
    pub fn counted(answer: Result<T, ApiError>, quotas: Vec<Quota>) -> Self {
        Self { answer, quotas }
    }

    /// No answer: there were too many.
    #[must_use]
    pub fn refused(too_many: TooMany) -> Self {
        Self {
            answer: Err(ApiError::TooMany {
                retry_after: too_many.retry_after,
            }),
            quotas: too_many.quotas,
        }
    }
}

impl<T: IntoResponse> IntoResponse for Limited<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if self.quotas.is_empty() {
            return response;
        }
        let (mut policies, mut left) = (String::new(), String::new());
        for quota in &self.quotas {
            let Quota {
                name,
                limit,
                window,
                remaining,
                reset,
            } = quota;
            let comma = if policies.is_empty() { "" } else { ", " };
            let _ = write!(policies, "{comma}\"{name}\";q={limit};w={window}");
            let _ = write!(left, "{comma}\"{name}\";r={remaining};t={reset}");
        }
        for (header, value) in [(POLICY, policies), (LEFT, left)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(header, value);
            }
        }
        response
    }
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
