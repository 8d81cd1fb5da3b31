use std::net::SocketAddr;

use axum::Router;
use axum::handler::Handler;
use tegata_jwt::Clock;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::super::live::swappable;
use super::super::site::Site;
use super::*;
use crate::app::App;
use crate::endpoint::{Answer, Methods, Routes};
use crate::keys;
use crate::settings::Settings;
use crate::store::Store;

/// A connection to a service that has so little patience.
async fn impatient(bounds: Bounds) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let site = site(async || "x".repeat(1 << 20)).await;
    let port = Port::new(&bounds, listener, None, site);
    let never = std::future::pending();
    tokio::spawn(serve_within(|| Duration::ZERO, vec![port], never));
    TcpStream::connect(address).await.unwrap()
}

#[tokio::test]
async fn a_header_that_never_ends_is_given_up() {
    let mut client = impatient(Bounds {
        header_time: Duration::from_millis(50),
        ..Bounds::default()
    })
    .await;

    client
        .write_all(b"POST /api/token/pair HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();

    // Ends only when the service closes the connection.
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
}

#[tokio::test]
async fn a_header_that_drips_in_is_given_up() {
    let mut client = impatient(Bounds {
        header_time: Duration::from_millis(50),
        ..Bounds::default()
    })
    .await;

    let mut end = [0];
    let drip = Duration::from_millis(5);
    // Each byte comes in time, and it takes a while until nobody reads the next one.
    while timeout(drip, client.read(&mut end)).await.is_err() {
        let _ = client.write_all(b"x").await;
    }
}

#[tokio::test]
async fn a_connection_without_a_request_is_given_up_at_its_begin_and_after_an_answer() {
    for request in ["", "HEAD / HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut client = impatient(Bounds {
            header_time: Duration::from_millis(50),
            ..Bounds::default()
        })
        .await;

        client.write_all(request.as_bytes()).await.unwrap();

        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer.is_empty(), request.is_empty());
    }
}

#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_given_up() {
    let mut client = impatient(Bounds {
        stall_time: Duration::from_millis(50),
        ..Bounds::default()
    })
    .await;

    let asked = async {
        while client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .is_ok()
        {}
    };

    timeout(Duration::from_mins(1), asked)
        .await
        .expect("the service closes the connection");
}

#[tokio::test]
async fn a_client_that_says_half_of_what_it_speaks_is_given_up() {
    let mut client = impatient(hasty()).await;

    client.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();

    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty());
}

#[tokio::test]
async fn an_http_2_connection_without_a_request_is_given_up() {
    for bytes in [PREFACE.to_vec(), [PREFACE, SETTINGS].concat()] {
        let mut client = impatient(hasty()).await;

        client.write_all(&bytes).await.unwrap();

        // Ends only when the service closes the connection.
        let _ = client.read_to_end(&mut Vec::new()).await;
    }
}

#[tokio::test]
async fn an_http_2_client_that_never_opens_its_window_is_given_up() {
    let mut client = impatient(hasty()).await;
    let no_window = b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";

    let request = [PREFACE, no_window, GET].concat();
    client.write_all(&request).await.unwrap();

    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer).await;
    assert!(answer.len() < 1000, "no body, and an end");
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_is_given_up() {
    for bytes in [b"".as_slice(), b"\x16\x03\x01"] {
        let (port, mut client) = connected(hasty(), tls()).await;
        let never = std::future::pending();
        tokio::spawn(serve_within(|| Duration::ZERO, vec![port], never));

        client.write_all(bytes).await.unwrap();

        let _ = client.read_to_end(&mut Vec::new()).await;
    }
}

