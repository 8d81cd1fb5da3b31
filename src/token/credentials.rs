use serde_json::json;
use tegata_jwt::Issued;
use zeroize::Zeroizing;

use crate::account::MAX_USERNAME_CHARACTERS;
use crate::app::App;
use crate::audit::{Event, Kind};
use crate::error::{ApiError, FieldError};
use crate::extract::{Member, Object, Schema};
use crate::store::User;

/// A user name and a password, as a login sends them.
pub(super) struct Credentials {
    username: String,
    password: Zeroizing<String>,
}

impl Credentials {
    /// The user they are of.
    pub(super) async fn authenticate(self, app: &App) -> Result<User, ApiError> {
        let user = app.accounts.authenticate(&self.username, self.password);
        user.await?.ok_or_else(|| refused(&self.username))
    }
}

/// Records the login that earned a token, unless the user changed meanwhile.
pub(super) async fn record(
    app: &App,
    user: &User,
    kind: Kind,
    issued: &Issued,
) -> Result<(), ApiError> {
    if !app.record_login(user, issued).await? {
        return Err(refused(&user.username));
    }
    Event::Login {
        user: &user.id,
        username: &user.username,
        kind,
        jti: issued.jti.as_ref(),
    }
    .log();
    Ok(())
}

fn refused(username: &str) -> ApiError {
    Event::LoginRefused { username }.log();
    ApiError::AuthenticationFailed
}

impl Schema for Credentials {
    const PARAMETER: &'static str = "user_token";

    fn read(body: &Object<'_>) -> Result<Self, ApiError> {
        let [username, password] = [
            ("username", "username is required"),
            ("password", "password is required"),
        ];
        if !body.contains(username.0) && !body.contains(password.0) {
            return Err(ApiError::InvalidInput(vec![username, password]));
        }
        let username = body.require(username.0, username.1)?;
        let password = body.require(password.0, password.1)?;

        match (read_username(body, username), read_password(body, password)) {
            (Ok(username), Ok(Member::Text(password))) => Ok(Self {
                username,
                password: Zeroizing::new(password.clone().into_owned()),
            }),
            // Python finds it out while hashing, after all else.
            (Ok(_), Ok(Member::NotUnicode(fault))) => {
                Err(ApiError::Unprocessable(vec![body.not_unicode(fault)]))
            }
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

/// A text within the length of Django's column, in characters.
fn read_username(body: &Object<'_>, username: &Member<'_>) -> Result<String, FieldError> {
    let fault = |kind, msg: String| FieldError::new(kind, body.loc("username"), msg);
    match username {
        Member::Text(name) if name.chars().count() <= MAX_USERNAME_CHARACTERS => {
            Ok(name.clone().into_owned())
        }
        Member::Text(_) => {
            let msg = format!("String should have at most {MAX_USERNAME_CHARACTERS} characters");
            Err(FieldError {
                ctx: Some(json!({ "max_length": MAX_USERNAME_CHARACTERS })),
                ..fault("string_too_long", msg)
            })
        }
        Member::NotUnicode(_) => {
            let msg =
                "Input should be a valid string, unable to parse raw data as a unicode string";
            Err(fault("string_unicode", msg.to_owned()))
        }
        _ => Err(body.not_a_string("username")),
    }
}

fn read_password<'a>(
    body: &Object<'_>,
    password: &'a Member<'a>,
) -> Result<&'a Member<'a>, FieldError> {
    match password {
        Member::Text(_) | Member::NotUnicode(_) => Ok(password),
        _ => Err(body.not_a_string("password")),
    }
}
