pub(super) mod refresh;

use std::sync::Arc;

use axum::extract::State;

use super::credentials::{self, Credentials, LoggedIn, login};
use crate::app::App;
use crate::audit::Kind;
use crate::endpoint::Endpoint;
use crate::error::Limited;
use crate::extract::{ClientAddress, Json};

/// `POST /api/token/sliding`: a user name and a password for a sliding token.
pub(super) async fn sliding(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    Json(credentials): Json<Credentials>,
) -> Limited<Json<LoggedIn<1>>> {
    login(&app, client, credentials, Kind::Sliding, |user| {
        let token = app.issuer.sliding(&app.accounts.subject(user))?;
        let tokens = [("token", token.token.clone())];
        Ok((token, tokens))
    })
    .await
}

pub(super) fn endpoint(app: &Arc<App>) -> Endpoint {
    let (reads, answers) = (
        "TokenObtainSlidingInputSchema",
        ("TokenObtainSlidingOutputSchema", ["token"]),
    );
    let name = ("token_obtain_sliding", "Obtain Token");
    credentials::endpoint(name, reads, answers, app)
        .says(
            "A user name and a password for a sliding token. The name comes back as it is stored.",
        )
        .leads_to("token_refresh_sliding", "token", "token")
        .leads_to("token_verify", "token", "token")
}
