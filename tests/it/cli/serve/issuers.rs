//! Other issuers, as whoever runs the service meets them.

use serde_json::json;

use super::post;
use crate::cli::command::{Folder, Service};
use crate::fake_issuer::FakeIssuer;

const SETTINGS: &str = "[server]\nbind = \"127.0.0.1:0\"\n[users]\npbkdf2_iterations = 1\n[jwt]\n\
     ALGORITHM = \"ES256\"\n";
/// In the year 2100.
const END: i64 = 4_102_444_800;

fn trusting(issuer: &FakeIssuer) -> Folder {
    Folder::with_config(&(SETTINGS.to_owned() + &issuer.table()))
}

async fn verify(service: &Service, token: &str) -> u16 {
    let url = format!("{}/api/token/verify", service.origin);
    post(&url, json!({ "token": token }).to_string()).await.0
}

#[tokio::test]
async fn an_issuer_that_is_away_refuses_no_start_and_is_named_in_the_log() {
    let issuer = FakeIssuer::spawn();
    issuer.go_away();

    let service = trusting(&issuer).serve();
    let status = verify(&service, &issuer.token(&json!({ "exp": END }))).await;
    let log = service.stop().stderr;

    assert_eq!(status, 503);
    let told = log.lines().find(|line| line.contains("cannot be fetched"));
    let told = told.unwrap_or_else(|| panic!("{log}"));
    assert!(told.contains(&issuer.name()), "{told}");
}

#[tokio::test]
async fn keys_are_fetched_before_a_token_needs_them() {
    let issuer = FakeIssuer::spawn();

    let service = trusting(&issuer).serve();
    issuer.wait_until_asked();

    assert_eq!(
        verify(&service, &issuer.token(&json!({ "exp": END }))).await,
        200
    );
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn why_a_token_of_another_issuer_is_refused_is_logged_at_debug() {
    let issuer = FakeIssuer::spawn();
    let settings = format!("[log]\nlevel = \"debug\"\n{SETTINGS}");
    let scopes = "required_scopes = [\"orders:read\"]\n";
    let folder = Folder::with_config(&(settings + &issuer.table() + scopes));

    let service = folder.serve();
    let statuses = (
        verify(&service, &issuer.token(&json!({ "exp": END }))).await,
        verify(&service, &issuer.token(&json!({ "exp": END, "aud": "x" }))).await,
    );
    let log = service.stop().stderr;

    assert_eq!(statuses, (403, 401));
    let lacking = "token was not granted a scope that it needs scope=\"orders:read\"";
    assert!(log.contains(lacking), "{log}");
    assert!(
        log.contains("token refused error=the token is not for this audience"),
        "{log}"
    );
}

#[tokio::test]
async fn neither_tokens_nor_what_a_url_hides_reach_the_log() {
    let issuer = FakeIssuer::spawn();
    let table = issuer.table().replace("jwks.json", "jwks.json?key=hunter2");
    let folder = Folder::with_config(&format!("[log]\nlevel = \"trace\"\n{SETTINGS}{table}"));
    let claims = json!({ "iss": issuer.name(), "aud": "orders-api", "exp": END });
    let kid = format!("forged\u{1b}[31m\n{}", "k".repeat(100));
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid });

    let service = folder.serve();
    let genuine = issuer.token(&json!({ "exp": END }));
    let forged = issuer.key.sign_under(&header, &claims);
    let statuses = (
        verify(&service, &genuine).await,
        verify(&service, &forged).await,
    );
    let log = service.stop().stderr;

    assert_eq!(statuses, (200, 401));
    let signature = genuine.rsplit('.').next().unwrap();
    assert!(
        !log.contains(signature) && !log.contains("hunter2"),
        "{log}"
    );
    assert!(
        !log.contains('\u{1b}') && !log.contains(&"k".repeat(65)),
        "{log}"
    );
}

#[tokio::test]
async fn an_issuer_can_be_added_by_a_reload_and_a_broken_one_changes_nothing() {
    let (first, second) = (FakeIssuer::spawn(), FakeIssuer::spawn());
    let folder = trusting(&first);
    let mut service = folder.serve();
    let tokens = [&first, &second].map(|issuer| issuer.token(&json!({ "exp": END })));

    let both = SETTINGS.to_owned() + &first.table() + &second.table();
    folder.configure(&both.replace("orders-api", ""));
    let refused = service.reload();
    let before = (
        verify(&service, &tokens[0]).await,
        verify(&service, &tokens[1]).await,
    );
    folder.configure(&both);
    let taken = service.reload();
    let after = (
        verify(&service, &tokens[0]).await,
        verify(&service, &tokens[1]).await,
    );

    assert!(
        refused.contains("[[jwt.issuers]] number 1, audience"),
        "{refused}"
    );
    assert!(taken.contains("reloaded"), "{taken}");
    assert_eq!((before, after), ((200, 401), (200, 200)));
    assert_eq!(first.asked(), 1);
}

#[tokio::test]
async fn who_bears_an_outage_longer_by_a_reload_keeps_the_keys() {
    let issuer = FakeIssuer::spawn();
    let folder = trusting(&issuer);
    let mut service = folder.serve();
    let token = issuer.token(&json!({ "exp": END }));
    verify(&service, &token).await;

    issuer.go_away();
    let jwks = |line: &str| format!("[jwks]\n{line}\n{SETTINGS}{}", issuer.table());
    folder.configure(&jwks("outage_tolerance = \"9h\""));
    service.reload();
    let longer = verify(&service, &token).await;
    folder.configure(&jwks("outage_tolerance = \"9h\"\nallow_http = true"));
    service.reload();
    let otherwise = verify(&service, &token).await;

    assert_eq!((longer, otherwise), (200, 503));
}

#[test]
fn a_check_refuses_roots_that_are_not_there_and_asks_no_issuer() {
    let issuer = FakeIssuer::spawn();
    let folder = trusting(&issuer);

    let fit = folder.run(&["config", "check"]);
    folder.configure(&format!(
        "[jwks]\nca_file = \"ca.pem\"\n{SETTINGS}{}",
        issuer.table()
    ));
    let missing = folder.run(&["config", "check"]);
    std::fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    let unfit = folder.run(&["config", "check"]);

    assert_eq!(fit.code, Some(0), "{fit:?}");
    missing.assert_refused("[jwks] ca_file: cannot read ca.pem");
    unfit.assert_refused("[jwks] ca_file");
    assert_eq!(issuer.asked(), 0);
}

#[test]
fn a_secret_beside_the_url_of_a_key_set_is_warned_of() {
    let issuer = FakeIssuer::spawn();
    let folder = Folder::with_config(&format!(
        "[jwt]\nsigning_key = \"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f\"\njwk_url = \"{}\"\n",
        issuer.jwks_url()
    ));

    let checked = folder.run(&["config", "check"]);

    assert_eq!(checked.code, Some(0));
    let warning = "[jwt] jwk_url is not looked at: HS256 verifies with a secret";
    assert!(checked.stderr.contains(warning), "{checked:?}");
}

#[tokio::test]
async fn a_start_while_the_issuer_is_away_goes_by_the_keys_that_were_kept() {
    let issuer = FakeIssuer::spawn();
    let kept = "[jwks]\nsnapshot_dir = \"jwks\"\n";
    let folder = Folder::with_config(&format!("{SETTINGS}{}{kept}", issuer.table()));
    let token = issuer.token(&json!({ "exp": END }));
    let service = folder.serve();
    verify(&service, &token).await;
    service.stop();

    issuer.go_away();
    let service = folder.serve();

    assert_eq!(verify(&service, &token).await, 200);
}
