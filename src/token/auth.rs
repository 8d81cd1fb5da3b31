use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tegata_jwt::{UserId, Verified};
use utoipa::ToSchema;

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
    let Bearer(token) = bearer.map_err(challenge)?;
    let user = TokenUser::of(&token).map_err(challenge)?;

    let jti = token.jti().map_or("", |jti| jti.as_str());
    let is_staff = token.claims().raw("is_staff").filter(|json| is_bool(json));
    let headers = [
        (USER_ID, header(&user.id.to_string())),
        (USERNAME, header(&user.username)),
        (TOKEN_ID, header(jti)),
        (IS_STAFF, header(is_staff.unwrap_or_default())),
    ];
    Ok((headers, Json(user)))
}

/// The user a token's claims make (`TokenUser`).
#[derive(Serialize, ToSchema)]
pub(super) struct TokenUser {
    #[schema(schema_with = endpoint::user_id)]
    id: UserId,
    username: String,
    is_staff: bool,
}

impl TokenUser {
    fn of(token: &Verified) -> Result<Self, ApiError> {
        let id = token.user_id().ok().flatten();
        let claims = token.claims();
        Ok(Self {
            id: id.ok_or(ApiError::NoUserIdentification)?,
            username: claims.text("username").unwrap_or_default().into_owned(),
            is_staff: claims.raw("is_staff") == Some("true"),
        })
    }
}

fn is_bool(json: &str) -> bool {
    matches!(json, "true" | "false")
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
        ..Endpoint::get("token_auth", "Auth", Body::of::<TokenUser>())
            .says(
                "Whether a request may pass, for a proxy in front of other services: who asks, is \
                 told by the token alone. Any method is answered alike, and so is any path below.",
            )
            .refuses(bearer_refusals(app))
            .refuses([ApiError::NoUserIdentification])
    }
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
