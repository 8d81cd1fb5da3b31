//! A connection on which every byte is the test's own.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::tls;

pub(super) struct Raw(Box<dyn Stream>);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Raw {
    pub(super) async fn connect(origin: &str) -> Self {
        let (scheme, address) = origin.split_once("://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        if scheme == "http" {
            return Self(Box::new(stream));
        }
        Self::secure(stream, &[]).await
    }

    /// A connection over TLS, on which the client offers these protocols.
    pub(super) async fn connect_offering(origin: &str, protocols: &[&str]) -> Self {
        let address = origin.strip_prefix("https://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        Self::secure(stream, protocols).await
    }

    /// Whether nobody listens any more.
    pub(super) async fn is_refused(origin: &str) -> bool {
        let (_, address) = origin.split_once("://").unwrap();
        TcpStream::connect(address).await.is_err()
    }

    async fn secure(stream: TcpStream, protocols: &[&str]) -> Self {
        Self(Box::new(tls::connect(stream, protocols).await.unwrap()))
    }

    /// Sends bytes and answers how many the service took before it closed the connection.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> usize {
        let mut sent = 0;
        while let Ok(more @ 1..) = self.0.write(&bytes.as_ref()[sent..]).await {
            sent += more;
        }
        sent
    }

    /// The next answer; its body, too, where it is JSON.
    pub(super) async fn answer(&mut self) -> String {
        let mut answer = String::new();
        while !(answer.contains("\r\n\r\n") && answer.ends_with(['}', '\n'])) {
            let mut bytes = [0; 4096];
            match self.read(&mut bytes).await {
                0 => break,
                count => answer.push_str(std::str::from_utf8(&bytes[..count]).unwrap()),
            }
        }
        answer
    }

    /// All that comes until the service closes the connection.
    pub(super) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            match self.read(&mut bytes).await {
                0 => return String::from_utf8(rest).unwrap(),
                count => rest.extend(&bytes[..count]),
            }
        }
    }

    /// So many bytes, or fewer where the service closes the connection before.
    pub(super) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let mut filled = 0;
        while filled < count {
            match self.read(&mut bytes[filled..]).await {
                0 => break,
                more => filled += more,
            }
        }
        bytes.truncate(filled);
        bytes
    }

    /// Nothing where the service has closed the connection, in whatever way.
    async fn read(&mut self, bytes: &mut [u8]) -> usize {
        let read = timeout(PATIENCE, self.0.read(bytes)).await;
        read.expect("the service answers or closes").unwrap_or(0)
    }
}

/// The service's answers to these bytes, and that it closes the connection by itself after them.
pub(super) async fn answers(origin: &str, bytes: impl AsRef<[u8]>) -> String {
    let mut connection = Raw::connect(origin).await;
    connection.send(bytes).await;
    connection.rest().await
}

/// A request to verify a token, with these lines in its header, and this body.
pub(super) fn verify(lines: &str, body: &str) -> String {
    format!("POST /api/token/verify HTTP/1.1\r\nhost: x\r\n{lines}\r\n{body}")
}

/// Shorter than any time limit of the service that could close a connection in the test's place.
const PATIENCE: Duration = Duration::from_secs(9);
