use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;

use super::router;
use crate::app::App;

/// Serves until `stop` resolves, then answers what has been accepted and returns, at the latest
/// after the drain time.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let handle = Handle::<SocketAddr>::new();
    let drain = handle.clone();
    tokio::spawn(async move {
        stop.await;
        drain.graceful_shutdown(Some(DRAIN_TIME));
    });

    let server = axum_server::from_tcp(listener.into_std()?)?;
    let mut server = server
        .acceptor(NoDelayAcceptor::new())
        .handle(handle)
        .http1_only();
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME);
    server.serve(router(app).into_make_service()).await
}

/// How long a connection that never ends can keep the process from ending.
const DRAIN_TIME: Duration = Duration::from_secs(15);
/// How long a client may take for the header of a request, the wait for it included.
const HEADER_TIME: Duration = Duration::from_secs(30);
