pub(super) mod refresh;

use std::sync::Arc;

use axum::extract::State;

use super::credentials::{Credentials, LoggedIn, login};
use crate::app::App;
use crate::audit::Kind;
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
