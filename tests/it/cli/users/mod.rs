mod delete;
mod enable;
mod list;
mod revoke;

use serde_json::Value;

use super::command::Folder;

/// What `users show` says of a user.
pub(super) fn user(folder: &Folder, username: &str) -> Value {
    let shown = folder.run(&["users", "show", username, "--json"]);
    serde_json::from_str(&shown.stdout).unwrap_or_else(|_| panic!("{shown:?}"))
}
