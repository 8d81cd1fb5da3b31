//! Connections as they come in: no more at a time than are allowed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::connection::Connection;
use super::places::Places;
use crate::seldom::Seldom;

/// Lets so many connections in at a time, and closes those beyond at once: what waits would wait
/// for somebody who may never go.
pub(super) struct Listener {
    tcp: TcpListener,
    places: Places,
    stall_time: Duration,
    failed: Seldom,
}

impl Listener {
    pub(super) fn new(tcp: TcpListener, places: Places, stall_time: Duration) -> Self {
        Self {
            tcp,
            places,
            stall_time,
            failed: Seldom::default(),
        }
    }

    /// The next connection, and who is at its other end.
    pub(super) async fn accept(&self) -> (Connection, SocketAddr) {
        loop {
            match self.tcp.accept().await {
                Ok((stream, address)) => {
                    if let Some(connection) = self.admit(stream) {
                        return (connection, address);
                    }
                }
                // It was gone before it was taken.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if let Some(failures) = self.failed.happened() {
                        tracing::error!(%error, failures, "cannot accept connections");
                    }
                    // Nothing spins where files are exhausted.
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream) -> Option<Connection> {
        let place = self.places.take()?;
        // Answers are short, and are not to wait for one another.
        stream.set_nodelay(true).ok()?;
        Some(Connection::new(stream, place, self.stall_time))
    }
}

const PAUSE: Duration = Duration::from_millis(50);
