//! A connection whose client must read what it asked for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::places::Place;

/// A connection with its place among those allowed. It fails once a client has not taken any byte
/// of its answers for too long.
pub(super) struct Connection {
    stream: TcpStream,
    stall_time: Duration,
    /// Runs out while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
    /// What was read ahead, and of it what was handed out.
    ahead: Vec<u8>,
    handed_out: usize,
    written: Arc<AtomicU64>,
    _place: Place,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, place: Place, stall_time: Duration) -> Self {
        Self {
            stream,
            stall_time,
            stalled: None,
            ahead: Vec::new(),
            handed_out: 0,
            written: Arc::default(),
            _place: place,
        }
    }

    /// How many bytes the client has taken, as it grows.
    pub(super) fn written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }

    /// Whether a client begins with these bytes. What comes is read ahead until that is plain, and
    /// read once more by whoever reads the connection then.
    pub(super) async fn begins_with(&mut self, bytes: &[u8]) -> io::Result<bool> {
        let mut ahead = Vec::with_capacity(AHEAD);
        while ahead.len() < bytes.len() && bytes.starts_with(&ahead) {
            if self.stream.read_buf(&mut ahead).await? == 0 {
                break;
            }
        }
        self.ahead = ahead;
        Ok(self.ahead.starts_with(bytes))
    }

    /// What a write came to, or that it has waited for too long.
    fn unless_stalled(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = &written {
            let count = result.as_ref().map_or(0, |count| *count as u64);
            self.written.fetch_add(count, Ordering::Relaxed);
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
        let left = &self.ahead[self.handed_out..];
        if !left.is_empty() {
            let count = left.len().min(buffer.remaining());
            buffer.put_slice(&left[..count]);
            self.handed_out += count;
            if self.handed_out == self.ahead.len() {
                self.ahead = Vec::new();
                self.handed_out = 0;
            }
            return Poll::Ready(Ok(()));
        }
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

/// A request without a body that is worth speaking of.
const AHEAD: usize = 1024;
