use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tegata_jwt::{IssuerSettings, UserId, Verified};
use utoipa::ToSchema;

use crate::account::Named;
use crate::app::App;
use crate::endpoint::{self, Body, Endpoint, Guard};
use crate::error::{ApiError, Challenged};
use crate::extract::{Bearer, Json, bearer_refusals};

/// `/api/token/auth` and any path below it, by any method: whether a request may pass, for a proxy
/// in front of other services. Who asks, is told by the token alone
/// (`JWTStatelessUserAuthentication`); the body is not read.
pub(super) async fn auth(
    State(app): State<Arc<App>>,
    bearer: Result<Bearer, ApiError>,
) -> Result<([(HeaderName, HeaderValue); 4], Json<TokenUser>), Challenged> {
    let challenge = |error| Challenged::new(error, &app.settings.jwt.auth_header_types);
    let (token, user, is_staff) = match bearer.map_err(challenge)? {
        Bearer::Foreign(token, named) => (token, TokenUser::named(named), ""),
        Bearer::Own(token) => {
            let user = TokenUser::of(&token).map_err(challenge)?;
            let is_staff = match token.claims().raw("is_staff") {
                Some("true") => "true",
                Some("false") => "false",
                _ => "",
            };
            (token, user, is_staff)
        }
    };

    let id = user.id.as_ref().map(UserId::to_string).unwrap_or_default();
    let jti = token.jti().map_or("", |jti| jti.as_str());
    let headers = [
        (USER_ID, header(&id)),
        (USERNAME, header(&user.username)),
        (TOKEN_ID, header(jti)),
        (IS_STAFF, header(is_staff)),
    ];
    Ok((headers, Json(user)))
}

/// The user a token's claims make (`TokenUser`).
#[derive(Serialize, ToSchema)]
pub(super) struct TokenUser {
    /// `None` only of another issuer's tokens, which may name users by their names.
    #[schema(schema_with = endpoint::user_id)]
    id: Option<UserId>,
    username: String,
    is_staff: bool,
}

impl TokenUser {
    fn of(token: &Verified) -> Result<Self, ApiError> {
        let id = token.user_id().ok().flatten();
        let claims = token.claims();
        Ok(Self {
            id: Some(id.ok_or(ApiError::NoUserIdentification)?),
            username: claims.text("username").unwrap_or_default().into_owned(),
            is_staff: claims.raw("is_staff") == Some("true"),
        })
    }

    /// Of another issuer's token no claim is believed but the one that names the user: whoever
    /// issues it would else decide who is staff here.
    fn named(named: Named) -> Self {
        let (id, username) = match named {
            Named::Id(id) => (Some(id), String::new()),
            Named::Username(username) => (None, username),
        };
        Self {
            id,
            username,
            is_staff: false,
        }
    }
}

fn header(text: &str) -> HeaderValue {
    let encoded = utf8_percent_encode(text, RESERVED).to_string();
    HeaderValue::try_from(encoded).expect("nothing but unreserved characters and escapes")
}

pub(super) fn endpoint(app: &App) -> Endpoint {
    let tells = [
        ("X-Auth-User-Id", "The user's key."),
        (
            "X-Auth-Username",
            "The user's name, where the token tells it.",
        ),
        ("X-Auth-Token-Id", "The token's identifier."),
        (
            "X-Auth-Is-Staff",
            "`true` or `false`, where the token tells it.",
        ),
    ];
    Endpoint {
        guard: Guard::Challenge,
        tells: tells.into(),
        ..Endpoint::get("token_auth", "Auth", body(app))
            .says(
                "Whether a request may pass, for a proxy in front of other services: who asks, is \
                 told by the token alone. Any method is answered alike, and so is any path below.",
            )
            .refuses(bearer_refusals(app))
            .refuses([ApiError::NoUserIdentification])
    }
}

/// Where an issuer names users by their names, their keys may be null.
fn body(app: &App) -> Body {
    let mut body = Body::of::<TokenUser>();
    let users = &app.settings.users;
    let names =
        |issuer: &IssuerSettings| issuer.user_id_field.as_ref() == Some(&users.username_field);
    if app.settings.jwt.issuers.iter().any(names) {
        let properties = &mut body.schema.properties;
        properties.insert("id".to_owned(), endpoint::user_id_or_null().into());
    }
    body
}

const USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
const USERNAME: HeaderName = HeaderName::from_static("x-auth-username");
const TOKEN_ID: HeaderName = HeaderName::from_static("x-auth-token-id");
const IS_STAFF: HeaderName = HeaderName::from_static("x-auth-is-staff");
/// All but the unreserved characters of RFC 3986 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
