use serde_json::json;
use zeroize::Zeroizing;

use crate::error::{ApiError, FieldError};
use crate::extract::{Object, Schema};

/// A user name and a password, as a login sends them.
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: Zeroizing<String>,
}

impl Schema for Credentials {
    const PARAMETER: &'static str = "user_token";

    fn read(body: &Object) -> Result<Self, ApiError> {
        let [username, password] = [
            ("username", "username is required"),
            ("password", "password is required"),
        ];
        if !body.contains(username.0) && !body.contains(password.0) {
            return Err(ApiError::InvalidInput(vec![username, password]));
        }
        let username = body.require(username.0, username.1)?;
        let password = body.require(password.0, password.1)?;

        let password = body.text("password", password).map(Zeroizing::new);
        let username = body
            .text("username", username)
            .and_then(|name| within_150(body, name));
        match (username, password) {
            (Ok(username), Ok(password)) => Ok(Self { username, password }),
            (username, password) => {
                let faults = password.err().into_iter().chain(username.err());
                Err(ApiError::Unprocessable(faults.collect()))
            }
        }
    }

    fn not_an_object() -> Vec<FieldError> {
        let missing = |member| FieldError::missing(vec!["body", Self::PARAMETER, member]);
        vec![missing("password"), missing("username")]
    }
}

/// The length of Django's column, in characters.
fn within_150(body: &Object, username: String) -> Result<String, FieldError> {
    if username.chars().count() <= 150 {
        return Ok(username);
    }
    let msg = "String should have at most 150 characters";
    Err(FieldError {
        ctx: Some(json!({ "max_length": 150 })),
        ..FieldError::new("string_too_long", body.loc("username"), msg)
    })
}
