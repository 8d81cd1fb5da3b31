//! The request that is being answered: what the log tells of it. Nothing is written down unless
//! something is logged.

use std::fmt;
use std::net::IpAddr;

use http::{HeaderValue, Method, Uri};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::audit::cut;

tokio::task_local! {
    static PRESENT: Request;
}

/// What the log tells of a request.
#[derive(Clone)]
pub struct Request {
    /// The id it has on its answer, too.
    pub id: HeaderValue,
    /// Where it came from.
    pub client: IpAddr,
    /// Its method.
    pub method: Method,
    /// What it asked for.
    pub uri: Uri,
}

impl Request {
    /// Does the work of answering it, all events of which tell of this request.
    pub fn answer<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        PRESENT.scope(self, work)
    }

    /// Looks at the request that is being answered; `None` where none is.
    pub fn present<T>(look: impl FnOnce(&Self) -> T) -> Option<T> {
        PRESENT.try_with(look).ok()
    }

    fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }
}

/// Work for the present request that goes on as a task of its own.
pub fn on_its_own<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let present = Request::present(Request::clone);
    async move {
        match present {
            Some(request) => request.answer(work).await,
            None => work.await,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, client) = (self.id(), self.client);
        let (method, path) = (cut(self.method.as_str()), cut(self.uri.path()));
        write!(
            f,
            "request{{id={id:?} client={client} method={method:?} path={path:?}}}"
        )
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("client", &self.client)?;
        members.serialize_entry("id", self.id())?;
        members.serialize_entry("method", cut(self.method.as_str()))?;
        members.serialize_entry("path", cut(self.uri.path()))?;
        members.serialize_entry("name", "request")?;
        members.end()
    }
}
