//! An issuer that answers as a test wants it to, and counts who asks.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A server on this machine that speaks HTTP/1.1, one request for each connection. Where it has
/// not been told what to answer, it answers 404. It ends when it is dropped.
pub(crate) struct FakeIssuer {
    address: SocketAddr,
    scheme: &'static str,
    script: Arc<Script>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Script {
    answers: Mutex<HashMap<String, VecDeque<Answer>>>,
    requests: watch::Sender<Vec<Request>>,
    sent: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

/// What it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The path, with the query.
    pub(crate) path: String,
    head: String,
}

/// What it answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Whole(Vec<u8>),
    /// Blanks, again and again.
    Endless,
    /// One byte, and then nothing more.
    Dripping,
    /// Not even a status.
    HungUp,
    /// What is whole, once it is released.
    Held(Vec<u8>),
}

impl FakeIssuer {
    /// One without TLS.
    pub(crate) async fn start() -> Self {
        Self::start_with("http", None).await
    }

    /// One with a certificate of `localhost` from the authority of the tests.
    pub(crate) async fn start_with_tls() -> Self {
        let chain = CertificateDer::pem_file_iter(tls_file("server")).unwrap();
        let key = PrivateKeyDer::from_pem_file(tls_file("key")).unwrap();
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain.map(Result::unwrap).collect(), key)
            .unwrap();
        Self::start_with("https", Some(Arc::new(config).into())).await
    }

    async fn start_with(scheme: &'static str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let script = Arc::new(Script::default());
        Self {
            address: listener.local_addr().unwrap(),
            scheme,
            task: tokio::spawn(serve(listener, tls, Arc::clone(&script))),
            script,
        }
    }

    /// A URL of this issuer.
    pub(crate) fn url(&self, path: &str) -> String {
        let host = if self.scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!("{}://{host}:{}{path}", self.scheme, self.address.port())
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.answer_in_turn(path, [answer]);
    }

    /// Answers so, one after the other; the last stays.
    pub(crate) fn answer_in_turn(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers = answers.into_iter().collect();
        let mut known = self.script.answers.lock().unwrap();
        known.insert(path.to_owned(), answers);
    }

    /// What it was asked, up to now.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.script.requests.borrow().clone()
    }

    /// Waits until it has been asked so often.
    pub(crate) async fn asked(&self, times: usize) {
        let mut requests = self.script.requests.subscribe();
        requests
            .wait_for(|requests| requests.len() >= times)
            .await
            .unwrap();
    }

    /// Lets the answers go that are held.
    pub(crate) fn release(&self) {
        self.script.released.send_replace(true);
    }

    /// How many bytes of endless bodies it got rid of before the client hung up, once it has.
    pub(crate) async fn sent(&self) -> usize {
        let mut sent = self.script.sent.subscribe();
        *sent.wait_for(|sent| *sent > 0).await.unwrap()
    }
}

impl Drop for FakeIssuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Request {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }
}

impl Answer {
    /// A status without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(Vec::new()),
        }
    }

    /// 200 and a body.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).with(Body::Whole(body.into()))
    }

    /// 200 and a body that is sent once it is released.
    pub(crate) fn held(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).with(Body::Held(body.into()))
    }

    /// 200 and a body without an end.
    pub(crate) fn endless() -> Self {
        Self::status(200).with(Body::Endless)
    }

    /// 200, one byte of the body, and nothing more.
    pub(crate) fn dripping() -> Self {
        Self::status(200).with(Body::Dripping)
    }

    /// The end of the connection.
    pub(crate) fn hung_up() -> Self {
        Self::status(0).with(Body::HungUp)
    }

    /// The same with a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    fn with(self, body: Body) -> Self {
        Self { body, ..self }
    }
}

/// A file of the certificates that the tests of this workspace share.
pub(crate) fn tls_file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/keys/tls");
    folder.join(name).with_extension("pem")
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, script: Arc<Script>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, script) = (tls.clone(), Arc::clone(&script));
        // A client may hang up whenever it wants.
        tokio::spawn(async move {
            match tls {
                Some(tls) => talk(tls.accept(stream).await?, &script).await,
                None => talk(stream, &script).await,
            }
        });
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, script: &Script) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let answer = script.next(&path);
    script
        .requests
        .send_modify(|requests| requests.push(Request { path, head }));
    answer.send(&mut stream, script).await?;
    stream.shutdown().await
}

impl Script {
    fn next(&self, path: &str) -> Answer {
        let mut answers = self.answers.lock().unwrap();
        let Some(answers) = answers.get_mut(path) else {
            return Answer::status(404);
        };
        match answers.len() {
            0 | 1 => answers.front().cloned().unwrap_or(Answer::status(404)),
            _ => answers.pop_front().unwrap(),
        }
    }
}

impl Answer {
    async fn send(self, stream: &mut (impl AsyncWrite + Unpin), script: &Script) -> io::Result<()> {
        if matches!(self.body, Body::HungUp) {
            return Ok(());
        }
        if matches!(self.body, Body::Held(_)) {
            let mut released = script.released.subscribe();
            released.wait_for(|released| *released).await.unwrap();
        }
        stream.write_all(self.head().as_bytes()).await?;
        match self.body {
            Body::Whole(body) | Body::Held(body) => stream.write_all(&body).await,
            Body::Dripping => {
                stream.write_all(b"{").await?;
                std::future::pending().await
            }
            Body::Endless => {
                let mut sent = 0;
                while stream.write_all(&BLANKS).await.is_ok() {
                    sent += BLANKS.len();
                }
                script.sent.send_replace(sent);
                Ok(())
            }
            Body::HungUp => Ok(()),
        }
    }

    fn head(&self) -> String {
        let mut lines = vec![
            format!("HTTP/1.1 {} As the test says", self.status),
            "connection: close".to_owned(),
        ];
        if let Body::Whole(body) | Body::Held(body) = &self.body {
            lines.push(format!("content-length: {}", body.len()));
        }
        let headers = self.headers.iter();
        lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        lines.join("\r\n") + "\r\n\r\n"
    }
}

static BLANKS: [u8; 16 * 1024] = [b' '; 16 * 1024];
