use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;

use super::listener::{Listener, Peer};
use super::router;
use crate::app::App;

/// Serves until `stop` resolves, then answers what has been accepted and returns, at the latest
/// after the drain time.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let server = &app.settings.server;
    let bounds = Bounds {
        max_connections: server.max_connections as usize,
        drain_time: server.drain_time.span().to_std().unwrap_or_default(),
        ..Bounds::default()
    };
    serve_within(bounds, listener, router(app), stop).await
}

async fn serve_within(
    bounds: Bounds,
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let handle = Handle::<Peer>::new();
    let drain = handle.clone();
    tokio::spawn(async move {
        stop.await;
        drain.graceful_shutdown(Some(bounds.drain_time));
    });

    let listener = Listener::new(listener, bounds.max_connections, bounds.stall_time);
    let mut server = Server::from_listener(listener).handle(handle).http1_only();
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_time)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    server.serve(service).await
}

/// What one client can take from the others.
struct Bounds {
    /// How many connections there are at a time.
    max_connections: usize,
    /// How long a connection that never ends can keep the process from ending.
    drain_time: Duration,
    /// How long a client may take for the header of a request, the wait for it included.
    header_time: Duration,
    /// How long a client may take no byte of an answer.
    stall_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            drain_time: Duration::from_secs(15),
            header_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
        }
    }
}

/// The request line with all headers, and less than as much again, for it is looked at once a read
/// is done. The longest token has half of it.
const MAX_HEAD_BYTES: usize = 32 * 1024;
const MAX_HEADERS: usize = 100;

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    /// A connection to a service that has so little patience.
    async fn impatient(bounds: Bounds) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "x".repeat(1 << 20)));
        let never = std::future::pending();
        tokio::spawn(serve_within(bounds, listener, router, never));
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn a_header_that_never_ends_is_given_up() {
        let mut client = impatient(Bounds {
            header_time: Duration::from_millis(50),
            ..Bounds::default()
        })
        .await;

        client
            .write_all(b"POST /api/token/pair HTTP/1.1\r\nhost: x\r\n")
            .await
            .unwrap();

        // Ends only when the service closes the connection.
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
    }

    #[tokio::test]
    async fn a_header_that_drips_in_is_given_up() {
        let mut client = impatient(Bounds {
            header_time: Duration::from_millis(50),
            ..Bounds::default()
        })
        .await;

        let mut end = [0];
        let drip = Duration::from_millis(5);
        // Each byte comes in time, and it takes a while until nobody reads the next one.
        while timeout(drip, client.read(&mut end)).await.is_err() {
            let _ = client.write_all(b"x").await;
        }
    }

    #[tokio::test]
    async fn a_connection_without_a_request_is_given_up_at_its_begin_and_after_an_answer() {
        for request in ["", "HEAD / HTTP/1.1\r\nhost: x\r\n\r\n"] {
            let mut client = impatient(Bounds {
                header_time: Duration::from_millis(50),
                ..Bounds::default()
            })
            .await;

            client.write_all(request.as_bytes()).await.unwrap();

            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer.is_empty(), request.is_empty());
        }
    }

    #[tokio::test]
    async fn a_client_that_asks_and_never_reads_is_given_up() {
        let mut client = impatient(Bounds {
            stall_time: Duration::from_millis(50),
            ..Bounds::default()
        })
        .await;

        let asked = async {
            while client
                .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                .await
                .is_ok()
            {}
        };

        timeout(Duration::from_mins(1), asked)
            .await
            .expect("the service closes the connection");
    }
}
