//! A connection from its first byte to its last, in whichever HTTP its client speaks.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::connection::Connection;
use super::serve::Bounds;
use super::tls::{Tls, chose_http2};

/// Both protocols, with what one client can take from the others in each.
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    handshake_time: Duration,
    header_time: Duration,
    stall_time: Duration,
}

impl Protocols {
    pub(super) fn new(bounds: &Bounds) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.header_time)
            // Of headers hyper reads a hundred by itself: to say so has it clear their places first.
            .max_buf_size(MAX_HEAD_BYTES);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_pending_accept_reset_streams(MAX_RESETS)
            .max_local_error_reset_streams(MAX_FAULTS)
            .keep_alive_interval(bounds.header_time / 2)
            .keep_alive_timeout(bounds.header_time / 2);
        Self {
            http1,
            http2,
            handshake_time: bounds.handshake_time,
            header_time: bounds.header_time,
            stall_time: bounds.stall_time,
        }
    }

    /// Answers the requests of a connection until its client or the drain ends it. What is large is in
    /// boxes: each connection takes as much memory as the largest that is not.
    pub(super) async fn serve(
        &self,
        connection: Connection,
        tls: Option<&Tls>,
        answers: Arc<Answers>,
        drain: &CancellationToken,
    ) {
        let served = match tls {
            Some(tls) => Box::pin(self.secure(connection, tls, answers, drain)).await,
            None => self.plain(connection, answers, drain).await,
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended before its first request");
        }
    }

    /// A client that begins as HTTP/2 does speaks it (RFC 9113 3.3).
    async fn plain(
        &self,
        mut io: Connection,
        answers: Arc<Answers>,
        drain: &CancellationToken,
    ) -> io::Result<()> {
        let begun = timeout(self.header_time, io.begins_with(HTTP2_PREFACE));
        // Without a request there is nothing to drain.
        let Some(is_http2) = unless_late(drain, begun).await else {
            return Ok(());
        };
        if is_http2?? {
            let written = io.written();
            Box::pin(self.http2(io, answers, &written, drain)).await;
        } else {
            self.http1(io, answers, drain).await;
        }
        Ok(())
    }

    /// A client says in its handshake what it speaks.
    async fn secure(
        &self,
        io: Connection,
        tls: &Tls,
        answers: Arc<Answers>,
        drain: &CancellationToken,
    ) -> io::Result<()> {
        let written = io.written();
        let begun = timeout(self.handshake_time, tls.accept(io));
        let Some(io) = unless_late(drain, begun).await else {
            return Ok(());
        };
        let io = io??;
        if chose_http2(&io) {
            self.http2(io, answers, &written, drain).await;
        } else {
            self.http1(io, answers, drain).await;
        }
        Ok(())
    }

    pub(super) async fn http1<I>(&self, io: I, answers: Arc<Answers>, drain: &CancellationToken)
    where
        I: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let service = Arc::clone(&answers).service();
        let mut connection = pin!(self.http1.serve_connection(TokioIo::new(io), service));
        // The connection comes first: what has arrived on one that was idle is read before the end.
        tokio::select! {
            biased;
            // An error is the client's, and its connection is closed: there is nothing to be done.
            _ended = connection.as_mut() => return,
            () = last_begin(drain, &answers) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }

    async fn http2<I>(
        &self,
        io: I,
        answers: Arc<Answers>,
        written: &AtomicU64,
        drain: &CancellationToken,
    ) where
        I: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let service = Arc::clone(&answers).service();
        let mut connection = pin!(self.http2.serve_connection(TokioIo::new(io), service));
        let is_idle = tokio::select! {
            biased;
            _ended = connection.as_mut() => return,
            () = drain.cancelled() => false,
            () = answers.none_for(self.header_time) => true,
        };
        connection.as_mut().graceful_shutdown();

        // A client that does not answer the farewell (RFC 9113 6.8) is left alone as soon as it
        // takes nothing more, and an idle one in any case.
        let farewell = async {
            loop {
                let before = written.load(Ordering::Relaxed);
                answers.none_for(FAREWELL).await;
                if written.load(Ordering::Relaxed) == before {
                    break;
                }
            }
        };
        let too_long = async {
            if is_idle {
                sleep(self.stall_time).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            _ended = connection => {}
            () = farewell => {}
            () = too_long => {}
        }
    }
}

/// Lets a client begin, to whom the system has said that it is connected: what it asks is under way.
async fn unless_late<F: Future>(drain: &CancellationToken, begun: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        begun = begun => Some(begun),
        () = drain.cancelled().then(|()| sleep(LAST_BEGIN)) => None,
    }
}

/// The drain, and a moment more for a client that has asked nothing yet.
async fn last_begin(drain: &CancellationToken, answers: &Answers) {
    drain.cancelled().await;
    if !answers.have_begun() {
        sleep(LAST_BEGIN).await;
    }
}

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The request line with all headers, and less than as much again, for in HTTP/1 it is looked at once
/// a read is done. The longest token has half of it.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// How many requests an HTTP/2 client can have under way: no fewer than RFC 9113 6.5.2 recommends.
const MAX_STREAMS: u32 = 100;
/// The longest body.
const STREAM_WINDOW: u32 = 64 * 1024;
/// What all bodies of an HTTP/2 connection take together while nobody has read them.
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// How many requests an HTTP/2 client can have cancelled before we looked at them (CVE-2023-44487).
const MAX_RESETS: usize = 20;
/// How many of its requests can have been at fault (CVE-2025-8671).
const MAX_FAULTS: usize = 100;
/// For so long after the drain has begun a client may still begin.
const LAST_BEGIN: Duration = Duration::from_millis(250);
/// For so long after the farewell an HTTP/2 client may take nothing.
const FAREWELL: Duration = Duration::from_secs(2);
