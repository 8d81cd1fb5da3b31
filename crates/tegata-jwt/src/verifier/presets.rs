//! Issuers that many have, each with what its own documentation asks of who accepts its tokens.
//! What is set here can be set otherwise by calling the method again.

use super::trusted_issuer::TrustedIssuer;
use crate::algorithm::Algorithm;

impl TrustedIssuer {
    /// A tenant of Auth0 by its domain, `tenant.eu.auth0.com` say or a domain of your own. Its
    /// tokens must be [for](Self::audience) the identifier of the API.
    ///
    /// <https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles>
    pub fn auth0(domain: &str) -> Self {
        Self::discover(format!("https://{domain}/")).algorithms([Algorithm::RS256])
    }

    /// A user pool of Amazon Cognito, and the app clients whose access tokens are accepted: those
    /// tokens say whose they are by `client_id`, and have no `aud`.
    ///
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>
    pub fn cognito(
        region: &str,
        pool: &str,
        client_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        let clients = client_ids.into_iter();
        let clients: Vec<_> = clients.map(|client| json(client.as_ref())).collect();
        Self::discover(format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
            .algorithms([Algorithm::RS256])
            .any_audience()
            .require_claim("token_use", json("access"))
            .require_claim_among("client_id", clients)
    }

    /// A tenant of Microsoft Entra ID by its ID, not by its domain, and its tokens of version 2.0:
    /// `requestedAccessTokenVersion` of the API must be 2. They must be [for](Self::audience) the
    /// application ID of the API.
    ///
    /// An application that is both API and client gets ID tokens for that audience, too: tell them
    /// apart by [a scope](Self::require_scope). The user is named by `oid`, for `sub` is another
    /// for each application.
    ///
    /// <https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens>
    pub fn entra(tenant: &str) -> Self {
        Self::discover(format!("https://login.microsoftonline.com/{tenant}/v2.0"))
            .algorithms([Algorithm::RS256])
            .require_claim("tid", json(tenant))
            .user_id_claim("oid")
    }

    /// Google, for its ID tokens: its access tokens are for Google alone. They must be
    /// [for](Self::audience) the client ID that asked for them.
    ///
    /// <https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken>
    pub fn google() -> Self {
        Self::discover("https://accounts.google.com").algorithms([Algorithm::RS256])
    }

    /// A realm of Keycloak below the base of its URLs, `https://sso.example` say. By their claim
    /// `typ` its ID tokens and refresh tokens are none that are accepted.
    ///
    /// Keycloak names an API in `aud` where a client scope has an audience mapper for it.
    ///
    /// <https://www.keycloak.org/docs/latest/server_admin/#audience-support>
    ///
    /// A verifier is made once, within a Tokio runtime, and copies of it go into every handler:
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use serde::Deserialize;
    /// use tegata_jwt::{TrustedIssuer, Verifier, VerifyError};
    ///
    /// #[derive(Deserialize)]
    /// struct Access {
    ///     preferred_username: String,
    ///     realm_access: Roles,
    /// }
    ///
    /// #[derive(Deserialize)]
    /// struct Roles {
    ///     roles: Vec<String>,
    /// }
    ///
    /// # async fn serve(token: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let keycloak = TrustedIssuer::keycloak("https://sso.example", "shop").audience(["orders-api"]);
    /// let verifier: Verifier<Access> = Verifier::builder().issuer(keycloak).build()?;
    /// // Without it the first token waits for the keys.
    /// verifier.ready(Duration::from_secs(5)).await;
    ///
    /// match verifier.verify(token).await {
    ///     Ok(verified) => {
    ///         let Access { preferred_username, realm_access } = verified.claims();
    ///         println!("{preferred_username} {:?}", realm_access.roles);
    ///     }
    ///     Err(VerifyError::KeysUnavailable { retry_after, .. }) => println!("503, {retry_after:?}"),
    ///     Err(error) => println!("{} {}", error.status(), error.description()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn keycloak(base: &str, realm: &str) -> Self {
        let base = base.trim_end_matches('/');
        Self::discover(format!("{base}/realms/{realm}"))
            .algorithms([Algorithm::RS256])
            .require_claim("typ", json("Bearer"))
    }

    /// A custom authorization server of Okta, by its issuer URL: `https://tenant.okta.com/oauth2/default`
    /// say. The tokens of Okta's own server are for Okta alone.
    ///
    /// <https://developer.okta.com/docs/guides/validate-access-tokens/>
    pub fn okta(issuer: &str) -> Self {
        Self::discover(issuer).algorithms([Algorithm::RS256])
    }
}

/// A text as JSON.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::trusted_issuer::{Accepted, Source};
    use super::*;
    use crate::jwks::KeySetSource;

    /// Where the keys of an issuer are discovered, which is its name.
    fn discovered(issuer: &TrustedIssuer) -> &str {
        match &issuer.source {
            Source::Remote(KeySetSource::Discovery { issuer: name }) if *name == issuer.name => {
                name
            }
            _ => panic!("it is not discovered by its name"),
        }
    }

    #[test]
    fn each_is_discovered_by_the_name_that_its_tokens_have() {
        for (issuer, name) in [
            (
                TrustedIssuer::auth0("t.eu.auth0.com"),
                "https://t.eu.auth0.com/",
            ),
            (
                TrustedIssuer::cognito("eu-west-1", "eu-west-1_a", ["c"]),
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a",
            ),
            (
                TrustedIssuer::entra("t"),
                "https://login.microsoftonline.com/t/v2.0",
            ),
            (TrustedIssuer::google(), "https://accounts.google.com"),
            (
                TrustedIssuer::keycloak("https://sso.example/", "a"),
                "https://sso.example/realms/a",
            ),
            (
                TrustedIssuer::okta("https://t.okta.com/oauth2/x"),
                "https://t.okta.com/oauth2/x",
            ),
        ] {
            assert_eq!(discovered(&issuer), name);
            assert!(
                matches!(&issuer.algorithms, Some(Accepted::Only(all)) if *all == [Algorithm::RS256])
            );
        }
    }

    #[test]
    fn only_where_tokens_have_no_audience_it_need_not_be_said() {
        let cognito = TrustedIssuer::cognito("r", "p", ["a", "b\""]);

        assert!(matches!(cognito.audience, Some(Accepted::Any)));
        let clients = ["\"a\"", "\"b\\\"\""].map(str::to_owned).to_vec();
        assert_eq!(cognito.claims[1], ("client_id".to_owned(), clients));
        assert!(TrustedIssuer::entra("t").audience.is_none());
    }
}
