use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
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
    serve_with(listener, router(app), HEADER_TIME, stop).await
}

async fn serve_with(
    listener: TcpListener,
    router: Router,
    header_time: Duration,
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
        .header_read_timeout(header_time);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    server.serve(service).await
}

/// How long a connection that never ends can keep the process from ending.
const DRAIN_TIME: Duration = Duration::from_secs(15);
/// How long a client may take for the header of a request, the wait for it included.
const HEADER_TIME: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_header_that_never_ends_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let header_time = Duration::from_millis(50);
        let never = std::future::pending();
        tokio::spawn(serve_with(listener, Router::new(), header_time, never));

        client
            .write_all(b"POST /api/token/pair HTTP/1.1\r\nhost: x\r\n")
            .await
            .unwrap();

        // Ends only when the service closes the connection.
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
    }
}
