use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower_service::Service;

use super::fallback;
use crate::app::App;
use crate::endpoint::{Route, Routes};
use crate::error::ApiError;
use crate::metrics::RouteFigures;

/// What is answered at an address.
pub(super) struct Site {
    pub(super) app: Arc<App>,
    /// What answers at paths that are texts, as most are: found in one look, with where its requests
    /// are counted.
    exact: HashMap<String, (Route, RouteFigures)>,
    /// What answers at paths that are patterns, and at those that are none of ours.
    patterns: Router,
    /// Where requests are counted that are for none of these.
    pub(super) elsewhere: RouteFigures,
}

impl Site {
    /// A site of these routes, and of others besides.
    pub(super) fn new(
        app: Arc<App>,
        routes: impl IntoIterator<Item = Routes>,
        others: Router<Arc<App>>,
    ) -> Self {
        let mut exact = HashMap::new();
        let mut patterns = others;
        for routes in routes {
            patterns = patterns.merge(routes.patterns);
            exact.extend(routes.exact.into_iter().map(|(path, route)| {
                let figures = app.metrics.route(&path);
                (path, (route, figures))
            }));
        }
        Self {
            exact,
            patterns: patterns
                .layer(from_fn(tell_pattern))
                .fallback(fallback::not_found)
                .method_not_allowed_fallback(fallback::method_not_allowed)
                .with_state(Arc::clone(&app)),
            elsewhere: app.metrics.route("none"),
            app,
        }
    }

    /// Has whatever is at its path answer a request, and says where that is counted.
    pub(super) async fn answer(&self, request: Request) -> (Response, Cow<'_, RouteFigures>) {
        if let Some((route, figures)) = self.exact.get(request.uri().path()) {
            let response = match route.answer(request, &self.app) {
                Ok(answer) => unless_it_panics(answer).await,
                Err(allow) => fallback::allow(allow).await,
            };
            return (response, Cow::Borrowed(figures));
        }

        let answer = self.patterns.clone().call(request);
        let answer = async { answer.await.unwrap_or_else(|never| match never {}) };
        let mut response = unless_it_panics(answer).await;
        let pattern = response.extensions_mut().remove::<MatchedPath>();
        let figures = pattern.map_or(Cow::Borrowed(&self.elsewhere), |pattern| {
            Cow::Owned(self.app.metrics.route(pattern.as_str()))
        });
        (response, figures)
    }
}

/// The panic is in the log by now.
async fn unless_it_panics(answer: impl Future<Output = Response>) -> Response {
    let answered = AssertUnwindSafe(answer).catch_unwind().await;
    answered.unwrap_or_else(|_| ApiError::Internal.into_response())
}

/// Has an answer tell of which pattern its path was.
async fn tell_pattern(request: Request, next: Next) -> Response {
    let pattern = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(pattern) = pattern {
        response.extensions_mut().insert(pattern);
    }
    response
}
