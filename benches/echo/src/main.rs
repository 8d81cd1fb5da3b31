//! A bare axum service that reads the JSON of a verification and writes it back: what no service on
//! axum can do with less. `echo 127.0.0.1:8001`
//!
//! It has the profile, the runtime and the allocator of the service it stands beside.

use std::env;
use std::io::Result;

use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use mimalloc::MiMalloc;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Deserialize, Serialize)]
struct Verify {
    token: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8001".to_owned());
    let listener = TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| {
        // As the service does. Where it fails the answer comes a little later.
        let _ = stream.set_nodelay(true);
    });
    let echo = post(|Json(verify): Json<Verify>| async { Json(verify) });
    axum::serve(listener, Router::new().route("/", echo)).await
}
