use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::router;
use crate::app::App;

/// Serves until `stop` resolves, then answers what has been accepted and returns, at the latest
/// after the drain time.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let (stopping, stopped) = oneshot::channel();
    let stop = async move {
        stop.await;
        let _ = stopping.send(());
    };
    let serving = axum::serve(listener, router(app)).with_graceful_shutdown(stop);

    // A connection that never ends must not keep the process from ending.
    let drained = async move {
        match stopped.await {
            Ok(()) => tokio::time::sleep(DRAIN_TIME).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = drained => Ok(()),
    }
}

const DRAIN_TIME: Duration = Duration::from_secs(15);