#[tokio::test]
async fn who_was_let_in_by_the_system_alone_is_answered_after_the_stop() {
    let (port, mut client) = connected(Bounds::default(), None).await;
    let request = b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n";
    client.write_all(request).await.unwrap();

    let at_once = std::future::ready(());
    serve_within(|| Duration::from_mins(1), vec![port], at_once).await;

    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn who_is_let_in_at_the_last_moment_and_asks_then_is_answered() {
    let (port, mut client) = connected(Bounds::default(), None).await;
    let (connection, peer) = port.listener.accept().await;
    let (answers, drain) = last_moment(&port, peer);

    let served = port.protocols.serve(connection, None, answers, &drain);

    let answer = asked_meanwhile(&mut client, served).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn who_has_shaken_hands_at_the_last_moment_and_asks_then_is_answered() {
    let (port, client) = connected(Bounds::default(), None).await;
    let peer = client.local_addr().unwrap();
    let (answers, drain) = last_moment(&port, peer);

    let (mut client, shaken) = tokio::io::duplex(4096);
    let served = port.protocols.http1(shaken, answers, &drain);

    let answer = asked_meanwhile(&mut client, served).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn of_more_clients_than_are_seen_in_the_last_look_none_is_reset() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1024).unwrap();
    let address = listener.local_addr().unwrap();
    let bounds = Bounds {
        last_look: Duration::ZERO,
        ..Bounds::default()
    };
    let port = Port::new(&bounds, listener, None, site(async || "x").await);
    let mut clients = Vec::new();
    // More than Tokio has a task accept in two goes.
    for _ in 0..350 {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n";
        client.write_all(request).await.unwrap();
        clients.push(client);
    }

    let at_once = std::future::ready(());
    serve_within(|| Duration::from_mins(1), vec![port], at_once).await;

    for mut client in clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn nobody_who_asks_nothing_delays_the_end() {
    let silent: [(&[u8], Option<Tls>); 4] = [
        (b"", None),
        (b"PRI * HT", None),
        (&[PREFACE, SETTINGS].concat(), None),
        (b"\x16\x03\x01", tls()),
    ];
    for (bytes, tls) in silent {
        let (port, mut client) = connected(Bounds::default(), tls).await;
        client.write_all(bytes).await.unwrap();

        let at_once = std::future::ready(());
        let ended = serve_within(|| Duration::from_mins(1), vec![port], at_once);

        timeout(Duration::from_secs(20), ended)
            .await
            .expect("it ends");
    }
}

/// Bounds that are soon reached by who does nothing.
fn hasty() -> Bounds {
    Bounds {
        handshake_time: Duration::from_millis(50),
        header_time: Duration::from_millis(50),
        stall_time: Duration::from_millis(50),
        ..Bounds::default()
    }
}

fn tls() -> Option<Tls> {
    let file = |name: &str| format!("{}/tests/keys/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let settings = crate::settings::ServerTls {
        certificate_file: Some(file("server").into()),
        key_file: Some(file("key").into()),
    };
    Tls::read(&settings, chrono::DateTime::UNIX_EPOCH).unwrap()
}

/// A port that nothing is served at yet, and a client that is connected to it.
async fn connected(bounds: Bounds, tls: Option<Tls>) -> (Port, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await;
    let site = site(async || "x").await;
    (Port::new(&bounds, listener, tls, site), client.unwrap())
}

/// A site with this at its root.
async fn site<H, T>(handler: H) -> LiveSite
where
    H: Handler<T, Arc<App>, Future = Answer> + Sync,
    T: 'static,
{
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    let url = format!("sqlite://{}/tegata.db", folder.path().display());
    settings.database.url = url.try_into().unwrap();
    settings.jwt.signing_key = Some("kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f".into());
    Store::migrate(&settings, Clock::System.now())
        .await
        .unwrap();
    let store = Store::open(&settings).await.unwrap();
    let key = keys::configured(&settings).unwrap().unwrap();
    let app = App::new(settings, store, key, &Clock::System).unwrap();
    let routes = Routes::below(String::new()).route("/", Methods::Get, handler, None);
    swappable(Site::new(app, [routes], Router::new()))
}

/// What answers a client of a port that is let in while the drain has begun already.
fn last_moment(port: &Port, peer: SocketAddr) -> (Arc<Answers>, CancellationToken) {
    let (site, places) = (Arc::clone(&port.site), Arc::clone(&port.requests));
    let answers = Answers::new(site, peer, Arc::new(AtomicBool::new(true)), places);
    let drain = CancellationToken::new();
    drain.cancel();
    (answers, drain)
}

/// What a client is answered that asks while its connection is served.
async fn asked_meanwhile(
    client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    served: impl Future<Output = ()>,
) -> String {
    let request = b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n";
    let ((), asked) = tokio::join!(served, client.write_all(request));
    asked.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// No setting.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
/// `GET http://x/`, whole.
const GET: &[u8] = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x01\x01x";
