//! A service whose sockets are opened for it, and who is told of its state.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use super::command::{Folder, start};
use crate::app::client;

/// As systemd starts a service: the socket is its third file, and the variables name its process.
const WITH_SOCKET: &str = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$TEGATA\" serve 3<&0 </dev/null";

#[tokio::test]
async fn a_socket_that_is_handed_over_is_listened_on_in_place_of_bind() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = taken.local_addr().unwrap();
    let folder = Folder::with_config(&format!(
        "[server]\nbind = \"{bind}\"\n[jwt]\nALGORITHM = \"ES256\"\n\
         [users]\npbkdf2_iterations = 1\n"
    ));
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut command = folder.program("/bin/sh");
    command
        .args(["-c", WITH_SOCKET])
        .env("TEGATA", env!("CARGO_BIN_EXE_tegata"));
    command.stdin(Stdio::from(OwnedFd::from(socket)));

    let service = start(&mut command).listening();
    let answer = client().get(format!("http://{address}/livez")).send().await;

    assert_eq!(service.origin, format!("http://{address}"));
    assert_eq!(answer.unwrap().status(), 200);
    drop(command);
    assert_eq!(service.stop().code, Some(0));
}

#[test]
fn what_is_handed_over_and_is_no_socket_is_refused() {
    let folder = Folder::new();
    let mut command = folder.command(&["serve"]);
    let variables = [("LISTEN_FDS", "1"), ("LISTEN_FDS_FIRST_FD", "0")];

    let refused = command.envs(variables).output().unwrap();

    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("must be sockets of TCP"), "{told}");
}

#[test]
fn who_asks_for_it_is_told_when_the_service_is_ready_reads_its_settings_anew_and_stops() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let told = || {
        let mut bytes = [0; 100];
        let count = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    };
    let mut command = folder.command(&["serve"]);

    let mut service = start(command.env("NOTIFY_SOCKET", &path)).listening();
    let ready = told();
    service.reload();
    let (reloading, reloaded) = (told(), told());
    let stopped = service.stop();

    assert_eq!((ready.as_str(), stopped.code), ("READY=1\n", Some(0)));
    let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
    assert!(since.is_some(), "{reloading}");
    assert_eq!(
        (reloaded.as_str(), told().as_str()),
        ("READY=1\n", "STOPPING=1\n")
    );
}
