use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use tegata_jwt::{Algorithm, SigningKey};

use super::command::Folder;

#[test]
fn a_generated_key_is_its_owners_alone_and_is_listed() {
    let folder = Folder::new();

    let generated = folder.run(&["keys", "generate"]);

    assert_eq!(generated.code, Some(0), "{generated:?}");
    let listed = folder.run(&["keys", "list", "--json"]).stdout;
    let key = &serde_json::from_str::<Value>(&listed).unwrap()[0];
    assert_eq!(key["algorithm"], "ES256");
    let file = folder.path().join(key["origin"].as_str().unwrap());
    assert_eq!(
        fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let line = folder.run(&["keys", "list"]).stdout;
    assert!(line.starts_with(key["kid"].as_str().unwrap()), "{line}");
}

#[test]
fn a_folder_others_can_write_to_is_told() {
    let folder = Folder::new();
    folder.run(&["keys", "generate"]);
    let keys = folder.path().join("keys");
    fs::set_permissions(keys, fs::Permissions::from_mode(0o777)).unwrap();

    let listed = folder.run(&["keys", "list"]);

    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(
        listed.stderr.contains("run `chmod go-w keys`"),
        "{listed:?}"
    );
}

#[test]
fn a_second_key_is_never_generated_over_the_first() {
    let folder = Folder::new();
    folder.run(&["keys", "generate"]);
    let first = folder.run(&["keys", "list"]).stdout;

    let refused = folder.run(&["keys", "generate"]);

    refused.assert_refused("is there already: move it away first");
    assert_eq!(folder.run(&["keys", "list"]).stdout, first);
}

#[test]
fn a_secret_is_not_generated() {
    let folder = Folder::with_config("[jwt]\nALGORITHM = \"HS256\"\n");

    let refused = folder.run(&["keys", "generate"]);

    refused.assert_refused("HS256 signs with a secret");
    assert!(!folder.path().join("keys").exists());
}

#[test]
fn a_key_of_any_form_is_imported_and_exported_as_pkcs8() {
    let folder = Folder::new();
    let pem = SigningKey::generate_pem(Algorithm::ES256).unwrap();

    let imported = folder.run_with_input(&["keys", "import", "-"], &pem);

    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert_eq!(folder.run(&["keys", "export", "--private"]).stdout, *pem);
    let again = folder.run_with_input(&["keys", "import", "-"], &pem);
    assert_eq!(again.code, Some(0), "the same key is no other");
    let other = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    folder
        .run_with_input(&["keys", "import", "-"], &other)
        .assert_refused("is there already: move it away first");
}

#[test]
fn a_key_of_another_kind_is_not_imported() {
    let folder = Folder::new();
    let pem = SigningKey::generate_pem(Algorithm::EdDSA).unwrap();

    let refused = folder.run_with_input(&["keys", "import", "-"], &pem);

    refused.assert_refused("not a key for ES256: that needs a key on the curve P-256");
    assert!(!folder.path().join("keys").exists());
}

#[test]
fn the_exported_set_holds_nothing_private() {
    let folder = Folder::new();
    folder.run(&["keys", "generate"]);

    let exported = folder.run(&["keys", "export"]).stdout;

    let set: Value = serde_json::from_str(&exported).unwrap();
    let members: Vec<_> = set["keys"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    let pem = folder.run(&["keys", "export", "--pem"]).stdout;
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
}

#[test]
fn a_secret_is_never_exported() {
    let secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    let config = format!("[jwt]\nALGORITHM = \"HS256\"\nSIGNING_KEY = \"{secret}\"\n");
    let folder = Folder::with_config(&config);

    let public = folder.run(&["keys", "export"]);
    let private = folder.run(&["keys", "export", "--private"]);

    public.assert_refused("HS256 signs with a secret: there is no public key");
    private.assert_refused("it is in [jwt] signing_key");
    assert!(!private.stderr.contains(secret) && private.stdout.is_empty());
    assert_eq!(
        folder.run(&["keys", "list"]).stdout,
        "-  HS256  [jwt] signing_key\n"
    );
}

#[test]
fn a_verifying_key_without_its_signing_key_is_refused_before_anything_is_made() {
    let key = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    let key = SigningKey::parse(Algorithm::ES256, &key).unwrap();
    let pem = key.public_pem().unwrap();
    let config = format!(
        "[server]\nbind = \"127.0.0.1:0\"\n[jwt]\nALGORITHM = \"ES256\"\n\
         VERIFYING_KEY = '''{pem}'''\n"
    );
    let folder = Folder::with_config(&config);

    for command in [["config", "check"].as_slice(), &["serve"]] {
        let refused = folder.run(command);

        refused.assert_refused("[jwt] verifying_key belongs to a signing key");
    }
    let made = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(made, 1, "config.toml alone");
}

#[test]
fn an_import_nobody_would_use_is_refused() {
    let pem = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    let config = format!(
        "[jwt]\nALGORITHM = \"ES256\"\nSIGNING_KEY = \'\'\'{}\'\'\'\n",
        *pem
    );
    let folder = Folder::with_config(&config);

    let refused = folder.run_with_input(&["keys", "import", "-"], &pem);

    refused.assert_refused("[jwt] signing_key holds the signing key");
    assert!(!folder.path().join("keys").exists());
}

#[test]
fn what_is_no_file_of_a_keys_length_is_not_read() {
    let folder = Folder::new();
    fs::write(folder.path().join("huge.pem"), vec![b'x'; 65 * 1024]).unwrap();
    fs::create_dir(folder.path().join("folder.pem")).unwrap();

    let import = |file| folder.run(&["keys", "import", file]);
    import("huge.pem").assert_refused("huge.pem is too long for a key");
    import("folder.pem").assert_refused("folder.pem is not a file");
    import("/dev/zero").assert_refused("/dev/zero is not a file");
    import("nowhere.pem").assert_refused("cannot read the key file nowhere.pem");
}

#[test]
fn a_start_that_was_interrupted_does_not_block_the_next() {
    let folder = Folder::new();
    let pem = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    assert_eq!(
        folder.run_with_input(&["keys", "import", "-"], &pem).code,
        Some(0)
    );
    let listed = folder.run(&["keys", "list", "--json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let file = folder.path().join(listed[0]["origin"].as_str().unwrap());
    fs::rename(&file, file.with_extension("partial")).unwrap();

    let again = folder.run_with_input(&["keys", "import", "-"], &pem);

    assert_eq!(again.code, Some(0), "{again:?}");
}

#[test]
fn a_verifying_key_that_is_not_the_signing_keys_is_refused() {
    let pem = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    let other = SigningKey::generate_pem(Algorithm::ES256).unwrap();
    let other = SigningKey::parse(Algorithm::ES256, &other).unwrap();
    let config = format!(
        "[jwt]\nALGORITHM = \"ES256\"\nSIGNING_KEY = '''{}'''\nVERIFYING_KEY = '''{}'''\n",
        pem.as_str(),
        other.public_pem().unwrap()
    );

    let refused = Folder::with_config(&config).run(&["config", "check"]);

    refused.assert_refused("[jwt] verifying_key is not the public key of the signing key");
}
