use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{any, get, post};

use super::Endpoint;
use crate::app::App;

/// Routes, and what the document says of each.
pub struct Routes {
    prefix: String,
    /// Of paths that are texts, as most are.
    pub exact: Vec<(String, Route)>,
    /// Of paths that are patterns.
    pub patterns: Router<Arc<App>>,
    /// What the document says of them.
    pub endpoints: Vec<(&'static str, Endpoint)>,
}

impl Routes {
    /// No routes yet, all of which begin with this.
    #[must_use]
    pub fn below(prefix: String) -> Self {
        Self {
            prefix,
            exact: Vec::new(),
            patterns: Router::new(),
            endpoints: Vec::new(),
        }
    }

    /// A route, and what the document says of it: nothing where it is none of the document's.
    #[must_use]
    pub fn route<H, T>(
        mut self,
        path: &'static str,
        methods: Methods,
        handler: H,
        endpoint: impl Into<Option<Endpoint>>,
    ) -> Self
    where
        H: Handler<T, Arc<App>, Future = Answer> + Sync,
        T: 'static,
    {
        let whole = format!("{}{path}", self.prefix);
        if whole.contains('{') {
            let handler = match methods {
                Methods::Any => any(handler),
                Methods::Get => get(handler),
                Methods::Post => post(handler),
            };
            self.patterns = self.patterns.route(&whole, handler);
        } else {
            let answer = move |request, app| handler.clone().call(request, app);
            let answer = Box::new(answer);
            self.exact.push((whole, Route { methods, answer }));
        }
        let endpoint = endpoint.into().map(|endpoint| (path, endpoint));
        self.endpoints.extend(endpoint);
        self
    }
}

/// What answers at a path.
pub struct Route {
    methods: Methods,
    answer: Box<dyn Fn(Request, Arc<App>) -> Answer + Send + Sync>,
}

impl Route {
    /// Has a request answered; `Err` says which methods would be.
    pub fn answer(&self, request: Request, app: &Arc<App>) -> Result<Answer, &'static str> {
        self.methods.allow(request.method())?;
        Ok((self.answer)(request, Arc::clone(app)))
    }
}

/// An answer that is under way.
pub type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The methods that a route answers.
#[derive(Clone, Copy)]
pub enum Methods {
    /// All there are.
    Any,
    /// GET, and HEAD as it.
    Get,
    /// POST.
    Post,
}

impl Methods {
    /// Refuses a method, in the words of `Allow` (RFC 9110 10.2.1).
    fn allow(self, method: &Method) -> Result<(), &'static str> {
        match self {
            Self::Get if method != Method::GET && method != Method::HEAD => Err("GET,HEAD"),
            Self::Post if method != Method::POST => Err("POST"),
            _ => Ok(()),
        }
    }
}
