use std::borrow::Cow;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::json;
use tegata_jwt::Issued;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};
use zeroize::Zeroizing;

use crate::account::Password;
use crate::app::App;
use crate::audit::{Event, Kind};
use crate::endpoint::{Body, Endpoint, text, token};
use crate::error::{ApiError, FieldError, Limited};
use crate::extract::{ClientAddress, Json, Member, Object, Schema};
use crate::store::User;

/// A user name and a password, as a login sends them.
pub struct Credentials {
    username: String,
    /// `None` where it is longer than any that is looked at.
    password: Option<Password>,
}

impl Credentials {
    /// Who wants to log in.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }
}

/// Has the user of the credentials log in, who gets what is issued: tokens for the answer, and the
/// one of them that is recorded. Wrong guesses are counted, by address and by account, and too many
/// are not looked at.
pub(super) async fn login<const N: usize>(
    app: &App,
    client: ClientAddress,
    credentials: Credentials,
    kind: Kind,
    issue: impl Fn(&User) -> Result<(Issued, Tokens<N>), ApiError>,
) -> Limited<Json<LoggedIn<N>>> {
    let Credentials { username, password } = &credentials;
    // Nobody looks at it, so it is no guess. Counted, such cheap ones under many names would push
    // out the buckets that hold others back.
    let Some(password) = password else {
        return Limited::counted(Err(ApiError::AuthenticationFailed), Vec::new());
    };

    let attempt = match app.limits.begin(client.0, username).await {
        Ok(attempt) => attempt,
        Err(too_many) => {
            if too_many.is_news {
                Event::LoginLimited { username }.log();
            }
            return Limited::refused(too_many);
        }
    };

    let answer = obtain(app, username, password, kind, issue).await;
    let is_wrong_guess = matches!(answer, Err(ApiError::AuthenticationFailed));
    if is_wrong_guess {
        Event::LoginRefused { username }.log();
    }
    Limited::counted(answer.map(Json), attempt.end(is_wrong_guess))
}

/// What the login earns. A user who changed while the password was hashed is looked at once more:
/// a Django beside that hashed it anew meanwhile refuses nobody.
async fn obtain<const N: usize>(
    app: &App,
    username: &str,
    password: &Password,
    kind: Kind,
    issue: impl Fn(&User) -> Result<(Issued, Tokens<N>), ApiError>,
) -> Result<LoggedIn<N>, ApiError> {
    for _ in 0..2 {
        let user = app.accounts.authenticate(username, password).await?;
        let user = user.ok_or(ApiError::AuthenticationFailed)?;
        let (issued, tokens) = issue(&user)?;
        if !app.record_login(&user, &issued).await? {
            continue;
        }

        match kind {
            Kind::Pair => {
                app.metrics.issued.refresh.inc();
                app.metrics.issued.access.inc();
            }
            Kind::Sliding => {
                app.metrics.issued.sliding.inc();
            }
        }
        Event::Login {
            user: &user.id,
            username: &user.username,
            kind,
            jti: issued.jti.as_ref(),
        }
        .log();
        let member = app.settings.users.username_field.clone();
        return Ok(LoggedIn {
            username: (member, user.username),
            tokens,
        });
    }
    Err(ApiError::AuthenticationFailed)
}

/// What a login earns: the user's name, under the name of its field, and tokens.
pub(super) struct LoggedIn<const N: usize> {
    username: (String, String),
    tokens: Tokens<N>,
}

/// Tokens, each with the name of its member.
pub(super) type Tokens<const N: usize> = [(&'static str, String); N];

impl<const N: usize> Serialize for LoggedIn<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (member, name) = &self.username;
        let tokens = self.tokens.iter().map(|(member, token)| (*member, token));
        serializer.collect_map([(member.as_str(), name)].into_iter().chain(tokens))
    }
}

impl Schema<Arc<App>> for Credentials {
    const PARAMETER: &'static str = "user_token";

    fn read(body: &Object<'_>, app: &Arc<App>) -> Result<Self, ApiError> {
        let name = app.settings.users.username_field.as_str();
        let required = |member: &str| Cow::Owned(format!("{member} is required"));
        if !body.contains(name) && !body.contains(PASSWORD) {
            let members = [name.to_owned(), PASSWORD.to_owned()];
            let missing = members.map(|member| (member.clone().into(), required(&member)));
            return Err(ApiError::InvalidInput(missing.into()));
        }
        let username = body.require(name, required(name))?;
        let password = body.require(PASSWORD, required(PASSWORD))?;

        let username = read_username(body, name, username, app.store.max_username());
        match (username, read_password(body, password)) {
            (Ok(username), Ok(Member::Text(password))) => Ok(Self {
                username,
                password: Password::parse(Zeroizing::new(password.into_owned())),
            }),
            // Python finds it out while hashing, after all else.
            (Ok(_), Ok(Member::NotUnicode(fault))) => {
                Err(ApiError::Unprocessable(vec![body.not_unicode(&fault)]))
            }
            (username, password) => {
                let faults = password.err().into_iter().chain(username.err());
                Err(ApiError::Unprocessable(faults.collect()))
            }
        }
    }

    fn not_an_object(app: &Arc<App>) -> Vec<FieldError> {
        let name = app.settings.users.username_field.clone();
        let missing = |member| {
            let parameter = <Self as Schema<Arc<App>>>::PARAMETER;
            FieldError::missing(vec!["body".into(), parameter.into(), member])
        };
        vec![missing(PASSWORD.into()), missing(name.into())]
    }
}

/// A login, as the document has it.
pub(super) fn endpoint<const N: usize>(
    name: (&'static str, &'static str),
    reads: &'static str,
    (answers, tokens): (&'static str, [&str; N]),
    app: &Arc<App>,
) -> Endpoint {
    let username = || {
        let max_length = app.store.max_username();
        let schema = text("admin").max_length(Some(max_length)).build();
        (app.settings.users.username_field.clone(), schema)
    };
    let password = text("correct horse battery staple")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .write_only(true)
        .build();
    let tokens = tokens.map(|member| (member.to_owned(), token()));
    let reads = Body::new(reads, [username(), (PASSWORD.to_owned(), password)]);
    let answers = Body::new(answers, [username()].into_iter().chain(tokens));
    let too_many = ApiError::TooMany { retry_after: 20 };
    Endpoint {
        counts_guesses: true,
        ..Endpoint::post::<Credentials>(name, reads, answers, app)
            .refuses([ApiError::AuthenticationFailed, too_many])
    }
}

/// A text within the length of its column, in characters.
fn read_username(
    body: &Object<'_>,
    member: &str,
    username: Member<'_>,
    max_length: usize,
) -> Result<String, FieldError> {
    let fault = |kind, msg: String| FieldError::new(kind, body.loc(member), msg);
    match username {
        Member::Text(name) if name.chars().count() <= max_length => Ok(name.into_owned()),
        Member::Text(_) => {
            let msg = format!("String should have at most {max_length} characters");
            Err(FieldError {
                ctx: Some(json!({ "max_length": max_length })),
                ..fault("string_too_long", msg)
            })
        }
        Member::NotUnicode(_) => {
            let msg =
                "Input should be a valid string, unable to parse raw data as a unicode string";
            Err(fault("string_unicode", msg.to_owned()))
        }
        _ => Err(body.not_a_string(member)),
    }
}

fn read_password<'a>(body: &Object<'_>, password: Member<'a>) -> Result<Member<'a>, FieldError> {
    match password {
        Member::Text(_) | Member::NotUnicode(_) => Ok(password),
        _ => Err(body.not_a_string(PASSWORD)),
    }
}

const PASSWORD: &str = "password";
