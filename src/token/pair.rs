use std::sync::Arc;

use axum::extract::State;

use super::credentials::{self, Credentials, LoggedIn, login};
use crate::app::App;
use crate::audit::Kind;
use crate::endpoint::Endpoint;
use crate::error::Limited;
use crate::extract::{ClientAddress, Json};

/// `POST /api/token/pair`: a user name and a password for a token pair.
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    Json(credentials): Json<Credentials>,
) -> Limited<Json<LoggedIn<2>>> {
    login(&app, client, credentials, Kind::Pair, |user| {
        let pair = app.issuer.pair(&app.accounts.subject(user))?;
        let tokens = [
            ("refresh", pair.refresh.token.clone()),
            ("access", pair.access.token),
        ];
        Ok((pair.refresh, tokens))
    })
    .await
}

pub(super) fn endpoint(app: &Arc<App>) -> Endpoint {
    let (reads, answers) = (
        "TokenObtainPairInputSchema",
        ("TokenObtainPairOutputSchema", ["refresh", "access"]),
    );
    credentials::endpoint(("token_obtain_pair", "Obtain Token"), reads, answers, app)
        .says("A user name and a password for a token pair. The name comes back as it is stored.")
        .leads_to("token_refresh", "refresh", "refresh")
        .leads_to("token_verify", "token", "access")
        .leads_to("token_blacklist", "refresh", "refresh")
}
