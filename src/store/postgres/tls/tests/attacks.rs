//! Somebody else answers, or reads along.

use super::*;

#[test]
fn a_man_in_the_middle_with_a_forged_certificate_is_refused() {
    let full = connect("verify-full", "forged").unwrap_err();
    let chain = connect("verify-ca", "forged").unwrap_err();
    let require = connect("require", "forged").unwrap_err();

    assert!(full.contains("BadSignature"), "{full}");
    assert_eq!((&chain, &require), (&full, &full));
}

#[test]
fn a_man_in_the_middle_who_vouches_for_himself_is_refused() {
    let full = connect("verify-full", "self-signed").unwrap_err();
    let chain = connect("verify-ca", "self-signed").unwrap_err();

    assert!(full.contains("CaUsedAsEndEntity"), "{full}");
    assert_eq!(chain, full);
}

#[test]
fn a_man_in_the_middle_with_a_copied_certificate_lacks_its_key() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for url in [
            "sslmode=prefer".to_owned(),
            "sslmode=require".to_owned(),
            with_roots("verify-ca", "authority"),
            with_roots("verify-full", "authority"),
        ] {
            let impostor = impostor(version, "server");

            let refused = handshake(config_of(&url), "localhost", impostor).unwrap_err();

            assert!(refused.contains("BadSignature"), "{url}: {refused}");
        }
    }
}

#[test]
fn another_servers_certificate_is_refused_where_names_are_verified() {
    let refused = connect("verify-full", "of-another-name").unwrap_err();

    assert!(refused.contains("NotValidForName"), "{refused}");
    assert_eq!(connect("verify-ca", "of-another-name"), Ok(()));
}

#[test]
fn an_expired_certificate_is_refused_where_chains_are_verified() {
    let full = connect("verify-full", "expired").unwrap_err();
    let chain = connect("verify-ca", "expired").unwrap_err();

    assert!(full.contains("Expired"), "{full}");
    assert_eq!(chain, full);
}

#[test]
fn the_roots_of_the_system_do_not_vouch_for_an_authority_of_ones_own() {
    let config = config_of("sslmode=verify-full");

    let refused = handshake(config, "localhost", server("server")).unwrap_err();

    assert!(refused.contains("UnknownIssuer"), "{refused}");
}

#[test]
fn a_key_that_cannot_be_read_is_not_quoted() {
    let broken = tempfile::NamedTempFile::new().unwrap();
    let pem = "-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----\n";
    std::fs::write(broken.path(), pem).unwrap();

    let error = refusal(&format!(
        "sslcert={}&sslkey={}",
        file("tegata").display(),
        broken.path().display()
    ));

    assert!(error.contains("unencrypted private key"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}
