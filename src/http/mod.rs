//! The shell around the endpoints: connections, routes, request ids, and what no endpoint answers.

mod answers;
mod connection;
mod docs;
mod fallback;
mod framing;
mod health;
mod listener;
mod live;
mod places;
mod protocol;
mod request_id;
mod serve;
mod shell;
mod site;
mod tls;

use std::sync::Arc;

use axum::Router;

use self::site::Site;
use crate::app::App;
use crate::token;

pub use self::live::Live;
pub use self::serve::{Listeners, serve};
pub use self::tls::Tls;

/// Every path the service answers; `/metrics` where that has no address of its own.
fn public_site(app: Arc<App>, has_metrics: bool) -> Site {
    let tokens = token::routes(&app);
    let docs = docs::router(&app, &tokens.endpoints, has_metrics);
    Site::new(app, [tokens, health::routes(has_metrics)], docs)
}

/// What is answered at `[server] metrics_bind`.
fn metrics_site(app: Arc<App>) -> Site {
    Site::new(app, [health::routes(true)], Router::new())
}
