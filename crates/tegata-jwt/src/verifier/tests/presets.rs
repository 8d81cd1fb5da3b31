//! Issuers that many have, by keys that are at hand.

use super::*;
use crate::verifier::trusted_issuer::Source;

fn by_our_keys(issuer: TrustedIssuer) -> Verifier {
    let source = Source::Keys(keys_of(&of_a()));
    let issuer = TrustedIssuer { source, ..issuer };
    verifier(issuer.algorithms([Algorithm::ES256]))
}

fn mismatch(claim: &str) -> TokenError {
    let claim = claim.into();
    TokenError::ClaimMismatch { claim }
}

#[test]
fn an_id_token_or_a_refresh_token_of_keycloak_is_no_access_token() {
    let keycloak = TrustedIssuer::keycloak("https://a.example", "x").audience(["api"]);
    let keycloak = by_our_keys(keycloak);
    let iss = r#""https://a.example/realms/x""#;
    let of = |typ: &str| token_with(&[("iss", iss), ("typ", typ)]);

    assert!(keycloak.verify_now(&of(r#""Bearer""#)).is_ok());
    for typ in [r#""ID""#, r#""Refresh""#, r#""Offline""#, ""] {
        assert_eq!(fault(&keycloak, &of(typ)), mismatch("typ"), "{typ}");
    }
}

#[test]
fn an_access_token_of_cognito_is_for_one_of_the_clients_that_were_named() {
    let cognito = by_our_keys(TrustedIssuer::cognito("r", "p", ["a", "b"]));
    let iss = r#""https://cognito-idp.r.amazonaws.com/p""#;
    let of = |usage: &str, client: &str| {
        let whose = [("iss", iss), ("aud", "")];
        token_with(&[&whose[..], &[("token_use", usage), ("client_id", client)]].concat())
    };

    assert!(cognito.verify_now(&of(r#""access""#, r#""b""#)).is_ok());
    assert_eq!(
        fault(&cognito, &of(r#""access""#, r#""c""#)),
        mismatch("client_id")
    );
    assert_eq!(
        fault(&cognito, &of(r#""id""#, r#""a""#)),
        mismatch("token_use")
    );
}

#[test]
fn a_token_of_entra_is_of_its_tenant_and_names_the_user_by_oid() {
    let entra = by_our_keys(TrustedIssuer::entra("t").audience(["api"]));
    let iss = r#""https://login.microsoftonline.com/t/v2.0""#;
    let of = |tid: &str| token_with(&[("iss", iss), ("tid", tid), ("oid", r#""u""#)]);

    let verified = entra.verify_now(&of(r#""t""#)).unwrap();

    assert_eq!(verified.user_id().unwrap(), Some(UserId::Text("u".into())));
    assert_eq!(fault(&entra, &of(r#""other""#)), mismatch("tid"));
}
