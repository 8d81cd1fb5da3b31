use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderValue, Method, Request, Version};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use tokio::time::sleep;

use super::live::LiveSite;
use super::places::Places;
use super::shell::attend;
use crate::error::Unavailable;

/// What answers the requests of one connection: how many have begun and ended, and whether the next
/// answer is the last.
pub(super) struct Answers {
    site: LiveSite,
    peer: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    /// Of all requests of HTTP/2: each takes as much memory as a connection of HTTP/1.
    places: Arc<Places>,
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Answers {
    pub(super) fn new(
        site: LiveSite,
        peer: SocketAddr,
        is_stopping: Arc<AtomicBool>,
        places: Arc<Places>,
    ) -> Arc<Self> {
        Arc::new(Self {
            site,
            peer,
            is_stopping,
            places,
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        })
    }

    /// What a connection hands its requests to.
    pub(super) fn service(
        self: Arc<Self>,
    ) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
    {
        service_fn(move |request| {
            let answer = Arc::clone(&self).answer(request);
            async { Ok(answer.await) }
        })
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response {
        let _under_way = UnderWay::begin(&self);
        let is_http1 = request.version() < Version::HTTP_2;
        let is_head = request.method() == Method::HEAD;
        // In HTTP/1 a connection has one, and its own place for it.
        let place = (!is_http1).then(|| self.places.take());
        let refusal = matches!(place, Some(None)).then_some(Unavailable::Full);

        let site = self.site.load_full();
        let peer = self.peer.ip();
        let mut response = attend(&site, peer, request.map(Body::new), refusal).await;
        // The client is to know that nothing more is read here before it asks.
        if is_http1 && self.is_stopping.load(Ordering::Relaxed) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        // In HTTP/1 hyper does it.
        if is_head && !is_http1 {
            leave_body_out(&mut response);
        }
        response
    }

    /// Whether there was any request.
    pub(super) fn have_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed) > 0
    }

    /// Ends after so long without a request, or after twice as long at most.
    pub(super) async fn none_for(&self, time: Duration) {
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            sleep(time).await;
            let ended = self.ended.load(Ordering::Relaxed);
            if ended == begun && self.begun.load(Ordering::Relaxed) == begun {
                return;
            }
        }
    }
}

/// RFC 9110 9.3.2: an answer to HEAD has the header of one to GET, and no body.
fn leave_body_out(response: &mut Response) {
    if let Some(length @ 1..) = response.body().size_hint().exact() {
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = Body::empty();
}

struct UnderWay<'a>(&'a Answers);

impl<'a> UnderWay<'a> {
    fn begin(answers: &'a Answers) -> Self {
        answers.begun.fetch_add(1, Ordering::Relaxed);
        Self(answers)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
