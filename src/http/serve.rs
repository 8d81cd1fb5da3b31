use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answers::Answers;
use super::listener::Listener;
use super::live::{Live, LiveSite};
use super::places::Places;
use super::protocol::Protocols;
use super::tls::Tls;

/// Where the service listens.
pub struct Listeners {
    /// For everybody.
    pub public: TcpListener,
    /// The certificate that is shown there; without one it is plain HTTP.
    pub tls: Option<Tls>,
    /// For whoever watches the service, in plain HTTP.
    pub metrics: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    /// Plain HTTP for everybody.
    fn from(public: TcpListener) -> Self {
        Self {
            public,
            tls: None,
            metrics: None,
        }
    }
}

/// Serves until `stop` resolves, then answers what has arrived. Returns when that is done, at the
/// latest after the drain time, and says when that is or was over.
pub async fn serve(
    listeners: Listeners,
    max_connections: u32,
    live: &Live,
    stop: impl Future<Output = ()>,
) -> Instant {
    let bounds = Bounds {
        max_connections: max_connections as usize,
        ..Bounds::default()
    };
    let public = Arc::clone(&live.public);
    let mut ports = vec![Port::new(&bounds, listeners.public, listeners.tls, public)];
    let watchers = Bounds {
        max_connections: MAX_WATCHERS,
        ..Bounds::default()
    };
    let metrics = listeners.metrics.zip(live.metrics.clone());
    ports.extend(metrics.map(|(tcp, site)| Port::new(&watchers, tcp, None, site)));
    let drain_time = || {
        let server = &live.app().settings.server;
        server.drain_time.span().to_std().unwrap_or_default()
    };
    serve_within(drain_time, ports, stop).await
}

async fn serve_within(
    drain_time: impl Fn() -> Duration,
    ports: Vec<Port>,
    stop: impl Future<Output = ()>,
) -> Instant {
    let (stopped, ending) = (CancellationToken::new(), Ending::default());
    let connections = TaskTracker::new();
    let mut open = JoinSet::new();
    for port in ports {
        open.spawn(port.accept(stopped.clone(), ending.clone(), connections.clone()));
    }

    stop.await;
    let deadline = Instant::now() + drain_time();
    stopped.cancel();
    ending.is_stopping.store(true, Ordering::Relaxed);
    // Whatever had arrived by the stop is read before the last port is closed.
    let _ = timeout_at(deadline, async {
        while open.join_next().await.is_some() {}
    })
    .await;
    open.abort_all();
    ending.drain.cancel();
    connections.close();
    if timeout_at(deadline, connections.wait()).await.is_err() {
        let open = connections.len();
        tracing::warn!(
            connections = open,
            "[server] drain_time is over: what is not answered yet is closed"
        );
    }
    deadline
}

/// How a connection learns of the end.
#[derive(Clone, Default)]
struct Ending {
    /// What is answered says that it was the last.
    is_stopping: Arc<AtomicBool>,
    /// What has arrived is answered, and nothing more is read.
    drain: CancellationToken,
}

/// An address with what is served there.
struct Port {
    listener: Listener,
    protocols: Arc<Protocols>,
    requests: Arc<Places>,
    tls: Option<Tls>,
    site: LiveSite,
    last_look: Duration,
}

impl Port {
    fn new(bounds: &Bounds, tcp: TcpListener, tls: Option<Tls>, site: LiveSite) -> Self {
        let metrics = Arc::clone(&site.load().app.metrics);
        let (taken, refused) = (&metrics.connections, &metrics.connections_refused);
        let places = Places::new("connections", bounds.max_connections);
        let places = places.counted(taken, refused);
        Self {
            listener: Listener::new(tcp, places, bounds.stall_time),
            protocols: Arc::new(Protocols::new(bounds)),
            requests: Arc::new(Places::new("requests of HTTP/2", bounds.max_connections)),
            tls,
            site,
            last_look: bounds.last_look,
        }
    }

    /// Lets connections in, at the end those, too, that the system has accepted for us meanwhile:
    /// closing the listener would reset them.
    async fn accept(self, stopped: CancellationToken, ending: Ending, connections: TaskTracker) {
        let mut accepting = pin!(async {
            loop {
                self.accept_one(&ending, &connections).await;
            }
        });
        stopped.run_until_cancelled(accepting.as_mut()).await;
        let _: Result<(), _> = timeout(self.last_look, accepting).await;
        // Whoever is left in the queue then was let in, too.
        for _ in 0..MAX_QUEUE {
            let next = unconstrained(self.accept_one(&ending, &connections));
            if next.now_or_never().is_none() {
                break;
            }
        }
    }

    async fn accept_one(&self, ending: &Ending, connections: &TaskTracker) {
        let (connection, peer) = self.listener.accept().await;
        // A child, for all connections would wait for one lock each time they are looked at.
        let drain = ending.drain.child_token();
        let is_stopping = Arc::clone(&ending.is_stopping);
        let (site, places) = (Arc::clone(&self.site), Arc::clone(&self.requests));
        let answers = Answers::new(site, peer, is_stopping, places);
        let (protocols, tls) = (Arc::clone(&self.protocols), self.tls.clone());
        connections.spawn(async move {
            protocols
                .serve(connection, tls.as_ref(), answers, &drain)
                .await;
        });
    }
}

/// What one client can take from the others.
pub(super) struct Bounds {
    /// How many connections there are at a time.
    pub(super) max_connections: usize,
    /// How long a client may take for a TLS handshake.
    pub(super) handshake_time: Duration,
    /// How long a client may take for the header of a request, the wait for it included.
    pub(super) header_time: Duration,
    /// How long a client may take no byte of an answer.
    pub(super) stall_time: Duration,
    /// How long clients are looked for after the stop: long enough to be told of all that are there,
    /// and nothing that anybody would notice.
    pub(super) last_look: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            handshake_time: Duration::from_secs(10),
            header_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            last_look: Duration::from_millis(50),
        }
    }
}

/// More than systems keep in it, and an end where somebody fills it without one.
const MAX_QUEUE: usize = 16 * 1024;
/// How many connections there are at a time at `[server] metrics_bind`. They are few, and must leave
/// the others the files that the process may open.
const MAX_WATCHERS: usize = 64;

#[cfg(test)]
mod tests;
