//! Servers that encrypt, and what is made of the certificates they show. What no server of PostgreSQL
//! shows by itself is in the unit tests of `src/store/postgres/tls.rs`.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tegata::settings::Settings;
use tegata::store::Store;

use crate::database::Database;

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn each_mode_encrypts_as_it_says() {
    let server = Server::showing("server");

    for mode in [
        "sslmode=prefer".to_owned(),
        "sslmode=require".to_owned(),
        with_roots("verify-ca"),
        with_roots("verify-full"),
    ] {
        assert_eq!(server.connect("encrypted", &mode).await, Ok(()), "{mode}");
    }
    assert_eq!(server.connect("plain", "sslmode=disable").await, Ok(()));
    let refused = server.connect("encrypted", "sslmode=disable").await;
    assert!(refused.unwrap_err().contains("no encryption"));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_man_in_the_middle_with_another_certificate_is_refused() {
    let server = Server::showing("forged");

    let full = server
        .connect("encrypted", &with_roots("verify-full"))
        .await;
    let chain = server.connect("encrypted", &with_roots("verify-ca")).await;
    let nobody = server.connect("encrypted", "sslmode=require").await;

    assert!(full.unwrap_err().contains("BadSignature"));
    assert!(chain.unwrap_err().contains("BadSignature"));
    assert_eq!(nobody, Ok(()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn another_servers_certificate_is_refused_where_names_are_verified() {
    let server = Server::showing("of-another-name");

    let full = server
        .connect("encrypted", &with_roots("verify-full"))
        .await;
    let chain = server.connect("encrypted", &with_roots("verify-ca")).await;

    assert!(full.unwrap_err().contains("not valid for name"));
    assert_eq!(chain, Ok(()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn an_expired_certificate_is_refused_where_it_is_verified() {
    let server = Server::showing("expired");

    let full = server
        .connect("encrypted", &with_roots("verify-full"))
        .await;
    let chain = server.connect("encrypted", &with_roots("verify-ca")).await;
    let nobody = server.connect("encrypted", "sslmode=require").await;

    assert!(full.unwrap_err().contains("expired"));
    assert!(chain.unwrap_err().contains("expired"));
    assert_eq!(nobody, Ok(()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_man_in_the_middle_who_strips_the_encryption_is_refused() {
    // The server of this run, which offers none.
    let database = Database::new();
    let plain = database.url();

    for mode in [
        "sslmode=require".to_owned(),
        with_roots("verify-ca"),
        with_roots("verify-full"),
    ] {
        let refused = connect(&format!("{plain}?{mode}")).await.unwrap_err();
        assert!(
            refused.contains("does not support TLS"),
            "{mode}: {refused}"
        );
    }
    assert_eq!(connect(&format!("{plain}?sslmode=prefer")).await, Ok(()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_role_may_log_in_by_its_certificate() {
    let server = Server::showing("server");
    let own = format!(
        "{}&sslcert={}&sslkey={}",
        with_roots("verify-full"),
        file("tegata").display(),
        file("key").display()
    );

    let with_certificate = server.connect("tegata", &own).await;
    let without = server.connect("tegata", &with_roots("verify-full")).await;

    assert_eq!(with_certificate, Ok(()));
    assert!(without.unwrap_err().contains("certificate"));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_password_is_bound_to_the_encryption_where_that_is_required() {
    let server = Server::showing("server");
    let role = "bound:hunter2";

    let bound = server
        .connect(role, "sslmode=require&channel_binding=require")
        .await;
    let unencrypted = server
        .connect(role, "sslmode=disable&channel_binding=require")
        .await;

    assert_eq!(bound, Ok(()));
    let refused = unencrypted.unwrap_err();
    assert!(refused.contains("channel binding"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

/// A server that encrypts, as long as this lives.
struct Server {
    running: Child,
    port: u16,
}

impl Server {
    fn showing(certificate: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres.sh");
        // It ends with its input.
        let mut running = Command::new(&script)
            .args(["sh", "-c", MAKE_ROLES_AND_WAIT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(running.stdout.take().unwrap()).lines();
        let url = told.next().unwrap().unwrap();
        let folder = told.next().unwrap().unwrap();

        encrypt(&Path::new(&folder).join("data"), certificate);
        for step in ["stop", "start"] {
            let mut script = Command::new(&script);
            let script = script.arg(step).env("TEGATA_TEST_POSTGRES_FOLDER", &folder);
            assert!(script.status().unwrap().success());
        }
        Self {
            running,
            port: url.rsplit_once(':').unwrap().1.parse().unwrap(),
        }
    }

    async fn connect(&self, role: &str, parameters: &str) -> Result<(), String> {
        let port = self.port;
        connect(&format!(
            "postgres://{role}@localhost:{port}/postgres?{parameters}"
        ))
        .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.running.stdin.take());
        self.running.wait().unwrap();
    }
}

/// Has a server show this certificate, from its next start on.
fn encrypt(data: &Path, certificate: &str) {
    let owner = fs::metadata(data).unwrap().uid();
    for (from, to) in [
        (certificate, "server.crt"),
        ("key", "server.key"),
        ("authority", "root.crt"),
    ] {
        let to = data.join(to);
        fs::copy(file(from), &to).unwrap();
        fs::set_permissions(&to, Permissions::from_mode(0o600)).unwrap();
        chown(&to, Some(owner), None).unwrap();
    }
    fs::write(data.join("pg_hba.conf"), WHO_MAY_CONNECT).unwrap();
    let settings = OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"));
    writeln!(settings.unwrap(), "ssl = on\nssl_ca_file = 'root.crt'").unwrap();
}

/// Whether the service connects, or why not.
async fn connect(url: &str) -> Result<(), String> {
    let mut settings = Settings::default();
    settings.database.url = url.to_owned().try_into().unwrap();
    let connected = Store::is_empty(&settings).await;
    connected.map(drop).map_err(|error| format!("{error:#}"))
}

fn with_roots(mode: &str) -> String {
    format!("sslmode={mode}&sslrootcert={}", file("authority").display())
}

fn file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/tls");
    PathBuf::from(folder).join(name).with_extension("pem")
}

const MAKE_ROLES_AND_WAIT: &str = "
    psql --quiet $TEGATA_TEST_POSTGRES/postgres --command \"
        CREATE ROLE encrypted LOGIN; CREATE ROLE plain LOGIN; CREATE ROLE bound LOGIN PASSWORD 'hunter2'
    \"
    echo $TEGATA_TEST_POSTGRES
    echo $TEGATA_TEST_POSTGRES_FOLDER
    exec cat
";
const WHO_MAY_CONNECT: &str = "
    hostnossl all plain     all trust
    hostssl   all encrypted all trust
    host      all bound     all scram-sha-256
    hostssl   all tegata    all cert
";
