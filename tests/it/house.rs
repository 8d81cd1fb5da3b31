//! The rules of the house: imports run one way, and each package has one home.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the top down. A module may import those on floors below its own.
const FLOORS: [&[&str]; 11] = [
    &["main"],
    &["cli"],
    &["http"],
    &["token"],
    &["endpoint"],
    &["extract"],
    &["app"],
    &["account", "blacklist", "keys", "limits", "trust"],
    &["store"],
    &["error", "request", "settings"],
    &["audit", "json", "lock", "metrics", "rotation", "seldom"],
];

/// Packages, and where alone they may be used.
const HOMES: [(&str, &[&str]); 45] = [
    ("arc_swap", &["src/http/", "crates/tegata-jwt/src/jwks/"]),
    ("argon2", &["src/account/password/"]),
    (
        "axum",
        &[
            "src/http/",
            "src/token/",
            "src/endpoint",
            "src/extract/",
            "src/error/",
        ],
    ),
    ("bcrypt", &["src/account/password/"]),
    ("bytes", &["src/store/columns.rs"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/completions.rs"]),
    ("clap_mangen", &["src/cli/man.rs"]),
    ("dashmap", &["src/blacklist/set.rs"]),
    ("deadpool_postgres", &["src/store/"]),
    (
        "documented",
        &[
            "src/endpoint",
            "src/error/",
            "src/settings/",
            "crates/tegata-jwt/src/settings/",
        ],
    ),
    ("figment", &["src/settings/load.rs", "src/settings/load/"]),
    ("futures_util", &["src/extract/json.rs", "src/http/"]),
    ("http_body_util", &["src/extract/json.rs"]),
    ("hyper", &["src/http/"]),
    ("hyper_util", &["src/http/"]),
    ("indicatif", &["src/cli/"]),
    ("ipnet", &["src/settings/server.rs"]),
    (
        "jsonwebtoken",
        &[
            "crates/tegata-jwt/src/algorithm.rs",
            "crates/tegata-jwt/src/keys/published.rs",
        ],
    ),
    ("listenfd", &["src/cli/systemd.rs"]),
    (
        "md5",
        &["crates/tegata-jwt/src/issuer.rs", "src/account/password/"],
    ),
    ("mimalloc", &["src/main.rs"]),
    (
        "moka",
        &["src/limits/", "crates/tegata-jwt/src/verifier/memory.rs"],
    ),
    ("prometheus_client", &["src/metrics.rs", "src/metrics/"]),
    ("refinery", &["src/store/"]),
    ("reqwest", &["crates/tegata-jwt/src/jwks/"]),
    ("rpassword", &["src/cli/"]),
    ("rsa", &["crates/tegata-jwt/src/keys/der.rs"]),
    ("rusqlite", &["src/store/"]),
    (
        "rustix",
        &[
            "src/account/hashing.rs",
            "src/account/password/tests/",
            "src/cli/log/standard_error.rs",
            "src/cli/process.rs",
            "crates/tegata-jwt/src/jwks/snapshot.rs",
        ],
    ),
    (
        "rustls",
        &[
            "src/http/tls.rs",
            "src/store/postgres/tls.rs",
            "src/store/postgres/tls/",
        ],
    ),
    ("rustls_native_certs", &["src/store/postgres/tls.rs"]),
    ("scrypt", &["src/account/password/"]),
    ("sd_notify", &["src/cli/systemd.rs"]),
    ("smallvec", &["crates/tegata-jwt/src/object.rs"]),
    ("thread_priority", &["src/account/hashing.rs"]),
    ("tokio_postgres", &["src/store/"]),
    ("tokio_postgres_rustls", &["src/store/"]),
    ("tokio_rustls", &["src/http/"]),
    ("tower_service", &["src/http/"]),
    ("tracing_serde", &["src/cli/"]),
    ("tracing_subscriber", &["src/cli/"]),
    (
        "utoipa",
        &[
            "src/http/docs/",
            "src/http/health.rs",
            "src/token/",
            "src/endpoint",
            "src/extract/json.rs",
            "src/error/",
        ],
    ),
    ("utoipa_swagger_ui", &["src/http/docs/"]),
    (
        "x509_cert",
        &[
            "crates/tegata-jwt/src/keys/der.rs",
            "src/http/tls.rs",
            "src/store/postgres/tls/",
        ],
    ),
];

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for (path, code) in sources("src") {
        let own = room(&path);
        let is_upward = |import: &String| *import != own && floor(import) <= floor(&own);
        for import in imports(&code).into_iter().filter(is_upward) {
            wrong.push(format!("{path}: {own} imports {import}"));
        }
        // Two steps up a room's tree lead out of it, past this check.
        if code.contains("super::super") {
            wrong.push(format!("{path}: write crate:: for super::super::"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_group_of_imports_is_seen_whole() {
    let code = "use crate::{settings::{A, B}, token::{self, C}, store::D};";

    assert_eq!(imports(code), ["settings", "token", "store"]);
}

#[test]
fn each_endpoint_has_its_file_and_its_tests() {
    let wing = fs::read_to_string(root().join("src/token/mod.rs")).unwrap();
    let routes = wing
        .split(".route(\"/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .map(|path| path.trim_end_matches("/{*path}").trim_end_matches('/'));

    for route in routes {
        assert!(
            root().join(format!("src/token/{route}.rs")).exists(),
            "{route}"
        );
        assert!(
            root().join(format!("tests/it/token/{route}.rs")).exists(),
            "{route}"
        );
    }
}

#[test]
fn each_package_has_one_home() {
    let mut wrong = Vec::new();
    for (path, code) in sources("src").into_iter().chain(sources("crates")) {
        for (package, homes) in HOMES {
            let is_used = uses(&code, package);
            if is_used && !homes.iter().any(|home| path.starts_with(home)) {
                wrong.push(format!("{path} uses {package}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn status_codes_stand_at_the_edge() {
    let edge = ["src/error/", "src/http/"];
    let inside = |path: &str| !edge.iter().any(|edge| path.starts_with(edge));

    let wrong: Vec<_> = sources("src")
        .into_iter()
        .filter(|(path, code)| inside(path) && code.contains("StatusCode"))
        .map(|(path, _)| path)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_token_crate_knows_no_service() {
    let manifest = fs::read_to_string(root().join("crates/tegata-jwt/Cargo.toml")).unwrap();

    for package in ["axum", "rusqlite", "figment", "path ="] {
        assert!(!manifest.contains(package), "{package}");
    }
}

/// Whoever verifies with keys that are at hand needs no network for it.
#[test]
fn the_token_crate_speaks_to_nobody_unless_it_is_asked_to() {
    let manifest = fs::read_to_string(root().join("crates/tegata-jwt/Cargo.toml")).unwrap();
    let packages = manifest.split("[dev-dependencies]").next().unwrap();
    let speakers = ["reqwest", "rustls", "tokio"];
    let mut lines = packages.lines();

    let asked = lines.all(|line| {
        let is_speaker = speakers.iter().any(|name| line.starts_with(name));
        !is_speaker || line.contains("optional = true")
    });

    assert!(asked && !manifest.contains("default = ["), "{manifest}");
}

#[test]
fn every_room_is_on_a_floor() {
    let homeless: Vec<_> = sources("src")
        .into_iter()
        .filter(|(path, _)| floor(&room(path)).is_none())
        .collect();

    assert!(
        homeless.iter().all(|(path, _)| path == "src/lib.rs"),
        "{homeless:#?}"
    );
}

/// Whether a package's name stands before `::`, as a whole word.
fn uses(code: &str, package: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.match_indices(&format!("{package}::"))
        .any(|(at, _)| !code[..at].ends_with(is_word))
}

/// The files below a folder, save those of tests: their paths from the root, and their code
/// without comments and without the tests at the bottom.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                let is_code = |line: &&str| !line.trim_start().starts_with("//");
                let code: Vec<_> = code.lines().filter(is_code).collect();
                let path = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((path, code.join("\n")));
            }
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The module of a file: `src/token/pair.rs` and `src/token.rs` are both of `token`.
fn room(path: &str) -> String {
    let inner = path.strip_prefix("src/").unwrap();
    inner
        .split('/')
        .next()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

/// The rooms a file names after `crate::`, or after `tegata::` in `main.rs`.
fn imports(code: &str) -> Vec<String> {
    let first_word = |text: &str| {
        let end = text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len());
        text[..end].to_owned()
    };
    let mut found = Vec::new();
    let after = |prefix: &'static str| code.split(prefix).skip(1);
    for rest in after("crate::").chain(after("tegata::")) {
        match rest.strip_prefix('{') {
            Some(group) => found.extend(members(group).map(|member| first_word(member.trim()))),
            None => found.push(first_word(rest)),
        }
    }
    // What remains are rooms and the macros and items of the crate's root.
    found.retain(|name| floor(name).is_some());
    found
}

/// The members of a group of imports, up to its closing brace.
fn members(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let end = group.find(|c| {
        depth += usize::from(c == '{');
        c == '}' && depth.checked_sub(1).inspect(|less| depth = *less).is_none()
    });
    let mut depth = 0_usize;
    group[..end.unwrap_or(group.len())].split(move |c| {
        depth += usize::from(c == '{');
        depth -= usize::from(c == '}');
        c == ',' && depth == 0
    })
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}
