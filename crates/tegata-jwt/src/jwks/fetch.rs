//! One document from one URL, read with suspicion.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::{Client, Response, Url};

use super::client::NotPublic;
use super::error::Failure;
use super::events::shown;
use super::schedule;
use super::status::FetchOutcome;

/// What a server says.
pub(super) enum Answer {
    Document(Document),
    /// What we have is still so.
    NotModified {
        fresh_for: Option<Duration>,
    },
}

pub(super) struct Document {
    pub(super) text: String,
    pub(super) fresh_for: Option<Duration>,
    pub(super) validators: Validators,
    /// The address it came from.
    pub(super) from: Option<IpAddr>,
}

/// What a document is recognized by (RFC 9110 8.8).
#[derive(Clone, Default)]
pub(super) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl Validators {
    fn of(answer: &Response) -> Self {
        let header = |name: HeaderName| {
            let value = answer.headers().get(name)?;
            (value.len() <= MAX_VALIDATOR).then(|| value.clone())
        };
        Self {
            etag: header(ETAG),
            last_modified: header(LAST_MODIFIED),
        }
    }

    fn are_none(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// Asks once. Takes as long as it takes: the caller has the clock.
pub(super) async fn get(
    client: &Client,
    url: &Url,
    known: &Validators,
    now: DateTime<Utc>,
) -> Result<Answer, Failure> {
    let mut request = client
        .get(url.clone())
        .header(ACCEPT, "application/json, application/jwk-set+json");
    if let Some(etag) = &known.etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    if let Some(last_modified) = &known.last_modified {
        request = request.header(IF_MODIFIED_SINCE, last_modified);
    }
    let answer = request.send().await.map_err(unreachable)?;

    let fresh_for = schedule::fresh_for(answer.headers(), now);
    match answer.status().as_u16() {
        200 => Ok(Answer::Document(Document {
            fresh_for,
            validators: Validators::of(&answer),
            from: answer.remote_addr().map(|address| address.ip()),
            text: body(answer).await?,
        })),
        304 if !known.are_none() => Ok(Answer::NotModified { fresh_for }),
        status => Err(Failure {
            status: Some(status),
            retry_after: schedule::retry_after(answer.headers(), now),
            ..Failure::new(FetchOutcome::Status, format!("the answer is {status}"))
        }),
    }
}

/// Counts what comes out of the decompression, piece by piece: a small answer may hold a large
/// one. What is too large is not read to its end, and its connection is closed.
async fn body(mut answer: Response) -> Result<String, Failure> {
    let too_large = || {
        let text = format!("the answer has more than {MAX_BYTES} bytes");
        Failure::new(FetchOutcome::TooLarge, text)
    };
    if answer
        .content_length()
        .is_some_and(|length| length > MAX_BYTES as u64)
    {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(broken)? {
        if body.len() + piece.len() > MAX_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    let not_text = |_| Failure::new(FetchOutcome::Malformed, "the answer is not UTF-8");
    String::from_utf8(body).map_err(not_text)
}

fn unreachable(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut causes = causes(&error);
    if causes.any(<dyn Error>::is::<NotPublic>) {
        return Failure::new(FetchOutcome::Refused, NotPublic.to_string());
    }
    Failure::new(FetchOutcome::Unreachable, told(&error))
}

fn broken(error: reqwest::Error) -> Failure {
    let outcome = if error.is_decode() {
        FetchOutcome::Malformed
    } else {
        FetchOutcome::Unreachable
    };
    Failure::new(outcome, told(&error.without_url()))
}

/// What the innermost causes say: the outer ones say that something was sent.
fn told(error: &reqwest::Error) -> String {
    let mut texts: Vec<_> = causes(error).skip(1).map(ToString::to_string).collect();
    texts.dedup();
    if texts.is_empty() {
        texts.push(error.to_string());
    }
    shown(&texts.join(": "))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// Far above what issuers publish.
const MAX_BYTES: usize = 256 * 1024;
/// Longer ones are not worth sending back.
const MAX_VALIDATOR: usize = 1024;
