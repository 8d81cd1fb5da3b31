//! Whatever comes as the body of a login, nothing panics, and who logs in with what is read as
//! another reader of JSON reads it.

use std::sync::{Arc, LazyLock};

use axum::response::IntoResponse;
use serde_json::Value;
use tegata::app::App;
use tegata::error::ApiError;
use tegata::extract::parse;
use tegata::keys;
use tegata::settings::Settings;
use tegata::store::Store;
use tegata::token::Credentials;
use tegata_jwt::Clock;

pub(crate) fn hold(body: &[u8]) {
    let read = parse::<Credentials, _>(body, &APP);
    match (expected(body), &read) {
        (Some(Expected::Login(name)), Ok(read)) => assert_eq!(read.username(), name),
        (Some(Expected::Login(name)), Err(_)) => panic!("{name} may log in"),
        (Some(Expected::NotJson), read) => assert!(matches!(read, Err(ApiError::NotJson))),
        (Some(Expected::Unfit), read) => {
            assert!(!matches!(read, Ok(_) | Err(ApiError::NotJson)));
        }
        (None, _) => {}
    }
    if let Err(refusal) = read {
        assert!(refusal.into_response().status().is_client_error());
    }
}

/// What becomes of a body.
enum Expected {
    NotJson,
    /// JSON, but not a name and a password.
    Unfit,
    /// Somebody of this name logs in.
    Login(String),
}

/// By a reader that knows nothing of logins; `None` for what is JSON and more than a [`Value`] holds.
fn expected(body: &[u8]) -> Option<Expected> {
    if body.is_empty() {
        return Some(Expected::Unfit);
    }
    let Ok(text) = std::str::from_utf8(body) else {
        return Some(Expected::NotJson);
    };
    // An object with this one key means something else to serde.
    if text.contains("$serde_json") {
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str::<Value>(text) {
        Ok(body) => Some(login(&body).map_or(Expected::Unfit, Expected::Login)),
        Err(error) => {
            let error = error.to_string();
            let beyond = [
                "recursion limit",
                "number out of range",
                "surrogate",
                "hex escape",
            ];
            let is_beyond = beyond.iter().any(|limit| error.contains(limit));
            (!is_beyond).then_some(Expected::NotJson)
        }
    }
}

fn login(body: &Value) -> Option<String> {
    let text = |member: &str| Some(body.get(member)?.as_str()?).filter(|text| !text.is_empty());
    let name = text("username").filter(|name| name.chars().count() <= MAX_USERNAME);
    text("password").and(name).map(str::to_owned)
}

/// A service on a database of its own, which nobody asks for anything.
static APP: LazyLock<Arc<App>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("the disk is not full");
    let mut settings = Settings::default();
    let url = format!("sqlite://{}", folder.path().join("db").display());
    settings.jwt.signing_key = Some("kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f".into());
    settings.database.url = url.try_into().expect("it is a path");

    let clock = Clock::System;
    let open = async {
        Store::migrate(&settings, clock.now()).await?;
        Store::open(&settings).await
    };
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let store = runtime.block_on(open).expect("the folder is ours");
    let key = keys::configured(&settings).expect("it is no sample");
    let app = App::new(settings, store, key.expect("it is set"), &clock);
    app.expect("nothing is fetched")
});

/// What Django's column holds.
const MAX_USERNAME: usize = 150;
