use std::fs;
use std::path::PathBuf;

use tegata::settings::Settings;
use tegata_jwt::{Algorithm, SigningKey};
use tempfile::NamedTempFile;

use crate::app::{SECRET, TestApp};
use crate::token::signed::{header, sign};

const RSA: &str = include_str!("../../../keys/rs256.pem");
const P256: &str = include_str!("../../../keys/es256.pem");
/// RFC 7515 A.3.1.
const P256_JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
/// RFC 8037 A.1.
const ED25519_JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// Obtains, verifies, refreshes and shows tokens under these settings.
async fn goes_round(change: impl FnOnce(&mut Settings)) -> TestApp {
    let app = TestApp::with_alice(change).await;
    let pair = app.obtain_pair().await;

    assert_eq!(app.verify(&pair.refresh).await.status, 200);
    let access = app.refresh(&pair.refresh).await.text("access");
    assert_eq!(app.get_user(&access).await.status, 200);
    let slid = app.refresh_sliding(&app.obtain_sliding().await).await;
    assert_eq!(slid.status, 200);
    app
}

async fn goes_round_with(algorithm: Algorithm, key: &str) {
    let app = goes_round(|s| {
        s.jwt.algorithm = algorithm;
        s.jwt.signing_key = Some(key.into());
    })
    .await;

    let header = header(&app.obtain_pair().await.access);
    assert!(
        header.contains(&format!(r#""alg":"{algorithm}""#)),
        "{header}"
    );
}

/// With the private key of ES256 in a file.
async fn goes_round_with_file(text: &str) {
    let (_file, path) = file(text);
    goes_round(|s| {
        s.jwt.algorithm = Algorithm::ES256;
        s.jwt.signing_key = None;
        s.jwt.signing_key_file = path;
    })
    .await;
}

/// With the public key of [`P256`] beside it.
async fn goes_round_with_public(text: Option<String>) {
    goes_round(|s| {
        s.jwt.algorithm = Algorithm::ES256;
        s.jwt.signing_key = Some(P256.into());
        s.jwt.verifying_key = text.map(Into::into);
    })
    .await;
}

fn generated(algorithm: Algorithm) -> String {
    SigningKey::generate_pem(algorithm).unwrap().to_string()
}

fn file(text: &str) -> (NamedTempFile, Option<PathBuf>) {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let path = file.path().to_owned();
    (file, Some(path))
}

#[tokio::test]
async fn algorithm_with_a_secret() {
    goes_round_with(Algorithm::HS256, SECRET).await;
    goes_round_with(Algorithm::HS384, SECRET).await;
    goes_round_with(Algorithm::HS512, SECRET).await;
}

#[tokio::test]
async fn algorithm_with_an_rsa_key() {
    goes_round_with(Algorithm::RS256, RSA).await;
    goes_round_with(Algorithm::RS384, RSA).await;
    goes_round_with(Algorithm::RS512, RSA).await;
    goes_round_with(Algorithm::PS256, RSA).await;
    goes_round_with(Algorithm::PS384, RSA).await;
    goes_round_with(Algorithm::PS512, RSA).await;
}

#[tokio::test]
async fn algorithm_with_a_key_on_a_curve() {
    goes_round_with(Algorithm::ES256, &generated(Algorithm::ES256)).await;
    goes_round_with(Algorithm::ES384, &generated(Algorithm::ES384)).await;
    goes_round_with(Algorithm::ES512, &generated(Algorithm::ES512)).await;
    goes_round_with(Algorithm::EdDSA, &generated(Algorithm::EdDSA)).await;
    goes_round_with(Algorithm::MlDsa65, &generated(Algorithm::MlDsa65)).await;
}

#[tokio::test]
async fn a_token_of_another_algorithm_is_refused() {
    let app = TestApp::with_alice(|s| s.jwt.algorithm = Algorithm::HS512).await;
    let token = sign(r#"{"token_type":"refresh","exp":1795219593,"jti":"x","user_id":1}"#);

    assert_eq!(app.verify(&token).await.status, 401);
    assert_eq!(app.refresh(&token).await.status, 401);
    assert_eq!(app.blacklist(&token).await.status, 401);
}

#[tokio::test]
async fn signing_key_as_jwk() {
    goes_round_with(Algorithm::ES256, P256_JWK).await;
    goes_round_with(Algorithm::EdDSA, ED25519_JWK).await;
}

#[tokio::test]
async fn signing_key_file_with_a_secret() {
    let (_file, path) = file(&format!("{SECRET}\n"));
    let app = goes_round(|s| {
        s.jwt.signing_key = None;
        s.jwt.signing_key_file = path;
    })
    .await;

    let token = sign(r#"{"exp":1795219593,"jti":"x"}"#);

    assert_eq!(app.verify(&token).await.status, 200, "one secret, one key");
}

#[tokio::test]
async fn signing_key_file_with_pem() {
    goes_round_with_file(P256).await;
}

#[tokio::test]
async fn signing_key_file_with_jwk() {
    goes_round_with_file(P256_JWK).await;
}

#[tokio::test]
async fn verifying_key_as_pem() {
    let key = SigningKey::parse(Algorithm::ES256, P256).unwrap();

    goes_round_with_public(key.public_pem()).await;
}

#[tokio::test]
async fn verifying_key_as_jwk() {
    let key = SigningKey::parse(Algorithm::ES256, P256).unwrap();

    goes_round_with_public(key.verifying_key().jwk()).await;
}

#[tokio::test]
async fn verifying_key_file() {
    let key = SigningKey::parse(Algorithm::RS256, RSA).unwrap();
    let (_file, path) = file(&key.public_pem().unwrap());

    goes_round(|s| {
        s.jwt.algorithm = Algorithm::RS256;
        s.jwt.signing_key = Some(RSA.into());
        s.jwt.verifying_key_file = path;
    })
    .await;
}

#[tokio::test]
async fn short_hmac_secret() {
    goes_round(|s| {
        s.compat.short_hmac_secret = true;
        s.jwt.signing_key = Some("secret".into());
    })
    .await;
}
