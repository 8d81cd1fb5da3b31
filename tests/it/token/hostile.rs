//! No input is a server's fault.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use reqwest::Method;
use tegata_jwt::TokenClass;
use tokio::runtime::Runtime;

use super::signed::sign;
use super::verbs::authorization;
use crate::app::{BEGIN, TestApp};

const POSTED_TO: [&str; 6] = [
    "/api/token/pair",
    "/api/token/refresh",
    "/api/token/verify",
    "/api/token/blacklist",
    "/api/token/sliding",
    "/api/token/sliding/refresh",
];

#[test]
fn no_bytes_are_a_servers_fault() {
    let service = Service::spawn();

    run(40, &vec(any::<u8>(), 0..200), |bytes| service.post(&bytes));
}

#[test]
fn no_json_is_a_servers_fault() {
    let service = Service::spawn();

    run(60, &json(), |json| service.post(json.as_bytes()));
}

#[test]
fn no_members_are_a_servers_fault() {
    let service = Service::spawn();
    let members = vec(json(), 4).prop_map(|values| {
        let [username, password, refresh, token] = values.try_into().unwrap();
        format!(
            r#"{{"username":{username},"password":{password},"refresh":{refresh},"token":{token}}}"#
        )
    });

    run(40, &members, |body| service.post(body.as_bytes()));
}

#[test]
fn no_claims_are_a_servers_fault() {
    let service = Service::spawn();

    run(60, &claims(), |claims| service.show(&sign(&claims)));
}

#[test]
fn no_damaged_token_is_a_servers_fault() {
    let service = Service::spawn();
    let token = service.runtime.block_on(service.app.obtain_pair()).refresh;

    run(40, &damaged(token), |token| service.show(&token));
}

fn run<S: Strategy>(
    cases: u32,
    strategy: &S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    TestRunner::new(config).run(strategy, check).unwrap();
}

/// A service with everything on that a token can lead to.
struct Service {
    runtime: Runtime,
    app: TestApp,
}

impl Service {
    fn spawn() -> Self {
        let runtime = Runtime::new().unwrap();
        let app = runtime.block_on(TestApp::with_alice(|s| {
            s.jwt.rotate_refresh_tokens = true;
            s.jwt.blacklist_after_rotation = true;
            s.jwt.update_last_login = true;
            s.jwt.auth_token_classes = vec![
                TokenClass::Access,
                TokenClass::Sliding,
                TokenClass::Refresh,
                TokenClass::Untyped,
            ];
        }));
        Self { runtime, app }
    }

    /// Sends a body to every endpoint that takes one.
    fn post(&self, body: &[u8]) -> Result<(), TestCaseError> {
        for path in POSTED_TO {
            let answer = self.runtime.block_on(self.app.post(path, body));
            prop_assert!(!answer.status.is_server_error(), "{path}: {answer:?}");
        }
        Ok(())
    }

    /// Shows a token wherever one can be shown.
    fn show(&self, token: &str) -> Result<(), TestCaseError> {
        for path in ["/api/token/user", "/api/token/auth"] {
            let headers = authorization(format!("Bearer {token}").as_bytes());
            let request = self.app.send_with(Method::GET, path, headers, "");
            let answer = self.runtime.block_on(request);
            prop_assert!(!answer.status.is_server_error(), "{path}: {answer:?}");
        }
        let token = serde_json::to_string(token).unwrap();
        let members = ["username", "password", "refresh", "token"];
        let members = members.map(|name| format!(r#""{name}":{token}"#));
        self.post(format!("{{{}}}", members.join(",")).as_bytes())
    }
}

/// JSON as a text, for there is JSON that no `Value` can hold.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(ODD_VALUES.as_slice()).prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        string(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let members = vec((string(), inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            members.prop_map(|members| object(&members)),
        ]
    })
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(ODD_PIECES.as_slice()).prop_map(str::to_owned),
        "[ !#-\\[\\]-~]{1,8}",
        any::<char>().prop_filter_map("stands for itself", |c| {
            (c >= ' ' && c != '"' && c != '\\').then(|| c.to_string())
        }),
    ];
    vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// The claims of a genuine token, of which a few have any value at all, and one more.
fn claims() -> impl Strategy<Value = String> {
    let genuine = (select(&["access", "refresh", "sliding"][..]), any::<u64>());
    let changes = vec((0..KNOWN_CLAIMS.len(), json()), 0..3);
    (genuine, changes, (string(), json())).prop_map(|((token_type, jti), changes, more)| {
        let exp = BEGIN + 60;
        let values = [
            format!("\"{token_type}\""),
            exp.to_string(),
            format!("\"{jti:x}\""),
            exp.to_string(),
            "1".to_owned(),
        ];
        let names = KNOWN_CLAIMS.map(|name| format!("\"{name}\""));
        let mut members: Vec<_> = names.clone().into_iter().zip(values).collect();
        for (claim, value) in changes {
            members.retain(|(name, _)| *name != names[claim]);
            members.push((names[claim].clone(), value));
        }
        members.push(more);
        object(&members)
    })
}

/// A token with some of its text replaced by other text.
fn damaged(token: String) -> impl Strategy<Value = String> {
    (0..token.len(), 0..20_usize, "[!-~]{0,5}").prop_map(move |(start, length, instead)| {
        let mut token = token.clone();
        token.replace_range(start..token.len().min(start + length), &instead);
        token
    })
}

/// Those of a genuine token first.
const KNOWN_CLAIMS: [&str; 13] = [
    "token_type",
    "exp",
    "jti",
    "refresh_exp",
    "user_id",
    "iat",
    "nbf",
    "aud",
    "iss",
    "sub",
    "username",
    "is_staff",
    "hash_password",
];
const ODD_VALUES: [&str; 14] = [
    "null",
    "true",
    "false",
    "0",
    "-0.0",
    "\"\"",
    "1e999",
    "-1e18",
    "1e-400",
    "253402300799.9999999",
    "-62135596801",
    "99999999999999999999999999",
    r#"{"$serde_json::private::RawValue":"["}"#,
    r#"{"$serde_json::private::Number":"x"}"#,
];
const ODD_PIECES: [&str; 9] = [
    r"\ud800",
    r"\udc00\ud83d",
    r"\ud83d\ude00",
    r"\u0000",
    r#"\""#,
    r"\\",
    "'; --",
    "\u{feff}",
    "1",
];
