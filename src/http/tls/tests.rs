use std::path::PathBuf;

use super::*;

/// A time at which the certificates of the tests are valid.
fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000)
}

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/keys/tls");
    folder.join(name).with_extension("pem")
}

fn settings(certificate: PathBuf, key: PathBuf) -> ServerTls {
    ServerTls {
        certificate_file: Some(certificate),
        key_file: Some(key),
    }
}

fn read(certificate: &str, key: &str) -> Result<Option<Tls>> {
    Tls::read(&settings(file(certificate), file(key)), now())
}

fn refusal(certificate: PathBuf, key: PathBuf) -> String {
    let refused = Tls::read(&settings(certificate, key), now()).err();
    format!("{:#}", refused.expect("it is refused"))
}

/// A file with this in it.
fn written(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn a_key_is_read_in_each_form_it_is_handed_out_in() {
    for (certificate, key) in [
        ("server", "key"),
        ("server", "key-sec1"),
        ("rsa", "rsa-key"),
    ] {
        assert!(read(certificate, key).unwrap().is_some(), "{key}");
    }
}

#[test]
fn without_files_there_is_no_tls() {
    assert!(Tls::read(&ServerTls::default(), now()).unwrap().is_none());
}

#[test]
fn a_pipe_in_the_place_of_a_certificate_is_not_waited_for() {
    let folder = tempfile::TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());

    let message = refusal(pipe, file("key"));

    assert!(message.contains("it is not a file"), "{message}");
}

#[test]
fn a_key_of_another_certificate_is_refused_with_both_files() {
    let message = refusal(file("server"), file("another-key"));

    assert!(
        message.contains("another-key.pem, [server.tls] key_file"),
        "{message}"
    );
    assert!(message.contains("the certificate of ") && message.contains("server.pem"));
}

#[test]
fn a_file_that_is_missing_is_refused_with_its_setting() {
    let certificate = refusal("/nowhere/chain.pem".into(), file("key"));
    let key = refusal(file("server"), "/nowhere/key.pem".into());

    let expected = "cannot use /nowhere/chain.pem, [server.tls] certificate_file: No such file";
    assert!(certificate.starts_with(expected), "{certificate}");
    assert!(
        key.starts_with("cannot use /nowhere/key.pem, [server.tls] key_file: "),
        "{key}"
    );
}

#[test]
fn a_damaged_certificate_is_refused() {
    let whole = std::fs::read_to_string(file("server")).unwrap();
    for text in [
        String::new(),
        whole.replace("END CERTIFICATE", "END"),
        whole.replace("MII", "MIJ"),
        whole.clone() + "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n",
    ] {
        let message = refusal(written(&text).path().to_owned(), file("key"));

        assert!(
            message.contains("[server.tls] certificate_file"),
            "{message}"
        );
    }
}

#[test]
fn a_key_that_cannot_be_read_is_refused_and_never_quoted() {
    let whole = std::fs::read_to_string(file("key")).unwrap();
    for text in [
        String::new(),
        whole.replace("END PRIVATE KEY", "END"),
        whole.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        whole.replace("MIG", "MIJ"),
    ] {
        let message = refusal(file("server"), written(&text).path().to_owned());

        assert!(message.contains("[server.tls] key_file"), "{message}");
        assert!(!message.contains("AgEAMBMG"), "{message}");
    }
}

#[test]
fn tls_is_not_turned_on_or_off_by_a_reload() {
    let (shown, none) = (read("server", "key").unwrap(), ServerTls::default());
    let some = settings(file("rsa"), file("rsa-key"));

    let off = Tls::reread(shown.as_ref(), &none, now());
    let on = Tls::reread(None, &some, now());
    let other = Tls::reread(shown.as_ref(), &some, now());

    for refused in [off, on] {
        let message = refused.err().expect("it is refused").to_string();
        assert!(message.contains("restart the service"), "{message}");
    }
    assert!(other.unwrap().is_some());
    assert!(Tls::reread(None, &none, now()).unwrap().is_none());
}

#[test]
fn what_is_replaced_is_replaced_for_all_clones() {
    let [shown, next] = ["server", "self-signed"].map(|name| read(name, "key").unwrap().unwrap());
    let clone = shown.clone();

    shown.replace(&next);

    assert!(Arc::ptr_eq(&clone.0.load(), &next.0.load()));
}
