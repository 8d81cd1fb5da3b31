use std::net::SocketAddr;

use anyhow::{Context, Result};
use tegata_jwt::Clock;
use tokio::net::{TcpListener, TcpSocket};

use super::systemd;
use crate::http::{Listeners, Tls};
use crate::settings::Server;

/// Listens on the sockets that were handed over, in the order of the settings, and where there are
/// none, on the addresses of the settings.
pub(super) fn listen(server: &Server) -> Result<Listeners> {
    let mut given = systemd::sockets()?.into_iter();
    let public = match given.next() {
        Some(socket) => adopt(socket)?,
        None => bind(server.bind, "bind")?,
    };
    let metrics = match (given.next(), server.metrics_bind) {
        (Some(socket), _) => Some(adopt(socket)?),
        (None, Some(address)) => Some(bind(address, "metrics_bind")?),
        (None, None) => None,
    };
    let tls = Tls::read(&server.tls, Clock::System.now())?;
    Ok(Listeners {
        public,
        tls,
        metrics,
    })
}

/// Where the service can be reached.
pub(super) fn origin(listeners: &Listeners) -> Result<String> {
    let scheme = if listeners.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = listeners.public.local_addr()?;
    Ok(format!("{scheme}://{address}"))
}

fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // A service that is started anew listens where connections of the old one still end.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen()
        .with_context(|| format!("cannot listen on {address}, the address of [server] {setting}"))
}

fn adopt(socket: std::net::TcpListener) -> Result<TcpListener> {
    let adopted = socket
        .set_nonblocking(true)
        .and_then(|()| TcpListener::from_std(socket));
    adopted.context("cannot listen on a socket of LISTEN_FDS")
}

/// How many clients the system lets in before we look, no more than it allows itself: to any beyond,
/// who may come within a few milliseconds, it is silent, and they try again after a second.
const BACKLOG: u32 = 4096;
