//! What systemd, and whoever speaks like it, hands over and is told.

use std::net::TcpListener;

use anyhow::{Context, Result, ensure};
use listenfd::ListenFd;
use sd_notify::NotifyState;

/// The sockets that were opened for the service (`LISTEN_FDS`), in their order.
pub(super) fn sockets() -> Result<Vec<TcpListener>> {
    let mut given = ListenFd::from_env();
    ensure!(
        given.len() <= MAX_SOCKETS,
        "{} sockets were handed over in LISTEN_FDS: expected one to listen on, and one for \
         [server] metrics_bind at most",
        given.len()
    );
    let mut sockets = Vec::new();
    for index in 0..given.len() {
        let socket = given.take_tcp_listener(index);
        let socket = socket.context("what LISTEN_FDS hands over must be sockets of TCP")?;
        sockets.extend(socket);
    }
    Ok(sockets)
}

/// Tells that requests are answered from now on.
pub(super) fn tell_ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells that settings are read anew, until it is told that requests are answered.
pub(super) fn tell_reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Tells that the end has begun.
pub(super) fn tell_stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Nobody listens where nobody asked for it (`NOTIFY_SOCKET`).
fn tell(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot tell the state of the service to NOTIFY_SOCKET");
    }
}

/// One for everybody, and one for the metrics.
const MAX_SOCKETS: usize = 2;
