mod delete;
mod enable;
mod list;
mod revoke;

use serde_json::Value;

use super::command::{Folder, Service};
use super::serve::post;

/// What `users show` says of a user.
pub(super) fn user(folder: &Folder, username: &str) -> Value {
    let shown = folder.run(&["users", "show", username, "--json"]);
    serde_json::from_str(&shown.stdout).unwrap_or_else(|_| panic!("{shown:?}"))
}

/// What the service answers to a refresh.
async fn refresh(service: &Service, token: &str) -> (u16, String) {
    let url = format!("{}/api/token/refresh", service.origin);
    post(&url, format!(r#"{{"refresh": "{token}"}}"#)).await
}
