//! Connections as they come in: no more at a time than are allowed, and none whose client never
//! reads what it asked for.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

use crate::seldom::Seldom;

/// Lets so many connections in at a time, and closes those beyond at once: what waits would wait
/// for somebody who may never go.
pub(super) struct Listener {
    tcp: TcpListener,
    free: Arc<Semaphore>,
    max_connections: usize,
    stall_time: Duration,
    full: Seldom,
    failed: Seldom,
}

impl Listener {
    pub(super) fn new(tcp: TcpListener, max_connections: usize, stall_time: Duration) -> Self {
        Self {
            tcp,
            free: Arc::new(Semaphore::new(max_connections)),
            max_connections,
            stall_time,
            full: Seldom::default(),
            failed: Seldom::default(),
        }
    }

    fn refuse(&self, connection: TcpStream) {
        drop(connection);
        if let Some(refused) = self.full.happened() {
            let max_connections = self.max_connections;
            tracing::warn!(
                max_connections,
                refused,
                "[server] max_connections is reached"
            );
        }
    }
}

impl AddrListener<Connection, Peer> for Listener {
    /// Not used: the address is bound long before anything is served.
    async fn bind_to(Peer(address): Peer) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        Ok(Self::new(tcp, Semaphore::MAX_PERMITS, Duration::MAX))
    }

    /// After an error the caller waits a moment, so that nothing spins where files are exhausted.
    async fn accept_stream(&self) -> io::Result<(Connection, Peer)> {
        loop {
            let (stream, address) = match self.tcp.accept().await {
                Ok(accepted) => accepted,
                // It was gone before it was taken.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    if let Some(failures) = self.failed.happened() {
                        tracing::error!(%error, failures, "cannot accept connections");
                    }
                    return Err(error);
                }
            };
            let Ok(place) = Arc::clone(&self.free).try_acquire_owned() else {
                self.refuse(stream);
                continue;
            };
            // Answers are short, and are not to wait for one another.
            if stream.set_nodelay(true).is_ok() {
                return Ok((
                    Connection::new(stream, place, self.stall_time),
                    Peer(address),
                ));
            }
        }
    }

    fn get_local_addr(&self) -> io::Result<Peer> {
        self.tcp.local_addr().map(Peer)
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
pub(super) struct Peer(SocketAddr);

impl Address for Peer {
    type Stream = Connection;
    type Listener = Listener;
}

impl Connected<Peer> for SocketAddr {
    fn connect_info(Peer(address): Peer) -> Self {
        address
    }
}

/// A connection with its place among those allowed. It fails once a client has not taken any byte
/// of its answers for too long.
pub(super) struct Connection {
    stream: TcpStream,
    stall_time: Duration,
    /// Runs out while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit, stall_time: Duration) -> Self {
        Self {
            stream,
            stall_time,
            stalled: None,
            _place: place,
        }
    }

    /// What a write came to, or that it has waited for too long.
    fn unless_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall_time = self.stall_time;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(stall_time)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_stalled(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.unless_stalled(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
